"""A clock that is set is noticed, once, and what waits is moved with it. The database's clock can't be set here; to these processes
it is the same when their monotonic one is set the other way. tests/system/test_clock_steps.py sets a real clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from db.pool import Database
from drawing import halts
from drawing.clock import Reading
from drawing.lifecycle import Role
from drawing.rules import Rules
from drawing.start import start
from ivr.calls import Outcome
from ivr.clock_watch import ACT, ClockStepped, ClockWatch, boottime
from ivr.dispatch import Q as DISPATCH
from ivr.lease import Lease
from ivr.messages import outbox
from ivr.messages.kinds import Kind
from ivr.messages.outbox import Claim
from tests.drawing.test_draw import Hand
from tests.postgres import TestDatabase
from tests.scenes import add_experts, condition, make_activity, make_keys, plan, witness

pytestmark = pytest.mark.postgres
HOUR = 3600.0
STEPS = [HOUR, -HOUR, 6.0, -6.0, 10.0**8, -(10.0**8)]
NEAR = 3.0
"""Seconds; a busy machine answers late, and a step is known no better."""


@dataclass
class Machine:
    """Whoever compares the database's clock with this one sees that it was set."""

    set_back: float = 0.0
    wall_ahead: float = 0.0
    boot: str = "boot"

    def database_is_set(self, seconds: float) -> None:
        self.set_back += seconds

    def tick(self) -> float:
        return boottime() - self.set_back

    def wall(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.wall_ahead - self.set_back)

    def reading(self) -> Reading:
        return Reading(self.boot, round(self.tick() * 1e9))

    def watch(self, db: Database, node: str = "n") -> ClockWatch:
        return ClockWatch(db, node, tick=self.tick, wall=self.wall, reading=self.reading)


@pytest.fixture
def machine() -> Machine:
    return Machine(set_back=-(10.0**9))  # so that it can be set back by much


async def noted(db: Database) -> list[tuple[str, float]]:
    return [(row.clock, row.step_s) for row in await db.all("SELECT clock, step_s FROM clock_step ORDER BY id")]


Drawn = Callable[[], Awaitable[Hand]]


@pytest.fixture
def drawn(db: Database, database: TestDatabase, tmp_path: Path) -> Drawn:
    async def drawn() -> Hand:
        keys = make_keys(tmp_path)
        add_experts(database.dsn, keys.custody.vault, [f"1390000{n:04d}" for n in range(30)])
        activity = await make_activity(db, keys.custody.vault, plan((condition(seats=3),), witnesses=()))
        await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
        hand = Hand(db, database.dsn, keys, activity)
        await hand.advance()
        return hand

    return drawn


@pytest.mark.parametrize("step", STEPS)
async def test_what_waits_for_the_end_of_a_pause_is_moved_with_the_clock(
    db: Database, drawn: Drawn, machine: Machine, step: float, caplog: pytest.LogCaptureFixture
) -> None:
    await drawn()
    await db.run("UPDATE call SET by_wall = true WHERE id = (SELECT max(id) FROM call)")
    await db.run("INSERT INTO node (name, lease_until) VALUES ('held', clock_timestamp()), ('never', '-infinity')")
    await db.run("INSERT INTO message (kind, matter, activity, pick) SELECT 'details', 'pick:' || id, activity, id FROM pick")
    await db.run("INSERT INTO session (token_hash, provider, identity, csrf, expires_at) VALUES"
                 " (sha256('x'), 'p', 'i', repeat('c', 32), clock_timestamp() + interval '1 hour')")  # fmt: skip
    asked = """
        SELECT extract(epoch FROM c.not_before)::float8 AS at, c.by_wall AS stays FROM call c
        UNION ALL SELECT extract(epoch FROM next_try)::float8, false FROM message
        UNION ALL SELECT extract(epoch FROM unnest(ARRAY[seen_at, expires_at, created_at]))::float8, false FROM session
        UNION ALL SELECT extract(epoch FROM lease_until)::float8, name = 'never' FROM node ORDER BY 2, 1
    """
    watch = machine.watch(db)
    await watch.look()
    before = await db.all(asked)
    machine.database_is_set(step)
    await watch.look()
    after = await db.all(asked)
    assert len(before) == 3 + 3 + 3 + 2
    for was, now in zip(before, after, strict=True):
        assert now.at == pytest.approx(was.at + (0 if was.stays else step), abs=NEAR)
    [(clock, size)] = await noted(db)
    assert clock == "database"
    assert size == pytest.approx(step, abs=NEAR)
    assert f"the database's clock was set by {'+' if step > 0 else '-'}" in caplog.text
    assert await db.value("SELECT count(*) FROM operation WHERE act = %(act)s", {"act": ACT}) == 1


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_what_waits_for_a_time_of_day_is_judged_again_at_once(
    db: Database, drawn: Drawn, machine: Machine, step: float
) -> None:
    """A clock that showed the night for a minute, and was put right, must not hold the calls until the morning."""
    await drawn()
    await db.run("UPDATE call SET by_wall = true, not_before = clock_timestamp() + interval '10 hours'")
    watch = machine.watch(db)
    await watch.look()
    machine.database_is_set(step)
    await watch.look()
    assert len(await db.all(DISPATCH.due, {"limit": 9, "held": []})) == 3


