"""Migrations: each once, in order, all or nothing, and never a changed one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from db.blocking import transaction
from db.errors import DatabaseError
from db.migrate import Migration, MigrationRefused, due, migrate
from tests.postgres import Cluster, TestDatabase, fresh_database

ROOT = Path(__file__).resolve().parents[2]
ONE = Migration("0001_one.sql", "CREATE TABLE one (n int); INSERT INTO one VALUES (1)")
TWO = Migration("0002_two.sql", "CREATE TABLE two (n int)")
BROKEN = Migration("0003_broken.sql", "CREATE TABLE three (n int); SELECT nonsense")


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[TestDatabase]:
    with fresh_database(cluster, template="template1") as database:
        yield database


def row(migration: Migration) -> tuple[str, str]:
    return migration.name, migration.sha256


def test_what_is_due() -> None:
    assert due([ONE, TWO], []) == [ONE, TWO]
    assert due([ONE, TWO], [row(ONE)]) == [TWO]
    assert due([ONE, TWO], [row(ONE), row(TWO)]) == []


@pytest.mark.parametrize(
    ("known", "applied", "told"),
    [
        (
            [Migration(ONE.name, "SELECT 2"), Migration(TWO.name, TWO.sql.replace(" ", "\r\n"))],
            [ONE, TWO],
            ["Changed after it was applied", "git checkout -- db/schema/0001_one.sql db/schema/0002_two.sql", "thrown away"],
        ),
        ([ONE], [ONE, TWO], ["unknown to this program: 0002_two.sql", "Install that newer version", "restore the backup"]),
        ([ONE, TWO], [TWO], ["0001_one.sql comes before 0002_two.sql", "Start the version that ran on it last", "later name"]),
    ],
    ids=["changed", "unknown", "late"],
)
def test_what_does_not_fit_is_refused_and_says_what_to_do(
    known: list[Migration], applied: list[Migration], told: list[str]
) -> None:
    with pytest.raises(MigrationRefused) as refused:
        due(known, list(map(row, applied)))
    message = str(refused.value)
    assert [each for each in (*told, "nothing was changed") if each not in message] == []
    headline = message.rpartition("docs/operations.md, ")[2]
    assert f"## {headline}\n" in (ROOT / "docs/operations.md").read_text(encoding="utf-8")


@pytest.mark.postgres
def test_each_is_applied_once_and_a_failure_leaves_nothing(empty: TestDatabase) -> None:
    assert migrate(empty.owner_dsn, [ONE]) == ["0001_one.sql"]
    with pytest.raises(DatabaseError, match="nonsense"):
        migrate(empty.owner_dsn, [ONE, TWO, BROKEN])
    with transaction(empty.owner_dsn) as tx:
        assert tx.value("SELECT to_regclass('two')") is None
        assert tx.value("SELECT n FROM one") == 1
    assert migrate(empty.owner_dsn, [ONE, TWO]) == ["0002_two.sql"]
    assert migrate(empty.owner_dsn, [ONE, TWO]) == []


@pytest.mark.postgres
def test_two_at_once_do_no_harm(empty: TestDatabase) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: migrate(empty.owner_dsn, [ONE, TWO]), range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, 2]


@pytest.mark.postgres
def test_the_command(database: TestDatabase) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "db.migrate", *arguments], capture_output=True, text=True, check=False
        )

    assert (run(database.owner_dsn).returncode, run(database.owner_dsn).stdout) == (0, "up to date\n")
    assert run("host=/nowhere dbname=x").returncode == 1
    assert "no connection" in run("host=/nowhere dbname=x").stderr
