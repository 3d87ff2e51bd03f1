"""As test_clock_watch.py, where PostgreSQL's clock is really set (libfaketime), against the machine's own monotonic one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from db.pool import Database
from ivr.clock_watch import ClockStepped, ClockWatch
from ivr.lease import Lease
from tests.faketime import Clock, under_a_clock
from tests.postgres import Cluster, fresh_database

pytestmark = pytest.mark.postgres
HOUR = 3600.0
NEAR = 3.0


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Clock, Cluster]]:
    with under_a_clock() as both:
        yield both


@pytest.fixture
def clock(both: tuple[Clock, Cluster]) -> Clock:
    both[0].set(0.0)
    return both[0]


@pytest.fixture
async def db(both: tuple[Clock, Cluster], clock: Clock) -> AsyncIterator[Database]:
    with fresh_database(both[1]) as database:
        async with Database(database.dsn) as db:
            yield db


async def noted(db: Database) -> list[float]:
    return [row.step_s for row in await db.all("SELECT step_s FROM clock_step WHERE clock = 'database' ORDER BY id")]


@pytest.mark.parametrize("step", [HOUR, -HOUR, 10.0**8, -(10.0**8)])
async def test_a_step_is_noticed_once_and_moves_leases(db: Database, clock: Clock, step: float) -> None:
    holder, other = Lease(db, "n", 60.0), Lease(db, "n", 60.0)
    watches = [ClockWatch(db, f"n{n}") for n in range(3)]
    for watch in watches:
        await watch.look()
    assert await holder.take()
    left = "SELECT extract(epoch FROM lease_until - clock_timestamp())::float8 FROM node"
    clock.step(step)
    asked = watches[0].tick()
    now = await db.value("SELECT clock_timestamp()")
    with pytest.raises(ClockStepped):
        watches[0].check(now, asked)
    assert not await other.take()
    await asyncio.gather(*(watch.look() for watch in watches))
    assert await noted(db) == pytest.approx([step], abs=NEAR)
    assert 0 < await db.value(left) < 60 + NEAR
    assert await holder.renew()
    assert not await other.take()
    clock.step(-step)
    await asyncio.gather(*(watch.look() for watch in reversed(watches)))
    assert await noted(db) == pytest.approx([step, -step], abs=NEAR)


async def test_a_step_while_no_worker_ran(db: Database, clock: Clock) -> None:
    """By what the last one has left in the node's row; who takes it over finds it as free as it is."""
    before = Lease(db, "n", 6.0)
    await ClockWatch(db, "n").look()
    assert await before.take()
    clock.step(-HOUR)
    await ClockWatch(db, "n").look()
    assert await noted(db) == pytest.approx([-HOUR], abs=2 * NEAR)
    assert not await Lease(db, "n", 6.0).take()
    await before.release()
    clock.step(HOUR)
    await ClockWatch(db, "n").look()
    assert await noted(db) == pytest.approx([-HOUR, HOUR], abs=2 * NEAR)
    assert await Lease(db, "n", 6.0).take()


async def test_a_clock_that_is_not_set_is_not_noticed(db: Database, clock: Clock) -> None:
    watch = ClockWatch(db, "n")
    for _ in range(30):
        await watch.look()
        clock.step(0.002)  # as NTP slews in the seconds between two looks
    assert await noted(db) == []
