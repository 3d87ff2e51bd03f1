"""Where the live calls stand, noted for whoever watches: the newest of each, all together in one statement every quarter of a
second.

A hint and no more. It has a connection of its own and touches no row that a decision touches, so that nothing waits for it; what
can't be written is dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from db.errors import DatabaseError
from db.pool import Database
from db.queries import load
from drawing.stages import Stage

Q = load("ivr")
LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 0.25
PATIENCE_SECONDS = 2.0
"""For one statement: what is older is of no use to anybody."""
TIDY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Noted:
    """Since when (by the event loop's clock) a call stands there."""

    stage: Stage
    since: float


class Notes:
    """Of one worker's calls, under its epoch. `db`: a pool that nothing else uses (see `own`)."""

    def __init__(self, db: Database, epoch: int) -> None:
        self._db, self._epoch = db, epoch
        self._clock = asyncio.get_running_loop().time
        self._newest: dict[str, Noted] = {}
        self._some = asyncio.Event()

    @staticmethod
    def own(dsn: str) -> Database:
        """The one connection on which notes are written."""
        return Database(dsn, size=1, timeout=PATIENCE_SECONDS)

    def note(self, call: str, stage: Stage) -> None:
        """Never waits and never fails."""
        self._newest[call] = Noted(stage, self._clock())
        self._some.set()

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        tidied = -TIDY_SECONDS
        while True:
            await self._some.wait()
            await asyncio.sleep(PAUSE_SECONDS)
            await self.write()
            if self._clock() - tidied >= TIDY_SECONDS:
                await self._send(Q.tidy_progress, {})
                tidied = self._clock()

    async def write(self) -> None:
        """All that was noted since the last time."""
        self._some.clear()
        newest, self._newest = self._newest, {}
        if newest:
            await self._send(Q.note_progress, self._values(newest))

    def _values(self, newest: Mapping[str, Noted]) -> Mapping[str, object]:
        now = self._clock()
        return {
            "epoch": self._epoch,
            "calls": list(newest),
            "stages": [each.stage.value for each in newest.values()],
            "ago": [now - each.since for each in newest.values()],
        }

    async def _send(self, sql: str, values: Mapping[str, object]) -> None:
        try:
            await self._db.run(sql, values)
        except DatabaseError as error:
            LOG.debug("where calls stand could not be noted: %s", error)
        except Exception:  # whatever is wrong here must not end the worker
            LOG.exception("where calls stand could not be noted")
