"""Double press: one key per form, and the second press gets the first one's answer; on two consoles at once too."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest
from aiohttp import CookieJar, FormData

from db.pool import Database
from tests.drawing.experts.test_read_csv import table, text
from tests.postgres import TestDatabase
from tests.scenes import condition
from tests.web.clerk import (
    CONDITION,
    PDF,
    PROJECT,
    complete,
    draft,
    make_draft,
    make_project,
    notice,
    submitted,
)
from tests.web.conftest import Client, Visitor, opened
from tests.web.draws import DIGITS, Draws
from tests.web.sent_forms import PageForm, form, forms, send
from tests.web.test_status import admit
from web import presses
from web.settings import Settings

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
PRESSES = 6


@pytest.fixture
def twins(
    settings: Settings, client: Client, aiohttp_client: Callable[..., Awaitable[Client]]
) -> Callable[[str], Awaitable[tuple[Visitor, Visitor]]]:
    """One person's browser on two consoles of one database, as behind a proxy: the same cookies for both."""

    async def enter(identity: str) -> tuple[Visitor, Visitor]:
        first = Visitor(await aiohttp_client(client.server, cookie_jar=CookieJar(unsafe=True)))
        await first.log_in(identity)
        second = Visitor(await opened(settings, aiohttp_client))
        for cookie in first.client.session.cookie_jar:
            second.client.session.cookie_jar.update_cookies({cookie.key: cookie.value}, second.client.make_url("/"))
        return first, second

    return enter


async def both(twins: tuple[Visitor, Visitor], form: PageForm, **typed: Any) -> list[tuple[int, str]]:
    """Many presses at once, by turns on either console: status and where each leads."""
    presses = [send(twins[n % 2], form, **typed) for n in range(PRESSES)]
    return [(each.status, each.headers.get("Location", "")) for each in await asyncio.gather(*presses)]


async def test_a_new_project_is_made_once(twins: Any, db: Database) -> None:
    pair = await twins("handler-a1")
    answers = await both(pair, await form(pair[0], "/projects/new"), **PROJECT)
    number = await db.value("SELECT array_agg(id) FROM project")
    assert number == [1]
    assert set(answers) == {(303, "/projects/1")}
    assert await db.value("SELECT count(*) FROM operation WHERE act = '新建项目'") == 1


async def test_every_form_of_the_clerks_way_acts_once(twins: Any, db: Database) -> None:
    """Lot, draft, unit, person, notice, condition, attachment, application, withdrawal: each pressed often at once."""
    pair = await twins("handler-a1")
    clerk = pair[0]
    project = await make_project(clerk)
    new_lot = await form(clerk, f"/projects/{project}", f"/projects/{project}/lots")
    assert len(set(await both(pair, new_lot, name="一标段", code="", investment="1"))) == 1
    lots = await db.value("SELECT array_agg(id) FROM lot")
    assert len(lots) == 1
    new = f"/projects/{project}/activities/new"
    answers = await both(pair, await form(clerk, new), **draft(lots=lots))
    assert len(set(answers)) == 1
    activity = await db.value("SELECT array_agg(id) FROM activity")
    assert len(activity) == 1
    here = f"/activities/{activity[0]}"
    assert answers[0] == (303, f"{here}/avoidance")
    units = await form(clerk, f"{here}/avoidance", f"{here}/avoidance/units")
    assert set(await both(pair, units, unit="某某投标公司", reason="投标人")) == {(303, f"{here}/avoidance")}
    people = await form(clerk, f"{here}/avoidance?list=persons", f"{here}/avoidance/persons")
    assert len(set(await both(pair, people, person="王回避", reason="其他"))) == 1
    assert await db.value("SELECT count(*) FROM avoidance WHERE NOT fixed") == 2
    assert len(set(await both(pair, await form(clerk, f"{here}/notices/new"), **notice()))) == 1
    assert await db.value("SELECT count(*) FROM notice") == 1
    more = await form(clerk, f"{here}/notices/0/conditions/new")
    assert len(set(await both(pair, more, **{**CONDITION, "seats": "1"}))) == 1
    assert await db.value("SELECT count(*) FROM condition") == 1
    await clerk.post(f"{here}/notices/0/conditions/new", **{**CONDITION, "seats": "1"})
    await _attached_at_once(pair, here)
    assert await db.value("SELECT count(*) FROM attachment") == 1
    apply = await form(clerk, f"{here}/submission")
    assert set(await both(pair, apply, reason="资料齐全", terminal="440000")) == {(303, f"{here}/submission")}
    assert await db.value("SELECT count(*) FROM review") == 1
    back = await form(clerk, f"{here}/submission", f"{here}/withdraw")
    assert set(await both(pair, back)) == {(303, f"{here}/submission")}
    counts = dict(tuple(row) for row in await db.all("SELECT act, count(*)::int FROM operation GROUP BY 1"))
    assert {act: n for act, n in counts.items() if act not in ("登录", "创建抽取条件") and n > 1} == {}


