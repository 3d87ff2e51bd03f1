"""What clerk and reviewer see of a 标段 that looks like one drawn for before, and of what an avoidance is matched by."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, CookieJar

from db.pool import Database
from tests.attack.test_redraw_as_new import REASON, Office
from tests.browser.conftest import NARROW, WIDE, Page
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts
from tests.web.clerk import complete, make_draft
from tests.web.conftest import Visitor

pytestmark = [pytest.mark.postgres, pytest.mark.browser]


async def _prepared(address: str, database: TestDatabase, keys: Keys) -> tuple[str, str, str]:
    """The activity that was thrown away, one that is likely about the same 标段, and the project of one that is the same."""
    add_experts(database.dsn, keys.custody.vault, [f"138000000{n:02d}" for n in range(8)])
    one, two = (ClientSession(address, cookie_jar=CookieJar(unsafe=True)) for _ in range(2))
    async with Database(database.dsn) as db, one as session, two as other:
        clerk, reviewer = Visitor(session), Visitor(other)  # type: ignore[arg-type]
        await clerk.log_in("handler-a1")
        await reviewer.log_in("reviewer-1")
        office = Office(clerk, reviewer, db, database, keys)
        first = await office.thrown_away(await office.project(("桥梁标段", "A-01")), 1)
        project = await office.project(("道路标段", "A01"), code="")
        activity = await make_draft(clerk, project, lots=[f"P{int(project):06d}-01"])
        here = f"/activities/{activity}/avoidance"
        assert (await clerk.post(f"{here}/units", unit="⻄水（广州）建设公司", reason="其他")).status == 303
        assert (await clerk.post(f"{here}/persons", person="阿卜杜拉•买买提", reason="其他")).status == 303
        await complete(clerk, activity)
        await clerk.post(f"/activities/{activity}/submission", reason="一", terminal="440000")
        return first, activity, await office.project(("桥梁 标", ""), code="")


def test_a_likely_same_lot_from_the_clerk_to_the_reviewer(
    page: Page, console: str, database: TestDatabase, keys: Keys
) -> None:
    first, likely, same = asyncio.run(_prepared(console, database, keys))
    page.log_in("handler-a1")
    for size in (WIDE, NARROW):
        page.resize(size)
        page.open(f"/projects/{same}/activities/new")
        assert first in page.text
        assert "强制结束" in page.text
        page.is_accessible()
        page.screenshot("same-lot-draft")
        page.open(f"/activities/{likely}/submission")
        assert first in page.text
        page.is_accessible()
        page.screenshot("same-lot-submission")
        for kind in ("units", "persons"):
            page.open(f"/activities/{likely}/avoidance?list={kind}")
            page.is_accessible()
            page.screenshot(f"avoidance-{kind}")
    page.resize(WIDE)
    page.log_in("reviewer-1")
    for size in (NARROW, WIDE):
        page.resize(size)
        page.open(f"/activities/{likely}/review")
        assert "疑似相同" in page.text
        page.is_accessible()
        page.screenshot("same-lot-review")
    page.fill(supervisor="1", another_reason=REASON)
    page.tick("consent", "true")
    page.click("核验通过")
    assert "须勾选确认是另一标段" in page.text
    assert page.find('[name="another_reason"]').get_attribute("value") == REASON
    page.screenshot("same-lot-review-refused")
    page.shows_no_errors()
