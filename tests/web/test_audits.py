"""The last audit (全面检查), as the administrator and a monitor see it; and a line of 操作记录 with its place in the chain."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.blocking import transaction
from db.pool import Database
from tests.postgres import TestDatabase
from tests.web.conftest import Client, Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


def ran(database: TestDatabase, hours_ago: float, findings: tuple[tuple[str, str, str], ...] = ()) -> None:
    """An audit that came to its end so long ago."""
    values = {"ago": hours_ago, "findings": len(findings), "shown": json.dumps(findings)}
    with transaction(database.owner_dsn) as tx:
        tx.run(
            "INSERT INTO audit_run (started_at, ended_at, activities, entries, leaves, operations, findings, shown)"
            " SELECT t, t, 3, 60, 9, 120, %(findings)s, %(shown)s FROM (SELECT now() - %(ago)s * interval '1 hour') a (t)",
            values,
        )


async def health(client: Client) -> dict[str, Any]:
    response = await client.get("/health")
    assert response.status == 200
    told: dict[str, Any] = await response.json()
    return told


@pytest.fixture(autouse=True)
async def worker(db: Database) -> None:
    """Without one, /health would not be ok."""
    await db.run("INSERT INTO node VALUES ('a', gen_random_uuid(), 1, clock_timestamp() + interval '1 hour')")


async def test_before_the_first_one(client: Client, visit: Visit, database: TestDatabase) -> None:
    told = await health(client)
    assert (told["status"], told["audit"]) == ("ok", {"last_complete_at": None, "findings": 0, "overdue": False})
    page = await (await visit("administrator-1")).text("/operations")
    assert "尚未完成过检查" in page
    assert 'role="alert"' not in page
    with transaction(database.owner_dsn) as tx:  # two days go by
        tx.run("ALTER TABLE operation DISABLE TRIGGER USER")
        tx.run("UPDATE operation SET at = at - interval '2 days'")
    told = await health(client)
    assert (told["status"], told["audit"]["overdue"]) == ("degraded", True)


async def test_one_that_found_nothing(client: Client, visit: Visit, database: TestDatabase) -> None:
    ran(database, 35)
    told = await health(client)
    assert (told["status"], told["audit"]["findings"], told["audit"]["overdue"]) == ("ok", 0, False)
    page = await (await visit("administrator-1")).text("/operations")
    assert "3 个活动、60 条抽取记录、9 条台账、120 条操作记录；未发现不符" in page


async def test_one_that_is_too_long_ago(client: Client, visit: Visit, database: TestDatabase) -> None:
    ran(database, 37)
    told = await health(client)
    assert (told["status"], told["audit"]["overdue"]) == ("degraded", True)
    assert "已超过 36 小时没有完成新的检查" in await (await visit("administrator-1")).text("/operations")


async def test_one_that_found_something(client: Client, visit: Visit, database: TestDatabase) -> None:
    ran(database, 1, (("operation_changed", "operation #2", "操作记录第 2 条与其哈希值不符（链上第 1 环）"),))
    told = await health(client)
    assert (told["status"], told["audit"]["findings"]) == ("degraded", 1)
    page = await (await visit("administrator-1")).text("/operations")
    assert "发现 1 项不符" in page
    assert "操作记录第 2 条与其哈希值不符（链上第 1 环）（operation #2）" in page


async def test_a_line_shows_its_place_and_who_wrote_it(visit: Visit, database: TestDatabase) -> None:
    visitor = await visit("administrator-1")  # whose login is the first row
    page = await visitor.text("/operations/1")
    with transaction(database.owner_dsn) as tx:
        head = tx.value("SELECT encode(hash, 'hex') FROM operation_chain WHERE operation = 1")
    assert "第 0 环" in page
    assert head in page
    assert "expertline_console" in page
    with transaction(database.owner_dsn) as tx:
        tx.run("ALTER TABLE operation DISABLE TRIGGER USER")
        tx.run("INSERT INTO operation (actor, role, act) VALUES ('乙', 'reviewer', '审核通过')")
        number = tx.value("SELECT max(id) FROM operation")
    assert "不在链上" in await visitor.text(f"/operations/{number}")