async def _attached_at_once(pair: tuple[Visitor, Visitor], here: str) -> None:
    upload = await form(pair[0], f"{here}/submission")

    def press(n: int) -> Any:
        data = FormData(quote_fields=False)
        for name, value in upload.filled({}):
            data.add_field(name, value)
        data.add_field("file", BytesIO(PDF), filename="申请表.pdf")
        return pair[n % 2].client.post(f"{here}/attachments", data=data, allow_redirects=False)

    answers = await asyncio.gather(*(press(n) for n in range(4)))
    assert {(each.status, each.headers["Location"]) for each in answers} == {(303, f"{here}/submission?terminal=440000")}


async def test_the_second_press_waits_for_the_first_one(twins: Any, db: Database, database: Any) -> None:
    """The first press is held up in its transaction; the second one does nothing until that is over, then says the same."""
    pair = await twins("handler-a1")
    activity = await make_draft(pair[0], await make_project(pair[0]))
    here = f"/activities/{activity}/notices/new"
    page = await form(pair[0], here)
    async with Database(database.owner_dsn, size=1) as holder, holder.transaction() as tx:
        await tx.run("SELECT FROM activity WHERE id = %(id)s FOR UPDATE", {"id": activity})
        first = asyncio.create_task(send(pair[0], page, **notice()))
        await _waiting(db, 1)
        second = asyncio.create_task(send(pair[1], page, **notice()))
        await _waiting(db, 2)
        assert not first.done()
        assert not second.done()
    answers = await asyncio.gather(first, second)
    assert {(each.status, each.headers["Location"]) for each in answers} == {(303, f"/activities/{activity}/conditions")}
    assert await db.value("SELECT count(*) FROM notice") == 1


async def _waiting(db: Database, sessions: int) -> None:
    """Until so many sessions wait for a lock."""
    asked = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    while await db.value(asked) < sessions:
        await asyncio.sleep(0)


async def test_a_press_that_was_refused_leaves_the_form_usable(twins: Any, db: Database) -> None:
    pair = await twins("handler-a1")
    page = await form(pair[0], "/projects/new")
    assert {status for status, _ in await both(pair, page, **{**PROJECT, "name": ""})} == {422}
    assert await db.value("SELECT count(*) FROM form_press") == 0
    assert (await send(pair[0], page, **PROJECT)).status == 303


async def test_a_press_whose_transaction_failed_leaves_it_to_the_next(twins: Any, db: Database) -> None:
    """Refused by what is stored, which changes meanwhile."""
    pair = await twins("handler-a1")
    activity = await make_draft(pair[0], await make_project(pair[0]))
    here = f"/activities/{activity}/avoidance"
    page = await form(pair[0], here, f"{here}/units")
    await db.run("UPDATE activity SET state = 'submitted'")
    typed = {"unit": "某某投标公司", "reason": "投标人"}
    assert {status for status, _ in await both(pair, page, **typed)} == {409}
    await db.run("UPDATE activity SET state = 'draft'")
    assert {status for status, _ in await both(pair, page, **typed)} == {303}
    assert await db.value("SELECT count(*) FROM avoidance WHERE NOT fixed") == 1


