"""Whether the worker hears its Asterisk: noted for /health, and the end of a worker that has not for longer than any call lasts."""

from __future__ import annotations

import asyncio

from db.pool import Database
from ivr.ari.client import Client
from ivr.dispatch import Q
from ivr.lease import Lease
from ivr.longest import LONGEST_CALL_SECONDS
from ivr.taking_over import NoAsterisk


class AsteriskWatch:
    """Of one worker."""

    def __init__(self, db: Database, lease: Lease, client: Client) -> None:
        self._db, self._lease, self._client = db, lease, client
        self._heard = asyncio.get_running_loop().time()
        self._noted: bool | None = None

    async def look(self) -> None:
        """Once. Raises DatabaseError, and NoAsterisk: what was live can't be any more, and is left to who takes the node over."""
        now, away = asyncio.get_running_loop().time(), not self._client.connected
        if not away:
            self._heard = now
        elif now - self._heard >= LONGEST_CALL_SECONDS:
            raise NoAsterisk(f"Asterisk has been away for {now - self._heard:.0f} s, longer than any call lasts")
        if self._noted != away:
            await self._db.run(Q.note_asterisk, {"node": self._lease.node, "epoch": self._lease.epoch, "away": away})
            self._noted = away
