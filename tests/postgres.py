"""A private PostgreSQL cluster for the tests, and a fresh database for each test in milliseconds (from a
template).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg2

from db import cluster as private
from db import rights
from db.migrate import migrate

OWNER = "expertline_owner"
SERVICE = rights.OLD_ROLE
"""The tests' own hand: does what worker and console do, with the rights that both had before they had roles of their own."""
SUPERUSER = private.OWNER
_TEMPLATE = "template_expertline"
_NUMBERS = count(1)


@dataclass(frozen=True)
class Cluster:
    """A running cluster that listens in a socket folder only; a test's data need not survive the machine."""

    server: private.Cluster

    @property
    def data(self) -> Path:
        return self.server.folder / "data"

    def dsn(self, database: str, user: str) -> str:
        return self.server.dsn(database, user)

    def sql(self, *statements: str) -> None:
        """As the superuser, outside transactions (CREATE DATABASE wants that)."""
        connection = psycopg2.connect(self.dsn("postgres", SUPERUSER))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def stop(self) -> None:
        """As a crash would."""
        self.server.stop("immediate")

    def start(self) -> None:
        self.server.start()


@dataclass(frozen=True)
class TestDatabase:
    """One test's own database: `dsn` is for what a test does by itself; `worker_dsn`, `console_dsn` and `auditor_dsn` are those
    of the processes, `owner_dsn` the owner's, `superuser_dsn` for looking at files.
    """

    __test__ = False

    name: str
    cluster: Cluster

    @property
    def dsn(self) -> str:
        return self.cluster.dsn(self.name, SERVICE)

    @property
    def worker_dsn(self) -> str:
        return self.cluster.dsn(self.name, rights.WORKER)

    @property
    def console_dsn(self) -> str:
        return self.cluster.dsn(self.name, rights.CONSOLE)

    @property
    def auditor_dsn(self) -> str:
        return self.cluster.dsn(self.name, rights.AUDITOR)

    @property
    def owner_dsn(self) -> str:
        return self.cluster.dsn(self.name, OWNER)

    @property
    def superuser_dsn(self) -> str:
        return self.cluster.dsn(self.name, SUPERUSER)


@contextmanager
def private_cluster(environment: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A new cluster in a short temporary folder (a socket's path has 107 bytes), gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="xl-pg-", dir=_roomy_memory() or "/tmp"))
    folder.chmod(0o755)  # as root: the user postgres has to pass
    cluster = Cluster(private.Cluster(folder, durable=False, environment=tuple((environment or {}).items())))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def make_template(cluster: Cluster) -> None:
    """The roles, and a database with the whole schema that the tests' databases are copied from."""
    cluster.sql(
        f"CREATE ROLE {OWNER} LOGIN CREATEROLE",
        f"CREATE ROLE {SERVICE} LOGIN",
        f"CREATE DATABASE {_TEMPLATE} OWNER {OWNER}",
    )
    migrate(cluster.dsn(_TEMPLATE, OWNER), keep_old_role=True)


@contextmanager
def fresh_database(cluster: Cluster, template: str = _TEMPLATE) -> Iterator[TestDatabase]:
    """A copy of the template, dropped afterwards, whoever is still connected."""
    name = f"test_{next(_NUMBERS)}"
    cluster.sql(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield TestDatabase(name, cluster)
    finally:
        cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")


def _roomy_memory() -> str | None:
    """Copying a template is four times as fast in memory."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > 4 << 30
    return str(shared) if roomy else None
