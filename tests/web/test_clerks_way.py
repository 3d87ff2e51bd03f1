"""新建抽取 by HTTP, without a script: from a project to an activity that may be drawn, and every refusal on the way."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from db.contexts import WITNESS_PHONE
from db.pool import Database
from drawing.canonical import read
from drawing.chain import Q
from script.registering import ACT, preregister
from tests.drawing.test_draw import Hand
from tests.scenes import Keys, witness
from tests.web.clerk import (
    CONDITION,
    PROJECT,
    at,
    attach,
    complete,
    decide,
    draft,
    errors,
    make_draft,
    make_project,
    notice,
    submitted,
)
from tests.web.conftest import Visitor
from tests.web.draws import Draws, everybody_agrees

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def test_from_a_project_to_a_ready_activity(visit: Visit, db: Database, keys: Keys) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, lots=("一标段", "二标段"))
    page = await clerk.text(f"/projects/{project}")
    assert "一标段" in page
    assert "国家或政府投资项目" in page
    activity = await make_draft(clerk, project, lots=[f"P{int(project):06d}-01"])
    assert activity.startswith("CQSQ")
    assert "代理机构" in await clerk.text(f"/activities/{activity}/avoidance")
    await complete(clerk, activity)
    page = await clerk.text(f"/activities/{activity}/conditions")
    assert "(A08)工程施工" in page
    assert "剩余可设置人数 0" in page
    await clerk.post(f"/activities/{activity}/submission", reason="资料齐全", terminal="440000")
    listing = await clerk.text("/activities")
    assert "招标代理演示项目0617(一标段)" in listing
    assert "已提交" in listing
    assert "0/2" in listing

    reviewer = await visit("reviewer-1")
    assert activity in await reviewer.text("/reviews")
    page = await reviewer.text(f"/activities/{activity}/review")
    assert "招标人法人名称" in page
    chosen = str(await preregister(db, keys.custody.vault, witness()))
    response = await decide(reviewer, activity, "pass", supervisor=chosen)
    assert response.status == 422
    assert errors(await response.text()) == ["有抽取条件的可抽人数低于规定比例，须勾选同意，或核验不通过并说明原因。"]
    response = await decide(reviewer, activity, "pass", consent="true", supervisor="")
    assert response.status == 422
    assert errors(await response.text()) == ["请选择监督人：本活动的规则要求监督人见证。"]
    response = await decide(reviewer, activity, "pass", consent="true", supervisor=chosen, standby=chosen)
    assert errors(await response.text()) == ["候补监督人须是另一人。"]
    response = await decide(reviewer, activity, "pass", consent="true", supervisor=chosen)
    assert response.status == 303, await response.text()

    assert "进入抽取" in await clerk.text("/activities")
    (named,) = await db.all("SELECT no, id, phone_enc FROM witness WHERE activity = %(a)s", {"a": activity})
    assert named.id == "supervisor-1"
    assert keys.custody.vault.decrypt(bytes(named.phone_enc), WITNESS_PHONE.at(named.no)) == b"13900000000"
    page = await clerk.text(f"/activities/{activity}")
    for done in ("新建抽取", "新增语音通知", "创建抽取条件", "提交审核", "核验通过"):
        assert done in page


async def test_a_project_with_something_missing_is_shown_again_as_it_was_typed(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    await clerk.get("/projects/new")
    response = await clerk.post("/projects/new", **{**PROJECT, "tenderer": "", "funding": "77", "contact": "张三丰"})
    page = await response.text()
    assert response.status == 422
    assert errors(page) == ["选项无效，请从列表中选择。", "请填写招标人名称。"]
    assert "张三丰" in page


async def test_a_linked_project_is_not_edited_or_deleted_but_gets_lots(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, lots=("一标段",))
    await make_draft(clerk, project, lots=[f"P{int(project):06d}-01"])
    for path in ("edit", "delete"):
        response = await clerk.post(f"/projects/{project}/{path}", **PROJECT)
        assert "项目已关联抽取活动" in await response.text()
    response = await clerk.post(f"/projects/{project}/lots", name="二标段")
    assert response.status == 303


async def test_an_unlinked_project_is_edited_and_deleted(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    await clerk.get(f"/projects/{project}/edit")
    assert (await clerk.post(f"/projects/{project}/edit", **{**PROJECT, "name": "改过的项目"})).status == 303
    assert "改过的项目" in await clerk.text(f"/projects/{project}")
    assert (await clerk.post(f"/projects/{project}/delete")).status == 303
    assert (await clerk.get(f"/projects/{project}")).status == 404


async def test_a_lot_is_drawn_for_once(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    activity = await make_draft(clerk, project)
    response = await clerk.post(f"/projects/{project}/activities/new", **draft())
    assert f"已在活动 {activity} 中抽取" in await response.text()
    assert (await clerk.post(f"/activities/{activity}/delete")).status == 303
    assert (await clerk.get(f"/activities/{activity}")).status == 404
    await make_draft(clerk, project)


async def test_times_out_of_order_are_told_at_their_fields_and_nothing_is_lost(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    await clerk.get(f"/projects/{project}/activities/new")
    wrong = draft(evaluation_start=at(0.5), evaluation_end=at(0.4), remark="不要丢失")
    response = await clerk.post(f"/projects/{project}/activities/new", **wrong)
    page = await response.text()
    assert response.status == 422
    assert errors(page) == ["预计评标开始时间应晚于开标时间。", "预计评标结束时间应晚于预计评标开始时间。"]
    assert "不要丢失" in page
    assert 'value="13900000001"' in page


async def test_a_draft_that_was_left_is_continued(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    page = await clerk.text(f"/activities/{activity}/edit")
    assert 'value="511602199210061571"' in page
    assert 'value="13900000001"' in page
    assert (await clerk.post(f"/activities/{activity}/edit", **draft(name="改名", seats="3"))).status == 303
    assert "剩余可设置人数 3" in await clerk.text(f"/activities/{activity}/conditions")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"address": "广州市越秀区招标人 法人名称大楼"}, "不能出现单位或项目的名称"),
        ({"note": "招标代理演示项目0617 评标"}, "不能出现单位或项目的名称"),
        ({"note": "请" * 51}, "注意事项最多 50 个字，现有 51 个。"),
        ({"note": "请戴口罩😀"}, "电话语音不能读出😀（表情或符号），请去掉或改写。"),
        ({"gather_at": at(3)}, "集合时间不能晚于预计评标开始时间。"),
        ({"gather_at": at(-1)}, "集合时间已过，请重新设置。"),
        ({"contact_phone": "020-83186888 转 801"}, "系统不能拨打分机，请填写能直接接通的号码，不带分机号。"),
        ({"contact_phone": "8001234567"}, "不能填写 800 号码（手机打不通），请填写手机号码或带区号的固定电话。"),
        ({"contact_phone": "83186888"}, "固定电话请加区号，如 020-83180000。"),
        ({"contact_phone": "+852 6123 4567"}, "不能填写香港号码（国家或地区代码不是 86）"),
    ],
)
async def test_a_notice_is_refused_at_its_field(visit: Visit, changes: dict[str, str], message: str) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    response = await clerk.post(f"/activities/{activity}/notices/new", **notice(**changes))
    page = await response.text()
    assert response.status == 422
    assert any(message in each for each in errors(page))
    assert "张工" in page


async def test_seats_that_do_not_add_up_can_not_be_submitted(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await complete(clerk, activity, seats="1")
    response = await clerk.post(f"/activities/{activity}/notices/0/conditions/new", **{**CONDITION, "seats": "2"})
    assert "剩余可设置人数为 1，请减少条件计划抽取人数。" in await response.text()
    response = await clerk.post(f"/activities/{activity}/submission", reason="试", terminal="440000")
    assert response.status == 422
    assert "各抽取条件人数之和为 1，应等于拟抽取专家人数 2" in await response.text()
    assert "草稿" in await clerk.text(f"/activities/{activity}")
    response = await clerk.post(f"/activities/{activity}/notices/0/conditions/new", **{**CONDITION, "seats": "1"})
    assert response.status == 303
    response = await clerk.post(f"/activities/{activity}/notices/new", **notice())
    assert "不能再创建语音通知" in await response.text()
    assert (await clerk.post(f"/activities/{activity}/notices/0/conditions/c2/delete")).status == 303
    assert "剩余可设置人数 1" in await clerk.text(f"/activities/{activity}/conditions")


async def test_the_fixed_avoidances_stay_and_others_come_and_go(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}/avoidance"
    assert "总计 2" in await clerk.text(here)
    response = await clerk.post(f"{here}/1/delete")
    assert "不能删除" in await response.text()
    assert (await clerk.post(f"{here}/units", unit="某某投标公司", reason="投标人")).status == 303
    response = await clerk.post(f"{here}/units", unit=" 某某 投标公司", reason="投标人")
    assert errors(await response.text()) == ["该单位已在回避单位中。"]
    assert (await clerk.post(f"{here}/persons", person="王回避", reason="其他")).status == 303
    assert "王回避" in await clerk.text(f"{here}?list=persons&search=王回避")
    assert "总计 0" in await clerk.text(f"{here}?list=persons&search=王")


async def test_what_is_submitted_is_changed_only_after_it_is_withdrawn(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await submitted(clerk)
    response = await clerk.post(f"/activities/{activity}/avoidance/units", unit="某某投标公司", reason="投标人")
    assert response.status == 409
    assert "请先撤回申请再修改" in await response.text()
    assert (await clerk.post(f"/activities/{activity}/withdraw")).status == 303
    assert "已撤回" in await clerk.text(f"/activities/{activity}/submission")
    response = await clerk.post(f"/activities/{activity}/avoidance/units", unit="某某投标公司", reason="投标人")
    assert response.status == 303


async def test_a_rejection_says_why_and_can_be_submitted_again(visit: Visit) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    activity = await submitted(clerk)
    response = await decide(reviewer, activity, "reject", reason="")
    assert errors(await response.text()) == ["请填写不通过的原因。"]
    assert (await decide(reviewer, activity, "reject", reason="附件不清晰")).status == 303
    page = await clerk.text(f"/activities/{activity}/submission")
    assert "核验未通过" in page
    assert "附件不清晰" in page
    assert (await clerk.post(f"/activities/{activity}/submission", reason="已补充", terminal="440000")).status == 303
    response = await clerk.post(f"/activities/{activity}/review/pass")
    assert response.status == 403


async def test_a_reviewer_decides_at_their_own_terminal_only(visit: Visit) -> None:
    clerk, elsewhere, here = await visit("handler-a1"), await visit("reviewer-2"), await visit("reviewer-1")
    activity = await submitted(clerk)
    assert activity not in await elsewhere.text("/reviews")
    assert "广州公共资源交易中心" in await elsewhere.text("/reviews")
    assert "待核验的抽取申请" not in await elsewhere.text("/")
    assert (await elsewhere.get(f"/activities/{activity}/review")).status == 404
    for act in ("pass", "reject"):
        response = await elsewhere.post(f"/activities/{activity}/review/{act}", consent="true", reason="不清晰")
        assert response.status == 404
    assert activity not in await elsewhere.text("/activities")
    for page in ("", "/draw", "/result", "/evidence.zip"):
        assert (await elsewhere.get(f"/activities/{activity}{page}")).status == 404, page
    assert activity in await here.text("/activities")
    assert activity in await here.text("/reviews")
    assert "待核验的抽取申请" in await here.text("/")
    page = await here.text(f"/activities/{activity}/review")
    assert 'href="/reviews" aria-current="page"' in page
    assert 'href="/activities" aria-current="page"' not in page


async def test_a_likely_duplicate_is_shown_to_the_reviewer(visit: Visit) -> None:
    clerk, other = await visit("handler-a1"), await visit("handler-b1")
    await make_project(other, name="别的名称")  # the same 编号
    await make_project(other, name="无关的项目", code="1")
    activity = await submitted(clerk)
    page = await (await visit("reviewer-1")).text(f"/activities/{activity}/review")
    assert "疑似重复录入的项目" in page
    assert '别的名称（<span class="which">编号 202006171201 · 招标人 招标人法人名称 · ' in page
    assert "无关的项目" not in page
    assert "别的名称" not in await clerk.text(f"/activities/{activity}/submission")


async def test_a_lot_drawn_for_can_not_be_ticked_again_and_a_new_one_can(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, lots=("一标段",))
    first = f"P{int(project):06d}-01"
    activity = await make_draft(clerk, project, lots=[first])
    assert (await clerk.post(f"/projects/{project}/lots", name="二标段")).status == 303
    page = await clerk.text(f"/projects/{project}/activities/new")
    boxes = re.findall(r'<input type="checkbox" name="lots" value="([^"]+)"[^>]*?( disabled)?>', page)
    assert boxes == [(first, " disabled"), (f"P{int(project):06d}-02", "")]
    assert activity in page
    response = await clerk.post(f"/projects/{project}/activities/new", **draft(lots=[first]))
    assert f"“一标段”已在活动 {activity} 中抽取" in await response.text()
    await make_draft(clerk, project, lots=[f"P{int(project):06d}-02"])


async def test_who_took_part_before_is_avoided_and_shown_as_a_number(visit: Visit, draws: Draws, db: Database) -> None:
    """A5: the experts of an earlier completed activity stand in nobody's order."""
    hand = await draws.started(5)
    await everybody_agrees(hand)
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    await clerk.get(f"/projects/{project}/activities/new")
    ticked = draft(seats="4", drawn_before="yes")
    response = await clerk.post(f"/projects/{project}/activities/new", **ticked)
    assert errors(await response.text()) == ["请勾选前期抽取完成的活动，或将“是否已抽取专家”改为“否”。"]
    activity = await make_draft(clerk, project, **{**ticked, "earlier": [hand.activity]})
    page = await clerk.text(f"/activities/{activity}")
    assert "原参评专家 2 人" in page
    assert "专家0" not in page
    stranger = await visit("handler-b1")
    response = await stranger.post(
        f"/projects/{await make_project(stranger)}/activities/new", **{**ticked, "earlier": [hand.activity]}
    )
    assert "不属于本单位，不能选择" in await response.text()
    await complete(clerk, activity, seats="4")
    await db.run("UPDATE activity SET state = 'drawing', rules = 'demo-1' WHERE id = %(a)s", {"a": activity})
    await Hand(db, draws.database.dsn, draws.keys, activity).advance()
    counts = read(await db.value(Q.commit_body, {"activity": activity}))
    assert counts["eligible"] == {"c1": [3, 0]}
    assert counts["excluded"]["avoided_person"] == 2