async def test_no_clock_that_runs_is_noticed(db: Database, machine: Machine) -> None:
    watch = machine.watch(db)
    for _ in range(20):
        await watch.look()
        machine.database_is_set(0.001)
    assert await noted(db) == []


@pytest.mark.parametrize("step", STEPS)
async def test_of_many_workers_only_one_moves_what_waits(db: Database, machine: Machine, step: float) -> None:
    watches = [machine.watch(db, f"node {n}") for n in range(6)]
    for watch in watches:
        await watch.look()
    machine.database_is_set(step)
    await asyncio.gather(*(watch.look() for watch in watches for _ in range(2)))
    assert [clock for clock, _ in await noted(db)] == ["database"]
    assert await db.value("SELECT extract(epoch FROM ahead)::float8 FROM clock") == pytest.approx(step, abs=NEAR)
    machine.database_is_set(-step)
    await asyncio.gather(*(watch.look() for watch in reversed(watches)))
    assert [size for _, size in await noted(db)] == pytest.approx([step, -step], abs=NEAR)
    assert await db.value("SELECT extract(epoch FROM ahead)::float8 FROM clock") == pytest.approx(0.0, abs=NEAR)


async def test_one_worker_alone_does_not_count_a_step_twice(db: Database, machine: Machine) -> None:
    watch = machine.watch(db)
    await watch.look()
    for step in (HOUR, -2 * HOUR, 50.0):
        machine.database_is_set(step)
        await asyncio.gather(*(watch.look() for _ in range(5)))
    assert [size for _, size in await noted(db)] == pytest.approx([HOUR, -2 * HOUR, 50.0], abs=NEAR)


async def test_a_step_while_no_worker_ran_is_noticed_by_the_next_on_the_machine(db: Database, machine: Machine) -> None:
    before = machine.watch(db)
    lease = Lease(db, "n", 15.0, reading=machine.reading)
    await before.look()
    assert await lease.take()
    machine.database_is_set(-HOUR)
    await machine.watch(db).look()
    assert [size for _, size in await noted(db)] == pytest.approx([-HOUR], abs=8.0)


async def test_a_lease_renewed_between_a_step_and_its_notice_misleads_nobody(db: Database, machine: Machine) -> None:
    """Its row was written by the new clock, and is moved all the same: a process that starts then must not compare with it."""
    watch, lease = machine.watch(db), Lease(db, "n", 15.0, reading=machine.reading)
    await watch.look()
    assert await lease.take()
    machine.database_is_set(HOUR)
    assert await lease.renew()
    await watch.look()
    await machine.watch(db).look()
    assert await lease.renew()
    await machine.watch(db).look()
    assert [size for _, size in await noted(db)] == pytest.approx([HOUR], abs=NEAR)


