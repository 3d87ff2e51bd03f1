"""A draw as a clerk and the supervisor see it, from its start to the open result, in both widths."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from db.pool import Database
from tests.browser.conftest import NARROW, WIDE, Page
from tests.drawing.test_draw import Hand
from tests.postgres import TestDatabase
from tests.scenes import Keys, witness
from tests.web.draws import DIGITS, Draws, everybody_agrees, opened

pytestmark = [pytest.mark.postgres, pytest.mark.browser]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_draw_from_its_start_to_its_result(
    page: Page, database: TestDatabase, keys: Keys, size: tuple[int, int]
) -> None:
    def move(work: Callable[[Hand], Awaitable[object]]) -> None:
        """What the worker does meanwhile."""

        async def moved() -> None:
            async with Database(database.dsn) as db:
                await work(Hand(db, database.dsn, keys, activity))

        asyncio.run(moved())

    async def made() -> str:
        async with Database(database.dsn) as db:
            return (await Draws(db, database, keys).ready(witnesses=(witness(),))).activity

    activity = asyncio.run(made())
    page.resize(size)
    page.log_in("handler-a1")
    page.open(f"/activities/{activity}/draw")
    page.click("启动抽取")
    page.waits_for("实时更新中")
    move(Hand.advance)
    page.waits_for("等待监督人见证")
    page.is_accessible()
    page.screenshot("draw-waiting")
    page.shows_no_errors()

    page.log_in("supervisor-1")
    page.click("见证")
    page.is_accessible()
    page.click(activity)
    page.fill(digits="11111111", repeated="11111111")
    page.click("提供见证数字")
    assert "数字都相同" in page.text
    page.is_accessible()
    page.screenshot("witness")
    page.fill(digits=DIGITS, repeated=DIGITS)
    page.click("提供见证数字")
    assert "已收到您的见证数字" in page.text

    page.log_in("handler-a1")
    page.open(f"/activities/{activity}/draw")
    page.waits_for("实时更新中")
    move(Hand.advance)
    page.waits_for("第 1 位专家")
    move(Hand.live)
    page.waits_for("正在呼叫")
    page.is_accessible()
    page.screenshot("draw-calling")
    move(_rest)
    page.waits_for("结果已封存")
    page.screenshot("draw-sealed")
    page.open(f"/activities/{activity}/result")
    assert "结果尚未解密" in page.text
    page.is_accessible()
    page.screenshot("result-sealed")
    move(opened)
    page.click("刷新")
    assert "评标专家名单" in page.text
    page.is_accessible()
    page.screenshot("result")
    page.shows_no_errors()


async def _rest(hand: Hand) -> None:
    """The calls that are live are answered, and those that follow."""
    await everybody_agrees(hand)
