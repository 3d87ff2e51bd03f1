"""声音准备: the page of a draw that waits for the voice gets its button by itself."""

from __future__ import annotations

import asyncio

import pytest

from db.pool import Database
from tests.browser.conftest import NARROW, WIDE, Page
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.draws import Draws

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
_BUTTON = "return [...document.querySelectorAll('button')].find(each => each.textContent === '启动抽取')?.disabled"


async def test_the_button_comes_when_the_voice_is_ready(page: Page, db: Database, database: TestDatabase, keys: Keys) -> None:
    activity = (await Draws(db, database, keys).ready()).activity
    await db.run(
        "INSERT INTO node (name, holder, epoch, lease_until, natural_voice)"
        " VALUES ('n', gen_random_uuid(), 1, clock_timestamp() + interval '1 hour', 'kokoro')"
    )
    await db.run(
        "INSERT INTO notice_sounds (node, activity, says, asked_ahead)"
        " VALUES ('n', %(a)s, notice_says(%(a)s, 'kokoro'), (SELECT ahead FROM clock))",
        {"a": activity},
    )
    await asyncio.to_thread(_waits, page, activity)
    await db.run("UPDATE notice_sounds SET state = 'natural', made_at = clock_timestamp()")
    await asyncio.to_thread(_starts, page)


def _waits(page: Page, activity: str) -> None:
    page.log_in("handler-a1")
    page.open(f"/activities/{activity}/draw")
    assert page.driver.execute_script(_BUTTON) is True
    seconds = "return document.querySelector('#sounds time.since')?.textContent.endsWith(' 秒')"
    page.until(lambda driver: driver.execute_script(seconds), "the time since")
    for size in (WIDE, NARROW):
        page.resize(size)
        page.screenshot("notice-sounds")
        page.is_accessible()


def _starts(page: Page) -> None:
    page.until(lambda driver: driver.execute_script(_BUTTON) is False, "the button, without a reload by hand")
    page.click("启动抽取")
    page.until(lambda driver: "抽取已启动" in driver.page_source, "the start")
    page.shows_no_errors()
