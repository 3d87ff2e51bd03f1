"""暂停抽取, 继续抽取, 强制结束 as a clerk does them; the chain they leave is one that the verifier accepts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from db.blocking import transaction
from drawing.clock import Reading
from drawing.evidence import export
from drawing.result import unseal_if_due
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.transcript import parse_stamp, stamp
from drawing.verify import verify
from ivr.dispatch import Q as CALLS
from tests.drawing.test_draw import Hand, the_clock_reaches_the_opening
from tests.scenes import condition, masked_call, witness
from tests.web.clerk import errors
from tests.web.conftest import Visitor
from tests.web.draws import DIGITS, Draws, everybody_agrees

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def verdict(hand: Hand, folder: Path) -> int:
    """Of the evidence as it is exported now."""
    await export(hand.db, hand.keys.custody, hand.activity, folder)
    return verify(folder).exit_code
async def test_a_pause_holds_calls_and_a_resumption_goes_on(visit: Visit, draws: Draws, tmp_path: Path) -> None:
    hand = await draws.started(8, [condition(seats=3)])
    clerk, here = await visit("handler-a1"), f"/activities/{hand.activity}/draw"
    first, second, third = await hand.live()
    await hand.ends(third, "busy")
    await hand.advance()
    page = await clerk.text(f"{here}/pause")
    assert "<dt>呼叫中和通话中</dt><dd>2</dd>" in page
    assert "<dt>等待呼叫</dt><dd>1</dd>" in page
    response = await clerk.post(f"{here}/pause", reason="")
    assert errors(await response.text()) == ["请填写原因。"]
    assert (await clerk.post(f"{here}/pause", reason="集合时间有变")).status == 303
    page = await clerk.text(here)
    assert "已暂停" in page
    assert "继续抽取</button>" in page
    assert "暂停抽取</a>" not in page
    for call, outcome in ((first, PickOutcome.DECLINED), (second, PickOutcome.DECLINED)):  # neither waits for a pick
        await hand.answers(call, outcome)
        await hand.advance()
        await hand.ends(call, outcome.value)
    assert await hand.db.value("SELECT count(*) FROM pick") == 3
    assert await hand.db.value("SELECT count(*) FROM call WHERE state = 'live'") == 0
    assert (await clerk.post(f"{here}/resume")).status == 303
    await hand.advance()
    assert await hand.db.value("SELECT count(*) FROM pick") == 5
    await everybody_agrees(hand)
    assert await hand.state() == "completed"
    assert await verdict(hand, tmp_path / "sealed") == 2
    await the_clock_reaches_the_opening(hand)
    await unseal_if_due(hand.db, hand.keys.custody, hand.activity)
    assert await verdict(hand, tmp_path / "opened") == 3
    rows = await hand.db.all("SELECT act, actor, remark FROM operation WHERE act IN ('pause', 'resume') ORDER BY id")
    assert [(row.act, row.remark) for row in rows] == [("pause", "集合时间有变"), ("resume", "")]
    assert rows[0].actor == "张经办（handler-a1）"


async def test_the_time_of_a_pause_is_not_the_retrys(visit: Visit, draws: Draws, tmp_path: Path) -> None:
    """A retry whose seat's time ran out during the pause is called, not passed over."""
    hand = await draws.started(3, [condition(seats=1)])
    clerk, here = await visit("handler-a1"), f"/activities/{hand.activity}/draw"
    (call,) = await hand.live()
    await hand.ends(call, "busy")
    await hand.advance()
    await clerk.text(here)
    await clerk.post(f"{here}/pause", reason="等通知")
    await clerk.post(f"{here}/resume")
    hold = Rules.load("demo-1").hold_s
    await asyncio.to_thread(_spread, hand, timedelta(seconds=hold + 30))
    await hand.advance()
    assert await hand.db.value("SELECT outcome::text FROM pick") == "open"
    assert await hand.db.value("SELECT count(*) FROM call WHERE state = 'waiting'") == 1


def _spread(hand: Hand, pause: timedelta) -> None:
    """As if the pause had taken so long; only the owner of the tables, with the trigger taken off, can do that."""
    with transaction(hand.dsn.replace("user=expertline_service", "user=expertline_owner")) as tx:
        tx.run("UPDATE call SET ended_at = ended_at - %(by)s * interval '1 second' WHERE state = 'ended'", by(pause))
        tx.run("UPDATE pick SET picked_at = picked_at - %(by)s * interval '1 second'", by(pause))
        tx.run("ALTER TABLE transcript DISABLE TRIGGER append_only")
        row = tx.one("SELECT at, clock FROM transcript WHERE type = 'pause'")
        reading = Reading.parse(row.clock)  # a pause is as long as the monotonic clock says
        assert reading is not None
        began = replace(reading, ns=reading.ns - int(pause.total_seconds() * 1e9))
        earlier = {"at": stamp(parse_stamp(row.at) - pause), "clock": str(began)}
        tx.run("UPDATE transcript SET at = %(at)s, clock = %(clock)s WHERE type = 'pause'", earlier)
        tx.run("ALTER TABLE transcript ENABLE TRIGGER append_only")


def by(pause: timedelta) -> dict[str, float]:
    return {"by": pause.total_seconds()}


