"""The draw live: who sees what, starting it, and the events over real HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponse

from db.pool import Database
from drawing.seats import PickOutcome
from drawing.stages import Stage
from ivr.messages import outbox
from ivr.noting import Notes
from tests.scenes import condition, witness
from tests.web.conftest import Client, Visitor
from tests.web.draws import Draws, everybody_agrees
from web import drawn
from web.drawn import shown
from web.live import STREAMS_PER_SESSION, WATCHERS

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def test_a_clerk_starts_their_draw_and_sees_it(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.ready()
    page, clerk = f"/activities/{hand.activity}/draw", await visit("handler-a1")
    text = await clerk.text(page)
    assert "启动抽取" in text
    assert "抽取尚未启动" in text
    assert (await clerk.post(f"{page}/start")).status == 303
    assert "抽取已启动" in (text := await clerk.text(page))
    assert "启动抽取</button>" not in text
    assert [
        row.act for row in await db.all("SELECT act FROM operation WHERE activity = %(a)s", {"a": hand.activity})
    ] == ["start"]
    await hand.advance()
    (first, _) = await hand.live()
    await hand.answers(first, PickOutcome.DECLINED)
    text = await clerk.text(page)
    for words in (
        "计划抽取人数",
        "同意参评",
        "总呼叫人数",
        "开始抽取时间",
        "当前状态",
        "第 1 位专家",
        "不参加",
        "正在呼叫",
    ):
        assert words in text
    for secret in ("13800", first.pseudonym, "单位", "专家0", "专家1"):
        assert secret not in text


async def test_it_may_be_started_once_the_natural_voice_has_its_notice(visit: Visit, draws: Draws, db: Database) -> None:
    """And where there is none, at once, as ever."""
    hand = await draws.ready()
    page, clerk = f"/activities/{hand.activity}/draw", await visit("handler-a1")
    assert 'id="sounds"' not in await clerk.text(page)
    await db.run(
        "INSERT INTO node (name, holder, epoch, lease_until, natural_voice)"
        " VALUES ('n', gen_random_uuid(), 1, clock_timestamp() + interval '1 hour', 'kokoro')"
    )
    await db.run(
        "INSERT INTO notice_sounds (node, activity, says, asked_ahead)"
        " VALUES ('n', %(a)s, notice_says(%(a)s, 'kokoro'), (SELECT ahead FROM clock))",
        {"a": hand.activity},
    )
    text = await clerk.text(page)
    assert "声音准备中" in text
    assert '<button disabled aria-describedby="sounds">启动抽取</button>' in text
    assert re.search(r'已等待 <time class="since" datetime="[^"]+\+00:00">\d\d:\d\d:\d\d 起</time>', text)
    assert (await clerk.post(f"{page}/start")).status == 303  # from a page that was open before
    assert "声音准备中" in (await clerk.text(page))
    assert await db.value("SELECT state::text FROM activity WHERE id = %(a)s", {"a": hand.activity}) == "ready"
    stream = Stream(await clerk.client.get(f"/activities/{hand.activity}/events"))
    waits = (await stream.until("声音准备中"))["data"]["phase"]
    await db.run("UPDATE notice_sounds SET state = 'natural', made_at = clock_timestamp()")
    assert (await stream.until("声音已准备好"))["data"]["phase"] != waits  # the page loads itself again, with its button
    stream.response.close()
    assert "启动抽取</button></form>" in await clerk.text(page)
    await db.run("UPDATE notice_sounds SET state = 'plain'")
    assert "备用语音" in await clerk.text(page)
    assert (await clerk.post(f"{page}/start")).status == 303
    assert "抽取已启动" in (text := await clerk.text(page))
    assert 'id="sounds"' not in text


async def test_ringing_and_talking_are_told_apart(visit: Visit, draws: Draws) -> None:
    hand = await draws.started(6, [condition(seats=3)])
    rings, talks, unknown = await hand.live()
    clerk, notes = await visit("handler-a1"), Notes(draws.db, 1)
    stream = Stream(await clerk.client.get(f"/activities/{hand.activity}/events"))
    before = await stream.until("正在呼叫")
    assert numbers(before["data"]["html"]) == ("3", "0")
    notes.note(rings.id, Stage.RINGING)
    notes.note(talks.id, Stage.CONFIRMING)
    await notes.write()
    after = await stream.until("通话中：等待确认")
    stream.response.close()
    assert numbers(after["data"]["html"]) == ("2", "1")
    assert after["data"]["summary"] == before["data"]["summary"]  # nothing more is announced
    again = await clerk.client.get(f"/activities/{hand.activity}/events", headers={"Last-Event-ID": after["id"]})
    assert await again.content.readuntil(b"\n\n") == b"retry: 2000\n\n"
    assert await again.content.readuntil(b"\n") == b": \n"  # seconds pass, and there is nothing to tell
    again.close()
    text = await clerk.text(f"/activities/{hand.activity}/draw")
    assert after["data"]["html"] in text
    assert re.search(r'响铃中 <time class="since" datetime="[^"]+\+00:00">\d\d:\d\d:\d\d 起</time>', text)
    for secret in ("13800", rings.pseudonym, "confirm_", unknown.id):
        assert secret not in text


def numbers(html: str) -> tuple[str, str]:
    """呼叫中 and 通话中."""
    found = re.search(r"<dt>呼叫中</dt><dd>(\d+)</dd></div>\s*<div><dt>通话中</dt><dd>(\d+)</dd>", html)
    assert found is not None
    return found[1], found[2]


async def test_where_the_supervisors_call_stands_is_told(visit: Visit, draws: Draws) -> None:
    hand = await draws.committed()
    (call,) = await hand.live()
    notes = Notes(draws.db, 1)
    notes.note(call.id, Stage.DIGITS)
    await notes.write()
    text = await (await visit("handler-a1")).text(f"/activities/{hand.activity}/draw")
    assert "等待监督人见证（已呼叫 1 次，通话中：等待输入数字）" in text


async def test_what_prevents_the_start_is_told_on_the_page(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.ready(rules="gd-1")
    page, clerk = f"/activities/{hand.activity}/draw", await visit("handler-a1")
    await clerk.text(page)
    response = await clerk.post(f"{page}/start", follow=True)
    assert "未选定监督人" in await response.text()
    assert await hand.state() == "ready"
    again = await draws.db.value("SELECT count(*) FROM operation WHERE activity IS NOT NULL")
    assert again == 0


async def test_each_call_is_told_in_words(visit: Visit, draws: Draws) -> None:
    hand = await draws.started()
    first, second = await hand.live()
    await hand.ends(first, "busy")
    await hand.ends(second, "no_key")
    await hand.db.run(
        """UPDATE call SET trail = '{"answered": "2026-11-23T09:00:00.000+08:00", "ended": "2026-11-23T09:00:33.000+08:00",
             "heard": [{"prompt": "invitation", "at_ms": 0, "for_ms": 9000, "whole": false}]}' WHERE outcome = 'no_key'"""
    )
    text = await (await visit("handler-a1")).text(f"/activities/{hand.activity}/draw")
    assert text.count("第 1 次：") == 2
    assert "第 1 次：占线" in text
    assert "第 1 次：接通 33 秒，邀请语音听了 9 秒，未听完，未按键" in text


