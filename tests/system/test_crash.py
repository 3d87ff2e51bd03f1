"""Whatever dies in mid-draw, a new worker brings the draw to its end, and nothing that must hold is broken on the way.

The invariants are in tests/system/crash.py.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from asterisk.far_end import Behaviour
from db.blocking import transaction
from drawing import decide
from drawing.decide import Call
from tests.scenes import condition, witness
from tests.system.conftest import Stack, Worker
from tests.system.crash import LIVE, TALKING, children, comes_to_its_end, gone, watched
from tests.system.proxy import Proxy
from tests.system.test_draw import begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]

LEASE = 1.5
NOBODY_WRITES = """
SELECT count(*) = 0 FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND backend_xid IS NOT NULL
"""
NOW: dict[str, Any] = {"opens_in": timedelta(0), "gathers_in": timedelta(minutes=20)}
RINGS_LONG = pytest.mark.parametrize("stack", [{"answer_after": 1.2}], indirect=True)
ACCEPTED = "SELECT count(*) > 0 FROM call WHERE outcome = 'accepted' AND state = 'live'"


async def killed(worker: Worker) -> None:
    """As a power cut would; its children go with it."""
    below = children(worker)
    worker.kill()
    await worker.ended()
    await gone(below)


@RINGS_LONG
async def test_the_worker_is_killed_while_it_rings_while_people_listen_and_right_after_a_key(
    stack: Stack, tmp_path: Path
) -> None:
    activity = await begin(stack, [Behaviour.ACCEPTS] * 5, **NOW)
    async with watched(stack) as watch:
        worker = await stack.worker(lease=LEASE)
        for moment in (LIVE, TALKING, ACCEPTED):
            await stack.until(moment)
            before = await stack.db.all("SELECT id FROM call WHERE outcome = 'accepted'")
            await killed(worker)
            worker = await stack.worker(lease=LEASE)
            await stack.until("SELECT count(*) = 0 FROM call WHERE state = 'live' AND epoch < (SELECT epoch FROM node)")
        await comes_to_its_end(watch, activity, tmp_path)
    assert before
    stands = await stack.db.all("SELECT id FROM call WHERE outcome = 'accepted'")
    assert {row.id for row in before} <= {row.id for row in stands}
    assert await stack.db.value("SELECT count(*) > 0 FROM call WHERE flow = 'details' AND outcome = 'delivered'")


async def test_the_worker_is_killed_in_the_commit_in_the_witness_call_and_in_the_order(
    stack: Stack, tmp_path: Path
) -> None:
    supervisor = witness(Behaviour.SILENT.number(99))
    activity = await begin(stack, [Behaviour.ACCEPTS] * 3, condition(seats=1), witnesses=(supervisor,), **NOW)
    async with watched(stack) as watch:
        await _killed_in_its_job(stack, "expert")
        for attempt in (1, 2):
            worker = await stack.worker(lease=LEASE)
            await stack.until(TALKING + " AND flow = 'witness' AND attempt = %(n)s", n=attempt)
            await killed(worker)
        await _the_share_is_given(stack, activity)  # the last thing that happened before
        await _killed_in_its_job(stack, "order_block")
        assert await stack.db.value("SELECT count(*) = 0 FROM order_block")
        await stack.worker(lease=LEASE)
        await comes_to_its_end(watch, activity, tmp_path)
    kinds = [row.type for row in await stack.db.all("SELECT type FROM transcript ORDER BY seq")]
    assert [kinds.count(each) for each in ("commit", "witness_try", "witness")] == [1, 1, 1]


async def _the_share_is_given(stack: Stack, activity: str) -> None:
    call = await stack.db.one("SELECT id, epoch FROM call WHERE state = 'live' AND flow = 'witness'")
    async with stack.db.transaction() as tx:
        facts = {"expert": "supervisor-1"}
        await decide.share(tx, stack.keys.custody, Call(call.id, activity, call.epoch), "48291306", facts)


async def _killed_in_its_job(stack: Stack, table: str) -> None:
    """Hold the job's process at a table that it needs, and kill the worker above it."""
    waiting = "SELECT count(*) > 0 FROM pg_locks WHERE relation = %(table)s::regclass AND NOT granted"
    with transaction(stack.database.owner_dsn) as tx:
        tx.run(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        worker = await stack.worker(lease=LEASE)
        await stack.until(waiting, table=table)
        assert children(worker)
        await killed(worker)


@RINGS_LONG
async def test_the_worker_is_killed_again_and_again(stack: Stack, tmp_path: Path) -> None:
    dice = random.Random(2026)
    telephones = [Behaviour.ACCEPTS] * 4 + [Behaviour.DECLINES] * 2 + [Behaviour.BUSY]
    activity = await begin(stack, telephones, condition(seats=2), condition("c2", seats=1), **NOW)
    async with watched(stack) as watch:
        for _ in range(4):
            worker = await stack.worker(lease=LEASE)
            await stack.until(
                "SELECT count(*) > 0 FROM node WHERE holder IS NOT NULL AND lease_until > clock_timestamp()"
            )
            end = time.time() + dice.uniform(1.0, 6.0)
            await stack.until("SELECT extract(epoch FROM clock_timestamp()) > %(end)s", end=end)
            await killed(worker)
        await stack.worker(lease=LEASE)
        await comes_to_its_end(watch, activity, tmp_path)


@pytest.mark.parametrize("reconciled", [False, True])
@RINGS_LONG
async def test_a_worker_that_slept_past_its_lease_sends_nothing_more(
    stack: Stack, tmp_path: Path, reconciled: bool
) -> None:
    activity = await begin(stack, [Behaviour.ACCEPTS] * 4, **NOW)
    async with watched(stack) as watch:
        first = await stack.worker(lease=LEASE)
        await _pause_with_all_dialled(stack, first)
        second = await stack.worker(lease=LEASE)
        await stack.until("SELECT epoch = 2 FROM node")
        if reconciled:
            await stack.until("SELECT count(*) > 0 FROM call WHERE outcome = 'interrupted'")
        second.pause()  # whatever happens now is the first one's doing, but for what it has sent already
        await stack.until(NOBODY_WRITES)
        before = await _what_there_is(stack)
        first.go_on()
        assert await first.ended() == 3, first.log.read_text()
        assert await _what_there_is(stack) <= before
        second.go_on()
        await comes_to_its_end(watch, activity, tmp_path)
    assert await stack.db.value("SELECT max(epoch) FROM call") == 2


async def _what_there_is(stack: Stack) -> set[str]:
    """Channels, what every call came to, and every entry. Whose turn is next may be written by any worker, lease or not."""
    calls = await stack.db.all(
        "SELECT id || state || coalesce(epoch, 0) || coalesce(outcome::text, '') AS it FROM call WHERE state <> 'waiting'"
    )
    entries = await stack.db.all("SELECT seq::text AS it FROM transcript WHERE type <> 'pick'")
    return {*await stack.channels(), *(row.it for row in calls), *(row.it for row in entries)}


async def test_a_worker_that_slept_between_making_a_call_live_and_dialling(stack: Stack, tmp_path: Path) -> None:
    activity = await begin(stack, [Behaviour.ACCEPTS] * 12, condition(seats=6), **NOW)
    async with watched(stack) as watch:
        first = await stack.worker(lease=LEASE)
        await stack.until("SELECT count(*) > 5 FROM call")
        while not await _undialled(stack) and not await stack.db.value(
            "SELECT count(*) = 6 FROM call WHERE state <> 'waiting'"
        ):
            first.go_on()
            await stack.until(LIVE)
            first.pause()
        await stack.worker(lease=LEASE)
        await stack.until("SELECT epoch = 2 FROM node")
        first.go_on()
        assert await first.ended() == 3, first.log.read_text()
        await comes_to_its_end(watch, activity, tmp_path)


async def _pause_with_all_dialled(stack: Stack, worker: Worker) -> None:
    """Stopped between the look at its lease and the request, it sends that one still: the next test is about that."""
    while True:
        await stack.until(LIVE)
        worker.pause()
        if not await _undialled(stack):
            return
        worker.go_on()


async def _undialled(stack: Stack) -> bool:
    live = await stack.db.all("SELECT id FROM call WHERE state = 'live'")
    return bool({row.id for row in live} - set(await stack.channels()))


@RINGS_LONG
async def test_asterisk_is_killed_and_stays_away_for_longer_than_a_lease(stack: Stack, tmp_path: Path) -> None:
    activity = await begin(stack, [Behaviour.ACCEPTS] * 4, **NOW)
    cuts = []
    async with watched(stack) as watch:
        worker = await stack.worker(lease=LEASE)
        for attempt, away in enumerate((0.0, 2 * LEASE), start=1):
            await stack.until(TALKING + " AND attempt = %(n)s", n=attempt)
            await stack.node.kill()
            cuts.append(time.time())
            await stack.until("SELECT extract(epoch FROM clock_timestamp()) > %(end)s", end=cuts[-1] + away)
            await stack.node.start()
            await stack.until(
                "SELECT count(*) > 0 FROM call WHERE outcome = 'interrupted' AND attempt = %(n)s", n=attempt
            )
        await comes_to_its_end(watch, activity, tmp_path, cuts)
    assert worker.process.returncode is None
    assert await stack.db.value("SELECT epoch FROM node") == 1


async def test_sigterm_ends_in_order(stack: Stack, tmp_path: Path) -> None:
    telephones = [Behaviour.NEVER_ANSWERS] * 2 + [Behaviour.ACCEPTS] * 6
    activity = await begin(stack, telephones, condition(seats=6), **NOW)
    async with watched(stack) as watch:
        first = await stack.worker(lease=60)
        await stack.until(TALKING)
        talking = {row.id for row in await stack.db.all("SELECT id FROM call WHERE state = 'live'")}
        first.process.terminate()
        assert await first.ended() == 0, first.log.read_text()
        ended = await stack.db.all("SELECT id, outcome::text AS outcome FROM call WHERE dialled_at IS NOT NULL")
        assert {row.outcome for row in ended if row.id in talking} <= {"accepted", "cancelled"}
        assert await stack.db.value("SELECT count(*) FROM call WHERE outcome = 'accepted'")
        assert await stack.channels() == []
        await stack.worker(lease=60)  # within the first one's lease
        await comes_to_its_end(watch, activity, tmp_path)
    assert not await stack.db.value("SELECT count(*) > 0 FROM call WHERE outcome = 'interrupted'")


async def test_flows_live_on_when_the_websocket_alone_is_lost(stack: Stack, tmp_path: Path) -> None:
    activity = await begin(stack, [Behaviour.ACCEPTS] * 2, **NOW)
    async with Proxy(stack.node.settings.http_port) as proxy, watched(stack) as watch:
        await stack.worker(lease=60, ari_url=f"http://127.0.0.1:{proxy.port}/ari")
        await stack.until(TALKING)
        assert proxy.websockets == 1
        proxy.cut_events()
        await comes_to_its_end(watch, activity, tmp_path)
        assert proxy.websockets == 2
    assert await stack.db.value("SELECT count(*) FROM call") == 2  # each at the first try
