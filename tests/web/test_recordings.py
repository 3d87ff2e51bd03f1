"""Who may hear a recording: the supervisor who witnesses the activity, once its result is open; each time is noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.pool import Database
from drawing import recordings
from drawing.decide import share_on_page
from drawing.recordings import HEARD
from tests.drawing.test_draw import Hand, the_clock_reaches_the_opening
from tests.scenes import masked_call, wav
from tests.web.conftest import Visitor
from tests.web.draws import DIGITS, Draws, everybody_agrees

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
SAID = wav(0.25)


@pytest.fixture
async def hand(draws: Draws, db: Database) -> Hand:
    """All have agreed, and the result is not open yet."""
    hand = await draws.committed()
    async with db.transaction() as tx:
        await share_on_page(tx, draws.keys.custody, hand.activity, "supervisor-1", 1, DIGITS)
    await hand.advance()
    await everybody_agrees(hand)
    return hand


@pytest.fixture
async def call(hand: Hand, draws: Draws, db: Database) -> str:
    """One that was recorded."""
    expert = await db.value("SELECT expert FROM pick WHERE outcome = 'accepted' LIMIT 1")
    call = await masked_call(db, hand.activity, expert)
    await recordings.keep(db, draws.keys.custody.vault, call, SAID, 0.25)
    return call


async def test_the_witness_hears_it_and_that_is_noted(visit: Visit, db: Database, hand: Hand, call: str) -> None:
    await the_clock_reaches_the_opening(hand)
    supervisor = await visit("supervisor-1")
    here = f"/witness/{hand.activity}/recordings"
    assert here in await supervisor.text(f"/witness/{hand.activity}")
    page = await supervisor.text(here)
    (kept,) = await recordings.recordings(db, hand.activity)
    assert kept.sha256 in page
    assert f"第 {kept.n} 位专家" in page
    assert f'src="{here}/{call}.wav"' in page
    assert await heard(db) == []  # to see that there is one is not to hear it
    response = await supervisor.get(f"{here}/{call}.wav")
    assert (response.status, response.content_type, await response.read()) == (200, "audio/wav", SAID)
    assert response.headers["Cache-Control"] == "no-store"
    (noted,) = await heard(db)
    assert (noted.role, noted.activity, noted.remark) == ("supervisor", hand.activity, call)
    assert "supervisor-1" in noted.actor


async def test_nobody_hears_it_before_the_result_is_open(visit: Visit, db: Database, hand: Hand, call: str) -> None:
    """T1: what is said may name who was drawn."""
    supervisor = await visit("supervisor-1")
    here = f"/witness/{hand.activity}/recordings"
    page = await supervisor.text(here)
    assert "结果解密之后才能收听" in page
    assert "<audio" not in page
    response = await supervisor.get(f"{here}/{call}.wav")
    assert (response.status, "结果解密之后才能收听" in await response.text()) == (409, True)
    assert await heard(db) == []


async def test_nobody_else_hears_it(visit: Visit, db: Database, hand: Hand, call: str) -> None:
    await the_clock_reaches_the_opening(hand)
    here = f"/witness/{hand.activity}/recordings"
    for name in ("handler-a1", "legal-a", "reviewer-1", "registrar-1", "administrator-1"):
        visitor = await visit(name)
        assert [(await visitor.get(path)).status for path in (here, f"{here}/{call}.wav")] == [403, 403], name
    supervisor = await visit("supervisor-2")  # who witnesses something else
    assert [(await supervisor.get(path)).status for path in (here, f"{here}/{call}.wav")] == [404, 404]
    assert await heard(db) == []


async def test_what_was_erased_says_so(visit: Visit, db: Database, hand: Hand, call: str) -> None:
    await the_clock_reaches_the_opening(hand)
    await db.run("UPDATE recording SET data_enc = NULL, erased_at = clock_timestamp()")
    supervisor = await visit("supervisor-1")
    here = f"/witness/{hand.activity}/recordings"
    page = await supervisor.text(here)
    assert "已到期删除" in page
    assert "<audio" not in page
    assert (await supervisor.get(f"{here}/{call}.wav")).status == 404
    assert (await supervisor.get(f"{here}/el{'0' * 32}.wav")).status == 404
    assert await heard(db) == []


async def heard(db: Database) -> list[Any]:
    return await db.all("SELECT actor, role, activity, remark FROM operation WHERE act = %(act)s", {"act": HEARD})
