"""The door to PostgreSQL: rows, errors, and what an interrupted await leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

import psycopg2
import pytest

from db.errors import (
    Aborted,
    Conflict,
    Constraint,
    Forbidden,
    SerializationFailure,
    StatementError,
    Unavailable,
)
from db.pool import Database
from tests.postgres import SUPERUSER, TestDatabase, private_cluster

pytestmark = pytest.mark.postgres


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    id: int
    colour: Colour | None
    names: tuple[str, ...]


LOT = "INSERT INTO lot (id, project, name) VALUES (%(id)s, 'p', 'n')"
LOTS = "SELECT count(*) FROM lot"


async def waits(database: Database, what: str) -> bool:
    """Somebody is inside a statement that contains `what`."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE query LIKE %(what)s AND pid <> pg_backend_pid() AND state = 'active'"
    )
    return bool(await database.value(sql, {"what": f"%{what}%"}))


async def test_rows(db: Database) -> None:
    row = await db.one("SELECT 1 AS id, 'a' AS name, '\\x01ff'::bytea AS raw, now() AS at")
    assert (row.id, row.name, row.raw) == (1, "a", b"\x01\xff")
    assert row.at.utcoffset() == datetime.now(UTC).utcoffset()
    thing = await db.one("SELECT ARRAY['x','y'] AS names, 7 AS id, 'red' AS colour", {}, Thing)
    assert thing == Thing(7, Colour.RED, ("x", "y"))
    assert await db.all("SELECT 1 AS id, NULL AS colour, '{}'::text[] AS names", {}, Thing) == [Thing(1, None, ())]
    assert await db.value("SELECT %(colour)s", {"colour": Colour.RED}) == "red"
    assert await db.value("SELECT %(it)s::jsonb", {"it": {"键": [1]}}) == {"键": [1]}
    assert await db.one("SELECT 1 WHERE false") is None
    assert await db.value("SELECT 1 WHERE false") is None
    assert await db.run(LOT, {"id": "1"}) == 1
    with pytest.raises(TypeError, match="colour, names"):
        await db.one("SELECT 1 AS id", {}, Thing)


