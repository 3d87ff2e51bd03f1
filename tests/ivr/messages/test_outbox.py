"""Once in the outbox, once on its way: with two senders, with one killed at every step, with a gateway that is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from db.errors import Conflict
from db.pool import Database
from drawing import halts, notices
from drawing.lifecycle import Role
from drawing.lots import fingerprint
from drawing.seats import PickOutcome
from ivr.messages import outbox
from ivr.messages.kinds import Kind
from ivr.messages.outbox import Counts
from ivr.messages.states import Receipt, Retries, Settled, State
from tests.ivr.messages.conftest import PUBLISHED, World, emptied, right
from tests.scenes import close_pick, condition, plan, witness

pytestmark = pytest.mark.postgres
PHONES = [f"1380000{n:04d}" for n in range(10)]


async def test_the_states_are_those_of_the_database(db: Database) -> None:
    assert await db.value("SELECT enum_range(null::message_state)::text[]") == [state.value for state in State]


async def test_two_senders_send_each_once(world: World) -> None:
    hand = await world.agreed(PHONES)
    senders = [await world.sender(), await world.sender()]
    await asyncio.gather(*(emptied(each) for each in senders * 2))
    assert sorted(each["to"] for each in world.gateway.requests) == PHONES
    codes = {row.code for row in await world.db.all("SELECT code FROM pick")}
    assert {each["text"].partition("验证码：")[2][:6] for each in world.gateway.requests} == codes
    rows = await world.messages()
    assert {(row.how_far, row.tries, row.carrier, row.parts) for row in rows} == {("submitted", 1, "gateway", 2)}
    assert {row.id for row in rows} == set(world.gateway.sent)
    assert await outbox.counts(world.db, hand.activity) == Counts(0, 10, 0, 0, 0)


async def test_the_table_and_the_log_hold_no_number_and_no_code(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await world.agreed(PHONES[:3])
    world.gateway.answers = [500, 422]
    sender = await world.sender()
    await emptied(sender)
    code = await world.db.value("SELECT code FROM pick ORDER BY id LIMIT 1")
    written = [row.whole for row in await world.db.all("SELECT message::text AS whole FROM message")]
    assert len(written) == 3
    for text in [*written, caplog.text]:
        assert PHONES[0] not in text
        assert code not in text
        assert "越华路" not in text


async def test_who_lost_the_lease_sends_nothing(world: World) -> None:
    await world.agreed(PHONES[:1])
    late = await world.sender()
    await world.db.run("UPDATE node SET epoch = epoch + 1")
    await emptied(late)
    assert world.gateway.requests == []
    await emptied(await world.sender())
    assert len(world.gateway.requests) == 1


async def test_killed_before_sending_it_is_sent_once_by_the_next(world: World) -> None:
    await world.agreed(PHONES[:1])
    await world.sender()
    await outbox.plan(world.db)
    (claimed,) = await outbox.claim(world.db, right(world.leases[0]), list(Kind), 9, lost_after=3600)
    following = await world.sender()
    await emptied(following)
    assert world.gateway.requests == []  # it may be on its way
    await world.db.run("UPDATE message SET next_try = clock_timestamp()")  # the time is over in which it counts as sent
    await emptied(following)
    assert [each["id"] for each in world.gateway.requests] == [claimed.id]


async def test_killed_after_sending_it_comes_twice_with_one_id_and_is_sent_on_once(world: World) -> None:
    await world.agreed(PHONES[:1])
    sender = await world.sender()
    await emptied(sender)
    await world.db.run(  # as if the answer had never been written
        "UPDATE message SET state = 'sending', submitted_at = NULL, next_try = clock_timestamp()"
    )
    await emptied(sender)
    first, second = world.gateway.requests
    assert first == second
    assert len(world.gateway.sent) == 1
    (row,) = await world.messages()
    assert (row.how_far, row.tries) == ("submitted", 2)


async def test_a_late_sender_writes_nothing_over_a_later_one(world: World) -> None:
    await world.agreed(PHONES[:1])
    following = await world.sender()
    await outbox.plan(world.db)
    (late,) = await outbox.claim(world.db, right(world.leases[0]), list(Kind), 9, lost_after=0)
    await emptied(following)
    await outbox.settle(world.db, late, Settled(State.SENDING, given_up=True, error="late"), "gateway", None)
    (row,) = await world.messages()
    assert (row.how_far, row.tries, row.error) == ("submitted", 2, "")


async def test_a_receipt_that_is_faster_than_the_answer_counts(world: World) -> None:
    await world.agreed(PHONES[:1])
    sender = await world.sender()
    await outbox.plan(world.db)
    (claimed,) = await outbox.claim(world.db, right(world.leases[0]), list(Kind), 9, lost_after=0)
    assert await outbox.receive(world.db, Receipt(claimed.id, True, "DELIVRD 000"))
    await emptied(sender)
    assert world.gateway.requests == []
    (row,) = await world.messages()
    assert (row.how_far, row.receipt) == ("delivered", "DELIVRD 000")


async def test_receipts_decide_and_say_nothing_twice(world: World) -> None:
    hand = await world.agreed(PHONES[:3])
    await emptied(await world.sender())
    one, two, three = world.gateway.sent
    for receipt in (
        Receipt(one, True, "a"),
        Receipt(one, False, "b"),
        Receipt(two, False, "c"),
        Receipt(two, False, "d"),
    ):
        assert await outbox.receive(world.db, receipt)
    assert not await outbox.receive(world.db, Receipt("0" * 32, True, ""))
    found = {row.id: (row.how_far, row.receipt) for row in await world.messages()}
    assert found == {one: ("delivered", "a"), two: ("failed", "c"), three: ("submitted", "")}
    assert await outbox.counts(world.db, hand.activity) == Counts(0, 1, 1, 1, 0)


async def test_only_a_receipt_may_say_delivered(world: World) -> None:
    await world.agreed(PHONES[:1])
    await emptied(await world.sender())
    for state in ("delivered", "failed"):
        with pytest.raises(Conflict, match="only_a_receipt_decides"):
            await world.db.run("UPDATE message SET state = %(state)s::message_state", {"state": state})


async def test_it_is_tried_again(world: World) -> None:
    await world.agreed(PHONES[:1])
    world.gateway.answers = [503, 401, 429]
    await emptied(await world.sender())
    assert [(row.how_far, row.tries, row.error) for row in await world.messages()] == [("submitted", 4, "")]


async def test_it_is_given_up_in_the_end(world: World) -> None:
    hand = await world.agreed(PHONES[:1])
    world.gateway.answers = [503] * 9
    await emptied(await world.sender())
    (row,) = await world.messages()
    assert (row.how_far, row.tries, row.error) == ("sending", 4, "短信网关没有接收（503）")
    assert row.given_up_at is not None
    assert await outbox.counts(world.db, hand.activity) == Counts(0, 0, 0, 0, 1)


async def test_the_pauses_are_kept(world: World) -> None:
    await world.agreed(PHONES[:1])
    world.gateway.answers = [503]
    began = datetime.now(UTC)
    await emptied(await world.sender(Retries(5, (900,))))
    (row,) = await world.messages()
    assert (row.tries, row.how_far, row.given_up_at) == (1, "sending", None)
    assert timedelta(0) <= row.next_try - began - timedelta(seconds=900) < timedelta(seconds=60)


async def test_a_gateway_that_is_not_there(world: World) -> None:
    await world.agreed(PHONES[:1])
    world.gateway.url = "http://127.0.0.1:9/sms"
    await emptied(await world.sender(Retries(1, (1,))))
    (row,) = await world.messages()
    assert "没有应答" in row.error


async def test_what_the_gateway_refuses_is_not_tried_again(world: World) -> None:
    await world.agreed(PHONES[:1])
    world.gateway.answers = [422]
    await emptied(await world.sender())
    (row,) = await world.messages()
    assert (row.tries, row.error) == (1, "短信网关拒绝（422）")


async def test_a_last_try_that_was_lost_is_given_up(world: World) -> None:
    await world.agreed(PHONES[:1])
    await outbox.plan(world.db)
    await world.db.run("UPDATE message SET tries = 4")
    await emptied(await world.sender())
    (row,) = await world.messages()
    assert row.given_up_at is not None
    assert world.gateway.requests == []


async def test_a_text_too_long_is_refused_before_sending(world: World) -> None:
    await world.agreed(PHONES[:1])
    await world.db.run("UPDATE notice SET address = %(address)s", {"address": "广" * 700})
    await emptied(await world.sender())
    (row,) = await world.messages()
    assert row.error.startswith("短信过长：")
    assert (row.parts, world.gateway.requests) == (12, [])


async def test_a_number_that_no_rule_allows_gets_nothing(world: World) -> None:
    await world.agreed(["12345"])
    await emptied(await world.sender())
    assert [row.error for row in await world.messages()] == ["号码不在允许呼叫的范围内"]
    assert world.gateway.requests == []


async def test_who_takes_part_no_more_gets_no_details(world: World) -> None:
    hand = await world.agreed(PHONES[:1])
    await outbox.plan(world.db)
    await close_pick(world.db, world.keys.custody, hand.activity, 1, "cancelled")
    await emptied(await world.sender())
    assert [row.error for row in await world.messages()] == ["专家已不参加"]


async def test_nothing_is_planned_for_what_is_past_or_was_refused(world: World) -> None:
    hand = await world.started(PHONES[:2])
    first, _ = await hand.live()
    await hand.answers(first, PickOutcome.DECLINED)
    await outbox.plan(world.db)
    assert await world.messages() == []


async def test_a_call_is_announced_where_the_rules_say_so(
    world: World, rules_that_announce: Callable[[int], str]
) -> None:
    hand = await world.started(PHONES[:2], rules=rules_that_announce(45))
    waits = await world.db.all(
        "SELECT extract(epoch FROM c.not_before - p.picked_at) AS s FROM call c JOIN pick p ON p.id = c.pick"
    )
    assert [44 < row.s <= 45 for row in waits] == [True, True]
    await outbox.plan(world.db)
    for call in (await hand.live())[:1]:
        await hand.answers(call, PickOutcome.DECLINED)
    sender = await world.sender()
    await world.db.run("UPDATE call SET dialled_at = NULL WHERE outcome IS NULL")
    await emptied(sender)
    assert sorted(row.error for row in await world.messages()) == ["", "已经呼叫过该专家"]
    (sent,) = world.gateway.requests
    assert PUBLISHED in sent["text"]
    assert "越华路" not in sent["text"]


async def test_nobody_is_told_at_night_of_a_call_in_the_morning(
    world: World, rules_that_announce: Callable[[int], str]
) -> None:
    await world.started(PHONES[:1], rules=rules_that_announce(45))
    await outbox.plan(world.db, announce=False)
    assert await world.messages() == []


async def test_a_kind_of_a_newer_version_does_not_stop_the_others(world: World) -> None:
    await world.agreed(PHONES[:1])
    await outbox.plan(world.db)
    await world.db.run(
        "INSERT INTO message (kind, matter, activity, pick) SELECT 'carrier_pigeon', matter, activity, pick FROM message"
    )
    await emptied(await world.sender())
    assert {row.kind: row.how_far for row in await world.messages()} == {
        "details": "submitted",
        "carrier_pigeon": "sending",
    }


async def test_the_witness_gets_the_receipt_of_each_draw(world: World) -> None:
    hand = await world.started(PHONES[:1], witnesses=(witness("13900000000"),))
    sender = await world.sender()
    await emptied(sender)
    await emptied(sender)
    (sent,) = world.gateway.requests
    commit = await world.db.value("SELECT encode(hash, 'hex') FROM transcript WHERE type = 'commit'")
    assert sent["to"] == "13900000000"
    assert f"指纹 {fingerprint(commit)}；名册1人；条件1：主专业1人" in sent["text"]
    assert hand.activity in sent["text"]


async def test_the_witness_gets_the_head_with_the_seal(world: World) -> None:
    hand = await world.started(PHONES[:1], witnesses=(witness("13900000000"),))
    async with world.db.transaction() as tx:
        await halts.force_end(tx, world.keys.custody, hand.activity, "clerk", Role.HANDLER, "流标")
    await hand.advance()
    sender = await world.sender()
    await emptied(sender)
    await emptied(sender)
    (sent,) = world.gateway.requests
    head = await world.db.one("SELECT size, encode(root, 'hex') AS root FROM ledger_head WHERE given = 'seal'")
    assert sent["to"] == "13900000000"
    assert f"活动{hand.activity}第1次抽取已经封存；账本{head.size}条，校验值开头 {head.root[:8]}。" in sent["text"]
    told = await world.db.one("SELECT size, encode(root, 'hex') AS root, whom FROM ledger_head WHERE given = 'sms'")
    assert (told.size, told.root, told.whom) == (head.size, head.root, "supervisor-1")


async def test_who_is_called_about_a_change_gets_it_in_writing_once(world: World) -> None:
    hand = await world.agreed(PHONES[:1])
    pick = await world.db.value("SELECT id FROM pick")
    matters = (
        ("change_of_time", {"earlier": "2026-12-01T09:00:00+08:00"}), ("change_of_time", {"earlier": "2026-12-02T09:00:00+08:00"}),
        ("withdrawal", {"ground": "流标"}),
    )  # fmt: skip
    await outbox.plan(world.db)
    for kind, matter in matters:
        for _ in range(2):  # two calls of one round
            async with world.db.transaction() as tx:
                assert await notices.ask(tx, kind, hand.activity, [pick], matter)
            await outbox.plan(world.db)  # a call that only waits: not yet
            (call,) = await hand.live()
            await outbox.plan(world.db)
            await world.db.run(
                "UPDATE call SET state = 'ended', outcome = 'no_answer', ended_at = clock_timestamp() WHERE id = %(id)s",
                {"id": call.id},
            )
    rows = [(row.kind, row.pick) for row in await world.messages()]
    assert rows == [("details", pick), ("time_changed", pick), ("time_changed", pick), ("withdrawal", pick)]
    await emptied(await world.sender())
    assert sum("退选" in each["text"] for each in world.gateway.requests) == 1


async def test_what_others_ask_for_is_sent_once(world: World) -> None:
    hand = await world.agreed(PHONES[:1])
    pick = await world.db.value("SELECT id FROM pick")
    answers = []
    for kind, about in (
        (Kind.WITHDRAWAL, ""), (Kind.WITHDRAWAL, ""), (Kind.TIME_CHANGED, "2026-12-01T09:00"),
        (Kind.TIME_CHANGED, "2026-12-02T09:00"),
    ):  # fmt: skip
        async with world.db.transaction() as tx:
            answers.append(await outbox.put_for_pick(tx, kind, hand.activity, pick, about=about))
    assert answers == [True, False, True, True]
    await emptied(await world.sender())
    texts = sorted(each["text"][14:20] for each in world.gateway.requests)
    assert texts == ["您原定于20", "您已同意参加", "您已同意参加", "您已同意参加"]


async def test_a_run_ends_when_told_and_wakes_when_told(world: World) -> None:
    sender = await world.sender()
    running = asyncio.create_task(sender.run())
    await world.agreed(PHONES[:1])
    sender.look()
    async with asyncio.timeout(60):
        while not world.gateway.requests:
            await asyncio.sleep(0.01)
        sender.stop()
        await running


async def test_the_plan_of_a_project_is_not_in_any_text(world: World) -> None:
    await world.agreed(PHONES[:2])
    await emptied(await world.sender())
    name = plan([condition()]).name
    for each in world.gateway.requests:
        assert all(word not in each["text"] for word in (name, "招标代理", "标段", "0617"))
