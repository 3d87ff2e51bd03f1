"""A file that is too long, in a real browser: the answer is seen, at the form, with what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import NARROW, Page
from tests.web.clerk import PDF, PROJECT, draft

pytestmark = [pytest.mark.postgres, pytest.mark.browser]


def test_twelve_megabytes(page: Page, tmp_path: Path) -> None:
    page.log_in("handler-a1")
    page.open("/projects/new")
    page.fill(**{**PROJECT, "investment": "1，500.50"})
    page.click("保存")
    page.open(page.driver.current_url.partition("#")[0].replace(page.address, "") + "/activities/new")
    values = {name: value[0] if isinstance(value, list) else value for name, value in draft(seats="４人").items()}
    page.tick("on_site", values.pop("on_site"))
    page.fill(**values)
    page.click("保存，下一步")
    page.open(page.driver.current_url.partition("#")[0].replace(page.address, "").replace("avoidance", "submission"))
    page.fill(reason="资料齐全，请审核", terminal="440100")
    large = tmp_path / "盖章扫描件.pdf"
    large.write_bytes(PDF + bytes(12 << 20))
    page.find('[name="file"]').send_keys(str(large))
    page.click("上传")
    assert "文件超过 10 MB，请压缩或拆分后上传。" in page.text
    assert page.find('[name="reason"]').get_attribute("value") == "资料齐全，请审核"
    assert page.find('[name="terminal"]').get_attribute("value") == "440100"
    page.is_accessible()
    page.screenshot("too-long-wide")
    page.resize(NARROW)
    page.screenshot("too-long-narrow")
