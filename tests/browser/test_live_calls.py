"""How long a telephone rings is counted in the browser: the server tells what changes, and seconds are no change."""

from __future__ import annotations

import asyncio

import pytest

from db.pool import Database
from drawing.stages import Stage
from ivr.noting import Notes
from tests.browser.conftest import NARROW, WIDE, Page
from tests.postgres import TestDatabase
from tests.scenes import Keys, condition
from tests.web.draws import Draws

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
_SHOWN = "return document.querySelector('time.since').textContent"
_FIRST = "return document.getElementById('summary').textContent !== ''"
_HEARD = """
document.told = [];
new MutationObserver(() => document.told.push(document.getElementById("summary").textContent))
  .observe(document.getElementById("summary"), {childList: true, characterData: true, subtree: true});
new MutationObserver(changes => changes.forEach(each => { if (each.target.id === "board") document.sent = true; }))
  .observe(document.getElementById("board"), {childList: true});
"""


async def test_seconds_are_counted_without_the_server(
    page: Page, db: Database, database: TestDatabase, keys: Keys
) -> None:
    hand = await Draws(db, database, keys).started(6, [condition(seats=4)])
    rings, talks, agreed, _ = await hand.live()
    notes = Notes(db, 1)
    for call, stage in ((rings, Stage.RINGING), (talks, Stage.INVITING), (agreed, Stage.CONFIRMING)):
        notes.note(call.id, stage)
    await notes.write()
    await db.run("UPDATE call_progress SET since = since - interval '1 hour'")
    await asyncio.to_thread(_look, page, hand.activity)


def _look(page: Page, activity: str) -> None:
    page.log_in("handler-a1")
    page.open(f"/activities/{activity}/draw")
    page.until(lambda driver: driver.execute_script(_FIRST), "the first event")
    page.driver.execute_script(_HEARD)
    first = page.driver.execute_script(_SHOWN)
    page.until(lambda driver: driver.execute_script(_SHOWN) != first, "another second")
    seconds = page.driver.execute_script(_SHOWN)
    assert seconds.endswith(" 秒")
    assert 3600 <= int(seconds.removesuffix(" 秒")) < 7200
    assert page.driver.execute_script("return [document.told, document.sent]") == [[], None]
    for size in (WIDE, NARROW):
        page.resize(size)
        page.screenshot("live-calls")
        page.is_accessible()
    page.shows_no_errors()
