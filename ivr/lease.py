"""The lease on an Asterisk node: one worker at a time may dial through it.

Whether it has run out is told without any clock that can be set. The holder leaves its monotonic clock in the row with each
renewal: a process on the same machine compares it with its own; on another machine, or after a restart of the machine, it waits
until it has itself seen for a whole lease that nobody renewed. Each take-over raises the epoch, which fences every write of the
holder before. The holder looks at its own monotonic clock before each dial: a process that was stopped wakes up knowing that it is
late.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from db.errors import DatabaseError
from db.pool import Database
from db.queries import load
from drawing.chain import read_clock
from drawing.clock import Reading

Q = load("ivr")
_KNOW, _LEASE, _TAKE, _ADOPT = Q.know_node, Q.lease, Q.take_lease, Q.adopt
_RENEW, _RELEASE, _FENCE = Q.renew_lease, Q.release_lease, Q.fence_node


@dataclass(frozen=True, slots=True)
class _Seen:
    """A renewal of somebody else's, and when it was seen first."""

    epoch: int
    clock: str
    since: Reading


@dataclass(slots=True)
class Lease:
    """The right to one node. `seconds` is its length; renewed every third of it."""

    db: Database
    node: str
    seconds: float
    holder: str = field(default_factory=lambda: str(uuid.uuid4()))
    epoch: int = 0
    reading: Callable[[], Reading] = read_clock
    """The monotonic clock of this machine."""
    _renewed: Reading | None = None
    _seen: _Seen | None = None

    async def take(self) -> bool:
        """Try once; False while somebody else holds it. What was live on the node is ours from the same moment."""
        await self.db.run(_KNOW, {"node": self.node})
        row = await self.db.one(_LEASE, {"node": self.node})
        asked = self.reading()
        if not row.free and not self._has_run_out(row, asked):
            return False
        async with self.db.transaction() as tx:
            seen = {"seen_epoch": row.epoch, "seen_clock": row.clock}
            values = {"node": self.node, "holder": self.holder, "lease": self.seconds, "clock": str(asked)}
            epoch = await tx.value(_TAKE, values | seen)
            if epoch is None:
                return False
            await tx.run(_ADOPT, {"node": self.node, "epoch": epoch})
        self.epoch, self._renewed = int(epoch), asked
        return True

    async def fence(self, row: Any, longest: float) -> bool:
        """Of a node that is another's, once nobody has held it for `longest` seconds, released or not: what was live on it is ours
        to settle, the node itself is not. False while that is not so, or when somebody was faster. row: one of Q.nodes_left.
        """
        if not self._has_run_out(row, self.reading(), longest):
            return False
        async with self.db.transaction() as tx:
            epoch = await tx.value(_FENCE, {"node": self.node, "seen_epoch": row.epoch, "seen_clock": row.clock})
            if epoch is None:
                return False
            await tx.run(_ADOPT, {"node": self.node, "epoch": epoch})
        self.epoch = int(epoch)
        return True

    def _has_run_out(self, row: Any, now: Reading, longer: float = 0.0) -> bool:
        renewed = Reading.parse(row.clock)
        if renewed is None or renewed.boot != now.boot:
            renewed = self._first_seen(row, now).since
        seconds: float = row.lease_s if row.clock else self.seconds
        return (now.ns - renewed.ns) / 1e9 >= seconds + longer

    def _first_seen(self, row: Any, now: Reading) -> _Seen:
        if self._seen is None or (self._seen.epoch, self._seen.clock) != (row.epoch, row.clock):
            self._seen = _Seen(row.epoch, row.clock, now)
        return self._seen

    async def renew(self) -> bool:
        """False when somebody else has it; a database that is away, or does not answer, gives it to nobody."""
        asked = self.reading()
        values = {"node": self.node, "holder": self.holder, "epoch": self.epoch, "lease": self.seconds, "clock": str(asked)}
        try:
            async with asyncio.timeout(self.seconds / 3):
                renewed = await self.db.value(_RENEW, values)
        except (DatabaseError, TimeoutError):
            return True
        if renewed is None:
            return False
        self._renewed = asked
        return True

    async def release(self) -> None:
        """Let another worker in at once; if that can't be written, the lease runs out by itself."""
        values = {"node": self.node, "holder": self.holder, "epoch": self.epoch, "clock": str(self.reading())}
        with contextlib.suppress(DatabaseError):
            await self.db.run(_RELEASE, values)

    @property
    def held(self) -> bool:
        """Whether it can't have run out yet, by our own clock."""
        return self._age() < self.seconds

    @property
    def safe_to_dial(self) -> bool:
        """Renewed within the first half: from there on nothing new is begun."""
        return self._age() < self.seconds / 2

    def _age(self) -> float:
        """Seconds since the last renewal was asked for."""
        return float("inf") if self._renewed is None else (self.reading().ns - self._renewed.ns) / 1e9
