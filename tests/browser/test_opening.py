"""The result opens by the clock alone: the same page, loaded again and again, first without names, then with them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from db.blocking import transaction
from db.pool import Database
from tests.browser.conftest import Page
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.draws import Draws, everybody_agrees, opened

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
SOON = timedelta(seconds=15)


def test_the_result_opens_when_its_time_has_come(page: Page, database: TestDatabase, keys: Keys) -> None:
    async def sealed() -> str:
        async with Database(database.dsn) as db:
            hand = await Draws(db, database, keys).started(opens_in=SOON, gathers_in=timedelta(minutes=20))
            await everybody_agrees(hand)
            return hand.activity

    def now_and_opening() -> tuple[datetime, datetime]:
        with transaction(database.dsn) as tx:
            row = tx.one("SELECT clock_timestamp() AS now, evaluation_start - interval '30 minutes' AS opens_at FROM activity")
            return row.now, row.opens_at

    page.log_in("handler-a1")
    activity = asyncio.run(sealed())
    page.open(f"/activities/{activity}/result")
    while "评标专家名单" not in page.text:
        assert "结果尚未解密" in page.text
        assert "专家" not in page.find("#sealed + p").text
        page.click("刷新")
    now, opens_at = now_and_opening()
    assert now >= opens_at
    assert len(page.all("table.result tbody tr")) == 2
    page.shows_no_errors()


def test_a_result_that_does_not_fit_says_so_and_names_nobody(page: Page, database: TestDatabase, keys: Keys) -> None:
    async def opened_and_changed() -> str:
        async with Database(database.dsn) as db:
            hand = await Draws(db, database, keys).started()
            await opened(hand)
            await db.run("UPDATE expert SET unit = '新单位' WHERE id = (SELECT max(expert) FROM pick)")
            return hand.activity

    page.log_in("handler-a1")
    activity = asyncio.run(opened_and_changed())
    page.open(f"/activities/{activity}/result")
    assert page.text.count("登记信息已更正") == 2  # beside the name, and what it means
    assert "新单位" not in page.text
    page.is_accessible()
    page.screenshot("result-corrected")
    with transaction(database.dsn) as tx:
        tx.run("UPDATE pick SET expert = (SELECT min(id) FROM expert WHERE id NOT IN (SELECT expert FROM pick)) WHERE seat = 1")
    page.open(f"/activities/{activity}/result")
    assert "名单与承诺不符，已停止显示并报警" in page.find('[role="alert"]').text
    assert not page.all("table.result")
    assert "专家0" not in page.text
    assert "打印结果" not in page.text
    page.is_accessible()
    page.screenshot("result-refused")
    page.shows_no_errors()