async def test_who_goes_back_changes_and_sends_again_is_asked(visit: Visit, db: Database) -> None:
    """Neither is the second project made unasked, nor is what was typed lost."""
    clerk = await visit("handler-a1")
    page = await form(clerk, "/projects/new")
    await send(clerk, page, **PROJECT)
    response = await send(clerk, page, **{**PROJECT, "name": "另一个项目", "code": ""})
    told = await response.text()
    assert response.status == 409
    assert "这个表单已经提交过" in told
    assert 'href="/projects/1"' in told
    assert await db.value("SELECT count(*) FROM project") == 1
    once_more = next(each for each in forms(told, "/projects/new") if each.target == "/projects/new")
    assert dict(once_more.fields)["name"] == "另一个项目"
    assert once_more.key not in ("", page.key)
    assert (await send(clerk, once_more)).status == 303
    assert await db.value("SELECT array_agg(name ORDER BY id) FROM project") == [PROJECT["name"], "另一个项目"]


async def test_each_form_of_each_page_has_a_key_of_its_own(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, lots=("一标段", "二标段"))
    pages = [await clerk.text(f"/projects/{project}") for _ in range(2)]
    keys = [each.key for page in pages for each in forms(page, "/") if each.method == "post" and each.target != "/logout"]
    assert len(keys) == 8
    assert len(set(keys)) == 8
    assert all(keys)


async def test_a_second_look_by_one_form_is_no_second_look(twins: Any, db: Database) -> None:
    pair = await twins("handler-a1")
    activity = await make_draft(pair[0], await make_project(pair[0]))
    here = f"/activities/{activity}/notices"
    await pair[0].post(f"{here}/new", **notice())
    page = await form(pair[0], f"{here}/0/conditions/new")
    answers = await asyncio.gather(*(send(pair[n % 2], page, "_preview", **CONDITION) for n in range(4)))
    assert [each.status for each in answers] == [200] * 4
    bands = {re.findall(r'class="band (\w+)"', await each.text())[0] for each in answers}
    assert len(bands) == 1
    assert await db.value("SELECT count(*) FROM preview") == 1
    assert await db.value("SELECT count(*) FROM operation WHERE act = '预览抽取条件'") == 1
    changed = {**CONDITION, "regions": ["440300"]}
    assert (await send(pair[0], page, "_preview", **changed)).status == 409, "another condition by the same form is another look"
    assert (await send(pair[0], page, **CONDITION)).status == 303, "and 保存 is another button"


async def test_a_draw_is_started_halted_and_ended_once(twins: Any, draws: Draws) -> None:
    hand = await draws.ready(6, [condition(seats=2)])
    pair = await twins("handler-a1")
    here = f"/activities/{hand.activity}/draw"
    assert set(await both(pair, await form(pair[0], here, f"{here}/start"))) == {(303, here)}
    await hand.advance()
    assert set(await both(pair, await form(pair[0], f"{here}/pause"), reason="集合时间有变")) == {(303, here)}
    assert set(await both(pair, await form(pair[0], here, f"{here}/resume"))) == {(303, here)}
    assert set(await both(pair, await form(pair[0], f"{here}/force-end"), reason="项目终止")) == {(303, here)}
    types = await hand.types()
    assert [types.count(each) for each in ("pause", "resume", "force_end")] == [1, 1, 1]
    page = await pair[0].text(here)
    assert page.count('class="flash error"') == 0


async def test_the_witnesss_digits_are_taken_once(twins: Any, draws: Draws) -> None:
    hand = await draws.committed()
    pair = await twins("supervisor-1")
    here = f"/witness/{hand.activity}"
    page = await form(pair[0], here)
    assert set(await both(pair, page, digits=DIGITS, repeated=DIGITS)) == {(303, here)}
    assert (await hand.types()).count("witness") == 1
    assert await draws.db.value("SELECT count(*) FROM operation WHERE act = '提供见证数字'") == 1


