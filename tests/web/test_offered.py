"""What is offered can be done, what can't be done is not offered, and all that is wrong with a form is told at once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.pool import Database
from drawing.decide import share_on_page
from drawing.lifecycle import Role
from drawing.seats import PickOutcome
from drawing.start import start
from tests.scenes import Keys, condition, witness
from tests.web.clerk import (
    CONDITION,
    application,
    at,
    attach,
    decide,
    draft,
    make_draft,
    make_project,
    notice,
    submitted,
)
from tests.web.conftest import Visitor
from tests.web.draws import DIGITS, Draws, opened
from tests.web.sent_forms import forms
from web.development import IDENTITIES

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def told(visitor: Visitor, path: str, **typed: Any) -> set[str]:
    """The fields at which a form is refused, "" for the whole."""
    response = await visitor.post(path, **typed)
    page = await response.text()
    assert response.status == 422, (path, response.status)
    alert = re.search(r'id="errors".*?</ul>', page, re.DOTALL)
    assert alert is not None
    found = re.findall(r'<li>(?:<a href="#f-(\w+)">)?', alert[0])
    assert f"<title>错误（{len(found)} 处）：" in page
    return set(found)


async def test_all_faults_of_a_draft_are_told_at_once(visit: Visit) -> None:
    """Of its fields, of its rows, between its fields, and by what is stored."""
    clerk = await visit("handler-a1")
    project = await make_project(clerk, lots=("一标段",))
    wrong = draft(
        media="", seats="0", clerk_phone="1", evaluation_start=at(1), bid_opening=at(2), evaluation_end=at(0.5), drawn_before="yes",
        supervisor_name=["张三", "李四"], supervisor_phone=["1", "13900000001"], supervisor_department=["", ""],
    )  # fmt: skip
    path = f"/projects/{project}/activities/new"
    expected = {
        "media", "seats", "clerk_phone", "evaluation_start", "evaluation_end", "earlier", "lots", "supervisor_name",
    }  # fmt: skip
    assert await told(clerk, path, **wrong) == expected
    page = await (await clerk.post(path, **wrong)).text()
    assert "监督人员1：" in page
    assert "监督人员2：请填写部门。" in page
    right = draft(evaluation_start=at(1), bid_opening=at(2), evaluation_end=at(0.5), supervisor_department=["", ""])
    assert await told(clerk, path, **right) == {"evaluation_start", "evaluation_end", "lots", "supervisor_name"}


async def test_all_faults_of_a_notice_and_a_condition_are_told_at_once(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}/notices"
    wrong = notice(address="招标人法人名称大楼", note="★", gather_at=at(-1), contact_phone="1", contact="")
    assert await told(clerk, f"{here}/new", **wrong) == {"address", "note", "gather_at", "contact_phone", "contact"}
    await clerk.post(f"{here}/new", **notice())
    wrong = {**CONDITION, "regions": [], "main": ["A08"], "backup": ["A08"], "seats": "9"}
    assert await told(clerk, f"{here}/0/conditions/new", **wrong) == {"regions", "backup", "seats"}


async def test_all_faults_of_a_project_and_its_lots_are_told_at_once(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    await clerk.get("/projects/new")
    assert {"agency", "investment"} <= await told(clerk, "/projects/new", organisation="2", agency="", investment="x")
    path = f"/projects/{await make_project(clerk)}/lots"
    await clerk.post(path, name="一标段", code="BD-01")
    assert await told(clerk, path, name="第一标段", code="BD-01", investment="x") == {"name", "code", "investment"}


async def test_all_faults_of_an_avoidance_and_a_copy_are_told_at_once(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    source = await make_draft(clerk, await make_project(clerk))
    await clerk.post(f"/activities/{source}/notices/new", **notice())
    await clerk.post(f"/activities/{source}/notices/0/conditions/new", **CONDITION)
    here = f"/activities/{source}/avoidance"
    await clerk.post(f"{here}/units", unit="某某投标公司", reason="投标人")
    assert await told(clerk, f"{here}/units", unit="某某投标公司", code="x") == {"unit", "code", "reason"}
    await clerk.post(f"{here}/persons", person="王回避", reason="其他")
    assert await told(clerk, f"{here}/persons", person="王回避") == {"person", "reason"}
    activity = await make_draft(clerk, await make_project(clerk), seats="1")
    copy = f"/activities/{activity}/copy/{source}"
    assert await told(clerk, copy, notices=["0"], conditions=["c1"]) == {"gather_at", "conditions"}
    assert await told(clerk, copy, conditions=["c1"]) == {"into", "conditions"}


async def test_all_faults_of_a_registration_are_told_at_once(visit: Visit, draws: Draws) -> None:
    await draws.ready(1)
    reviewer = await visit("reviewer-1")
    wrong = {"name": "", "unit": "监督处", "account": "nobody", "phone": "13800000000"}
    assert await told(reviewer, "/supervisors/new", **wrong) == {"name", "account", "phone"}
    assert await told(reviewer, "/supervisors/new", **{**wrong, "name": "赵监督"}) == {"account", "phone"}


async def test_all_faults_of_a_decision_are_told_at_once(visit: Visit) -> None:
    """No witness although the rules want one, and no consent although the pool is narrow."""
    activity = await submitted(await visit("handler-a1"))
    reviewer = await visit("reviewer-1")
    number = await application(reviewer, activity)
    path = f"/activities/{activity}/review/pass"
    assert await told(reviewer, path, application=number) == {"supervisor", "consent"}
    assert await told(reviewer, path, application=number, standby="7") == {"supervisor", "standby", "consent"}


async def test_all_faults_of_an_application_are_told_at_once(visit: Visit) -> None:
    """A file that can't be taken, and no reason."""
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await clerk.get(f"/activities/{activity}/submission")
    response = await attach(clerk, activity, "申请表.exe", b"MZ", to="submission", reason="", terminal="")
    found = re.findall(r'<li><a href="#f-(\w+)">', await response.text())
    assert set(found) == {"reason", "terminal", "file"}


