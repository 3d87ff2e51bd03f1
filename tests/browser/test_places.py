"""省 > 市 > 区 by keyboard alone: with the script, without it, and on a telephone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from tests.browser.conftest import NARROW, WIDE, Page
from tests.web.clerk import PROJECT

pytestmark = [pytest.mark.postgres, pytest.mark.browser]


@pytest.fixture
def without_script(page: Page) -> Iterator[Page]:
    """The console's own scripts do not run."""
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/static/*.js"]})
    page.driver.execute_cdp_cmd("Network.enable", {})
    yield page
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})


def focused(page: Page) -> WebElement:
    """Where the keyboard is."""
    return page.driver.switch_to.active_element


def choose(page: Page, label: str) -> None:
    """Down the list that has the focus, by arrow keys, until it says so."""
    chosen = Select(focused(page))
    for _ in chosen.options:
        if chosen.first_selected_option.text == label:
            return
        focused(page).send_keys(Keys.ARROW_DOWN)
    raise AssertionError(f"{label} is not in the list: {[each.text for each in chosen.options]}")


def enter(page: Page) -> None:
    """The form of a project, but for its place; the focus is on the 市."""
    page.log_in("handler-a1")
    page.open("/projects/new")
    page.fill(**{name: value for name, value in PROJECT.items() if name != "region"})
    page.driver.execute_script("arguments[0].focus()", page.find('[name="region__city"]'))


def saved(page: Page) -> str:
    """The place as the project's page says it."""
    page.click("保存")
    assert page.title == PROJECT["name"]
    return page.driver.find_element(By.XPATH, '//dt[.="项目所在地"]/following-sibling::dd').text


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_districts_follow_the_city(page: Page, size: tuple[int, int]) -> None:
    page.resize(size)
    enter(page)
    choose(page, "深圳市")
    focused(page).send_keys(Keys.TAB)
    assert focused(page).get_attribute("name") == "region"
    assert [each.text for each in Select(focused(page)).options][:3] == ["请选择区", "所有区级", "罗湖区"]
    choose(page, "福田区")
    page.is_accessible()
    page.screenshot("place")
    assert saved(page) == "广东省-深圳市-福田区"
    page.shows_no_errors()


def test_a_city_without_districts_is_chosen_with_it(page: Page) -> None:
    enter(page)
    choose(page, "东莞市")
    assert saved(page) == "广东省-东莞市"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_without_a_script_a_button_shows_them(without_script: Page, size: tuple[int, int]) -> None:
    page = without_script
    page.resize(size)
    enter(page)
    choose(page, "深圳市")
    focused(page).send_keys(Keys.TAB)
    assert focused(page).text == "显示各区"
    page.driver.execute_script("document.left = true")
    focused(page).send_keys(Keys.ENTER)
    page.until(lambda driver: driver.execute_script("return !document.left"), "the next page")
    assert page.find('[name="name"]').get_attribute("value") == PROJECT["name"]
    page.driver.execute_script("arguments[0].focus()", page.find('[name="region"]'))
    choose(page, "福田区")
    page.is_accessible()
    page.screenshot("place-without-script")
    assert saved(page) == "广东省-深圳市-福田区"


def test_without_a_script_and_without_the_button_nothing_wrong_is_saved(without_script: Page) -> None:
    page = without_script
    enter(page)
    choose(page, "深圳市")
    page.click("保存")
    assert "请选择项目所在地。" in page.text
    assert Select(page.find('[name="region__city"]')).first_selected_option.text == "深圳市"
