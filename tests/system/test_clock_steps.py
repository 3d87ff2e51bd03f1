"""A clock that is set in mid-draw, by the hour: a real PostgreSQL and real workers under it, real calls. The draw goes on as if
nobody had touched it: the same outcomes, as many calls, the same pauses; and the evidence holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from asterisk.far_end import Behaviour
from db.pool import Database
from drawing import evidence
from drawing.__main__ import main
from drawing.rules import Rules
from tests.faketime import Clock, under_a_clock
from tests.postgres import Cluster, fresh_database
from tests.scenes import condition
from tests.system.conftest import Stack, running_stack
from tests.system.crash import LIVE, watched
from tests.system.test_draw import begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]
HOUR = 3600.0
PAUSE = Rules.load("demo-1").calling.pause_after(["busy"])
STEPS = "SELECT step_s FROM clock_step WHERE clock = 'database' ORDER BY id"


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Clock, Cluster]]:
    with under_a_clock() as both:
        yield both


@pytest.fixture
def clock(both: tuple[Clock, Cluster]) -> Clock:
    both[0].set(0.0)
    return both[0]


@pytest.fixture
async def stack(
    both: tuple[Clock, Cluster], clock: Clock, tmp_path: Path, speech_cache: Path
) -> AsyncIterator[Stack]:
    with fresh_database(both[1]) as database:
        async with Database(database.dsn) as db, running_stack(db, database, tmp_path, speech_cache) as stack:
            stack.environment = clock.environment
            yield stack


async def noticed(stack: Stack, count: int) -> None:
    await stack.until(f"SELECT count(*) >= {count} FROM clock_step WHERE clock = 'database'")


async def rung(stack: Stack) -> Counter[str]:
    """How often each telephone was called, as the far end saw it."""
    return Counter(each.number for each in stack.telephone_log() if each.event == "incoming")


def pauses(stack: Stack, number: str) -> list[float]:
    """From the end of each call of a telephone to the beginning of the next, in the far end's seconds."""
    log = [each for each in stack.telephone_log() if each.number == number and each.event == "incoming"]
    return [after.at - before.at for before, after in itertools.pairwise(log)]


async def verifies(stack: Stack, activity: str, folder: Path) -> None:
    """As far as it can be checked before it is opened."""
    await evidence.export(stack.db, stack.keys.custody, activity, folder / "evidence")
    assert main(["verify", str(folder / "evidence")]) in (2, 3)


@pytest.mark.parametrize("step", [-HOUR, HOUR, -20.0])
async def test_a_clock_that_is_set_in_mid_draw_changes_nothing(
    stack: Stack, clock: Clock, step: float
) -> None:
    """Set while somebody talks, and once more while a retry waits."""
    behaviours = [Behaviour.BUSY, Behaviour.ACCEPTS, Behaviour.DECLINES, Behaviour.ACCEPTS]
    await begin(stack, behaviours, condition(seats=4))
    worker = await stack.worker(lease=6.0)
    async with watched(stack) as watch:
        await stack.until(LIVE)
        clock.step(step)
        await noticed(stack, 1)
        await stack.until("SELECT count(*) > 0 FROM call WHERE state = 'waiting' AND attempt > 1")
        clock.step(step)
        await noticed(stack, 2)
        await stack.until("SELECT count(*) = 0 FROM call WHERE state <> 'ended'")
    assert watch.wrong == set()
    tries = Rules.load("demo-1").unreached_tries
    assert await rung(stack) == {
        Behaviour.BUSY.number(0): next(times for outcome, times in tries.items() if outcome.value == "busy"),
        Behaviour.ACCEPTS.number(1): 1,
        Behaviour.DECLINES.number(2): 1,
        Behaviour.ACCEPTS.number(3): 1,
    }
    outcomes = await stack.db.all("SELECT outcome::text AS o FROM pick")
    assert sorted(row.o for row in outcomes) == ["accepted", "accepted", "declined", "unreached"]
    assert all(seconds > PAUSE - 1 for seconds in pauses(stack, Behaviour.BUSY.number(0)))
    assert [row.step_s for row in await stack.db.all(STEPS)] == pytest.approx([step, step], abs=3)
    await worker.says("the database's clock was set by")
    assert worker.process.returncode is None


