"""Attacks on the end of a chain, with the service's own role: entries after `close`, a result opened early, a clock that is set."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.errors import DatabaseError, Forbidden
from db.pool import Database
from drawing import halts, result
from drawing.chain import Chain, Closed, Q, read_clock
from drawing.decide import lock
from drawing.lifecycle import Role
from drawing.orders import Orders
from drawing.result import Sealed
from drawing.seats import PickOutcome
from drawing.start import start
from drawing.transcript import EntryType, parse_stamp, stamp
from ivr.advancing import Advancing
from tests.drawing.test_draw import Hand, the_clock_reaches_the_end, the_clock_reaches_the_opening
from tests.drawing.test_ending import all_agree, sweep
from tests.ivr.test_advancing import WAIT, settings
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan, shift_times

pytestmark = pytest.mark.postgres
Begin = Callable[..., Any]
FORGED = """INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig)
SELECT activity, %(seq)s, at, 'unseal', '{}', hash, hash, sig FROM transcript WHERE activity = %(a)s ORDER BY seq DESC LIMIT 1"""
LAST = "SELECT max(seq) FROM transcript WHERE activity = %(a)s"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def hand(db: Database, database: TestDatabase, keys: Keys) -> Hand:
    """A draw under way: two seats, two calls."""
    add_experts(database.dsn, keys.custody.vault, [f"138000000{n:02d}" for n in range(6)])
    number = await make_activity(db, keys.custody.vault, plan((condition(seats=2),)))
    await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
    hand = Hand(db, database.dsn, keys, number)
    await hand.advance()
    return hand


async def closed(hand: Hand) -> int:
    """Everybody has agreed, the clock has opened and ended it; the place of `close`."""
    await all_agree(hand)
    await the_clock_reaches_the_end(hand)
    await sweep(hand)
    await sweep(hand)
    assert (await hand.types())[-1] == "close"
    return int(await hand.db.value(LAST, {"a": hand.activity}))


# --- nothing follows close --------------------------------------------------------------------------------------


@pytest.mark.parametrize("further", [1, 7, -1000])
async def test_the_database_refuses_any_entry_after_close(hand: Hand, further: int) -> None:
    end = await closed(hand)
    with pytest.raises(DatabaseError):
        await hand.db.run(FORGED, {"a": hand.activity, "seq": end + further})
    async with hand.db.transaction() as tx:  # nor under an isolation that would not see what was written meanwhile
        await tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(Forbidden):
            await tx.run(FORGED, {"a": hand.activity, "seq": end + 1})
        await tx._rollback()
    assert (await hand.types())[-1] == "close"


async def test_an_entry_that_waits_while_the_chain_is_closed_is_refused(hand: Hand) -> None:
    """It asks before `close` is there, and would be written after it."""
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    await sweep(hand)
    shift_times(hand.dsn, hand.activity, start="-3 hours", end="0 s")
    insider = Database(hand.dsn, size=1)
    async with insider, hand.db.transaction() as tx:
        row = await lock(tx, hand.activity)
        chain = Chain.of(tx, row, hand.keys.custody.signer)
        entry = await chain.append(EntryType.CLOSE, {"reason": "ended", "ledger": {"size": 1, "root": "0" * 64}})
        await tx.value(LAST, {"a": hand.activity})
        writes = asyncio.create_task(insider.run(FORGED, {"a": hand.activity, "seq": entry.seq + 5}))
        async with asyncio.timeout(WAIT):
            while not await hand.db.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
                await asyncio.sleep(0.01)
        await tx._commit()
        with pytest.raises(Forbidden, match="closed"):
            await writes
    assert await hand.db.value(LAST, {"a": hand.activity}) == entry.seq


async def test_the_service_itself_gets_a_clear_error(hand: Hand) -> None:
    await closed(hand)
    async with hand.db.transaction() as tx:
        row = await lock(tx, hand.activity)
        chain = Chain.of(tx, row, hand.keys.custody.signer)
        with pytest.raises(Closed, match="记录链已封闭"):
            await chain.append(EntryType.PAUSE, {"reason": "x", "agreed": 0, "live": 0})


async def test_heads_that_were_given_out_stay(hand: Hand) -> None:
    for statement in ("DELETE FROM ledger_head", "UPDATE ledger_head SET size = 1", "TRUNCATE ledger_head"):
        with pytest.raises(Forbidden):
            await hand.db.run(statement)
    with pytest.raises(DatabaseError):  # a second head for one commit: which of them was said?
        await hand.db.run(
            "INSERT INTO ledger_head (activity, draw, size, root, given) SELECT activity, draw, 9, root, given FROM ledger_head"
        )


# --- nothing is opened early ------------------------------------------------------------------------------------

EARLY = {
    "opens it": "UPDATE draw SET unsealed_at = clock_timestamp()",
    "opens it in the future": "UPDATE draw SET unsealed_at = clock_timestamp() + interval '9 days'",
    "opens it with a longer lead": "UPDATE draw SET opens_lead_s = 999999, unsealed_at = clock_timestamp()",
    "lengthens the lead": "UPDATE draw SET opens_lead_s = 999999",
    "adds an open draw": "INSERT INTO draw (activity, no, commit_hash, system_share_enc, pool_key_enc, pool_size, sealed_at,"
    " unsealed_at) SELECT activity, 2, commit_hash, system_share_enc, pool_key_enc, 1, sealed_at, clock_timestamp() FROM draw",
    "moves 预计评标开始": "UPDATE activity SET evaluation_start = clock_timestamp() + interval '60 s', bid_opening = '2026-01-01'",
    "has it begin again": "UPDATE activity SET started_at = NULL",
    "chooses other rules": "UPDATE activity SET rules = 'bench-1'",
    "chooses another end": "UPDATE activity SET on_site = true",
}


@pytest.mark.parametrize("attack", EARLY)
async def test_nobody_opens_a_result_early(hand: Hand, attack: str) -> None:
    await all_agree(hand)
    with pytest.raises(Forbidden):
        await hand.db.run(EARLY[attack])
    assert await sweep(hand) == []
    with pytest.raises(Sealed):
        await result.members(hand.db, hand.keys.custody, hand.activity)


MOVED = {
    "to now": ["UPDATE notice SET gather_at = clock_timestamp()"],
    "to the past": ["UPDATE notice SET gather_at = clock_timestamp() - interval '9 days'"],
    "with another notice": [
        "INSERT INTO notice (activity, id, venue, district, address, gather_at, contact, contact_phone)"
        " SELECT activity, 7, venue, district, address, '2026-01-01', contact, contact_phone FROM notice",
    ],
}


@pytest.mark.parametrize("moved", MOVED)
async def test_a_moved_gathering_opens_nothing_before_its_floor(hand: Hand, moved: str) -> None:
    await all_agree(hand)
    for statement in MOVED[moved]:
        await hand.db.run(statement)
    assert await sweep(hand) == []
    with pytest.raises(Sealed):
        await result.members(hand.db, hand.keys.custody, hand.activity)
    with pytest.raises(Forbidden):
        await hand.db.run("UPDATE draw SET unsealed_at = clock_timestamp()")
    floor = await hand.db.value("SELECT evaluation_start - interval '1800 s' FROM activity")
    assert await hand.db.value("SELECT result_opens_at(activity, 1800) FROM draw") >= floor


async def test_a_notice_that_no_condition_uses_opens_nothing(hand: Hand) -> None:
    """A gathering was moved to a later hour; another notice beside it does not bring the opening back."""
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    await hand.db.run("UPDATE notice SET gather_at = gather_at + interval '1 hour'")
    await hand.db.run(MOVED["with another notice"][0])
    assert await sweep(hand) == []


async def test_after_a_forced_end_nobody_is_named_whoever_asks(hand: Hand) -> None:
    for call in await hand.live():
        await hand.answers(call, PickOutcome.ACCEPTED)
        await hand.ends(call, "accepted")
        break
    async with hand.db.transaction() as tx:
        await halts.force_end(tx, hand.keys.custody, hand.activity, "clerk", Role.HANDLER, "流标")
    for call in await hand.live():
        await hand.ends(call, "no_answer")
    await hand.advance()
    await the_clock_reaches_the_opening(hand)
    with pytest.raises(Forbidden, match="nobody is named"):
        await hand.db.run("UPDATE draw SET unsealed_at = clock_timestamp()")
    await sweep(hand)
    with pytest.raises(Forbidden):
        await hand.db.run("UPDATE draw SET names_nobody = false")
    assert await result.members(hand.db, hand.keys.custody, hand.activity) == []


async def test_what_is_open_is_not_shut_again(hand: Hand) -> None:
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    await sweep(hand)
    for change in ("unsealed_at = NULL", "unsealed_at = clock_timestamp()", "names_nobody = true"):
        with pytest.raises(Forbidden):
            await hand.db.run(f"UPDATE draw SET {change}")


# --- nobody needs to look ---------------------------------------------------------------------------------------


async def test_the_worker_opens_though_nobody_looks(hand: Hand, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its own loop over what is due, as `ivr.worker` feeds it; no page, no export."""
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    custody = hand.keys.custody
    advancing = Advancing(settings(hand.dsn, hand.keys, tmp_path), hand.db, custody, Orders(custody.vault), lambda: None)
    running = asyncio.create_task(advancing.run())
    try:
        with caplog.at_level(logging.WARNING):
            async with asyncio.timeout(WAIT):
                while not await hand.db.value("SELECT count(*) FROM operation WHERE act = 'unseal'"):
                    advancing.note([row.id for row in await hand.db.all(Q.running)])
                    await asyncio.sleep(0.05)
        assert caplog.records == []
    finally:
        advancing.stop()
        await running
        await advancing.close()
    assert (await hand.types()).count("unseal") == 1  # as often as it was named