async def test_a_forced_end_lets_live_calls_run_out_and_seals(visit: Visit, draws: Draws, tmp_path: Path) -> None:
    hand = await draws.started(9, [condition(seats=5)])
    clerk, here = await visit("handler-a1"), f"/activities/{hand.activity}/draw"
    agrees, busy, talks, hears, waits = await hand.live()
    await hand.answers(agrees, PickOutcome.ACCEPTED)
    await hand.ends(agrees, "accepted")
    for call in (busy, waits):
        await hand.ends(call, "busy")
    await hand.advance()
    assert "不能恢复" in await clerk.text(f"{here}/force-end")
    assert (await clerk.post(f"{here}/force-end", reason="项目终止")).status == 303
    assert "抽取已强制结束" in (page := await clerk.text(here))
    assert "已结束" in page
    await hand.advance()
    assert (await hand.types()).count("seal") == 0  # two are still on the line
    await hand.answers(talks, PickOutcome.ACCEPTED)
    await hand.advance()
    await hand.ends(talks, "accepted")
    await hand.ends(hears, "no_answer")
    await hand.advance()
    told = {"ids": [call.id for call in await hand.live()]}  # D4: who had agreed is told that they are released
    assert await hand.db.value("SELECT array_agg(flow) FROM call WHERE id = ANY(%(ids)s)", told) == ["release"] * 2
    outcomes = await hand.db.all("SELECT outcome::text, count(*) AS n FROM pick GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in outcomes] == [("accepted", 2), ("cancelled", 3)]
    assert (await hand.types())[-1] == "seal"
    assert await hand.db.value("SELECT count(*) FROM appointment") == 0
    assert await verdict(hand, tmp_path / "sealed") == 2
    assert (await clerk.get(f"{here}/force-end")).url.path == here
    response = await clerk.post(f"{here}/force-end", reason="再来")
    assert response.status == 409
    page = await clerk.text(f"/activities/{hand.activity}/result")
    assert "没有抽取结果" in page
    assert "抽取证据公开时间" in page
    await opens_without_names(hand, clerk, tmp_path)
    agreed = await hand.db.value("SELECT expert FROM pick WHERE outcome = 'accepted' LIMIT 1")
    spoken = await hand.db.one(CALLS.masked_call, {"call": await masked_call(hand.db, hand.activity, agreed)})
    assert spoken.unsealed_at is None  # 第 N 位专家, not the masked name


async def opens_without_names(hand: Hand, visitor: Visitor, folder: Path) -> None:
    """The clock opens what was force-ended too: all of it can be checked then, and still nobody is named."""
    await the_clock_reaches_the_opening(hand)
    response = await visitor.get(f"/activities/{hand.activity}/evidence.zip")
    (folder / "opened.zip").write_bytes(await response.read())
    assert verify(folder / "opened.zip").exit_code == 3
    page = await visitor.text(f"/activities/{hand.activity}/result")
    assert "抽取证据已经公开" in page
    assert "专家0" not in page
    assert (await hand.types())[-1] == "unseal"
    await hand.advance()  # the worker closes the chain
    assert (await hand.types())[-1] == "close"


async def test_before_the_digits_nothing_is_paused_but_it_can_be_ended(visit: Visit, draws: Draws, tmp_path: Path) -> None:
    hand = await draws.started(6, witnesses=(witness(),))
    clerk, here = await visit("handler-a1"), f"/activities/{hand.activity}/draw"
    await clerk.text(here)
    response = await clerk.post(f"{here}/pause", reason="试", follow=True)
    assert "抽取还没有开始呼叫专家" in await response.text()
    assert await hand.state() == "drawing"
    assert (await clerk.post(f"{here}/force-end", reason="条件有误")).status == 303
    await hand.advance()
    assert await hand.types() == ["commit", "force_end", "seal"]
    assert await verdict(hand, tmp_path / "sealed") == 2
    await opens_without_names(hand, clerk, tmp_path)
    supervisor = await visit("supervisor-1")
    await supervisor.text(f"/witness/{hand.activity}")
    response = await supervisor.post(f"/witness/{hand.activity}", draw="1", digits=DIGITS, repeated=DIGITS)
    assert response.status == 409
    assert "不能见证" in await response.text()


async def test_what_has_no_pool_yet_ends_without_a_chain(visit: Visit, draws: Draws) -> None:
    hand = await draws.ready()
    clerk, here = await visit("handler-a1"), f"/activities/{hand.activity}/draw"
    await clerk.text(here)
    await clerk.post(f"{here}/start")
    await clerk.text(here)
    assert (await clerk.post(f"{here}/force-end", reason="条件有误")).status == 303
    await hand.advance()
    assert (await hand.state(), await hand.types()) == ("ended", [])


@pytest.mark.parametrize(
    ("name", "status"),
    [("legal-a", 409), ("handler-a2", 404), ("handler-b1", 404), ("reviewer-1", 403), ("supervisor-1", 403)],
)
async def test_only_the_owner_halts(visit: Visit, draws: Draws, name: str, status: int) -> None:
    hand = await draws.started()
    visitor, here = await visit(name), f"/activities/{hand.activity}/draw"
    for act in ("pause", "force-end", "resume"):
        await visitor.get("/")
        assert (await visitor.post(f"{here}/{act}", reason="试")).status == status
    page = await visitor.get(here)
    assert "暂停抽取</a>" not in await page.text()
    assert await hand.state() == "drawing"
