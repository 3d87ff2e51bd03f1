"""Fixtures for everybody: a private PostgreSQL, a database per test, a vault. And in which order, and beside which
others, the tests run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from db.pool import Database
from db.vault import Vault
from tests.postgres import Cluster, TestDatabase, fresh_database, make_template, private_cluster

# No time limits: a busy machine is no reason for a property not to hold.
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Telephones first: their tests wait and need little of the machine, which those that compute would starve them of.

    Where several processes share the work, a module stays in one of them (it has fixtures of its own), but for tests
    marked `apart`; modules that share an expensive fixture are an `xdist_group`.
    """
    items.sort(key=lambda item: item.get_closest_marker("telephone") is None)
    for item in items:
        if item.get_closest_marker("apart") is None and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.location[0]))


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
