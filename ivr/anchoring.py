"""Once in ten minutes: bring the operation log's head into the ledger if that is due, so that no row of 操作记录 waits for it
longer than a day. The heads that go with the seals are written by drawing.chain.
"""

from __future__ import annotations

import asyncio
import logging

from db.pool import Database
from drawing import chain

LOG = logging.getLogger(__name__)
EVERY_SECONDS = 600.0


class Anchoring:
    """Looks again when it is time; whoever calls `look` does so more often."""

    def __init__(self, db: Database) -> None:
        self._db, self._next = db, 0.0

    async def look(self) -> None:
        """Raises DatabaseError while the database is away; then the next look is at once."""
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return
        if await chain.record_log_head(self._db):
            LOG.info("the operation log's head stands in the ledger")
        self._next = now + EVERY_SECONDS
