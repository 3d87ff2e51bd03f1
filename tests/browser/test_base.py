"""Logging in, the home page and every part of the console, in both widths."""

from __future__ import annotations

import pytest

from tests.browser.conftest import NARROW, WIDE, Page

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
_BROKEN = """
return [...document.querySelectorAll(".identity")].filter(card => {
  const lines = [...card.children].map(each => each.getBoundingClientRect());
  return lines.some((each, n) => n > 0 && each.top < lines[n - 1].bottom - 1);
}).map(each => each.innerText)"""
"""Cards whose name, role and company do not stand under each other."""
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])


@SIZES
def test_login_and_home(page: Page, size: tuple[int, int]) -> None:
    page.resize(size)
    page.open("/")
    assert page.title == "登录"
    page.is_accessible()
    page.screenshot("login")
    assert page.driver.execute_script(_BROKEN) == []
    page.leave(page.find('button[value="handler-a1"]'))
    assert page.title == "首页"
    assert "张经办" in page.text
    page.is_accessible()
    page.screenshot("home")
    page.shows_no_errors()
    page.click("退出")
    assert page.title == "登录"


@SIZES
def test_a_form_with_errors_and_then_without(page: Page, size: tuple[int, int]) -> None:
    page.resize(size)
    page.log_in("handler-a1")
    page.open("/samples")
    page.is_accessible()
    page.screenshot("samples")
    page.fill(name="某项目", amount="很多", specialties__group="A01")
    page.click("筛选")
    page.tick("specialties", "A0101")
    page.click("保存")
    assert page.find(".alert").text.startswith("请更正以下")
    page.is_accessible()
    page.screenshot("samples-wrong")
    page.fill(amount="1200.5", seats="5", opens="2026-11-25T09:30", starts="2026-11-25T14:00", kind="A")
    page.tick("on_site", "yes")
    page.click("保存")
    assert "已收到“某项目”，选择了 1 个专业" in page.find(".flash").text
    page.shows_no_errors()


@SIZES
def test_a_list_and_its_details(page: Page, size: tuple[int, int]) -> None:
    page.resize(size)
    page.log_in("handler-a1")
    page.log_in("administrator-1")
    page.click("操作记录")
    assert "总计 2" in page.text
    page.is_accessible()
    page.screenshot("operations")
    page.leave(page.find("tbody a"))
    page.is_accessible()
    page.screenshot("operation")
    page.open("/projects/nowhere")
    page.is_accessible()
    page.screenshot("error")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    """The first Tab offers to skip the frame; the focus is seen."""
    from selenium.webdriver.common.keys import Keys

    page.log_in("handler-a1")
    page.find("body").send_keys(Keys.TAB)
    focused = page.driver.switch_to.active_element
    assert focused.text == "跳到正文"
    assert focused.location["y"] >= 0
    assert page.driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    focused.send_keys(Keys.ENTER)
    assert page.driver.execute_script("return location.hash") == "#main"
