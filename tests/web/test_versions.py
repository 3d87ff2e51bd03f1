"""Lost updates: a save that is based on an older version overwrites nothing, shows both sides and loses neither."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.pool import Database
from script.registering import preregister
from tests.scenes import Keys, standby, witness
from tests.web.clerk import CONDITION, complete, make_draft, make_project, notice
from tests.web.conftest import Visitor
from tests.web.draws import Draws
from tests.web.sent_forms import form, forms, send

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def test_two_tabs_on_one_draft_lose_nothing(visit: Visit) -> None:
    """One changes the remark and a time, the other the remark and the seats: the second one sees both remarks, keeps its seats, and
    is given the first one's time; a second save then counts."""
    clerk = await visit("handler-a1")
    here = f"/activities/{await make_draft(clerk, await make_project(clerk), remark='原来的备注')}/edit"
    one, other = await form(clerk, here), await form(clerk, here)
    ends = dict(one.fields)["evaluation_end"]
    later = ends[:-5] + "23:59"
    assert (await send(clerk, one, remark="甲写的备注", evaluation_end=later)).status == 303
    response = await send(clerk, other, remark="乙写的备注", seats="3")
    page = await response.text()
    assert response.status == 409
    assert "<title>内容已被修改：活动信息" in page
    assert "另一处已保存为：<strong>甲写的备注</strong>" in page
    again = next(each for each in forms(page, here) if each.target == here)
    fields = dict(again.fields)
    assert (fields["remark"], fields["seats"], fields["evaluation_end"]) == ("乙写的备注", "3", later)
    assert dict(one.fields)["remark"] == "原来的备注"
    stored = dict((await form(clerk, here)).fields)
    assert (stored["remark"], stored["seats"]) == ("甲写的备注", "2"), "nothing is overwritten unseen"
    assert (await send(clerk, again)).status == 303
    stored = dict((await form(clerk, here)).fields)
    assert (stored["remark"], stored["seats"], stored["evaluation_end"]) == ("乙写的备注", "3", later)


async def test_rows_and_ticks_have_versions_too(visit: Visit) -> None:
    """监督人员 are beside the model, 标段 are ticks."""
    clerk = await visit("handler-a1")
    project = await make_project(clerk, lots=("一标段", "二标段"))
    lots = [f"P{int(project):06d}-0{n}" for n in (1, 2)]
    here = f"/activities/{await make_draft(clerk, project, lots=lots[:1])}/edit"
    one, other = await form(clerk, here), await form(clerk, here)
    assert (await send(clerk, one, lots=lots[1:], supervisor_name=["李四", ""])).status == 303
    response = await send(clerk, other, lots=lots, supervisor_name=["王五", ""])
    page = await response.text()
    assert response.status == 409
    assert "另一处已保存为：<strong>二标段</strong>" in page
    assert "另一处已保存为：<strong>李四</strong>" in page
    again = next(each for each in forms(page, here) if each.target == here)
    assert [value for name, value in again.fields if name == "lots"] == lots
    assert [value for name, value in again.fields if name == "supervisor_name"] == ["王五", ""]


async def _project(clerk: Visitor) -> tuple[str, dict[str, Any], dict[str, Any], str]:
    number = await make_project(clerk)
    return f"/projects/{number}/edit", {"contact": "李四"}, {"contact": "王五"}, "李四"


async def _project_in_a_draw(clerk: Visitor) -> tuple[str, dict[str, Any], dict[str, Any], str]:
    number = await make_project(clerk)
    return f"/projects/{number}/edit?draw=1", {"kind": "A02"}, {"kind": "A03"}, "另一处已保存为：<strong>工程"


async def _notice(clerk: Visitor) -> tuple[str, dict[str, Any], dict[str, Any], str]:
    activity = await make_draft(clerk, await make_project(clerk))
    await clerk.post(f"/activities/{activity}/notices/new", **notice())
    return f"/activities/{activity}/notices/0", {"room": "一号"}, {"room": "二号"}, "一号"