async def test_a_review_is_decided_once_and_its_register_kept_once(twins: Any, visit: Visit, db: Database) -> None:
    activity = await submitted(await visit("handler-a1"))
    pair = await twins("reviewer-1")
    details = {"name": "赵监督", "unit": "监督处", "phone": "13900000021", "account": "supervisor-1", "language": "cmn"}
    answers = await both(pair, await form(pair[0], "/supervisors/new"), **details)
    assert set(answers) == {(303, "/supervisors")}
    assert await db.value("SELECT count(*) FROM supervisor") == 1
    stop = await form(pair[0], "/supervisors", "/supervisors/1/active")
    assert set(await both(pair, stop)) == {(303, "/supervisors")}
    reject = await form(pair[0], f"/activities/{activity}/review", f"/activities/{activity}/review/reject")
    assert set(await both(pair, reject, reason="附件不清晰")) == {(303, "/reviews")}
    assert await db.value("SELECT count(*) FROM operation WHERE act = '核验不通过'") == 1


async def test_an_import_is_taken_in_once(twins: Any, db: Database) -> None:
    """It streams: the key comes before the file, and a file that comes twice is thrown away."""
    pair = await twins("administrator-1")
    page = await form(pair[0], "/pool/imports")
    content = text(table(3)).encode()

    def press(n: int) -> Any:
        data = FormData(quote_fields=False)
        for name, value in page.filled({}):
            data.add_field(name, value)
        data.add_field("file", BytesIO(content), filename="专家名单.csv")
        return pair[n % 2].client.post("/pool/imports", data=data, allow_redirects=False)

    answers = await asyncio.gather(*(press(n) for n in range(4)))
    assert {(each.status, each.headers["Location"]) for each in answers} == {(303, "/pool/imports/1")}
    assert await db.value("SELECT count(*) FROM pool_job") == 1
    assert await db.value("SELECT count(*) FROM operation WHERE act = '导入专家库'") == 1


async def test_an_expert_is_suspended_once_and_told_so(twins: Any, draws: Draws) -> None:
    await draws.ready(1)
    pair = await twins("administrator-1")
    search = await form(pair[0], "/pool", "/pool/search")
    page = await (await send(pair[0], search, kind="phone", number="13800000000")).text()
    suspend = next(each for each in forms(page, "/pool/search") if each.target.endswith("/suspension"))
    assert set(await both(pair, suspend, reason="本人申请")) == {(303, "/pool")}
    told = await pair[0].text("/pool")
    assert "专家已暂停" in told
    assert "没有改变" not in told


async def test_an_expert_is_looked_for_once(twins: Any, draws: Draws) -> None:
    """Each look is in 操作记录; two presses of one button are one. Another number after going back is another look."""
    await draws.ready(2)
    pair = await twins("administrator-1")
    page = await form(pair[0], "/pool", "/pool/search")
    answers = await asyncio.gather(*(send(pair[n % 2], page, kind="phone", number="13800000000") for n in range(4)))
    assert {(each.status, "专家编号" in (text := await each.text()), "没有" in text) for each in answers} == {(200, True, False)}
    assert await draws.db.value("SELECT count(*) FROM operation WHERE act = '查询专家'") == 1
    assert (await send(pair[0], page, kind="phone", number="13800000001")).status == 200
    assert await draws.db.value("SELECT count(*) FROM operation WHERE act = '查询专家'") == 2


