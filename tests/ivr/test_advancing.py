"""Draws are brought forward beside the calls, whatever is wrong with one of them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from db.blocking import transaction
from db.pool import Database
from drawing.lifecycle import Role
from drawing.orders import Orders
from drawing.start import start
from ivr.advancing import Advancing
from ivr.settings import Settings
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan

pytestmark = pytest.mark.postgres

RULES = "bench-1"  # without a witness
PICKED = "SELECT count(*) FROM pick WHERE activity = %(activity)s"
WAIT = 120.0
"""Generous: it ends a test that would hang, it decides nothing."""


def settings(dsn: str, keys: Keys, folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "dsn": dsn, "master_key": keys.master, "signing_key": keys.signing, "rules": RULES,
            "ari": {"url": "http://127.0.0.1:9/ari", "user": "nobody", "password_file": folder / "none"},
            "trunk": {"name": "none", "caller_id": "100000"}, "speech": {"cache": folder / "none"},
        }
    )  # fmt: skip


def choose_rules(database: TestDatabase, activity: str, rules: str) -> None:
    """Of a draw that has begun: only the owner of the tables, with the trigger taken off, can do that."""
    with transaction(database.owner_dsn) as tx:
        tx.run("ALTER TABLE activity DISABLE TRIGGER keep_what_started")
        tx.run("UPDATE activity SET rules = %(rules)s WHERE id = %(id)s", {"rules": rules, "id": activity})
        tx.run("ALTER TABLE activity ENABLE TRIGGER keep_what_started")


async def until_picked(db: Database, advancing: Advancing, activity: str) -> None:
    """Named again and again, as by the sweep."""
    async with asyncio.timeout(WAIT):
        while not await db.value(PICKED, {"activity": activity}):
            advancing.note([activity])
            await asyncio.sleep(0.1)


async def test_a_draw_that_breaks_rests_while_the_others_go_on(
    db: Database, database: TestDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = make_keys(tmp_path)
    add_experts(database.dsn, keys.custody.vault, [f"138000000{n:02d}" for n in range(9)])
    broken, *others = [await make_activity(db, keys.custody.vault, plan((condition(),), rules=RULES)) for _ in range(3)]
    for activity in (broken, *others):
        await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    choose_rules(database, broken, "of-nobody")
    orders = Orders(keys.custody.vault)
    advancing = Advancing(settings(database.dsn, keys, tmp_path), db, keys.custody, orders, lambda: None)
    running = asyncio.create_task(advancing.run())
    try:
        with caplog.at_level(logging.ERROR):
            advancing.note([broken, *others])  # once: what follows, the ends of its long steps bring about
            async with asyncio.timeout(WAIT):
                while not all([await db.value(PICKED, {"activity": each}) for each in others]):
                    await asyncio.sleep(0.05)
        assert [record.message for record in caplog.records] == [f"{broken} could not be brought forward; the others go on"]
        assert await db.value(PICKED, {"activity": broken}) == 0
        choose_rules(database, broken, RULES)
        await until_picked(db, advancing, broken)
    finally:
        advancing.stop()
        await running
        await advancing.close()
