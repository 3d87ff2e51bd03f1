"""Notices that a clock was set: the database's, by which due times and leases stand in rows, and this machine's own.

The database's clock is compared with this machine's monotonic one at each look (every sweep, and before the lease is asked
for). When it was set, whatever waits for the end of a pause is moved with it, once, whichever worker notices it first: in one
transaction that holds a lock and adds the step to `clock.ahead`, so that the others, who compare the clock less `ahead`, find
nothing. Between two looks, whatever is about to write by the database's clock asks `check` whether it is still the one that was
looked at.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from db.errors import SerializationFailure
from db.pool import Database, Transaction
from db.queries import load
from drawing.chain import Q as DRAWING
from drawing.chain import read_clock
from drawing.clock import Offset, Reading

Q = load("ivr")
LOG = logging.getLogger(__name__)
ACT = "时钟跳变"
_REMARK = "数据库时钟被调{} {:.1f} 秒；等待中的呼叫、短信和租约已随之顺延，请查明原因"
_SLACK_SECONDS = 1.0  # a renewal's reading is from before its statement: by how much, at most, besides the statement's patience


class ClockStepped(SerializationFailure):
    """The database's clock was set since the last look: the transaction is rolled back, and repeated after the next look."""


def boottime() -> float:
    """Seconds since the machine was started, also while it slept; nobody sets them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ClockWatch:
    """One per process. `tick`: a monotonic clock, in seconds; `wall`: the process's own wall clock."""

    def __init__(
        self,
        db: Database,
        node: str,
        *,
        tick: Callable[[], float] = boottime,
        wall: Callable[[], datetime] = _utc_now,
        reading: Callable[[], Reading] = read_clock,
    ) -> None:
        self._db, self._node, self.tick, self._wall, self._reading = db, node, tick, wall, reading
        self._last: Offset | None = None
        self._own: Offset | None = None
        self._ahead = 0.0
        self._one_look = asyncio.Lock()

    def check(self, now: datetime, asked: float) -> None:
        """`now` is the database's clock, as a statement that was begun at `asked` (by `tick`) has read it. Raises ClockStepped."""
        if self._last is None:
            return
        seen = Offset.read(now.timestamp() - self._ahead, asked, self.tick())
        if self._last.step_to(seen):
            raise ClockStepped("the database's clock was set")

    async def look(self) -> None:
        """Compare the clocks; what hangs on the database's is moved if that was set. Raises DatabaseError."""
        async with self._one_look:
            await self._look_at_own()
            before = self._last or await self._earlier()
            seen = await self._read(self._db)
            if before is not None and before.step_to(seen):
                await self._shift(before)
            else:
                self._last = seen if before is None else before.then(seen)

    async def _read(self, db: Database | Transaction) -> Offset:
        """How far the steady clock is ahead of ours."""
        asked = self.tick()
        row = await db.one(Q.read_clock)
        self._ahead = row.ahead
        return Offset.read(row.now - row.ahead, asked, self.tick())

    async def _earlier(self) -> Offset | None:
        """As a process on this machine, which may be gone, has left it: a clock that was set while none ran is noticed too."""
        reading = self._reading()
        row = await self._db.one(Q.earlier_reading, {"boot": reading.boot})
        then = None if row is None else Reading.parse(row.clock)
        if row is None or then is None:
            return None
        asked = self.tick() - (reading.ns - then.ns) / 1e9
        return Offset.read(row.steady, asked - _SLACK_SECONDS, asked + row.lease_s / 3 + _SLACK_SECONDS)

    async def _shift(self, before: Offset) -> None:
        async with self._db.transaction() as tx:
            await tx.run(Q.lock_clock)
            seen = await self._read(tx)
            if step := before.step_to(seen):
                await tx.run(Q.shift_clock, {"step": step})
                await tx.run(Q.judge_again)
                await self._note(tx, "database", step)
                remark = _REMARK.format("快" if step > 0 else "慢", abs(step))
                told = {"actor": "system", "role": "system", "act": ACT, "activity": None, "remark": remark}
                await tx.run(DRAWING.log_operation, told)
        self._ahead += step
        self._last = seen.less(step)
        if step:
            LOG.error("the database's clock was set by %+.1f s; due times and leases are moved with it", step)

    async def _note(self, db: Database | Transaction, clock: str, step: float) -> None:
        await db.run(Q.note_clock_step, {"clock": clock, "step": step, "node": self._node})

    async def _look_at_own(self) -> None:
        tick = self.tick()
        seen = Offset.read(self._wall().timestamp(), tick, self.tick())
        step = 0.0 if self._own is None else self._own.step_to(seen)
        if step:
            await self._note(self._db, "worker", step)
            LOG.error("this machine's clock was set by %+.1f s; calls go on by the monotonic one", step)
        self._own = seen