async def test_an_answer_that_was_lost_is_not_a_second_act(visit: Visit, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The console was killed between the act and its answer."""
    clerk = await visit("handler-a1")
    page = await form(clerk, "/projects/new")
    await send(clerk, page, **PROJECT)
    await db.run("UPDATE form_press SET answer = NULL")
    monkeypatch.setattr(presses, "PATIENCE_SECONDS", 0.0)
    again = await send(clerk, page, **PROJECT)
    assert (again.status, again.headers["Location"]) == (303, "/")
    assert await db.value("SELECT count(*) FROM project") == 1


async def test_presses_are_forgotten_after_a_day(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    await send(clerk, await form(clerk, "/projects/new"), **PROJECT)
    assert await db.value("SELECT count(*) FROM form_press WHERE answer = '/projects/1'") == 1
    await db.run("UPDATE form_press SET pressed_at = pressed_at - interval '25 hours'")
    await visit("handler-a2")
    assert await db.value("SELECT count(*) FROM form_press") == 0


async def test_a_key_is_of_no_use_to_anybody_else(visit: Visit, db: Database) -> None:
    """The second person's form with the first one's key is that person's own form."""
    first, second = await visit("handler-a1"), await visit("handler-b1")
    page, theirs = await form(first, "/projects/new"), await form(second, "/projects/new")
    await send(first, page, **PROJECT)
    response = await send(second, theirs, **{**PROJECT, "_key": page.key})
    assert response.status == 303
    assert await db.value("SELECT count(*) FROM project") == 2


@pytest.mark.parametrize("gone", ["UPDATE session SET seen_at = seen_at - interval '31 minutes'", "DELETE FROM session"])
async def test_after_an_expired_login_a_form_is_sent_once(visit: Visit, db: Database, gone: str) -> None:
    """提交, log in again in another tab, 重新提交: done. Not 请再次提交."""
    clerk = await visit("handler-a1")
    ours = {"Origin": str(clerk.client.make_url("/")).rstrip("/")}
    page = await form(clerk, "/projects/new")
    await db.run(gone)
    expired = await send(clerk, page, headers=ours, **PROJECT)
    assert expired.status == 403
    kept = next(each for each in forms(await expired.text(), "/projects/new") if each.target == "/projects/new")
    await clerk.log_in("handler-a1")
    response = await send(clerk, kept, headers=ours)
    assert (response.status, response.headers.get("Location")) == (303, "/projects/1")
    assert await db.value("SELECT count(*) FROM operation WHERE act = '新建项目'") == 1


async def test_who_has_logged_in_again_before_pressing_is_not_asked_at_all(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    page = await form(clerk, "/projects/new")
    await db.run("DELETE FROM session")
    await clerk.log_in("handler-a1")
    assert (await send(clerk, page, **PROJECT)).status == 303


async def test_somebody_else_who_logs_in_does_not_send_it(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    ours = {"Origin": str(clerk.client.make_url("/")).rstrip("/")}
    page = await form(clerk, "/projects/new")
    await db.run("DELETE FROM session")
    await clerk.log_in("handler-a2")
    response = await send(clerk, page, headers=ours, **PROJECT)
    assert response.status == 403
    assert "您现在以" in await response.text()
    assert await db.value("SELECT count(*) FROM project") == 0


@pytest.mark.parametrize("forged", ["", "1", "1-a.b", "x" * 300, "9" * 40 + "-a.b", "²-a.b"])
async def test_a_key_that_is_none_vouches_for_nobody(visit: Visit, db: Database, forged: str) -> None:
    clerk = await visit("handler-a1")
    page = await form(clerk, "/projects/new")
    response = await send(clerk, page, **{**PROJECT, "_csrf": "wrong", "_key": forged})
    assert response.status == 403
    assert await db.value("SELECT count(*) FROM project") == 0


async def test_a_key_vouches_only_on_its_own_site(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    page = await form(clerk, "/projects/new")
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await send(clerk, page, headers=headers, **{**PROJECT, "_csrf": "old"})).status == 403
    assert await db.value("SELECT count(*) FROM project") == 0


async def test_logging_out_of_an_expired_login_is_the_login_page(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    await db.run("DELETE FROM session")
    response = await clerk.post("/logout")
    assert (response.status, response.headers["Location"]) == (303, "/login")


async def test_an_application_with_its_file_is_sent_once(twins: Any, db: Database) -> None:
    """The file is kept and the application made, each once, by one button."""
    pair = await twins("handler-a1")
    clerk = pair[0]
    activity = await make_draft(clerk, await make_project(clerk))
    await complete(clerk, activity)
    await db.run("DELETE FROM attachment")
    here = f"/activities/{activity}/submission"
    page = await form(clerk, here)

    def press(n: int) -> Any:
        data = FormData(quote_fields=False)
        for name, value in page.filled({"reason": "资料齐全", "terminal": "440000"}):
            data.add_field(name, value)
        data.add_field("file", BytesIO(PDF), filename="申请表.pdf")
        return pair[n % 2].client.post(here, data=data, allow_redirects=False)

    answers = await asyncio.gather(*(press(n) for n in range(4)))
    assert {(each.status, each.headers.get("Location")) for each in answers} == {(303, here)}
    counts = await db.one("SELECT (SELECT count(*) FROM attachment) AS files, (SELECT count(*) FROM review) AS reviews")
    assert tuple(counts) == (1, 1)


async def test_a_form_that_comes_while_the_database_is_away(visit: Visit, db: Database, database: TestDatabase) -> None:
    """Nothing that was typed is lost, no page promises to send it again by itself, and it is sent once."""
    clerk = await visit("handler-a1")
    ours = {"Origin": str(clerk.client.make_url("/")).rstrip("/")}
    page = await form(clerk, "/projects/new")
    admit(database, False)
    try:
        response = await send(clerk, page, headers=ours, **PROJECT)
        told = await response.text()
        empty = await clerk.client.post("/logout", data={"_csrf": clerk.csrf}, headers=ours)
        for answer, text in ((response, told), (empty, await empty.text())):
            assert answer.status == 503
            assert "请过一会儿再提交一次" in text
            assert "自动重试" not in text
            assert 'http-equiv="refresh"' not in text
    finally:
        admit(database, True)
    (kept,) = [each for each in forms(told, "/projects/new") if each.target == "/projects/new"]
    again = await send(clerk, kept, headers=ours)
    if again.status == 403:  # its token was not known then, and its key vouches for it
        (kept,) = [each for each in forms(await again.text(), "/projects/new") if each.target == "/projects/new"]
        again = await send(clerk, kept, headers=ours)
    assert again.status == 303
    assert await db.value("SELECT array_agg(name) FROM project") == [PROJECT["name"]]


async def test_what_was_typed_outlives_an_error_too(visit: Visit, db: Database) -> None:
    """The draft was submitted in another tab, the notice deleted in a third: the page keeps the form, and it can be sent once that
    is undone. A button without anything typed just says what is wrong."""
    clerk = await visit("handler-a1")
    ours = {"Origin": str(clerk.client.make_url("/")).rstrip("/")}
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}"
    page = await form(clerk, f"{here}/notices/new")
    await db.run("UPDATE activity SET state = 'submitted'")
    refused = await send(clerk, page, headers=ours, **notice())
    told = await refused.text()
    assert refused.status == 409
    assert "请先撤回申请再修改" in told
    kept = next(each for each in forms(told, here) if each.target == f"{here}/notices/new")
    await db.run("UPDATE activity SET state = 'draft'")
    assert (await send(clerk, kept, headers=ours)).status == 303
    page = await form(clerk, f"{here}/notices/0/conditions/new")
    await clerk.post(f"{here}/notices/0/delete")
    refused = await send(clerk, page, headers=ours, **CONDITION)
    assert refused.status == 404
    assert f'action="{here}/notices/0/conditions/new"' in await refused.text()
    button = await form(clerk, "/activities", f"{here}/delete")
    await db.run("UPDATE activity SET state = 'submitted'")
    pressed = await send(clerk, button, headers=ours)
    assert (pressed.status, "重新提交" in await pressed.text()) == (409, False)
