"""Where a form's buttons lead: what they answer is in sight and has the focus, and Enter does what is meant."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, CookieJar
from selenium.webdriver.common.keys import Keys as Key

from db.pool import Database
from tests.browser.conftest import NARROW, WIDE, Page
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts
from tests.web.clerk import PROJECT, make_draft, make_project, notice
from tests.web.conftest import Visitor

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
_SEEN = """
const box = document.getElementById(arguments[0]).getBoundingClientRect();
return box.height > 0 && box.top >= -1 && box.top < innerHeight;
"""


def in_sight(page: Page, identifier: str) -> bool:
    """Its head is within the window."""
    page.find(f"#{identifier}")
    return bool(page.driver.execute_script(_SEEN, identifier))


def focused(page: Page) -> str:
    """The id, or else the name, of what has the focus."""
    return str(page.driver.execute_script("return document.activeElement.id || document.activeElement.name"))


async def test_filter_preview_and_save_of_a_condition(page: Page, db: Database, database: TestDatabase, keys: Keys) -> None:
    add_experts(database.dsn, keys.custody.vault, [f"160000{n:05d}" for n in range(30)])
    async with ClientSession(page.address, cookie_jar=CookieJar(unsafe=True)) as session:
        clerk = Visitor(session)  # type: ignore[arg-type]
        await clerk.log_in("handler-a1")
        activity = await make_draft(clerk, await make_project(clerk))
        await clerk.post(f"/activities/{activity}/notices/new", **notice())
    for size in (WIDE, NARROW):
        await asyncio.to_thread(_condition, page, activity, size)
        await db.run("DELETE FROM condition")


def _condition(page: Page, activity: str, size: tuple[int, int]) -> None:
    page.resize(size)
    page.log_in("handler-a1")
    page.open(f"/activities/{activity}/notices/0/conditions/new")
    page.fill(regions__group="4401")
    page.leave(page.find('button[name="_refresh"][value="regions"]'))
    assert in_sight(page, "f-regions")
    page.tick("regions", "440104")
    page.fill(main__words="工程施工")
    page.leave_by(page.find('[name="main__words"]'), Key.ENTER)
    assert focused(page) == "main__words", "Enter in a search is a search"
    assert page.all('[name="main"][value="A08"]')
    page.tick("main", "A08")
    page.click("预览")
    assert in_sight(page, "errors")
    assert focused(page) == "errors"
    assert "请填写条件计划抽取人数" in page.find("#errors").text
    assert page.driver.title.startswith("错误（1 处）：新增抽取条件")
    page.fill(seats="2")
    page.click("预览")
    assert in_sight(page, "preview")
    assert focused(page) == "preview"
    assert "符合条件的专家" in page.find("#preview").text
    page.screenshot("targets-preview")
    page.fill(seats="0")
    page.leave_by(page.find('[name="seats"]'), Key.ENTER)
    assert page.title == "新增抽取条件"
    assert in_sight(page, "errors")
    assert focused(page) == "errors"
    page.is_accessible()
    page.screenshot("targets-errors")
    page.fill(seats="2")
    page.leave_by(page.find('[name="seats"]'), Key.ENTER)
    assert page.title == "抽取条件", "Enter in a number saves"
    page.shows_no_errors()


def test_errors_at_the_end_of_a_long_page_are_in_sight(page: Page) -> None:
    """On a project's page the form stands below the facts."""
    page.log_in("handler-a1")
    page.open("/projects/new")
    page.fill(**PROJECT)
    page.click("保存")
    page.resize(NARROW)
    page.click("创建")
    assert in_sight(page, "errors")
    assert focused(page) == "errors"
    assert page.driver.title.startswith("错误（1 处）：")


def test_a_button_that_is_pressed_twice_acts_once(page: Page) -> None:
    page.log_in("handler-a1")
    page.open("/projects/new")
    page.fill(**PROJECT)
    page.driver.execute_script("document.left = true")
    page.driver.execute_script(
        "const save = [...document.querySelectorAll('form.form button')].at(-1); save.click(); setTimeout(() => save.click(), 30)"
    )
    arrived = "return !document.left && document.readyState === 'complete'"
    page.until(lambda driver: driver.execute_script(arrived), "the next page")
    page.open("/projects")
    assert page.text.count(PROJECT["name"]) == 1


def test_two_tabs_on_one_form(page: Page) -> None:
    """The second save shows both sides."""
    page.log_in("handler-a1")
    page.open("/projects/new")
    page.fill(**PROJECT)
    page.click("保存")
    here = page.driver.current_window_handle
    page.click("编辑")
    page.driver.switch_to.new_window("tab")
    page.resize(WIDE)
    page.open("/projects/1/edit")
    page.fill(contact="李四", approval="粤发改〔2026〕1号")
    page.click("保存")
    page.driver.close()
    page.driver.switch_to.window(here)
    page.fill(contact="王五")
    page.click("保存")
    assert page.driver.title.startswith("内容已被修改：编辑项目")
    assert focused(page) == "errors"
    assert page.find('[name="contact"]').get_attribute("value") == "王五"
    assert "另一处已保存为：李四" in page.text
    assert page.find('[name="approval"]').get_attribute("value") == "粤发改〔2026〕1号"
    for size in (WIDE, NARROW):
        page.resize(size)
        page.is_accessible()
        page.screenshot("stale")
    page.click("保存")
    assert "王五" in page.text
