"""The lease on an Asterisk node: one worker at a time may dial through it.

The database's clock judges who holds it; each take-over raises the epoch, which fences every write of the holder before. The
holder itself looks at its own monotonic clock before each dial: a process that was stopped wakes up knowing that it is late.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from dataclasses import dataclass, field

from db.errors import DatabaseError
from db.pool import Database
from db.queries import load

Q = load("ivr")
_KNOW, _TAKE, _ADOPT, _RENEW, _RELEASE = Q.know_node, Q.take_lease, Q.adopt, Q.renew_lease, Q.release_lease


@dataclass(slots=True)
class Lease:
    """The right to one node. `seconds` is its length; renewed every third of it."""

    db: Database
    node: str
    seconds: float
    holder: str = field(default_factory=lambda: str(uuid.uuid4()))
    epoch: int = 0
    _renewed: float = 0.0

    async def take(self) -> bool:
        """Try once; False while somebody else holds it. What was live on the node is ours from the same moment."""
        await self.db.run(_KNOW, {"node": self.node})
        asked = time.monotonic()
        async with self.db.transaction() as tx:
            values = {"node": self.node, "holder": self.holder, "lease": self.seconds}
            epoch = await tx.value(_TAKE, values)
            if epoch is None:
                return False
            await tx.run(_ADOPT, {"node": self.node, "epoch": epoch})
        self.epoch, self._renewed = int(epoch), asked
        return True

    async def renew(self) -> bool:
        """False when somebody else has it; a database that is away, or does not answer, gives it to nobody."""
        asked = time.monotonic()
        values = {"node": self.node, "holder": self.holder, "epoch": self.epoch, "lease": self.seconds}
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
        with contextlib.suppress(DatabaseError):
            await self.db.run(_RELEASE, {"node": self.node, "holder": self.holder, "epoch": self.epoch})

    @property
    def held(self) -> bool:
        """Whether it can't have run out yet, by our own clock."""
        return time.monotonic() - self._renewed < self.seconds

    @property
    def safe_to_dial(self) -> bool:
        """Renewed within the first half: from there on nothing new is begun."""
        return time.monotonic() - self._renewed < self.seconds / 2