# --- a clock that is set ----------------------------------------------------------------------------------------


async def write_ahead(hand: Hand, clock: str) -> datetime:
    """An entry that was written while the wall clock was an hour fast, five seconds ago by the monotonic one; its time."""
    at = stamp(datetime.now(UTC) + timedelta(hours=1))
    await hand.db.run(
        "INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig, clock)"
        " SELECT activity, max(seq) + 1, %(at)s, 'resume', '{}', '', '', '', %(clock)s FROM transcript GROUP BY activity",
        {"at": at, "clock": clock},
    )
    return parse_stamp(at)


async def next_at(hand: Hand) -> datetime:
    """The time of the entry after that, which a pause writes."""
    async with hand.db.transaction() as tx:
        await halts.pause(tx, hand.keys.custody, hand.activity, "clerk", Role.HANDLER, "会场变更")
    row = (await hand.db.all(Q.chain, {"activity": hand.activity}))[-1]
    assert row.type == "pause"
    return parse_stamp(row.at)


async def test_a_clock_that_is_set_back_does_not_stop_the_chains_time(hand: Hand) -> None:
    now = read_clock()
    ahead = await write_ahead(hand, f"{now.boot}:{now.ns - 5_000_000_000}")
    at = await next_at(hand)
    assert at >= ahead + timedelta(seconds=5)
    spent = timedelta(microseconds=(read_clock().ns - now.ns) // 1000)
    assert at <= ahead + timedelta(seconds=5) + spent


@pytest.mark.parametrize("clock", ["", "another boot:17"])
async def test_without_a_common_clock_it_waits_and_never_goes_back(hand: Hand, clock: str) -> None:
    ahead = await write_ahead(hand, clock)
    assert await next_at(hand) == ahead


async def test_a_clock_that_is_set_forward_is_followed(hand: Hand) -> None:
    """The wall clock is the time; only backwards it can't pull the chain."""
    before = datetime.now(UTC)
    now = read_clock()
    await hand.db.run(
        "INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig, clock)"
        " SELECT activity, max(seq) + 1, %(at)s, 'resume', '{}', '', '', '', %(clock)s FROM transcript GROUP BY activity",
        {"at": stamp(before - timedelta(hours=1)), "clock": str(now)},
    )
    assert await next_at(hand) >= before - timedelta(milliseconds=1)