async def test_a_number_that_always_fails_is_called_ever_more_slowly_and_told(
    client: Client, draws: Draws, caplog: pytest.LogCaptureFixture
) -> None:
    hand = await draws.started(3, (condition(seats=1),))
    pauses = []
    for failures in range(1, 7):
        (call,) = await hand.live()
        await hand.ends(call, "trunk_failure")
        await hand.advance()
        pause = "SELECT extract(epoch FROM max(not_before) - max(ended_at))::int FROM call"
        pauses.append(await hand.db.value(pause))
        told = await (await client.get("/health")).json()
        assert (told["trunk_failures"], told["calls_failing"]) == (failures, int(failures >= 5))
        assert ("by the line's fault or ours" in caplog.text) is (failures >= 5)
    assert pauses == [2, 4, 8, 16, 32, 60]  # demo-1
    (call,) = await hand.live()
    await hand.ends(call, "busy")
    await hand.advance()
    assert (await (await client.get("/health")).json())["calls_failing"] == 0


async def test_a_second_start_is_refused(visit: Visit, draws: Draws) -> None:
    hand = await draws.started()
    clerk = await visit("handler-a1")
    await clerk.text(f"/activities/{hand.activity}/draw")
    response = await clerk.post(f"/activities/{hand.activity}/draw/start")
    assert response.status == 409
    assert "不能启动抽取" in await response.text()