async def _condition(clerk: Visitor) -> tuple[str, dict[str, Any], dict[str, Any], str]:
    activity = await make_draft(clerk, await make_project(clerk))
    await clerk.post(f"/activities/{activity}/notices/new", **notice())
    await clerk.post(f"/activities/{activity}/notices/0/conditions/new", **CONDITION)
    here = f"/activities/{activity}/notices/0/conditions/c1"
    return here, {"regions": ["440300"]}, {"regions": ["440400"]}, "另一处已保存为：<strong>"


@pytest.mark.parametrize("case", [_project, _project_in_a_draw, _notice, _condition])
async def test_every_form_that_edits_has_a_version(
    visit: Visit, case: Callable[[Visitor], Awaitable[tuple[str, dict[str, Any], dict[str, Any], str]]]
) -> None:
    clerk = await visit("handler-a1")
    here, first, second, told = await case(clerk)
    one, other = await form(clerk, here), await form(clerk, here)
    assert (await send(clerk, one, **first)).status == 303
    response = await send(clerk, other, **second)
    page = await response.text()
    assert response.status == 409
    assert told in page
    again = next(each for each in forms(page, here) if each.target == here)
    name, value = next(iter(second.items()))
    assert [each for field, each in again.fields if field == name] == (value if isinstance(value, list) else [value])
    assert (await send(clerk, again)).status == 303


async def test_a_registration_has_a_version(visit: Visit, db: Database, keys: Keys) -> None:
    number = await preregister(db, keys.custody.vault, witness())
    reviewer, here = await visit("reviewer-1"), f"/supervisors/{number}"
    one, other = await form(reviewer, here), await form(reviewer, here)
    assert (await send(reviewer, one, unit="甲单位")).status == 303
    response = await send(reviewer, other, unit="乙单位")
    assert response.status == 409
    assert "另一处已保存为：<strong>甲单位</strong>" in await response.text()


async def test_of_two_who_save_at_once_one_is_told(visit: Visit) -> None:
    """Truly at once: the version is looked at under the activity's lock."""
    first, second = await visit("handler-a1"), await visit("handler-a1")
    here = f"/activities/{await make_draft(first, await make_project(first))}/edit"
    pages = [await form(each, here) for each in (first, second)]
    answers = await asyncio.gather(
        *(send(who, page, remark=f"备注{n}") for n, (who, page) in enumerate(zip((first, second), pages, strict=True)))
    )
    assert sorted(each.status for each in answers) == [303, 409]


