"""A real Chromium on a real console: Debian's, driven by its own chromedriver; one for the run, emptied between tests.

Screenshots are kept in $EXPERTLINE_CACHE/screenshots, to be looked at.
"""

from __future__ import annotations

import asyncio
import os
import threading
from base64 import b64decode
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from asterisk.folders import cache_folder
from tests.postgres import TestDatabase
from tests.scenes import Keys, make_keys
from tests.web.conftest import console_settings
from web.app import create_app
from web.settings import Settings

WIDE, NARROW = (1280, 900), (390, 844)
PATIENCE = 120.0
"""Seconds until a condition counts as never met; a busy machine is slow, not wrong."""
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--force-color-profile=srgb", "--hide-scrollbars", "--lang=zh-CN",
)  # fmt: skip
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js")
_RUN_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
   .then(found => done(found.violations.map(v => v.id + ": " + v.help + " — " + v.nodes.map(n => n.target.join(" ")))),
         error => done(["axe failed: " + error]));
"""


class Page:
    """What somebody sees and does. Elements are named by what is written on them."""

    def __init__(self, driver: Chrome, address: str) -> None:
        self.driver = driver
        self.address = address

    def resize(self, size: tuple[int, int]) -> None:
        """WIDE or NARROW; of the page itself, which a window would not let be as narrow as a telephone."""
        width, height = size
        values = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", values)

    def open(self, path: str) -> None:
        """Go to an address of the console."""
        self.driver.get(self.address + path)

    def log_in(self, identity: str) -> None:
        """As one of web.development.IDENTITIES; the session that there was ends."""
        self.open("/login")
        self.leave(self.find(f'button[value="{identity}"]'))

    @property
    def title(self) -> str:
        """The headline."""
        return self.find("h1").text

    @property
    def text(self) -> str:
        """All that can be read, in one go: a live page changes under us."""
        self.find("body")
        return str(self.driver.execute_script("return document.body.innerText"))

    def find(self, css: str) -> WebElement:
        """The first that fits; waits for it."""
        found: WebElement = self.until(lambda driver: next(iter(driver.find_elements(By.CSS_SELECTOR, css)), None), css)
        return found

    def all(self, css: str) -> list[WebElement]:
        """All that fit now."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def click(self, label: str) -> None:
        """Press the button, or follow the link, with this text; the next page is there afterwards."""
        where = f'//button[normalize-space()="{label}"] | //a[normalize-space()="{label}"]'
        found = self.until(lambda driver: next(iter(driver.find_elements(By.XPATH, where)), None), label)
        self.leave(found)

    def leave(self, element: WebElement) -> None:
        """Click on what leads to another page, and wait until that is there."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        self.driver.execute_script("document.left = true")  # the next page's document does not have it
        element.click()
        arrived = "return !document.left && document.readyState === 'complete'"
        self.until(lambda driver: driver.execute_script(arrived), "the next page")

    def leave_by(self, element: WebElement, key: str) -> None:
        """Press a key in a field that leads to another page, and wait until that is there."""
        self.driver.execute_script("document.left = true")
        element.send_keys(key)
        arrived = "return !document.left && document.readyState === 'complete'"
        self.until(lambda driver: driver.execute_script(arrived), "the next page")

    def fill(self, **fields: str) -> None:
        """Type into fields by name; what stood there is replaced. Selects and dates too."""
        for name, value in fields.items():
            element = self.find(f'[name="{name}"]')
            if element.get_attribute("type") in ("text", "search", "file") or element.tag_name == "textarea":
                if element.get_attribute("type") != "file":
                    element.clear()
                element.send_keys(value)
            else:  # a select, a date: as a person would with the control, whatever the locale's key order
                self.driver.execute_script("arguments[0].value = arguments[1]", element, value)

    def tick(self, name: str, *values: str) -> None:
        """Boxes or one radio button."""
        for value in values:
            self.driver.execute_script("arguments[0].click()", self.find(f'[name="{name}"][value="{value}"]'))

    def waits_for(self, text: str) -> None:
        """Until this text stands on the page (live updates)."""
        shown = "return document.body !== null && document.body.innerText.includes(arguments[0])"
        self.until(lambda driver: driver.execute_script(shown, text), text)  # in one go: live pages change under us

    def until(self, condition: Callable[[Chrome], Any], what: str) -> Any:
        """The first true value of the condition."""
        return WebDriverWait(self.driver, PATIENCE, 0.05, [StaleElementReferenceException]).until(
            condition, f"{what!r} not seen on {self.driver.current_url}"
        )

    def screenshot(self, name: str) -> Path:
        """The whole page as a PNG named after what it shows."""
        size = self.driver.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot",
            {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}},
        )
        folder = cache_folder() / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}-{size[0]}.png"
        path.write_bytes(_decode(shot["data"]))
        return path

    def is_accessible(self) -> None:
        """axe finds nothing against WCAG 2.2 AA, and nothing reaches beyond the page's width."""
        assert self.faults() == []

    def faults(self) -> list[str]:
        """What axe finds, and by how much the page is too wide."""
        if not self.driver.execute_script("return 'axe' in window"):
            self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        found = list(self.driver.execute_async_script(_RUN_AXE))
        beyond = self.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
        return found if beyond <= 0 else [*found, f"{beyond} px too wide"]

    def shows_no_errors(self) -> None:
        """Nothing was refused by the policy, missing, or thrown."""
        severe = [each for each in self.driver.get_log("browser") if each["level"] == "SEVERE"]  # type: ignore[no-untyped-call]
        assert [each for each in severe if "status of 4" not in each["message"]] == []


def _decode(data: str) -> bytes:
    return b64decode(data)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """The installation's key files."""
    return make_keys(tmp_path)


@pytest.fixture
def settings(database: TestDatabase, keys: Keys) -> Settings:
    """The console's, with development identities."""
    return console_settings(database, keys)


@pytest.fixture
def console(settings: Settings) -> Iterator[str]:
    """A console at work in a thread of its own, so that a test may wait for the browser; its address."""
    with running(settings) as address:
        yield address


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Chromium with a new profile in this folder: somebody's own browser."""
    options = ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={WIDE[0]},{WIDE[1]}"):
        options.add_argument(flag)
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    os.environ.setdefault("SE_AVOID_STATS", "true")
    driver = Chrome(options, ChromeService("/usr/bin/chromedriver", env={**os.environ, "LANGUAGE": "zh_CN"}))
    try:
        driver.set_script_timeout(PATIENCE)
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One Chromium for the run: on two cores each start takes longer than most tests."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def driver(browser: Chrome) -> Chrome:
    """The browser, on an empty page and with nothing left of the test before; each console is another origin."""
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    return browser


@pytest.fixture
def page(driver: Chrome, console: str) -> Page:
    """The browser on the console, 1280 × 900."""
    made = Page(driver, console)
    made.resize(WIDE)
    return made


class running:
    """The console on a free port of loopback: `with running(settings) as address`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="console")

    def __enter__(self) -> str:
        self._thread.start()
        self._runner = web.AppRunner(create_app(self._settings), access_log=None)
        self._do(self._runner.setup())
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        self._do(site.start())
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def __exit__(self, *_: object) -> None:
        self._do(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()