@pytest.mark.parametrize(
    ("name", "status"),
    [("handler-a1", 200), ("legal-a", 200), ("reviewer-1", 200), ("supervisor-1", 404),
     ("handler-a2", 404), ("handler-b1", 404), ("legal-b", 404), ("registrar-1", 403), ("administrator-1", 403)],
)  # fmt: skip
async def test_who_may_look_and_only_the_owner_starts(visit: Visit, draws: Draws, name: str, status: int) -> None:
    hand = await draws.ready()
    visitor = await visit(name)
    response = await visitor.get(f"/activities/{hand.activity}/draw")
    assert response.status == status
    assert ("启动抽取</button>" in await response.text()) == (name == "handler-a1")
    events = await visitor.client.get(f"/activities/{hand.activity}/events")
    assert events.status == status
    events.close()
    if name != "handler-a1":
        await visitor.get("/")
        assert (await visitor.post(f"/activities/{hand.activity}/draw/start")).status in (403, 404, 409)
        assert await hand.state() == "ready"


async def test_a_short_draw_says_where_and_what_may_follow(visit: Visit, draws: Draws) -> None:
    hand = await draws.started(1, [condition(seats=2)])
    (call,) = await hand.live()
    await hand.answers(call, PickOutcome.DECLINED)
    await hand.advance()
    text = await (await visit("handler-a1")).text(f"/activities/{hand.activity}/draw")
    for words in ("待补抽", "(A08)工程施工 · 广东省：需 2 人，同意 0 人", "尚缺 2 人", "强制结束"):
        assert words in text
    assert [each for each in ("重呼未接通专家", "启动补抽") if each in text] == [], "there is no page for them yet"


async def test_the_board_and_the_witness_name_conditions_by_their_words(visit: Visit, draws: Draws) -> None:
    two = [condition(seats=1), condition("c2", seats=1, regions=("440100",), main=("A08", "B01"))]
    hand = await draws.started(2, two, witnesses=(witness(),))
    names = "(A08)工程施工 · 广东省", "(A08)工程施工、(B01)机电产品类 · 广州市"
    receipt = await (await visit("supervisor-1")).text(f"/witness/{hand.activity}")
    assert all(f"合格人数：{name}" in receipt for name in names)
    board = await (await visit("handler-a1")).text(f"/activities/{hand.activity}/draw")
    assert all(f'data-label="抽取条件">{name}' in board for name in names)
    assert re.findall(r"条件 \d|条件\">\d", receipt + board) == []


async def test_events_give_the_board_now_and_at_each_change(client: Client, visit: Visit, draws: Draws) -> None:
    hand = await draws.started()
    clerk = await visit("handler-a1")
    path = f"/activities/{hand.activity}/events"
    stream = Stream(await clerk.client.get(path))
    assert stream.response.headers["Content-Type"].startswith("text/event-stream")
    first = await stream.until("等待呼叫")
    calls = await hand.live()
    await stream.until("正在呼叫")
    await hand.answers(calls[0], PickOutcome.ACCEPTED)
    agreed = await stream.until("同意参评</span>")
    assert agreed["id"] != first["id"]
    assert agreed["data"]["state"] == "drawing"
    assert "同意参评 1 人" in agreed["data"]["summary"]
    stream.response.close()
    again = Stream(await clerk.client.get(path, headers={"Last-Event-ID": first["id"]}))
    assert (await again.next())["id"] == agreed["id"]
    await hand.answers(calls[1], PickOutcome.ACCEPTED)
    for call in calls:
        await hand.ends(call, "accepted")
    await hand.advance()
    await again.until("结果已封存")
    assert (await again.next())["event"] == "end"
    assert await again.response.content.read() == b""


