"""What somebody types is not lost: Enter saves, a new login sends it, and what takes something away asks first."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import NARROW, Page
from tests.web.clerk import PROJECT, draft

pytestmark = [pytest.mark.postgres, pytest.mark.browser]


def test_enter_saves_and_hints_do_not_get_in_its_way(page: Page) -> None:
    enter_project(page)
    page.open("/activities/new")
    page.click(f"选择{PROJECT['name']}")
    page.find('[name="contact"]').send_keys(Keys.ENTER)
    page.waits_for("请选择要抽取的标段")
    values = {name: value[0] if isinstance(value, list) else value for name, value in draft(seats="４").items()}
    page.tick("on_site", values.pop("on_site"))
    page.fill(**values)
    page.find('[name="clerk_name"]').send_keys(Keys.ENTER)
    page.waits_for("新增回避单位")
    page.click("抽取条件")
    page.leave(page.find('a.button[href$="/notices/new"]'))
    page.click("请提前到场")
    assert page.find('[name="note"]').get_attribute("value") == "请提前到场"
    assert page.driver.execute_script("return location.hash") == "#f-note"
    page.shows_no_errors()


def test_a_form_is_sent_again_after_a_new_login(page: Page) -> None:
    page.log_in("handler-a1")
    page.open("/projects/new")
    page.fill(**PROJECT)
    page.driver.delete_all_cookies()
    page.click("保存")
    assert page.title == "登录已过期"
    page.resize(NARROW)
    page.is_accessible()
    page.screenshot("expired")
    here = page.driver.current_window_handle
    page.find('a[target="_blank"]').click()
    page.driver.switch_to.window(next(each for each in page.driver.window_handles if each != here))
    page.leave(page.find('button[value="handler-a1"]'))
    page.driver.close()
    page.driver.switch_to.window(here)
    page.click("重新提交")
    assert page.title == PROJECT["name"], "once, not twice"


def test_what_takes_something_away_asks_first(page: Page) -> None:
    """By keyboard, without a script; at 390 px the question has room."""
    enter_project(page)
    page.resize(NARROW)
    button = page.find("details.sure summary")
    button.send_keys(Keys.ENTER)
    page.waits_for("及其标段将被删除，不能恢复。")
    page.is_accessible()
    page.screenshot("sure")
    page.click("确认删除")
    assert f"项目“{PROJECT['name']}”（编号 " in page.find(".flash").text


def enter_project(page: Page) -> None:
    """A project without 标段."""
    page.log_in("handler-a1")
    page.open("/projects/new")
    page.fill(**PROJECT)
    page.click("保存")
    assert page.title == PROJECT["name"]