async def test_a_pause_is_not_offered_before_the_witness(visit: Visit, draws: Draws) -> None:
    hand = await draws.committed()
    clerk, here = await visit("handler-a1"), f"/activities/{hand.activity}/draw"
    assert f"{here}/pause" not in (page := await clerk.text(here))
    assert f"{here}/force-end" in page
    assert str((await clerk.get(f"{here}/pause")).url.path) == here
    waiting = await _phase(clerk, here)
    async with draws.db.transaction() as tx:
        await share_on_page(tx, draws.keys.custody, hand.activity, "supervisor-1", 1, DIGITS)
    await hand.advance()
    assert f"{here}/pause" in await clerk.text(here)
    assert await _phase(clerk, here) != waiting, "an open page loads itself again for the new button"
    await clerk.post(f"{here}/pause", reason="集合时间有变")
    assert f"{here}/pause" not in (page := await clerk.text(here))
    assert [each.target for each in forms(page, here) if each.method == "post"] == ["/logout", f"{here}/resume"]


async def _phase(visitor: Visitor, here: str) -> str:
    found = re.search(r'data-phase="([^"]+)"', await visitor.text(here))
    assert found is not None
    return found[1]


async def test_where_nothing_may_be_changed_no_form_is_shown(visit: Visit, draws: Draws) -> None:
    """While a draw is under way or paused, by whatever address."""
    hand = await draws.started(6, [condition(seats=3)])
    clerk = await visit("handler-a1")
    here = f"/activities/{hand.activity}"
    for act in ("", "pause"):
        if act:
            await clerk.post(f"{here}/draw/{act}", reason="集合时间有变")
        for page in ("notices/0", "notices/new", "notices/0/conditions/new", "notices/0/conditions/c1", "avoidance", "conditions"):
            opened = await clerk.get(f"{here}/{page}")
            assert opened.status == 200, page
            targets = [each.target for each in forms(await opened.text(), here) if each.method == "post"]
            assert targets == ["/logout"], (act, page)


async def test_who_may_only_look_is_offered_nothing(visit: Visit, db: Database) -> None:
    """法人 sees what its 经办人 do, in every state of an application."""
    clerk, company = await visit("handler-a1"), await visit("legal-a")
    project = await make_project(clerk)
    activity = await make_draft(clerk, project)
    await clerk.post(f"/activities/{activity}/notices/new", **notice())
    await clerk.post(f"/activities/{activity}/notices/0/conditions/new", **CONDITION)
    for state in ("draft", "rejected", "submitted", "ready"):
        await db.run("UPDATE activity SET state = %(state)s::activity_state", {"state": state})
        for page in ("", "/edit", "/avoidance", "/conditions", "/notices/0", "/notices/0/conditions/c1", "/submission", "/draw"):
            shown = await company.get(f"/activities/{activity}{page}")
            assert shown.status == 200, (state, page)
            text = await shown.text()
            assert [each.target for each in forms(text, "/") if each.method == "post"] == ["/logout"], (state, page)
    assert (await company.get(f"/projects/{project}/edit")).status == 409
    assert [each.target for each in forms(await company.text(f"/projects/{project}"), "/") if each.method == "post"] == ["/logout"]