async def test_a_form_without_a_version_overwrites_nothing(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    here = f"/activities/{await make_draft(clerk, await make_project(clerk))}/edit"
    page = await form(clerk, here)
    assert (await send(clerk, page, remark="新", _version=None)).status == 409
    assert (await send(clerk, page, _version=None)).status == 303, "the same once more changes nothing"


async def test_what_is_the_same_on_both_sides_is_no_difference(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    here = f"/activities/{await make_draft(clerk, await make_project(clerk))}/edit"
    one, other = await form(clerk, here), await form(clerk, here)
    assert (await send(clerk, one, remark="同样的备注")).status == 303
    assert (await send(clerk, other, remark="同样的备注")).status == 303


async def test_line_ends_and_faults_do_not_make_a_form_stale(visit: Visit) -> None:
    """A browser sends CR LF; a form that was refused keeps the version that it was opened with."""
    clerk = await visit("handler-a1")
    here = f"/activities/{await make_draft(clerk, await make_project(clerk), remark='一行' + chr(10) + '又一行')}/edit"
    page = await form(clerk, here)
    refused = await send(clerk, page, seats="0", remark="一行\r\n又一行")
    assert refused.status == 422
    again = next(each for each in forms(await refused.text(), here) if each.target == here)
    assert (await send(clerk, again, seats="2")).status == 303


async def test_going_back_to_a_saved_form_is_a_stale_save(visit: Visit) -> None:
    """Not 已经提交过: the version says what has changed since, by oneself."""
    clerk = await visit("handler-a1")
    here = f"/activities/{await make_draft(clerk, await make_project(clerk))}/edit"
    page = await form(clerk, here)
    assert (await send(clerk, page, remark="一")).status == 303
    response = await send(clerk, page, remark="二")
    assert response.status == 409
    assert "另一处已保存为：<strong>一</strong>" in await response.text()


async def test_what_is_submitted_is_what_was_looked_at(visit: Visit, db: Database) -> None:
    """A last look at everything; a change in another tab meanwhile, and nothing is submitted."""
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await complete(clerk, activity)
    here = f"/activities/{activity}"
    await clerk.post(f"{here}/avoidance/persons", person="王回避", reason="其他")
    page = await clerk.text(f"{here}/submission")
    shown = ("招标代理演示项目0617", "招标人法人名称", "张经办", "13568846647", "王回避", "越华路118号", "工程施工", "戴口罩")
    assert [each for each in shown if each not in page] == []
    looked = await form(clerk, f"{here}/submission")
    await clerk.post(f"{here}/avoidance/units", unit="某某投标公司", reason="投标人")
    response = await send(clerk, looked, reason="资料齐全", terminal="440000")
    told = await response.text()
    assert response.status == 409
    assert "本页打开之后，内容已有改动" in told
    assert "某某投标公司" in told
    assert "资料齐全" in told
    assert await db.value("SELECT count(*) FROM review") == 0
    again = next(each for each in forms(told, f"{here}/submission") if each.target == f"{here}/submission")
    assert (await send(clerk, again)).status == 303


async def test_of_two_reviewers_the_second_sees_whom_the_first_chose(visit: Visit, draws: Draws, db: Database, keys: Keys) -> None:
    hand = await draws.ready(0, witnesses=(witness(),))
    number = await preregister(db, keys.custody.vault, standby())
    reviewer, here = await visit("reviewer-1"), f"/activities/{hand.activity}/witnesses"
    one, other = await form(reviewer, here), await form(reviewer, here)
    assert (await send(reviewer, one, supervisor=number, reason="原监督人出差")).status == 303
    response = await send(reviewer, other, supervisor=number, reason="同上")
    assert response.status == 409
    assert "本页打开之后，内容已有改动" in await response.text()


async def test_a_deleted_draft_was_seen_as_it_is(visit: Visit, db: Database) -> None:
    """删除 in the list, after anything of the draft was changed in another tab, is not carried out; and says so."""
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}"
    for path, fields in (("/notices/new", notice()), ("/notices/0/conditions/new", CONDITION), ("/notices/0", notice(room="三楼"))):
        gone = await form(clerk, "/activities", f"{here}/delete")
        assert (await clerk.post(here + path, **fields)).status == 303
        response = await send(clerk, gone)
        assert (response.status, response.headers["Location"]) == (303, "/activities")
        assert "内容已有改动" in await clerk.text("/activities")
    assert await db.value("SELECT count(*) FROM activity WHERE deleted_at IS NULL") == 1
    assert (await clerk.post(f"{here}/delete", _version="")).status == 303
    assert await db.value("SELECT count(*) FROM activity WHERE deleted_at IS NULL") == 1
    assert (await send(clerk, await form(clerk, "/activities", f"{here}/delete"))).status == 303
    assert await db.value("SELECT count(*) FROM activity WHERE deleted_at IS NULL") == 0


async def test_a_deleted_notice_was_seen_with_its_conditions(visit: Visit, db: Database) -> None:
    """删除 of something that was changed in another tab since is not carried out."""
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}"
    await clerk.post(f"{here}/notices/new", **notice())
    gone = await form(clerk, f"{here}/conditions", f"{here}/notices/0/delete")
    await clerk.post(f"{here}/notices/0/conditions/new", **CONDITION)
    response = await send(clerk, gone)
    assert response.status == 303
    assert "内容已有改动" in await clerk.text(f"{here}/conditions")
    assert await db.value("SELECT count(*) FROM condition") == 1
    gone = await form(clerk, f"{here}/conditions", f"{here}/notices/0/conditions/c1/delete")
    await clerk.post(f"{here}/notices/0/conditions/c1", **{**CONDITION, "seats": "1"})
    await send(clerk, gone)
    assert await db.value("SELECT count(*) FROM condition") == 1
    for target in (f"{here}/notices/0/conditions/c1/delete", f"{here}/notices/0/delete"):
        assert (await send(clerk, await form(clerk, f"{here}/conditions", target))).status == 303
    assert await db.value("SELECT count(*) FROM notice") == 0
