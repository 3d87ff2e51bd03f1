"""The printed sheet: its QR code is read as a telephone reads it, from what Chromium puts on paper."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp

from db.pool import Database
from drawing import evidence
from drawing.__main__ import main
from tests.browser.conftest import NARROW, WIDE, Page
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.draws import Draws, opened

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
A4 = (794, 1123)
"""In CSS pixels."""
_GREY = """
const [data, done] = arguments, image = new Image();
image.onload = () => {
  const canvas = document.createElement("canvas"), {width, height} = image;
  Object.assign(canvas, {width, height});
  const drawn = canvas.getContext("2d");
  drawn.drawImage(image, 0, 0);
  const pixels = drawn.getImageData(0, 0, width, height).data;
  done([width, height, Array.from({length: width * height}, (_, n) => pixels[4 * n + 1])]);
};
image.src = "data:image/png;base64," + data;
"""


def test_the_sheet_carries_the_ledgers_head(page: Page, database: TestDatabase, keys: Keys, tmp_path: Path) -> None:
    activity = _opened(database, keys)
    page.log_in("handler-a1")
    page.open(f"/activities/{activity}/result")
    for size, name in ((WIDE, "result"), (NARROW, "result")):
        page.resize(size)
        page.is_accessible()
        page.screenshot(name)
    page.resize(A4)
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        page.screenshot("sheet")
        shown = page.find(".proof dl").text
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= A4[0]
        page.shows_no_errors()
        read = _scan(page)
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert len(read) == 1
    number, _, root = read[0].partition(":")
    assert f"{number} 条" in shown
    assert root in "".join(shown.split())
    assert main(["verify", str(_exported(database, keys, activity, tmp_path)), "--head", read[0]]) in (0, 3)
    assert main(["verify", str(tmp_path / "evidence"), "--head", f"{number}:{root[::-1]}"]) == 1


def _scan(page: Page) -> list[str]:
    """What a scanner finds on the whole sheet, printed at 150 dpi."""
    height = page.driver.execute_script("return document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": A4[0], "height": height, "scale": 150 / 96}
    values = {"format": "png", "captureBeyondViewport": True, "clip": clip}
    data = page.driver.execute_cdp_cmd("Page.captureScreenshot", values)["data"]
    page.driver.get("about:blank")  # the console's policy lets no page of its own read an image
    width, height, grey = page.driver.execute_async_script(_GREY, data)
    image: Any = np.array(grey, dtype=np.uint8).reshape(height, width)
    return [each.text for each in zxingcpp.read_barcodes(image)]


def _opened(database: TestDatabase, keys: Keys) -> str:
    async def made() -> str:
        async with Database(database.dsn) as db:
            hand = await Draws(db, database, keys).started()
            await opened(hand)
            return hand.activity

    return asyncio.run(made())


def _exported(database: TestDatabase, keys: Keys, activity: str, folder: Path) -> Path:
    async def made() -> None:
        async with Database(database.dsn) as db:
            await evidence.export(db, keys.custody, activity, folder / "evidence")

    asyncio.run(made())
    return folder / "evidence"
