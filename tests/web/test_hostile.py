"""What no browser sends, and what a person can type that nobody expects: a clear answer, never a failure of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import pytest

from db.pool import Database
from script.registering import preregister
from tests.scenes import Keys, witness
from tests.web.clerk import (
    PROJECT,
    application,
    at,
    complete,
    decide,
    decide_on,
    draft,
    errors,
    make_draft,
    make_project,
    notice,
    submitted,
)
from tests.web.conftest import Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (f"{FORM}; charset=foo", b"a=b"),
        (FORM, b"\xff\xfe=1"),
        ("multipart/form-data", b"a"),
        ("multipart/form-data; boundary=x", b"--y"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
    ],
)
async def test_what_is_no_form_is_refused_and_not_a_failure(visit: Visit, kind: str, body: bytes) -> None:
    clerk = await visit("handler-a1")
    for path in ("/projects/new", "/login"):
        response = await clerk.client.post(path, data=body, headers={"Content-Type": kind}, allow_redirects=False)
        assert response.status == 400, path
        assert "无法处理该请求" in await response.text()


async def test_an_address_with_nul_is_no_page(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    for path in (
        "/projects?name=%00", "/activities?name=%00", "/activities/%00/conditions", "/activities/new?code=%00",
        f"/activities/{activity}/avoidance?search=%00", f"/activities/{activity}/copy/%00",
    ):  # fmt: skip
        assert (await clerk.get(path)).status == 404, path


async def test_what_nobody_sees_is_not_taken_in(visit: Visit) -> None:
    """NUL, a sign without width, and one that turns the direction: a reviewer must read what is stored."""
    clerk = await visit("handler-a1")
    project = await make_project(clerk, name="某\x00项\u200b目\u202e甲")
    assert "<h1>某项目甲</h1>" in await clerk.text(f"/projects/{project}")


async def test_figures_of_an_input_method_are_figures(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, investment="１５０．５", contact_phone="０２０－８３１８００００")
    page = await clerk.text(f"/projects/{project}")
    assert "150.5 万元" in page
    assert "020-83180000" in page
    activity = await make_draft(clerk, project, seats="４", clerk_id_card="５１１６０２１９９２１００６１５７Ｘ")
    assert 'value="51160219921006157X"' in await clerk.text(f"/activities/{activity}/edit")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bid_opening": "0001-01-01T00:00"}, "年份应在 2000 至 2099 之间，请核对。"),
        ({"evaluation_end": "9999-12-31T23:59"}, "年份应在 2000 至 2099 之间，请核对。"),
        ({"clerk_phone": "-----"}, "电话号码不正确，请填写手机号码或带区号的固定电话，如 18080808080 或 020-83180000。"),
        ({"clerk_id_card": "<b>12</b>"}, "经办人证件号的格式不正确，请按提示填写。"),
        ({"media": ""}, "请选择公告发布媒体。"),
        ({"evaluation_start": at(-1), "bid_opening": at(-2)}, "预计评标开始时间已过，请核对。"),
    ],
)
async def test_a_draft_is_refused_at_its_field(visit: Visit, changes: Mapping[str, str], message: str) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    response = await clerk.post(f"/projects/{project}/activities/new", **draft(**changes))
    assert response.status == 422
    assert errors(await response.text()) == [message]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("长" * 31, "13900000001", "监督"), "监督人员1：姓名最多 30 个字，现有 31 个。"),
        (("张三", "abc", "监督"), "监督人员1：电话号码不正确，请填写手机号码或带区号的固定电话，如 18080808080 或 020-83180000。"),
        (("张三", "13900000001", ""), "监督人员1：请填写部门。"),
    ],
)
async def test_a_supervisor_is_refused_by_number_and_field(
    visit: Visit, row: tuple[str, str, str], message: str
) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    values = dict(zip(("supervisor_name", "supervisor_phone", "supervisor_department"), row, strict=True))
    response = await clerk.post(f"/projects/{project}/activities/new", **draft(**values))
    assert response.status == 422
    page = await response.text()
    assert errors(page) == [message]
    assert all(f'value="{each}"' in page for each in row if each)


async def test_no_more_supervisors_than_a_page_can_hold(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    many = {"supervisor_name": ["张"] * 21, "supervisor_phone": ["13900000001"] * 21, "supervisor_department": ["监督"] * 21}
    response = await clerk.post(f"/projects/{project}/activities/new", **draft(**many))
    assert errors(await response.text()) == ["监督人员最多 20 名。"]


async def test_a_reviewer_decides_only_on_what_they_looked_at(visit: Visit, db: Database, keys: Keys) -> None:
    """The clerk takes the application back, narrows it and submits again while the reviewer still reads the first one."""
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    activity = await submitted(clerk)
    looked_at = await application(reviewer, activity)
    await clerk.post(f"/activities/{activity}/withdraw")
    await clerk.post(f"/activities/{activity}/avoidance/units", unit="某某投标公司", reason="投标人")
    await clerk.post(f"/activities/{activity}/submission", reason="再次提交", terminal="440000")
    chosen = str(await preregister(db, keys.custody.vault, witness()))
    response = await decide_on(reviewer, activity, looked_at, "pass", consent="true", supervisor=chosen)
    assert response.status == 422
    page = await response.text()
    assert "该申请已撤回、重新提交或已有审核结果" in page
    assert "某某投标公司" in page
    response = await decide_on(reviewer, activity, looked_at, "reject", reason="不清晰")
    assert response.status == 422
    assert (await decide(reviewer, activity, "pass", consent="true", supervisor=chosen)).status == 303


async def test_a_notice_that_later_entries_made_wrong_is_not_submitted(visit: Visit) -> None:
    """A unit is avoided whose name the notice says; the evaluation is moved before the gathering."""
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await complete(clerk, activity)
    here = f"/activities/{activity}"
    await clerk.post(f"{here}/notices/0", **notice(note="请到“某某-投标公司”旁的大楼"))
    await clerk.post(f"{here}/avoidance/units", unit="某某投标公司", reason="投标人")
    response = await clerk.post(f"{here}/submission", reason="资料齐全", terminal="440000")
    assert response.status == 422
    assert "请修改语音通知 1：不能出现单位或项目的名称（“某某投标公司”）" in await response.text()
    await clerk.post(f"{here}/notices/0", **notice())
    await clerk.post(f"{here}/edit", **draft(bid_opening=at(0.5), evaluation_start=at(1)))
    assert "请修改语音通知 1：集合时间不能晚于预计评标开始时间。" in await clerk.text(f"{here}/submission")


async def test_a_project_is_looked_through_before_it_is_drawn_for(visit: Visit) -> None:
    """A1: 选择 fills the form, which is saved and leads on; once it is linked, 选择 leads on at once."""
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    edit, on = f"/projects/{project}/edit?draw=1", f"/projects/{project}/activities/new"
    assert f'href="{edit}"' in await clerk.text("/activities/new")
    assert 'aria-current="step">项目信息' in await clerk.text(edit)
    response = await clerk.post(edit, **{**PROJECT, "contact": "李四", "organisation": ""})
    assert response.headers["Location"] == on
    assert "李四" in await clerk.text(f"/projects/{project}")
    activity = await make_draft(clerk, project)
    assert f'href="{on}"' in await clerk.text("/activities/new")
    assert (await clerk.get(edit)).status == 409
    await clerk.post(f"/activities/{activity}/delete")
    assert f'href="{edit}"' in await clerk.text("/activities/new"), "a deleted draft lets go of its project"
    assert (await clerk.post(f"/projects/{project}/delete")).status == 303


async def test_a_draft_is_nobody_elses_on_any_page(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    for who in ("reviewer-1", "supervisor-1", "handler-a2", "handler-b1"):
        other = await visit(who)
        for page in ("", "/draw", "/result", "/events"):
            assert (await other.get(f"/activities/{activity}{page}")).status == 404, (who, page)


async def test_a_hint_is_added_to_the_note_and_nothing_is_lost(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    typed = notice(note="戴口罩。", room="第3评标室")
    response = await clerk.post(f"/activities/{activity}/notices/new", **typed, _refresh="请提前到场")
    page = await response.text()
    assert response.status == 200
    assert "\n戴口罩，请提前到场</textarea>" in page
    assert 'value="第3评标室"' in page


async def test_what_is_heard_can_be_read(visit: Visit) -> None:
    """For who hears nothing, and where there is no voice."""
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await clerk.post(f"/activities/{activity}/notices/new", **notice(note="请带身份证原件"))
    page = await clerk.text(f"/activities/{activity}/notices/0/audition")
    assert "请带身份证原件" in page
    assert "越华路" in page
    assert "<audio" not in page


async def test_a_draw_does_not_begin_after_its_gathering(visit: Visit, db: Database, keys: Keys) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    activity = await submitted(clerk)
    chosen = str(await preregister(db, keys.custody.vault, witness()))
    await decide(reviewer, activity, "pass", consent="true", supervisor=chosen)
    await db.run("UPDATE notice SET gather_at = clock_timestamp()")
    response = await clerk.post(f"/activities/{activity}/draw/start", follow=True)
    assert "语音通知的集合时间已过" in await response.text()
    assert (await clerk.post(f"/activities/{activity}/notices/0", **notice())).status == 303
    await clerk.post(f"/activities/{activity}/draw/start")
    assert "抽取中" in await clerk.text(f"/activities/{activity}/draw")
