"""Once a minute: ask for the reminders whose moment has come. What is wrong with one gathering stops no other."""

from __future__ import annotations

import asyncio
import logging

from db.errors import DatabaseError
from db.pool import Database
from drawing import reminders

LOG = logging.getLogger(__name__)
EVERY_SECONDS = 60.0


class Reminding:
    """Looks again when it is time; whoever calls `look` does so more often."""

    def __init__(self, db: Database) -> None:
        self._db, self._next = db, 0.0

    async def look(self) -> None:
        """Raises DatabaseError while the database is away; then the next look is at once."""
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return
        for gathering in await reminders.gatherings(self._db):
            try:
                async with self._db.transaction() as tx:
                    await reminders.remind(tx, gathering)
            except DatabaseError:
                raise
            except Exception:
                LOG.exception("%s: nobody could be reminded; the others are", gathering.activity)
        self._next = now + EVERY_SECONDS
