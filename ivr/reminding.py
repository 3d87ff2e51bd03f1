"""Ask for the reminders whose moment has come. What is wrong with one gathering stops no other."""

from __future__ import annotations

import logging

from db.errors import Unavailable
from db.pool import Database
from drawing import reminders

LOG = logging.getLogger(__name__)


async def remind_due(db: Database) -> None:
    """Raises Unavailable while the database is away."""
    for gathering in await reminders.gatherings(db):
        try:
            async with db.transaction() as tx:
                await reminders.remind(tx, gathering)
        except Unavailable:
            raise
        except Exception:
            LOG.exception("%s: nobody could be reminded; the others are", gathering.activity)
