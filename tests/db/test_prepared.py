"""Queries that each connection plans once: in the message that needs them first, and again when that one failed."""

from __future__ import annotations

import pytest

from db.errors import Conflict, StatementError
from db.pool import Database
from db.queries import parse
from tests.postgres import TestDatabase

QUERIES = parse(
    """
-- name: lots (prepared)
-- Lots of a project, and 5 % of nothing.
SELECT id, '5 %%' AS share FROM lot WHERE project = %(project)s AND id <> %(not)s ORDER BY id;

-- name: how_many (prepared)
-- Without parameters.
SELECT count(*) FROM lot;

-- name: add (prepared)
-- One lot more.
INSERT INTO lot (id, project, name) VALUES (%(id)s, 'p', '5 %%');
""",
    "test",
)


async def test_a_prepared_query_is_planned_once_per_connection(database: TestDatabase) -> None:
    async with Database(database.dsn, size=1) as db:
        await db.run(QUERIES.add, {"id": "l1"})
        for _ in range(3):
            assert await db.all(QUERIES.lots, {"project": "p", "not": "x"}) == [("l1", "5 %")]
        async with db.transaction() as tx:
            assert await tx.all(QUERIES.lots, {"project": "p", "not": "l1"}) == []
            assert await tx.value(QUERIES.how_many) == 1
        prepared = await db.all("SELECT generic_plans + custom_plans AS used FROM pg_prepared_statements ORDER BY used")
        assert [each.used for each in prepared] == [1, 1, 4]


async def write_and_fail(db: Database, error: type[Exception]) -> None:
    async with db.transaction() as tx:
        await tx.run(QUERIES.add, {"id": "l1"})
        tx.post(QUERIES.add, {"id": "l2"})
        assert await tx.all(QUERIES.lots, {"project": "p", "not": "l2"}) == [("l1", "5 %")]
        tx.post(QUERIES.add, {"id": "l3"})
        raise error


async def test_a_prepared_query_outlives_the_transaction_in_which_it_was_first_used(database: TestDatabase) -> None:
    async with Database(database.dsn, size=1) as db:
        with pytest.raises(ZeroDivisionError):
            await write_and_fail(db, ZeroDivisionError)
        assert await db.all(QUERIES.lots, {"project": "p", "not": "x"}) == []  # what was posted is gone too


async def test_what_is_posted_is_prepared_in_the_same_message(db: Database) -> None:
    for lot in ("l1", "l2"):
        async with db.transaction() as tx:
            tx.post(QUERIES.add, {"id": lot})
            tx.post(QUERIES.add, {"id": f"{lot} 100%"})
    assert await db.value("SELECT sum(generic_plans + custom_plans) FROM pg_prepared_statements") == 4
    assert await db.value("SELECT count(*) FROM lot WHERE name = '5 %'") == 4


async def never_sent(db: Database, error: type[Exception]) -> None:
    async with db.transaction() as tx:
        tx.post(QUERIES.add, {"id": "l1"})
        raise error


async def test_what_was_posted_and_never_sent_is_prepared_when_it_is(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await never_sent(db, ZeroDivisionError)
    assert await db.run(QUERIES.add, {"id": "l1"}) == 1


async def test_what_is_refused_while_it_is_prepared_is_prepared_again(db: Database) -> None:
    await db.run(QUERIES.add, {"id": "l1"})
    with pytest.raises(Conflict):
        await db.run(QUERIES.add, {"id": "l1"})
    assert await db.run(QUERIES.add, {"id": "l2"}) == 1
    with pytest.raises(StatementError):
        await db.run(QUERIES.add, {"id": object()})
    assert await db.run(QUERIES.add, {"id": "l3"}) == 1


async def test_what_lacks_a_parameter_is_prepared_when_it_has_it(db: Database) -> None:
    with pytest.raises(KeyError):
        await db.run(QUERIES.add, {"no": "id"})
    assert await db.value("SELECT 1") == 1
    assert await db.run(QUERIES.add, {"id": "l1"}) == 1


async def test_statements_together_are_one_transaction_and_answer_with_the_last(db: Database) -> None:
    row = await db.together((QUERIES.add, {"id": "l1"}), ("SELECT count(*) AS lots FROM lot", {}))
    assert row == (1,)
    with pytest.raises(Conflict):
        await db.together((QUERIES.add, {"id": "l2"}), (QUERIES.add, {"id": "l1"}))
    assert await db.value(QUERIES.how_many) == 1
