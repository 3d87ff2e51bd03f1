"""Two projects with one name, and two activities for them: told apart by 编号, 招标人 and date wherever one is named or chosen."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from tests.web.clerk import PROJECT, complete, make_draft, make_project
from tests.web.conftest import Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
NAME = PROJECT["name"]
FIRST, SECOND = ("202006171201", "甲招标公司"), ("", "乙招标公司")
SAYS = {FIRST: "编号 202006171201 · 招标人 甲招标公司", SECOND: "无编号 · 招标人 乙招标公司"}
TO_THE_MINUTE = r" · \d{4}-\d\d-\d\d \d\d:\d\d 录入"


async def twins(clerk: Visitor) -> list[str]:
    """Their numbers."""
    made = []
    for code, tenderer in (FIRST, SECOND):
        made.append(await make_project(clerk, name=NAME, code=code, tenderer=tenderer))
    return made


def rows(page: str) -> list[str]:
    """The rows of the table in which the name stands, as text."""
    found = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in found if NAME in row]


@pytest.mark.parametrize(
    "path", ["/projects", "/activities/new", f"/projects?name={NAME}", f"/activities/new?name={NAME}"]
)
async def test_in_lists(visit: Visit, path: str) -> None:
    clerk = await visit("handler-a1")
    await twins(clerk)
    page = await clerk.text(path)
    second, first = rows(page)
    assert "202006171201" in first
    assert "甲招标公司" in first
    assert "乙招标公司" in second
    assert all(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", row) for row in (first, second))
    assert f"{NAME}，编号 202006171201，招标人 甲招标公司" in page, "told to who only hears the link"


async def test_on_their_own_pages(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    for number, which in zip(await twins(clerk), (FIRST, SECOND), strict=True):
        page = await clerk.text(f"/projects/{number}")
        assert re.search(SAYS[which] + TO_THE_MINUTE, page)
        assert f"招标人{which[1]}）及其标段将被删除" in page
        assert re.search(SAYS[which] + TO_THE_MINUTE, await clerk.text(f"/projects/{number}/activities/new"))
        assert f"编号 {which[0] or '无'}" in await (await clerk.post(f"/projects/{number}/delete", follow=True)).text()


async def test_in_the_list_of_activities(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    for number in await twins(clerk):
        await make_draft(clerk, number)
    second, first = re.findall(r"<article.*?</article>", await clerk.text("/activities"), re.DOTALL)
    assert "项目编号：202006171201" in first
    assert "招标人：甲招标公司" in first
    assert "项目编号：—" in second
    assert "招标人：乙招标公司" in second


async def test_where_a_lot_was_drawn_for_before(visit: Visit) -> None:
    """Who is refused, or asked to compare, is told of which project."""
    clerk = await visit("handler-a1")
    first = await make_project(clerk, name=NAME, lots=("一标段",), tenderer="甲招标公司")
    activity = await make_draft(clerk, first, lots=[f"P{int(first):06d}-01"])
    await complete(clerk, activity)
    response = await clerk.post(f"/activities/{activity}/submission", reason="资料齐全", terminal="440000")
    assert response.status == 303
    second = await make_project(clerk, name=NAME, code=PROJECT["code"], lots=("第1标段",), tenderer="乙招标公司")
    page = await clerk.text(f"/projects/{second}/activities/new")
    assert SAYS[FIRST] in page
