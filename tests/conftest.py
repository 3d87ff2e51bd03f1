"""Fixtures for everybody: a private PostgreSQL, a database per test, a vault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from db.pool import Database
from db.vault import Vault
from tests.postgres import Cluster, TestDatabase, fresh_database, make_template, private_cluster


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