async def test_words_after_a_forced_end_are_true(visit: Visit, draws: Draws) -> None:
    """Before the pool is fixed, while somebody is on the line, and after."""
    hand = await draws.ready(6, [condition(seats=3)])
    await start(draws.db, draws.keys.custody.vault, hand.activity, "clerk", Role.HANDLER)
    clerk = await visit("handler-a1")
    here = f"/activities/{hand.activity}/draw"
    told = await (await clerk.post(f"{here}/force-end", follow=True, reason="项目终止")).text()
    assert "抽取已强制结束。" in told
    for untrue in ("正在固定专家池", "等待监督人见证", "即开始抽取", "继续到结束", "抽取尚未启动", "等待 0 个"):
        assert untrue not in told, untrue
    assert "没有呼叫任何专家" in told

    hand = await draws.started(0, [condition(seats=3)])
    agrees, talks, _ = await hand.live()
    await hand.answers(agrees, PickOutcome.ACCEPTED)
    await hand.ends(agrees, "accepted")
    await hand.advance()
    here = f"/activities/{hand.activity}/draw"
    told = await (await clerk.post(f"{here}/force-end", follow=True, reason="项目终止")).text()
    assert "正在进行的 2 个呼叫和通话继续到结束" in told
    assert "已同意参评的 1 位专家由系统以电话和短信通知" in told
    await hand.ends(talks, "no_answer")
    await hand.ends((await hand.live())[0], "no_answer")
    assert "等待 0 个" not in await clerk.text(here)
    await hand.advance()
    assert "结果已封存" in await clerk.text(here)


async def test_a_rejection_says_why_wherever_its_clerk_looks(visit: Visit, db: Database) -> None:
    """Home, list, page and application; a second rejection replaces the first one's words, and nobody else's are shown."""
    clerk, reviewer, other = await visit("handler-a1"), await visit("reviewer-1"), await visit("handler-b1")
    activity = await submitted(clerk)
    here = f"/activities/{activity}"
    for reason in ("附件不清晰", "缺少盖章"):
        await decide(reviewer, activity, "reject", reason=reason)
        for page in ("/", "/activities", here, f"{here}/submission"):
            assert reason in await clerk.text(page), page
        assert reason in await (await visit("legal-a")).text("/")
        assert reason not in await other.text("/")
        assert (await clerk.post(f"{here}/submission", reason="已更正", terminal="440000")).status == 303
        for page in ("/", "/activities"):
            assert reason not in await clerk.text(page)
    assert "附件不清晰" not in await clerk.text("/")


@pytest.mark.parametrize("who", [each.id for each in IDENTITIES])
async def test_every_link_that_a_role_sees_leads_somewhere(visit: Visit, draws: Draws, keys: Keys, who: str) -> None:
    """From home on, through draws in several states: no link to a page that the role may not open."""
    hand = await draws.started(6, [condition(seats=2)], witnesses=(witness(),))
    async with draws.db.transaction() as tx:
        await share_on_page(tx, keys.custody, hand.activity, "supervisor-1", 1, DIGITS)
    await hand.advance()
    await opened(hand)
    await draws.started(0, [condition(seats=1)])
    await draws.ready(0, witnesses=(witness(),))
    clerk = await visit("handler-a1")
    await submitted(clerk)
    await make_draft(clerk, await make_project(clerk))
    visitor, seen, left = await visit(who), set[str](), ["/"]
    while left:
        address = left.pop()
        response = await visitor.client.get(address)
        assert response.status == 200, (who, address, response.status)
        if response.content_type != "text/html":
            response.close()
            continue
        for href in re.findall(r'href="([^"]+)"', await response.text()):
            target = href.replace("&amp;", "&").split("#")[0]
            if target.startswith("?"):
                target = address.split("?")[0] + target
            pattern = re.sub(r"\d+", "0", target)  # one of each kind is enough
            if target.startswith("/") and not target.startswith("/static") and pattern not in seen:
                seen.add(pattern)
                left.append(target)
    assert len(seen) >= 3


@pytest.mark.parametrize(
    ("who", "modules"),
    [
        ("registrar-1", {"/", "/activities"}),
        ("supervisor-1", {"/", "/activities", "/witness", "/registration"}),
    ],
)
async def test_registrar_and_supervisor_see_the_modules_they_have(visit: Visit, who: str, modules: set[str]) -> None:
    """And are not told that they could do a clerk's work there."""
    page = await (await visit(who)).text("/")
    shown = re.search(r'<nav class="modules".*?</nav>', page, re.DOTALL)
    assert shown is not None
    assert set(re.findall(r'href="([^"]+)"', shown[0])) == modules
    assert [each for each in ("新建抽取", "进入抽取", "启动抽取") if each in page] == []