async def test_events_end_with_the_login(client: Client, visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.started()
    clerk = await visit("handler-a1")
    stream = Stream(await clerk.client.get(f"/activities/{hand.activity}/events"))
    await stream.next()
    await clerk.get("/")
    await clerk.post("/logout")
    last = await stream.next()
    assert (last["event"], last["data"]) == ("end", {"reason": "登录已过期，请重新登录。"})
    assert await stream.response.content.read() == b""


async def test_a_session_has_so_many_streams_and_no_more(client: Client, visit: Visit, draws: Draws) -> None:
    hand = await draws.started()
    clerk, path = await visit("handler-a1"), f"/activities/{hand.activity}/events"
    open_ones = [await clerk.client.get(path) for _ in range(STREAMS_PER_SESSION)]
    assert {each.status for each in open_ones} == {200}
    assert (await clerk.client.get(path)).status == 429
    other = await (await visit("legal-a")).client.get(path)
    assert other.status == 200
    for each in (*open_ones, other):
        each.close()
    calls = await hand.live()  # something to tell: so it is noticed that nobody is there
    while len(client.app[WATCHERS]):
        await draws.db.value("SELECT pg_notify('board', %(a)s)", {"a": hand.activity})
    assert calls


async def test_looking_does_not_lengthen_the_login(client: Client, visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.started()
    clerk = await visit("handler-a1")
    stream = Stream(await clerk.client.get(f"/activities/{hand.activity}/events"))
    await stream.next()
    await db.run("UPDATE session SET seen_at = clock_timestamp() - interval '31 minutes'")
    assert (await stream.next())["event"] == "end"


async def test_a_sealed_draw_is_over(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.started()
    await everybody_agrees(hand)
    text = await (await visit("handler-a1")).text(f"/activities/{hand.activity}/draw")
    assert "结果已封存" in text
    assert "data-events" not in text
    picture = await drawn.picture(db, draws.keys.custody.vault, hand.activity)
    assert picture.over
    assert shown(picture.board.rows, 1)[0].n == 2


class Stream:
    """A stream of events, as a browser reads it."""

    def __init__(self, response: ClientResponse) -> None:
        assert response.status == 200
        self.response = response

    async def next(self) -> dict[str, Any]:
        """The next event; comments and `retry` are none."""
        while True:
            found: dict[str, Any] = {}
            while (line := (await self.response.content.readuntil(b"\n")).decode().rstrip("\n")) != "":
                name, _, value = line.partition(": ")
                found[name] = value
            if "data" in found:
                return found | {"data": json.loads(found["data"])}
            assert not self.response.content.at_eof()

    async def until(self, words: str) -> dict[str, Any]:
        """The first event whose board says so."""
        while words not in (found := await self.next())["data"]["html"]:
            pass
        return found


async def test_the_board_says_how_far_messages_are(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.started()
    clerk, page = await visit("handler-a1"), f"/activities/{hand.activity}/draw"
    assert "短信" not in await clerk.text(page)
    for call in await hand.live():
        await hand.answers(call, PickOutcome.ACCEPTED)
    await outbox.plan(db)
    await db.run(
        "UPDATE message SET state = 'delivered', receipt_at = clock_timestamp() WHERE id = (SELECT min(id) FROM message)"
    )
    assert "<dt>短信</dt><dd>发送中 1 条，已送达 1 条</dd>" in await clerk.text(page)
