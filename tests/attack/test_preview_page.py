"""The page of 预览, attacked: seats beyond what remains, notices that are not there, looks without end in fresh drafts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import CookieJar

from db.blocking import transaction
from db.pool import Database
from drawing.rules import Rules
from tests.postgres import TestDatabase
from tests.scenes import add_experts, make_keys
from tests.web.clerk import CONDITION, make_draft, make_project, notice
from tests.web.conftest import Client, Visitor, console_settings, opened

pytestmark = pytest.mark.postgres
RULE = Rules.load("gd-2").preview
Visit = Callable[[str], Awaitable[Visitor]]
USED_UP = re.compile(r"一小时内的预览次数已用完，\d+月\d+日 \d\d:\d\d 后可以再次预览")


@pytest.fixture
async def visit(
    database: TestDatabase, tmp_path: Path, aiohttp_client: Callable[..., Awaitable[Client]]
) -> Visit:
    """Somebody logged in at a console with 60 experts."""
    keys = make_keys(tmp_path)
    add_experts(database.dsn, keys.custody.vault, [f"1600000{n:04d}" for n in range(60)])
    first = await opened(console_settings(database, keys), aiohttp_client)

    async def enter(identity: str) -> Visitor:
        visitor = Visitor(await aiohttp_client(first.server, cookie_jar=CookieJar(unsafe=True)))
        await visitor.log_in(identity)
        return visitor

    return enter


async def condition_page(clerk: Visitor) -> str:
    """Where conditions of a fresh draft for two experts are made."""
    activity = await make_draft(clerk, await make_project(clerk))
    assert (await clerk.post(f"/activities/{activity}/notices/new", **notice())).status == 303
    return f"/activities/{activity}/notices/0/conditions/new"


async def looks(clerk: Visitor, here: str, times: int, **changes: str) -> list[int]:
    """The statuses of so many previews."""
    return [(await clerk.post(here, **{**CONDITION, "_preview": "1", **changes})).status for _ in range(times)]


async def test_no_seats_beyond_what_remains(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    here = await condition_page(clerk)
    for seats in ("3", "100", "9999"):
        response = await clerk.post(here, **{**CONDITION, "seats": seats, "_preview": "1"})
        assert response.status == 422
        page = await response.text()
        assert "剩余可设置人数为 2，请减少条件计划抽取人数。" in page
        assert 'value="A08" checked' in page
    assert (await clerk.post(here, **CONDITION)).status == 303
    response = await clerk.post(here, **{**CONDITION, "seats": "1", "_preview": "1"})
    assert "剩余可设置人数为 0，请先减少其他抽取条件的人数，或增加拟抽取专家人数。" in await response.text()
    saved = here.replace("new", "c1")  # its own two seats remain for it
    assert await looks(clerk, saved, 1) == [200]
    for seats in ("0", "-1", "10000"):
        assert await looks(clerk, saved, 1, seats=seats) == [422]
    assert await db.value("SELECT count(*) FROM preview") == 1


async def test_not_under_a_notice_or_a_condition_that_is_not_there(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    here = await condition_page(clerk)
    assert await looks(clerk, here.replace("/notices/0/", "/notices/7/"), 1) == [404]
    assert await looks(clerk, here.replace("new", "c9"), 1) == [404]
    assert await db.value("SELECT count(*) FROM preview") == 0


async def test_not_for_ever_whoever_looks_in_whatever_draft(visit: Visit, db: Database, database: TestDatabase) -> None:
    clerk, colleague, stranger = [await visit(each) for each in ("handler-a1", "handler-a2", "handler-b1")]
    here = await condition_page(clerk)
    assert set(await looks(clerk, here, RULE.person_hour)) == {200}
    fresh = await condition_page(clerk)
    response = await clerk.post(fresh, **CONDITION, _preview="1")
    assert (response.status, 'id="preview"' in await response.text()) == (429, False)
    page = await response.text()
    assert USED_UP.search(page)
    assert 'value="A08" checked' in page
    for _ in range(2):  # what is refused counts for nothing and is recorded
        assert await looks(clerk, here, 1) == [429]
    assert await db.value("SELECT count(*) FROM preview WHERE band IS NULL") == 3
    assert await db.value("SELECT count(*) FROM operation WHERE remark = '预览次数已用完，没有显示结果'") == 3
    assert set(await looks(colleague, await condition_page(colleague), RULE.person_hour)) == {200}
    legal = await visit("legal-a")
    assert await looks(legal, here, 1) == [409]  # sees what the company's clerks do, and may not do it for them
    own = await condition_page(legal)
    assert set(await looks(legal, own, RULE.company_hour - 2 * RULE.person_hour)) == {200}
    assert await looks(legal, own, 1) == [429]
    assert await looks(stranger, await condition_page(stranger), 1) == [200]
    with transaction(database.superuser_dsn) as tx:  # an hour goes by
        tx.run("ALTER TABLE preview DISABLE TRIGGER append_only")
        tx.run("UPDATE preview SET at = at - interval '1 hour'")
    assert await looks(clerk, here, 1) == [200]


async def test_parallel_looks_are_counted_one_after_the_other(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    here = await condition_page(clerk)
    found = await asyncio.gather(*(looks(clerk, here, 3) for _ in range(RULE.person_hour // 2)))
    statuses = [each for some in found for each in some]
    assert statuses.count(200) == RULE.person_hour
    assert statuses.count(429) == len(statuses) - RULE.person_hour
    assert await db.value("SELECT count(*) FROM preview WHERE band IS NOT NULL") == RULE.person_hour
