"""抽取条件 in the console: choosing among 2,140 specialties without a script, 预览, 试听; the list of activities."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import CookieJar

from db.blocking import transaction
from db.pool import Database
from ivr.prompts import Prompt
from ivr.speech import Pyttsx3Engine, Speech
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts
from tests.web.clerk import CONDITION, attach, complete, make_draft, make_project, notice, submitted
from tests.web.conftest import Client, Visitor, console_settings, opened
from web import audition
from web.settings import SpeechSettings

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def ready_for_conditions(clerk: Visitor) -> str:
    """Where conditions of its one notice are made."""
    activity = await make_draft(clerk, await make_project(clerk))
    response = await clerk.post(f"/activities/{activity}/notices/new", **notice())
    assert response.status == 303, await response.text()
    return f"/activities/{activity}/notices/0/conditions/new"


async def test_specialties_are_found_by_words_and_stay_chosen(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    here = await ready_for_conditions(clerk)
    typed = {**CONDITION, "seats": "1", "_refresh": "backup", "backup__words": "规划", "titles": ["正高级"]}
    page = await (await clerk.post(here, **typed)).text()
    assert re.search(r'name="main" value="A08" checked', page)
    assert re.search(r'name="titles" value="正高级" checked', page)
    assert re.search(r'name="backup" value="A01"(?! checked)', page)
    assert 'class="alert"' not in page


async def test_a_specialty_is_main_or_backup(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    here = await ready_for_conditions(clerk)
    response = await clerk.post(here, **{**CONDITION, "backup": ["A08"]})
    assert response.status == 422
    assert "(A08)工程施工 已在主专业中" in await response.text()
    response = await clerk.post(here, **{**CONDITION, "main": ["ZZZ"]})
    assert "选项无效，请从列表中选择。" in await response.text()


async def test_a_condition_is_edited(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await complete(clerk, activity)
    here = f"/activities/{activity}/notices/0/conditions/c1"
    assert 'value="A08" checked' in await clerk.text(here)
    assert (await clerk.post(here, **{**CONDITION, "main": ["A0801"], "seats": "1"})).status == 303
    page = await clerk.text(f"/activities/{activity}/conditions")
    assert "(A0801)" in page
    assert "剩余可设置人数 1" in page


async def test_a_preview_shows_a_band_and_saves_nothing_but_that_somebody_looked(
    visit: Visit, db: Database, database: TestDatabase, keys: Keys
) -> None:
    add_experts(database.dsn, keys.custody.vault, [f"160000{n:05d}" for n in range(1783)])
    clerk = await visit("handler-a1")
    shown = {}
    for main in ("A08", "A01"):
        here = await ready_for_conditions(clerk)
        page = await (await clerk.post(here, **{**CONDITION, "main": main, "_preview": "1"})).text()
        found = re.search(r'<section[^>]*id="preview".*?</section>', page, re.DOTALL)
        assert found is not None
        text = re.sub(r"<[^>]+>", "", found[0])
        assert "1783" not in text
        assert "专家0" not in text
        shown[main] = text
    assert "10 倍以上" in shown["A08"]
    assert "不足" in shown["A01"]
    assert "可放宽的要求：抽取地区、专业" in shown["A01"]
    assert "须经抽取终端审核人员同意" in shown["A01"]
    assert await db.value("SELECT count(*) FROM preview WHERE person = 'handler-a1'") == 2
    assert await db.value("SELECT count(*) FROM condition") == 0
    assert await db.value("SELECT count(*) FROM operation WHERE act = '预览抽取条件'") == 2


async def test_the_reviewer_sees_what_the_clerk_looked_at(visit: Visit, db: Database) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    here = await ready_for_conditions(clerk)
    for titles in ([], ["正高级"]):
        await clerk.post(here, **{**CONDITION, "titles": titles, "seats": "1", "_preview": "1"})
    assert (await clerk.post(here, **CONDITION)).status == 303
    activity = here.split("/")[2]
    assert (await attach(clerk, activity)).status == 303
    await clerk.post(f"/activities/{activity}/submission", reason="资料齐全", terminal="440000")
    for _ in range(2):  # the reviewer's own looks stand in no list
        page = await reviewer.text(f"/activities/{activity}/review")
    assert re.search(r"申请人在本活动中预览 <strong>2</strong> 次；经办人近 30 日在其他 0 个活动", page)
    rows = re.findall(r'<tr><td data-label="预览时间">.*?</tr>', page, re.DOTALL)
    assert len(rows) == 2
    assert ("正高级" in rows[0], "正高级" in rows[1]) == (True, False)
    assert all("张经办（handler-a1）" in row and "(A08)工程施工" in row and "不足" in row for row in rows)
    assert await db.value("SELECT count(*) FROM preview WHERE person IS NULL") == 2


async def test_nobody_else_may_preview(visit: Visit, db: Database) -> None:
    clerk, legal, stranger = [await visit(each) for each in ("handler-a1", "legal-a", "handler-b1")]
    here = await ready_for_conditions(clerk)
    assert (await legal.post(here, **CONDITION, _preview="1")).status == 409
    assert (await stranger.post(here, **CONDITION, _preview="1")).status == 404
    assert await db.value("SELECT count(*) FROM preview") == 0


@pytest.mark.speech
async def test_a_notice_is_heard_as_the_expert_will_hear_it(
    database: TestDatabase, keys: Keys, tmp_path: Path, aiohttp_client: Callable[..., Awaitable[Client]]
) -> None:
    cache = tmp_path / "speech"
    settings = console_settings(database, keys, speech=SpeechSettings(cache=cache).model_dump())
    clerk = Visitor(await opened(settings, aiohttp_client))
    await clerk.log_in("handler-a1")
    activity = (await ready_for_conditions(clerk)).split("/")[2]
    here = f"/activities/{activity}/notices/0/audition"
    page = await clerk.text(here)
    sources = re.findall(r'<audio controls[^>]* src="([^"]+)"', page)
    assert len(sources) == len(audition.HEARD)
    response = await clerk.get(f"{here}/confirm_accept.wav")
    assert response.content_type == "audio/wav"
    heard = await response.read()
    assert heard == await spoken_by_a_worker(cache, audition_prompt("confirm_accept"))
    with wave.open(io.BytesIO(heard)) as sound:
        assert sound.getnframes() / sound.getframerate() > 2
    assert (await clerk.get(f"{here}/witness_ask.wav")).status == 404
    stranger = Visitor(await aiohttp_client(clerk.client.server, cookie_jar=CookieJar(unsafe=True)))
    await stranger.log_in("handler-b1")
    assert (await stranger.get(f"{here}/invitation.wav")).status == 404


def audition_prompt(name: str) -> Prompt:
    from ivr.prompts.zh import FIXED_INVITATION

    return Prompt(name, FIXED_INVITATION[name])


async def spoken_by_a_worker(cache: Path, prompt: Prompt) -> bytes:
    """Another Speech on the same folder, as the calls have it."""
    speech = Speech(cache, Pyttsx3Engine())
    await speech.start()
    try:
        media = await speech.render(prompt)
    finally:
        await speech.close()
    return audition.joined([Path(f"{each}.wav") for each in media])


async def test_without_a_voice_the_page_says_so(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = (await ready_for_conditions(clerk)).split("/")[2]
    page = await clerk.text(f"/activities/{activity}/notices/0/audition")
    assert "没有配置语音合成" in page
    assert "<audio" not in page


async def test_the_list_is_narrowed_by_each_filter(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await submitted(clerk)
    fits = {
        "name": "0617", "number": activity[4:], "project_name": "演示项目", "project_code": "202006",
        "source": "省专家库", "state": "submitted", "kind": "CQSQ", "city": "440100",
    }  # fmt: skip
    misses = {
        "name": "没有", "number": "CQNE", "project_name": "没有", "project_code": "999", "source": "别处",
        "state": "ready", "kind": "CQNE", "city": "440300", "district": "440305",
    }  # fmt: skip
    for name, value in fits.items():
        assert "项目数量：1" in await clerk.text(f"/activities?{name}={value}"), name
    for name, value in misses.items():
        assert "项目数量：0" in await clerk.text(f"/activities?{name}={value}"), name


async def test_ten_thousand_activities_are_pages_of_ten(visit: Visit, database: TestDatabase) -> None:
    clerk = await visit("handler-a1")
    with transaction(database.dsn) as tx:
        tx.run(
            "INSERT INTO activity"
            " (id, name, seats, district, bid_opening, evaluation_start, evaluation_end, rules, key_enc)"
            " SELECT 'CQSQ' || 202500000000 + n, '活动' || n, 3, '440100', now(), now() + interval '1 day',"
            " now() + interval '2 days', 'gd-1', '' FROM generate_series(1, 10000) n"
        )
        tx.run(
            "INSERT INTO activity_owner (activity, company, company_name, handler, handler_name)"
            " SELECT id, '91440000MA00000015', '代理', 'handler-a1', '张经办' FROM activity"
        )
    page = await clerk.text("/activities")
    assert "项目数量：10000" in page
    assert page.count("<article") == 10
    assert "第 1000 / 1000 页" in await clerk.text("/activities?page=1000")
