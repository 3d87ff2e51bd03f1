"""Calls of nodes that are lost: worker and Asterisk are gone, and nobody comes to take the node over.

Whoever holds another node settles them, once its lease has been over for longer than any call lasts: until then somebody might
still be on the line. The node's epoch rises first, so that its old holder, should it wake, writes nothing more. Whoever was on the
line was interrupted: what they had decided stands, and nothing counts against them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from db.errors import DatabaseError
from db.pool import Database
from ivr.dispatch import Q
from ivr.lease import Lease
from ivr.longest import LONGEST_CALL_SECONDS
from ivr.reception import Reception
from ivr.record import Recorder
from ivr.switchboard import blank, left_by_another

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 10.0


class LostNodes:
    """Of one worker. `note` is told the activity of each call that was settled."""

    def __init__(
        self, db: Database, lease: Lease, recorder: Recorder, reception: Reception, note: Callable[[str], None]
    ) -> None:
        self._db, self._own, self._recorder, self._reception, self._note = db, lease, recorder, reception, note
        self._leases: dict[str, Lease] = {}  # each remembers since when it has seen that nobody renews

    async def run(self) -> None:
        """For ever, in a task of its own: nothing else waits for it, and nothing that is wrong here ends anything else."""
        while True:
            try:
                await self.look()
            except DatabaseError as error:  # what is not settled yet is found again
                LOG.warning("looking for lost nodes: %s", error)
            except Exception:
                LOG.exception("looking for lost nodes failed; tried again in a moment")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Once, while our own lease holds. Raises DatabaseError."""
        if not self._own.safe_to_dial:
            return
        left = await self._db.all(Q.nodes_left, {"node": self._own.node})
        known = self._leases
        self._leases = {row.name: known.get(row.name) or self._lease_of(row.name) for row in left}
        for row in left:
            lease = self._leases[row.name]
            if await lease.fence(row, LONGEST_CALL_SECONDS):
                LOG.error("node %s is lost: held by nobody for longer than any call lasts, its calls are settled", row.name)
                await self._settle(lease)

    def _lease_of(self, node: str) -> Lease:
        return Lease(self._db, node, self._own.seconds, reading=self._own.reading)

    async def _settle(self, lease: Lease) -> None:
        recorder = replace(self._recorder, epoch=lease.epoch)
        for call in await self._db.all(Q.live_calls, {"node": lease.node, "epoch": lease.epoch}):
            try:
                await self._end(recorder, call)
            except DatabaseError:
                raise
            except Exception:  # the others can be settled
                LOG.exception("call %s of the lost node can't be settled; tried again in a moment", call.id)
        await self._reception.settle_left(lease)

    async def _end(self, recorder: Recorder, call: Any) -> None:
        ready, outcome = left_by_another(call)
        await recorder.end(ready, outcome, blank(ready))
        LOG.info("call %s of the lost node is settled as %s", call.id, outcome.value)
        self._note(ready.activity)