async def test_a_clock_that_is_set_all_the_time(stack: Stack, clock: Clock, tmp_path: Path) -> None:
    """To and fro, by seconds and by most of a day, some three seconds apart, while ten telephones are called."""
    behaviours = [Behaviour.ACCEPTS, Behaviour.DECLINES, Behaviour.DOUBLED_KEY, Behaviour.BUSY, Behaviour.WRONG_KEYS] * 2
    activity = await begin(stack, behaviours, condition(seats=10))
    dice = random.Random(7)

    async def storm() -> None:
        while True:
            clock.set(dice.choice([0.0, -HOUR, HOUR, 40.0, -40.0, 4.0, 20 * HOUR, -20 * HOUR]))
            await asyncio.sleep(dice.uniform(2.5, 6.0))

    await stack.worker(lease=6.0)
    async with watched(stack) as watch:
        storming = asyncio.create_task(storm())
        try:
            await stack.until("SELECT count(*) = 10 FROM pick WHERE outcome <> 'open'")
        finally:
            storming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await storming
    assert watch.wrong == set()
    expected = {
        "ACCEPTS": "accepted", "DOUBLED_KEY": "accepted", "DECLINES": "declined", "BUSY": "unreached", "WRONG_KEYS": "unreached",
    }  # fmt: skip
    found = {row.expert: row.o for row in await stack.db.all("SELECT expert, outcome::text AS o FROM pick")}
    assert found == {n: expected[each.name] for n, each in enumerate(behaviours, start=1)}
    calls = await rung(stack)
    tries = {outcome.value: times for outcome, times in Rules.load("demo-1").unreached_tries.items()}
    for n, each in enumerate(behaviours):
        assert calls[each.number(n)] == {"BUSY": tries["busy"], "WRONG_KEYS": tries["wrong_keys"]}.get(each.name, 1), each
    for n, each in enumerate(behaviours):
        assert all(seconds > PAUSE - 1 for seconds in pauses(stack, each.number(n)))
    assert await stack.db.value("SELECT count(*) > 0 FROM clock_step")
    await verifies(stack, activity, tmp_path)


async def test_a_clock_set_while_no_worker_ran(stack: Stack, clock: Clock) -> None:
    """The retry of a call that ended before neither waits for an hour nor comes too soon, and the lease is free as it was."""
    await begin(stack, [Behaviour.BUSY, Behaviour.ACCEPTS], condition(seats=2))
    first = await stack.worker(lease=6.0)
    await stack.until("SELECT count(*) > 0 FROM call WHERE state = 'waiting' AND attempt > 1")
    first.kill()
    await first.ended()
    clock.step(-HOUR)
    await stack.worker(lease=6.0)
    await stack.until("SELECT count(*) = 0 FROM pick WHERE outcome = 'open'")
    assert [row.step_s for row in await stack.db.all(STEPS)] == pytest.approx([-HOUR], abs=10)
    assert all(seconds > PAUSE - 1 for seconds in pauses(stack, Behaviour.BUSY.number(0)))


async def test_two_workers_notice_a_step_once(stack: Stack, clock: Clock) -> None:
    """The one that waits for the lease watches too, and does not get it because a clock was set forward."""
    await begin(stack, [Behaviour.SILENT, Behaviour.ACCEPTS], condition(seats=2))
    first = await stack.worker(lease=6.0)
    await stack.until(LIVE)
    second = await stack.worker(lease=6.0)
    await stack.until("SELECT count(*) > 0 FROM call WHERE state = 'live'")
    clock.step(HOUR)
    await noticed(stack, 1)
    await stack.until("SELECT count(*) > 0 FROM pick WHERE outcome <> 'open'")
    assert (first.process.returncode, second.process.returncode) == (None, None)
    assert await stack.db.value("SELECT epoch FROM node") == 1
    assert [row.step_s for row in await stack.db.all(STEPS)] == pytest.approx([HOUR], abs=3)
