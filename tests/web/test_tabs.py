"""An activity's tabs (D8): what there is, for who may see it; nothing that says 暂无数据 because it does not exist yet."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from tests.web.clerk import make_draft, make_project, submitted
from tests.web.conftest import Visitor
from tests.web.draws import Draws

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
ALWAYS = ["项目信息", "抽取活动", "回避单位", "抽取条件"]


async def tabs(visitor: Visitor, activity: str) -> list[str]:
    """What can be opened; each is, and none of them is empty or refused."""
    page = await visitor.text(f"/activities/{activity}")
    found = re.search(r'<nav class="tabs".*?</nav>', page, re.DOTALL)
    assert found is not None
    links = re.findall(r'href="([^"]+)"[^>]*>([^<]+)<', found[0])
    for href, label in links:
        shown = await visitor.text(href)
        assert "暂无数据" not in shown.partition("<caption>操作记录")[0], label
    return [label for _, label in links]


async def test_before_a_draw_there_is_no_result(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    assert await tabs(clerk, await make_draft(clerk, await make_project(clerk))) == ALWAYS
    activity = await submitted(clerk)
    for who in ("handler-a1", "legal-a", "reviewer-1", "registrar-1"):
        assert await tabs(await visit(who), activity) == ALWAYS


async def test_then_for_those_who_see_it(visit: Visit, draws: Draws) -> None:
    hand = await draws.started()
    for who in ("handler-a1", "legal-a", "reviewer-1"):
        assert await tabs(await visit(who), hand.activity) == [*ALWAYS, "抽取结果"]
    assert await tabs(await visit("registrar-1"), hand.activity) == ALWAYS


async def test_what_is_no_tab_shows_the_first(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    for other in ("entry", "payment", "release", "result", "nonsense"):
        page = await clerk.text(f"/activities/{activity}?tab={other}")
        assert "<h2>抽取活动</h2>" in page