async def test_another_boot_tells_nothing(db: Database, machine: Machine) -> None:
    assert await Lease(db, "n", 15.0, reading=machine.reading).take()
    machine.boot = "another"
    machine.database_is_set(-HOUR)
    await machine.watch(db).look()
    assert await noted(db) == []


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_this_machine_s_own_clock_is_noted_and_moves_nothing(db: Database, machine: Machine, step: float) -> None:
    watch = machine.watch(db)
    await watch.look()
    machine.wall_ahead = step
    await watch.look()
    await watch.look()
    [(clock, size)] = await noted(db)
    assert clock == "worker"
    assert size == pytest.approx(step, abs=NEAR)
    assert await db.value("SELECT ahead = '0' FROM clock")


@pytest.mark.parametrize("step", STEPS)
async def test_nothing_is_written_by_a_clock_that_was_just_set(db: Database, machine: Machine, step: float) -> None:
    watch = machine.watch(db)
    now = "SELECT clock_timestamp()"
    watch.check(await db.value(now), watch.tick())  # before the first look nothing is known
    await watch.look()
    asked = watch.tick()
    watch.check(await db.value(now), asked)
    machine.database_is_set(step)
    asked = watch.tick()
    found = await db.value(now)
    with pytest.raises(ClockStepped):
        watch.check(found, asked)
    await watch.look()
    asked = watch.tick()
    watch.check(await db.value(now), asked)


# --- what is counted from a call's end or beginning ---------------------------------------------------------------


async def clock_was_set(db: Database, step: float) -> None:
    """For the rows it is the same whether the clock is set or they are moved the other way; and as a worker notes it."""
    back = {"step": step}
    await db.run(
        "UPDATE call SET not_before = not_before - s, dialled_at = dialled_at - s, ended_at = ended_at - s"
        " FROM make_interval(secs => %(step)s) AS s",
        back,
    )
    await db.run("UPDATE pick SET picked_at = picked_at - %(step)s * interval '1 second'", back)
    await db.run("UPDATE inbound SET ended_at = ended_at - %(step)s * interval '1 second'", back)
    await db.run(DISPATCH.shift_clock, back)


SET = [0.0, 7.0, -7.0, HOUR, -HOUR, 10.0**8, -(10.0**8)]
WAITING = "SELECT extract(epoch FROM not_before - clock_timestamp())::float8 AS s FROM call WHERE state = 'waiting'"


@pytest.mark.parametrize("step", SET)
@pytest.mark.parametrize("later", [False, True])
async def test_a_retry_keeps_its_pause_and_its_hold(db: Database, drawn: Drawn, step: float, later: bool) -> None:
    """Whether the clock is set before the retry is put there, or while it waits."""
    hand, rules = await drawn(), Rules.load("demo-1")
    for call in await hand.live():
        await hand.ends(call, Outcome.BUSY.value)
    if later:
        await hand.advance()
    await clock_was_set(db, step)
    for _ in range(2):
        await hand.advance()
    pause = rules.calling.pause_after(["busy"])
    waits = [row.s for row in await db.all(WAITING)]
    assert len(waits) == 3
    assert all(pause - 60 < seconds <= pause for seconds in waits), waits
    assert await db.value("SELECT count(*) FROM pick WHERE outcome <> 'open'") == 0


@pytest.mark.parametrize("step", SET)
async def test_a_seat_is_held_for_the_rules_time_and_no_longer(db: Database, drawn: Drawn, step: float) -> None:
    hand, rules = await drawn(), Rules.load("demo-1")
    for call in await hand.live():
        await hand.ends(call, Outcome.BUSY.value)
    await hand.advance()
    await db.run("UPDATE call SET ended_at = ended_at - %(s)s * interval '1 second'", {"s": rules.hold_s - 60})
    await db.run("UPDATE pick SET picked_at = picked_at - %(s)s * interval '1 second'", {"s": rules.hold_s + 60})
    await clock_was_set(db, step)
    await hand.advance()
    unreached = "SELECT count(*) FROM pick WHERE outcome = 'unreached'"
    assert await db.value(unreached) == 0
    await db.run("UPDATE call SET ended_at = ended_at - interval '70 seconds'")
    await hand.advance()
    assert await db.value(unreached) == 3


