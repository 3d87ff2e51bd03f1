"""The lease on an Asterisk node: one worker at a time may dial through it.

The database's clock judges who holds it; each take-over raises the epoch, which fences every write of the holder before. The
holder itself looks at its own monotonic clock before each dial: a process that was stopped wakes up knowing that it is late.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

from db.errors import DatabaseError
from db.pool import Database
from db.queries import load

Q = load("ivr")
_KNOW, _TAKE, _RENEW, _RELEASE = Q.know_node, Q.take_lease, Q.renew_lease, Q.release_lease


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
        """Try once; False while somebody else holds it."""
        await self.db.run(_KNOW, {"node": self.node})
        asked = time.monotonic()
        epoch = await self.db.value(_TAKE, {"node": self.node, "holder": self.holder, "lease": self.seconds})
        if epoch is None:
            return False
        self.epoch, self._renewed = int(epoch), asked
        return True

    async def renew(self) -> bool:
        """False when it is lost for good; a database that is away is no loss yet."""
        asked = time.monotonic()
        values = {"node": self.node, "holder": self.holder, "epoch": self.epoch, "lease": self.seconds}
        try:
            renewed = await self.db.value(_RENEW, values)
        except DatabaseError:
            return self.held
        if renewed is None:
            return False
        self._renewed = asked
        return True

    async def release(self) -> None:
        """Let another worker in at once."""
        await self.db.run(_RELEASE, {"node": self.node, "holder": self.holder, "epoch": self.epoch})

    @property
    def held(self) -> bool:
        """Whether it can't have run out yet, by our own clock."""
        return time.monotonic() - self._renewed < self.seconds

    @property
    def safe_to_dial(self) -> bool:
        """Renewed within the first half: from there on nothing new is begun."""
        return time.monotonic() - self._renewed < self.seconds / 2
