"""A clerk's way from a project to a submitted activity in Chromium, then the reviewer's; each page in both widths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import NARROW, WIDE, Page
from tests.web.clerk import PROJECT
from web.times import CHINA

pytestmark = [pytest.mark.postgres, pytest.mark.browser]


def in_days(days: float) -> str:
    """As datetime-local has it."""
    return (datetime.now(UTC) + timedelta(days=days)).astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")


def looked_at(page: Page, name: str) -> None:
    """Accessible in both widths, with a picture of each."""
    for size in (NARROW, WIDE):
        page.resize(size)
        page.is_accessible()
        page.screenshot(name)


def test_from_a_project_to_a_decision(page: Page) -> None:
    page.resize(WIDE)
    page.log_in("handler-a1")
    page.open("/projects/new")
    looked_at(page, "project-new")
    page.fill(**PROJECT)
    page.click("保存")
    page.fill(name="一标段", investment="100")
    page.click("创建")
    looked_at(page, "project")
    page.open("/projects")
    looked_at(page, "projects")
    page.open("/activities/new")
    looked_at(page, "choose-project")
    page.leave(page.find("tbody a.button"))
    page.click("保存，下一步")
    assert page.find(".alert").text.startswith("请更正以下")
    looked_at(page, "draft-wrong")
    page.tick("lots", "P000001-01")
    page.tick("on_site", "no")
    page.fill(
        media="01", bid_opening=in_days(1), seats="2", district="440103", evaluation_start=in_days(2),
        evaluation_end=in_days(2.5), clerk_id_card="511602199210061571", supervisor_name="张三",
        supervisor_phone="13900000001", supervisor_department="监督",
    )  # fmt: skip
    page.click("保存，下一步")
    looked_at(page, "avoidance")
    page.click("下一步")
    looked_at(page, "conditions-empty")
    page.leave(page.find(".headline a.button"))
    looked_at(page, "notice")
    page.fill(
        venue="广东省公共资源交易中心", district="440104", address="广州市越秀区越华路118号", gather_at=in_days(1.9),
        contact="张工", contact_phone="18088888888",
    )  # fmt: skip
    page.click("保存")
    page.click("+ 创建抽取条件")
    page.fill(regions__words="广州市", main__words="工程施工", seats="2")
    page.click("筛选")
    page.tick("regions", "440100")
    page.tick("main", "A08")
    page.click("预览")
    assert "不足" in page.find("#preview").text
    looked_at(page, "condition-preview")
    page.click("保存")
    looked_at(page, "conditions")
    page.click("下一步")
    page.fill(reason="资料齐全")
    looked_at(page, "submission")
    page.click("提交审核")
    assert "已提交" in page.text
    page.open("/activities")
    looked_at(page, "activities")
    page.leave(page.find("article h2 a"))
    looked_at(page, "activity")
    page.log_in("reviewer-1")
    page.open("/reviews")
    looked_at(page, "reviews")
    page.leave(page.find("tbody a.button"))
    looked_at(page, "review")
    page.tick("consent", "true")
    page.fill(witness_name="李监督", witness_phone="13900000000", witness_account="supervisor-1")
    page.click("核验通过")
    assert "已核验通过" in page.find(".flash").text
    page.shows_no_errors()
