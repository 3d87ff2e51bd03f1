"""Where calls stand, in a real database: fenced, in one statement, and in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from db.pool import Database
from drawing.board import board
from drawing.stages import Stage
from ivr.noting import Notes, Q
from tests.drawing.test_draw import Hand
from tests.postgres import TestDatabase
from tests.scenes import condition, make_keys
from tests.web.draws import Draws
from tests.web.test_status import admit

pytestmark = pytest.mark.postgres
KEPT = "SELECT call, epoch, stage::text AS stage, xmin::text AS statement FROM call_progress ORDER BY call"


@pytest.fixture
async def draws(db: Database, database: TestDatabase, tmp_path: Path) -> Draws:
    return Draws(db, database, make_keys(tmp_path))


@pytest.fixture
async def apart(database: TestDatabase) -> AsyncIterator[Database]:
    """The connection of the notes."""
    async with Notes.own(database.dsn) as apart:
        yield apart


async def noted(apart: Database, calls: Sequence[Any], stage: Stage, epoch: int = 1) -> None:
    notes = Notes(apart, epoch)
    for call in calls:
        notes.note(call.id, stage)
    await notes.write()


async def stages(db: Database) -> list[str]:
    return [row.stage for row in await db.all(KEPT)]


async def test_an_old_epoch_writes_nothing(draws: Draws, apart: Database) -> None:
    hand = await draws.started()
    calls = await hand.live()
    await noted(apart, calls, Stage.RINGING)
    await hand.db.run("UPDATE call SET epoch = 2 WHERE state = 'live'")  # ivr.lease: taken over
    await noted(apart, calls, Stage.INVITING)
    assert await stages(hand.db) == ["ringing", "ringing"]
    shown = await board(hand.db, hand.activity, 0)
    assert [row.stage for row in shown.rows] == [None, None]  # what the old one noted counts no more
    await noted(apart, calls, Stage.CONFIRMING, epoch=2)
    await noted(apart, calls, Stage.LEAVING)
    assert await stages(hand.db) == ["confirming", "confirming"]


async def test_a_call_that_has_ended_is_not_touched(draws: Draws, apart: Database) -> None:
    hand = await draws.started()
    first, second = await hand.live()
    await noted(apart, (first, second), Stage.RINGING)
    await hand.ends(first, "busy")
    await noted(apart, (first, second), Stage.INVITING)
    assert {row.call: row.stage for row in await hand.db.all(KEPT)} == {first.id: "ringing", second.id: "inviting"}
    shown = await board(hand.db, hand.activity, 0)
    assert [row.stage for row in shown.rows] == [None, Stage.INVITING]
    await apart.run(Q.tidy_progress)
    assert [row.call for row in await hand.db.all(KEPT)] == [second.id]


async def test_a_call_back_about_a_pick_is_its_call_while_it_is_live(draws: Draws, apart: Database) -> None:
    hand = await draws.started()
    first, _ = await hand.live()
    await hand.ends(first, "busy")
    await hand.advance()  # a retry waits
    again = """UPDATE call SET flow = 'call_back_invitation', state = 'live', numbers = '{}', ended_at = NULL, outcome = NULL
               WHERE id = %(id)s"""
    await hand.db.run(again, {"id": first.id})
    await noted(apart, (first,), Stage.INVITING)
    shown = await board(hand.db, hand.activity, 0)
    assert (shown.ringing, shown.talking, shown.waiting) == (1, 1, 0)
    assert shown.rows[0].stage is Stage.INVITING
    await hand.db.run("UPDATE call SET state = 'ended', outcome = 'no_key', ended_at = clock_timestamp() WHERE id = %(id)s",
                      {"id": first.id})  # fmt: skip
    shown = await board(hand.db, hand.activity, 0)
    assert (shown.ringing, shown.talking, shown.waiting) == (1, 0, 1)


async def test_many_changes_become_one_statement_with_the_newest(draws: Draws, apart: Database) -> None:
    hand = await draws.started(20, (condition(seats=20),))
    calls, notes = await hand.live(), Notes(apart, 1)
    for stage in (Stage.DIALLING, Stage.RINGING, Stage.INVITING):
        for call in calls:
            notes.note(call.id, stage)
    await notes.write()
    rows = await hand.db.all(KEPT)
    assert [row.stage for row in rows] == ["inviting"] * 20
    assert len({row.statement for row in rows}) == 1
    await notes.write()  # nothing is left
    assert await hand.db.all(KEPT) == rows


async def test_boards_are_woken_and_workers_are_not(draws: Draws, apart: Database) -> None:
    hand = await draws.started()
    calls = await hand.live()
    async with hand.db.listen("board", "work") as wakes:
        await wakes.wait()  # it listens
        await noted(apart, calls, Stage.RINGING)
        await hand.db.run("SELECT pg_notify('board', 'the end')")
        heard: list[tuple[str, str]] = []
        while ("board", "the end") not in heard:
            heard += await wakes.wait()
    assert heard == [("board", hand.activity), ("board", "the end")]


async def test_nothing_that_a_decision_locks_is_waited_for(draws: Draws, apart: Database) -> None:
    hand = await draws.started()
    calls = await hand.live()
    async with hand.db.transaction() as tx:
        await tx.all("SELECT FROM activity FOR UPDATE")
        await tx.all("SELECT FROM pick FOR UPDATE")
        await tx.all("SELECT FROM call FOR UPDATE")
        await noted(apart, calls, Stage.RINGING)
        assert await stages(hand.db) == ["ringing", "ringing"]


async def test_while_the_database_is_away_notes_are_dropped(draws: Draws, apart: Database) -> None:
    hand = await draws.started()
    calls = await hand.live()
    await asyncio.to_thread(admit, draws.database, False)
    await noted(apart, calls, Stage.RINGING)
    await asyncio.to_thread(admit, draws.database, True)
    assert await stages(hand.db) == []
    await noted(apart, calls[:1], Stage.INVITING)
    assert await stages(hand.db) == ["inviting"]


async def test_it_writes_by_itself(draws: Draws, apart: Database) -> None:
    hand = await draws.started()
    calls, notes = await hand.live(), Notes(apart, 1)
    running = asyncio.create_task(notes.run())
    async with hand.db.listen("board") as wakes:
        await wakes.wait()
        for call, stage in zip(calls, (Stage.RINGING, Stage.INVITING), strict=True):
            notes.note(call.id, stage)
            await _heard(wakes, hand)
    running.cancel()
    assert sorted(await stages(hand.db)) == ["inviting", "ringing"]


async def _heard(wakes: Any, hand: Hand) -> None:
    while ("board", hand.activity) not in await wakes.wait():
        pass
