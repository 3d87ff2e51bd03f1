"""Fixtures for everybody: a private PostgreSQL, a database per test, a vault. And in which order, and beside which
others, the tests run.
"""

from __future__ import annotations

import re
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from db.pool import Database
from db.vault import Vault
from tests.postgres import Cluster, TestDatabase, fresh_database, make_template, private_cluster

# No time limits: a busy machine is no reason for a property not to hold.
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("busy machine"), max_examples=20)  # script/check
settings.load_profile("busy machine")

# What `nohup` or a shell's `&` had us ignore, the programs that tests start would ignore too.
for _ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_ignored) is signal.SIG_IGN:
        signal.signal(_ignored, signal.default_int_handler if _ignored is signal.SIGINT else signal.SIG_DFL)

APART = (
    "tests/system/test_crash.py",
    "tests/system/test_crash_database.py",
    "tests/drawing/test_simulation.py",
    "tests/drawing/test_verify_fuzz.py",
)
"""Modules whose tests share nothing, so that they may run beside each other."""
TOGETHER = {
    "tests/system/test_talk.py": "tests/system/test_conversations.py",
    "tests/system/test_masked_recordings.py": "tests/system/test_masked.py",
    "tests/system/test_masked_secrecy.py": "tests/system/test_masked.py",
}
"""Modules that share an expensive fixture with another."""


LONG = (
    "tests/test_docs.py",
    "tests/drawing/test_verify_fuzz.py",
    "tests/attack/test_preview_oracle.py",
    "tests/drawing/test_pool.py",
    "tests/drawing/test_verify.py",
    "tests/ivr/test_course.py",
    "tests/test_setup.py",
    "tests/test_server.py",
)
"""Modules that compute longest begin early: one that begins last leaves the other processes idle."""
_NOT = re.compile(r"(?:not \w+(?: and |$))+")
_OF_THE_MODULE = re.compile(r"^pytestmark = (.+)$", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A module of which no test is wanted (`-m "not telephone and not postgres"`) is not imported: each process would do it, and
    there are more such modules than others in script/check.
    """
    wanted: str = config.getoption("markexpr")
    if collection_path.suffix == ".py" and _NOT.fullmatch(wanted):
        of_the_module = " ".join(_OF_THE_MODULE.findall(collection_path.read_text(encoding="utf-8")))
        if not set(re.findall(r"pytest\.mark\.(\w+)", of_the_module)).isdisjoint(wanted.split()[1::3]):
            return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Telephones first: their tests wait and need little of the machine, which those that compute would starve them of."""
    items.sort(key=lambda item: (item.get_closest_marker("telephone") is None, item.nodeid.partition("::")[0] not in LONG))


class Rooms(LoadScopeScheduling):  # type: ignore[misc]
    """Which tests stay in one process: a module's, since it has fixtures of its own."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return nodeid if module in APART else TOGETHER.get(module, module)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Rooms:
    """By a test's name: pytest 9.2 and pytest-xdist 3.8 lose the groups of `--dist loadgroup`."""
    return Rooms(config, log)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One private PostgreSQL cluster for the whole run, with the template database."""
    with private_cluster() as cluster:
        make_template(cluster)
        yield cluster


@pytest.fixture
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    """A database of this test's own, with the whole schema: `.dsn` (the service's role), `.owner_dsn`."""
    with fresh_database(cluster) as database:
        yield database


@pytest.fixture
async def db(database: TestDatabase) -> AsyncIterator[Database]:
    """The open pool on this test's database, as the service."""
    async with Database(database.dsn) as db:
        yield db


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault with a new master key in `tmp_path / "master.key"`."""
    return Vault.create(tmp_path / "master.key")
