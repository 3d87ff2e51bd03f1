"""A private PostgreSQL cluster for the tests, and a fresh database for each test in milliseconds (from a
template).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg2

from db.migrate import migrate

OWNER = "expertline_owner"
SERVICE = "expertline_service"
_TEMPLATE = "template_expertline"
_NUMBERS = count(1)
# A test's data need not survive the machine: no waiting for the disk.
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=120 -c listen_addresses=''"


@dataclass(frozen=True)
class Cluster:
    """A running cluster that listens in a socket folder only."""

    folder: Path

    def dsn(self, database: str, user: str) -> str:
        return f"host={self.folder} dbname={database} user={user}"

    def sql(self, *statements: str) -> None:
        """As the superuser, outside transactions (CREATE DATABASE wants that)."""
        connection = psycopg2.connect(self.dsn("postgres", "postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def stop(self) -> None:
        _as_postgres("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def start(self) -> None:
        log = self.folder / "log"
        _as_postgres(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", str(log), "-w", "-t", "120",
            "-o", f"{_FAST} -c unix_socket_directories='{self.folder}'", "start",
        )  # fmt: skip


@dataclass(frozen=True)
class TestDatabase:
    """One test's own database: `dsn` is the service's, `owner_dsn` the owner's, `superuser_dsn` for looking
    at files.
    """

    __test__ = False

    name: str
    cluster: Cluster

    @property
    def dsn(self) -> str:
        return self.cluster.dsn(self.name, SERVICE)

    @property
    def owner_dsn(self) -> str:
        return self.cluster.dsn(self.name, OWNER)

    @property
    def superuser_dsn(self) -> str:
        return self.cluster.dsn(self.name, "postgres")


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """A new cluster in a short temporary folder (a socket's path has 107 bytes), gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="xl-pg-", dir=_roomy_memory() or "/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        _as_postgres(
            "initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        )  # fmt: skip
        cluster = Cluster(folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


def make_template(cluster: Cluster) -> None:
    """The roles, and a database with the whole schema that the tests' databases are copied from."""
    cluster.sql(
        f"CREATE ROLE {OWNER} LOGIN CREATEROLE",
        f"CREATE ROLE {SERVICE} LOGIN",
        f"CREATE DATABASE {_TEMPLATE} OWNER {OWNER}",
    )
    migrate(cluster.dsn(_TEMPLATE, OWNER))


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


def _as_postgres(program: str, *arguments: str) -> None:
    command = [str(_programs() / program), *arguments]
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stdout.decode(errors='replace')}")


def _programs() -> Path:
    """Where Debian keeps the newest version's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent
