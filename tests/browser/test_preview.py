"""预览 as a clerk sees it, to the end of the looks of an hour, and as the reviewer sees who looked."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, CookieJar

from db.pool import Database
from drawing.rules import Rules
from tests.browser.conftest import NARROW, WIDE, Page
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts
from tests.web.clerk import complete, make_draft, make_project
from tests.web.conftest import Visitor

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
RULE = Rules.load("gd-2").preview


async def test_bands_refusals_and_the_reviewers_list(page: Page, db: Database, database: TestDatabase, keys: Keys) -> None:
    add_experts(database.dsn, keys.custody.vault, [f"160000{n:05d}" for n in range(500)])
    async with ClientSession(page.address, cookie_jar=CookieJar(unsafe=True)) as session:
        clerk = Visitor(session)  # type: ignore[arg-type]
        await clerk.log_in("handler-a1")
        activity = await make_draft(clerk, await make_project(clerk))
        await complete(clerk, activity)
    await asyncio.to_thread(_clerk, page, activity)
    await db.run(
        "INSERT INTO preview (activity, actor, person, company, condition, band)"
        " SELECT activity, actor, person, company, condition, band FROM preview, generate_series(1, %(n)s) LIMIT %(n)s",
        {"n": RULE.person_hour - 2},
    )
    await asyncio.to_thread(_used_up, page, activity)
    await asyncio.to_thread(_reviewer, page, activity)


def _clerk(page: Page, activity: str) -> None:
    page.log_in("handler-a1")
    page.open(f"/activities/{activity}/notices/0/conditions/c1")
    page.click("预览")
    assert "符合条件的专家：所需人数的 10 倍以上" in page.find("#preview").text
    _looked_at(page, "preview-band")
    page.fill(seats="3")
    page.click("预览")
    assert "剩余可设置人数为 2，请减少条件计划抽取人数。" in page.text
    assert not page.all("#preview")
    _looked_at(page, "preview-too-many-seats")
    page.fill(seats="2")
    page.tick("titles", "正高级")
    page.click("预览")
    short = page.find("#preview").text
    assert "不足" in short
    assert "可放宽的要求：抽取地区、专业、职称等级；也可增加备选专业" in short
    bar = "return getComputedStyle(document.querySelector('#preview .band')).borderLeftWidth"
    assert page.driver.execute_script(bar) == "0px", "the bar is a panel's, not a word's"
    _looked_at(page, "preview-short")


def _used_up(page: Page, activity: str) -> None:
    page.open(f"/activities/{activity}/notices/0/conditions/c1")
    page.tick("titles", "中级")
    page.click("预览")
    assert "一小时内的预览次数已用完" in page.text
    assert page.find('[name="titles"][value="中级"]').is_selected()
    _looked_at(page, "preview-used-up")
    page.click("保存")
    page.click("下一步")
    page.fill(reason="资料齐全")
    page.click("提交审核")


def _reviewer(page: Page, activity: str) -> None:
    page.log_in("reviewer-1")
    page.open(f"/activities/{activity}/review")
    looks = page.find("#looks").text
    assert f"在本活动中预览 {RULE.person_hour} 次，另有 1 次超过每小时次数" in looks
    assert looks.count("(A08)工程施工") == RULE.person_hour + 1
    assert "未显示（次数已用完）" in looks
    _looked_at(page, "preview-review")


def _looked_at(page: Page, name: str) -> None:
    for size in (NARROW, WIDE):
        page.resize(size)
        page.screenshot(name)
        page.is_accessible()
