"""The lease: told by monotonic clocks and by looking, whatever the database's clock is set to."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from db.blocking import transaction
from db.pool import Database
from drawing.clock import Reading
from ivr.lease import Lease
from tests.postgres import TestDatabase

pytestmark = pytest.mark.postgres
SECONDS = 15.0


@dataclass
class Machine:
    """A monotonic clock."""

    boot: str = "one"
    ns: int = 10**12

    def reading(self) -> Reading:
        return Reading(self.boot, self.ns)

    def pass_by(self, seconds: float) -> None:
        self.ns += round(seconds * 10**9)


async def clock_is_set(db: Database, seconds: float) -> None:
    """For the rows it is the same whether the clock is set or they are moved the other way; nobody has noticed yet."""
    await db.run("UPDATE node SET lease_until = lease_until - %(s)s * interval '1 second'", {"s": seconds})


@pytest.mark.parametrize("step", [3600.0, -3600.0, 10.0**9, -(10.0**9)])
async def test_a_clock_that_is_set_takes_the_lease_from_nobody_and_keeps_it_for_nobody(db: Database, step: float) -> None:
    machine = Machine()
    holder, other = (Lease(db, "n", SECONDS, reading=machine.reading) for _ in range(2))
    assert await holder.take()
    await clock_is_set(db, step)
    machine.pass_by(SECONDS - 0.1)
    assert (holder.held, await other.take(), await holder.renew()) == (True, False, True)
    await clock_is_set(db, step)
    machine.pass_by(SECONDS - 0.1)
    assert not await other.take()
    machine.pass_by(0.2)
    assert (holder.held, await other.take(), await holder.renew()) == (False, True, False)
    assert other.epoch == 2


@pytest.mark.parametrize("step", [0.0, 3600.0, -3600.0])
async def test_another_machine_waits_until_it_has_seen_no_renewal_for_a_whole_lease(db: Database, step: float) -> None:
    here, there = Machine("here"), Machine("there", 5)
    holder, other = Lease(db, "n", SECONDS, reading=here.reading), Lease(db, "n", 60.0, reading=there.reading)
    assert await holder.take()
    await clock_is_set(db, step)
    for _ in range(4):  # as long as the holder renews it
        assert not await other.take()
        there.pass_by(10.0)
        here.pass_by(10.0)
        assert await holder.renew()
    assert not await other.take()
    there.pass_by(SECONDS - 0.1)
    assert not await other.take()
    there.pass_by(0.2)
    assert await other.take()


async def test_what_was_released_is_free_at_once_for_everybody(db: Database) -> None:
    holder, other = Lease(db, "n", SECONDS), Lease(db, "n", SECONDS, reading=Machine("there").reading)
    assert not holder.held
    assert await holder.take()
    await holder.release()
    assert await other.take()


async def test_only_one_of_many_takes_what_has_run_out(db: Database) -> None:
    machine = Machine()
    dead, *others = (Lease(db, "n", SECONDS, reading=machine.reading) for _ in range(6))
    assert await dead.take()
    machine.pass_by(SECONDS + 1)
    assert sum([await other.take() for other in others]) == 1


async def test_a_renewal_between_the_look_and_the_taking_wins(db: Database, database: TestDatabase) -> None:
    machine = Machine()
    holder, other = (Lease(db, "n", SECONDS, reading=machine.reading) for _ in range(2))
    assert await holder.take()
    machine.pass_by(SECONDS + 1)

    def renewed_meanwhile() -> Reading:
        with transaction(database.dsn) as tx:
            tx.run("UPDATE node SET clock = %(clock)s", {"clock": str(machine.reading())})
        return machine.reading()

    other.reading = renewed_meanwhile
    assert not await other.take()
    assert await holder.renew()


async def test_a_row_of_before_there_were_readings_is_waited_for(db: Database) -> None:
    machine = Machine()
    await db.run("INSERT INTO node (name, holder, epoch, lease_until) VALUES ('n', gen_random_uuid(), 7, clock_timestamp())")
    lease = Lease(db, "n", SECONDS, reading=machine.reading)
    assert not await lease.take()
    machine.pass_by(SECONDS)
    assert await lease.take()
    assert lease.epoch == 8