async def test_who_sees_what(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    activity = await make_draft(clerk, project)
    legal, colleague, stranger = [await visit(each) for each in ("legal-a", "handler-a2", "legal-b")]
    assert activity in await legal.text("/activities")
    assert (await legal.get(f"/activities/{activity}")).status == 200
    response = await legal.post(f"/activities/{activity}/delete")
    assert response.status == 409
    assert "您可以查看，不能办理" in await response.text()
    response = await legal.post(f"/projects/{project}/delete")
    assert "您可以查看，不能办理" in await response.text()
    for other in (colleague, stranger):
        assert activity not in await other.text("/activities")
        paths = ("", "/edit", "/avoidance", "/conditions", "/submission")
        for path in (*(f"/activities/{activity}{each}" for each in paths), f"/projects/{project}"):
            assert (await other.get(path)).status == 404, path
        for path in ("/delete", "/avoidance/units", "/notices/new"):
            response = await other.post(f"/activities/{activity}{path}", **notice(), unit="某某公司", reason="投标人")
            assert response.status == 404, path
    reviewer = await visit("reviewer-1")
    assert activity not in await reviewer.text("/activities")
    assert (await reviewer.get(f"/activities/{activity}")).status == 404


async def test_everything_that_is_done_is_in_the_record(visit: Visit, db: Database, keys: Keys) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    project = await make_project(clerk, lots=("一标段",))
    await clerk.post(f"/projects/{project}/lots/P{int(project):06d}-01/delete")
    await clerk.post(f"/projects/{project}/edit", **PROJECT)
    await clerk.post(f"/projects/{await make_project(clerk)}/delete")
    activity = await make_draft(clerk, project)
    here = f"/activities/{activity}"
    await clerk.post(f"{here}/edit", **draft())
    await clerk.post(f"{here}/avoidance/units", unit="某某投标公司", reason="投标人")
    await clerk.post(f"{here}/avoidance/persons", person="王回避", reason="其他")
    await clerk.post(f"{here}/avoidance/3/delete")
    await complete(clerk, activity)
    await clerk.post(f"{here}/notices/0", **notice())
    await clerk.post(f"{here}/notices/0/conditions/c1", **CONDITION)
    await clerk.post(f"{here}/notices/0/conditions/c1/delete")
    await clerk.post(f"{here}/notices/0/delete")
    await complete(clerk, activity)
    await clerk.post(f"{here}/attachments/1/delete")
    await attach(clerk, activity)
    await clerk.post(f"{here}/submission", reason="一", terminal="440000")
    await clerk.post(f"{here}/withdraw")
    await clerk.post(f"{here}/submission", reason="二", terminal="440000")
    await decide(reviewer, activity, "reject", reason="不清晰")
    await clerk.post(f"{here}/submission", reason="三", terminal="440000")
    chosen = await preregister(db, keys.custody.vault, witness())
    await decide(reviewer, activity, "pass", consent="true", supervisor=str(chosen))
    await clerk.post(f"/activities/{await make_draft(clerk, await make_project(clerk))}/delete")
    acts = {row.act for row in await db.all("SELECT DISTINCT act FROM operation")}
    assert acts == {
        "登录", "新建项目", "新增标段", "删除标段", "编辑项目", "删除项目", "新建抽取", "修改活动信息", "新增回避单位",
        "新增回避人员", "删除回避信息", "新增语音通知", "编辑语音通知", "删除语音通知", "创建抽取条件", "编辑抽取条件",
        "删除抽取条件", "上传附件", "删除附件", "提交审核", "撤回", "核验不通过", "核验通过", "删除草稿",
        "选定监督人", ACT,
    }  # fmt: skip
    with_names = "SELECT count(*) FROM operation WHERE remark LIKE '%%王回避%%' OR remark LIKE '%%13900000000%%'"
    assert await db.value(with_names, {}) == 0