async def test_a_transaction_commits_or_leaves_nothing(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run(LOT, {"id": "1"})
        assert await db.value(LOTS) == 0  # nobody sees it yet
    assert await db.value(LOTS) == 1
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with db.transaction() as tx:
            await tx.run(LOT, {"id": "2"})
            raise ZeroDivisionError
    assert await db.value(LOTS) == 1
    with pytest.raises(RuntimeError, match="over"):
        await tx.run(LOT, {"id": "3"})


async def test_constraints_are_told_by_name(db: Database) -> None:
    await db.run(LOT, {"id": "1"})
    with pytest.raises(Conflict) as caught:
        async with db.transaction() as tx:
            await tx.run(LOT, {"id": "1"})
    assert (caught.value.kind, caught.value.name, caught.value.table) == (
        Constraint.UNIQUE,
        "lot_pkey",
        "lot",
    )
    with pytest.raises(StatementError, match="42703"):
        await db.value("SELECT nonsense")
    assert await db.value(LOTS) == 1


async def test_a_swallowed_error_is_not_taken_for_a_commit(db: Database) -> None:
    with pytest.raises(Aborted):  # noqa: PT012
        async with db.transaction() as tx:
            await tx.run(LOT, {"id": "1"})
            with pytest.raises(Conflict):
                await tx.run(LOT, {"id": "1"})
    assert await db.value(LOTS) == 0


async def test_a_statement_that_never_left_does_not_end_the_transaction(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with db.transaction() as tx:
            with pytest.raises(KeyError):
                await tx.run(LOT, {})
            await tx.run(LOT, {"id": "1"})
            with pytest.raises(StatementError, match="adapt"):
                await tx.run(LOT, {"id": object()})
            await tx.run(LOT, {"id": "2"})
            raise ZeroDivisionError
    assert await db.value(LOTS) == 0


async def test_a_stopped_process_does_not_hold_its_locks_for_ever(db: Database) -> None:
    assert await db.value("SHOW idle_in_transaction_session_timeout") == "10s"
    assert await db.value("SHOW timezone") == "UTC"


async def test_many_tasks_share_few_connections(database: TestDatabase) -> None:
    async with Database(database.dsn, size=2) as db:

        async def add(number: int) -> None:
            async with db.transaction() as tx:
                await tx.run(LOT, {"id": str(number)})
                if number % 3 == 0:
                    raise ZeroDivisionError

        tasks = [asyncio.create_task(add(number)) for number in range(60)]
        await asyncio.sleep(0)
        for task in tasks[::5]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert await db.value(LOTS) == results.count(None)
        assert len(db._free) <= 2


async def test_a_cancelled_await_does_not_poison_the_pool(database: TestDatabase) -> None:
    async with Database(database.dsn, size=1) as db, Database(database.dsn) as other:

        async def sleeper() -> None:
            async with db.transaction() as tx:
                await tx.run(LOT, {"id": "1"})
                await tx.run("SELECT pg_sleep(600)")

        task = asyncio.create_task(sleeper())
        while not await waits(other, "pg_sleep(600)"):
            await asyncio.sleep(0.01)
        pending = asyncio.create_task(db.value(LOTS))  # the only connection is busy: this one waits
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await pending == 0
        while await waits(other, "pg_sleep(600)"):  # the server notices that nobody wants the answer any more
            await asyncio.sleep(0.01)
        assert [await db.value("SELECT %(n)s", {"n": n}) for n in range(5)] == [0, 1, 2, 3, 4]


async def test_a_statement_that_the_server_cancels_does_not_cancel_the_task(db: Database) -> None:
    with pytest.raises(Unavailable, match="cancelled"):  # noqa: PT012
        async with db.transaction() as tx:
            await tx.run("SET LOCAL statement_timeout = '20ms'")
            await tx.run("SELECT pg_sleep(600)")
    assert await db.value("SELECT 1") == 1


async def test_a_deadlock_is_told_as_such(db: Database) -> None:
    await db.run(LOT, {"id": "1"})
    await db.run(LOT, {"id": "2"})
    lock = "SELECT 1 FROM lot WHERE id = %(id)s FOR UPDATE"
    barrier = asyncio.Barrier(2)

    async def take(first: str, second: str) -> None:
        async with db.transaction() as tx:
            await tx.one(lock, {"id": first})
            await barrier.wait()
            await tx.one(lock, {"id": second})

    results = await asyncio.gather(take("1", "2"), take("2", "1"), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [SerializationFailure]


async def test_a_lost_connection_is_unavailable_and_replaced(database: TestDatabase) -> None:
    async with Database(database.dsn, size=1) as db:
        with pytest.raises(Unavailable):  # noqa: PT012
            async with db.transaction() as tx:
                pid = await tx.value("SELECT pg_backend_pid()")
                admin = psycopg2.connect(database.superuser_dsn)
                with admin, admin.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s, 60000)", (pid,))
                admin.close()
                with pytest.raises(Unavailable):
                    await tx.value("SELECT 1")
        assert await db.value("SELECT 1") == 1


async def test_a_full_pool_says_so(database: TestDatabase) -> None:
    """The wait is short; where the machine is too busy to connect within it, it is made longer."""
    for timeout in (0.05, 0.5, 5.0, 50.0):
        said = ""
        try:
            async with Database(database.dsn, size=1, timeout=timeout) as db, db.transaction() as tx:
                await tx.value("SELECT 1")
                await db.value("SELECT 1")
        except Unavailable as refused:
            said = str(refused)
        assert said, "two connections from a pool of one"
        if "no connection" not in said:
            break
    assert said == f"all database connections were busy for {timeout:g} s"


async def test_no_database(tmp_path: object) -> None:
    with pytest.raises(Unavailable, match="no connection"):
        async with Database(f"host={tmp_path} dbname=nothing user=nobody"):
            pass


async def test_listening_survives_a_restart() -> None:
    with private_cluster() as cluster:
        async with Database(cluster.dsn("postgres", SUPERUSER)) as db, db.listen("pick", "call") as wakes:
            assert [wake.channel for wake in await wakes.wait(60)] == [""]  # listening: look at everything
            async with db.transaction() as tx:
                await tx.notify("pick", "7")
                await tx.notify("pick", "8")
            heard = set(await wakes.wait(60))
            while len(heard) < 2:
                heard |= set(await wakes.wait(60))
            assert heard == {("pick", "7"), ("pick", "8")}
            assert await wakes.wait(0.01) == []
            cluster.stop()
            cluster.start()
            assert [wake.channel for wake in await wakes.wait(60)] == [""]
            assert await db.value("SELECT 1") == 1


async def test_the_service_may_add_to_the_chain_and_no_more(db: Database) -> None:
    for table in ("transcript", "ledger", "operation"):
        with pytest.raises(Forbidden):
            await db.run(f"DELETE FROM {table}")
        with pytest.raises(Forbidden):
            await db.run(f"TRUNCATE {table}")
    with pytest.raises(Forbidden):
        await db.run("UPDATE transcript SET hash = hash")
    with pytest.raises(Forbidden):
        await db.run("ALTER TABLE transcript DISABLE TRIGGER ALL")


async def test_what_is_posted_goes_before_the_next_statement_or_with_the_commit(db: Database) -> None:
    async with db.transaction() as tx:
        tx.post(LOT, {"id": "l1"})
        tx.post(LOT, {"id": "100%"})
        assert await tx.value(LOTS) == 2
        tx.post(LOT, {"id": "l3"})
    async with db.transaction() as tx:
        tx.post(LOT, {"id": "l4"})
    assert await db.value(LOTS) == 4


async def post_twice(db: Database, *, look: bool) -> None:
    async with db.transaction() as tx:
        tx.post(LOT, {"id": "l2"})
        tx.post(LOT, {"id": "l1"})
        if look:
            await tx.value(LOTS)


@pytest.mark.parametrize("look", [False, True])
async def test_an_error_of_what_was_posted_is_raised_and_nothing_is_committed(db: Database, look: bool) -> None:
    await db.run(LOT, {"id": "l1"})
    with pytest.raises(Conflict):
        await post_twice(db, look=look)
    assert await db.value(LOTS) == 1