@pytest.mark.parametrize("step", SET)
async def test_calls_to_a_witness_go_on_from_where_they_were(
    db: Database, database: TestDatabase, tmp_path: Path, step: float
) -> None:
    """A clock set back behind the commit does not begin the witness's tries anew, nor call again without a pause."""
    keys = make_keys(tmp_path)
    add_experts(database.dsn, keys.custody.vault, ["13900000001"])
    activity = await make_activity(db, keys.custody.vault, plan((condition(),), witnesses=(witness("13900000002"),)))
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    hand = Hand(db, database.dsn, keys, activity)
    await hand.advance()
    [call] = await hand.live()
    await hand.ends(call, Outcome.NO_ANSWER.value)
    await clock_was_set(db, -step)
    await hand.advance()
    [again] = await db.all("SELECT attempt, flow FROM call WHERE state = 'waiting'")
    [row] = await db.all(WAITING)
    pause = Rules.load("demo-1").witness_pause_s
    assert (again.attempt, again.flow) == (2, "witness")
    assert pause - 60 < row.s <= pause


@pytest.mark.parametrize("step", SET)
async def test_a_person_s_budget_counts_real_hours(db: Database, drawn: Drawn, step: float) -> None:
    hand = await drawn()
    [call, *_] = await hand.live()
    await db.run("UPDATE call SET dialled_at = dialled_at - interval '50 minutes'")
    await clock_was_set(db, step)
    expert = await db.value("SELECT expert FROM call WHERE id = %(id)s", {"id": call.id})
    values: dict[str, Any] = {"expert": expert, "activity": hand.activity, "pick": call.pick, "travel": 0, "numbers": []}
    row = await db.one(DISPATCH.call_now, values)
    [called] = row.called
    assert row.on_the_line
    assert (row.now - called).total_seconds() == pytest.approx(50 * 60, abs=60)
    assert (await db.one(DISPATCH.call_backs, {"expert": expert, "flows": ["invitation"]})).hour == 1


@pytest.mark.parametrize("step", SET)
async def test_a_pause_of_the_draw_is_as_long_as_it_was(db: Database, drawn: Drawn, step: float) -> None:
    """What is not held while the draw is paused (D5) is counted by the monotonic clock beside the entries."""
    hand, rules = await drawn(), Rules.load("demo-1")
    for call in await hand.live():
        await hand.ends(call, Outcome.BUSY.value)
    await hand.advance()
    await clock_was_set(db, step)
    async with db.transaction() as tx:
        await halts.pause(tx, hand.keys.custody, hand.activity, "clerk", Role.HANDLER, "reason")
    async with db.transaction() as tx:
        await halts.resume(tx, hand.keys.custody, hand.activity, "clerk", Role.HANDLER)
    await db.run("UPDATE call SET ended_at = ended_at - %(s)s * interval '1 second'", {"s": rules.hold_s + 10})
    await db.run("UPDATE pick SET picked_at = picked_at - %(s)s * interval '1 second'", {"s": rules.hold_s + 10})
    await hand.advance()
    assert await db.value("SELECT count(*) FROM pick WHERE outcome = 'unreached'") == 3


async def test_a_message_that_is_being_sent_does_not_seem_lost(db: Database, drawn: Drawn, machine: Machine) -> None:
    """Between the step and its notice nothing is taken: it would be sent twice."""
    await drawn()
    await db.run("INSERT INTO message (kind, matter, activity, pick) SELECT 'details', 'pick:' || id, activity, id FROM pick")
    lease, watch = Lease(db, "n", 60.0, reading=machine.reading), machine.watch(db)
    await watch.look()
    assert await lease.take()
    right = Claim(lease.node, lease.holder, lease.epoch)
    assert len(await outbox.claim(db, right, [Kind.DETAILS], 9, checked=partial(watch.check, asked=watch.tick()))) == 3
    machine.database_is_set(HOUR)
    await db.run("UPDATE message SET next_try = next_try - interval '1 hour'")  # as they look by the clock now
    with pytest.raises(ClockStepped):
        await outbox.claim(db, right, [Kind.DETAILS], 9, checked=partial(watch.check, asked=watch.tick()))
    await watch.look()
    assert await outbox.claim(db, right, [Kind.DETAILS], 9, checked=partial(watch.check, asked=watch.tick())) == []
    assert await db.value("SELECT max(tries) FROM message") == 1
