"""Looks every few seconds at what the last calls showed of each trunk, and raises and lifts alarms (ivr.trunk_alarms). It goes by
the database alone, so that an alarm outlives the worker, and is told once however often it is found."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from db.errors import Unavailable
from db.pool import Database
from ivr.ari import wire
from ivr.ari.client import Client
from ivr.ari.errors import AriError
from ivr.dispatch import Q
from ivr.trunk_alarms import Limits, TrunkAlarm, alarms
from ivr.trunk_results import TrunkEnd, TrunkResult

LOG = logging.getLogger(__name__)
EVERY_SECONDS = 10.0
WORDS: Mapping[TrunkAlarm, str] = {
    TrunkAlarm.FAILING: "the last %d calls all failed; ask the carrier",
    TrunkAlarm.NO_MEDIA: "no sound in the last %d answered calls; look at RTP ports, NAT and codecs with the carrier",
    TrunkAlarm.KEYLESS: "no key came in the last %d answered calls; look at its DTMF mode (docs/lines.md)",
    TrunkAlarm.DROPPING: "the network ended %d of the last answered calls; ask the carrier",
    TrunkAlarm.UNANSWERED: "%d of the last answered calls ended for want of an answer to a request within them (docs/lines.md)",
}
"""What the log says, once; docs/operations.md says what to do."""


class TrunkWatch:
    """`names`: the node's trunks in the order of its settings. `avoid` is told which of them have an alarm."""

    def __init__(
        self, db: Database, client: Client, node: str, names: Sequence[str], limits: Limits,
        avoid: Callable[[Collection[str]], None],
    ) -> None:  # fmt: skip
        self._db, self._client, self._node, self._names, self._limits = db, client, node, list(names), limits
        self._avoid = avoid
        self._open: set[tuple[str, TrunkAlarm]] | None = None  # as this worker knows them; None: it has not looked

    async def run(self) -> None:
        """For ever, in a task of its own: an Asterisk that answers late must not hold up who makes the calls."""
        while True:
            try:
                await self.look()
            except Unavailable:  # the worker's loop says so
                self._open = None
            except Exception:  # whatever is wrong here must not cost a call
                LOG.exception("the trunks could not be looked at; tried again in a moment")
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Once; raises Unavailable while the database is away."""
        online = await asyncio.gather(*map(self._online, self._names))
        await self._db.run(Q.note_trunks, {"node": self._node, "names": self._names, "online": online})
        found = await self._found()
        holding = {(trunk, alarm) for trunk, alarm, _ in found}
        if holding or holding != self._open:  # lifted by the administrator and shown again since the last look: raised anew
            await self._tell(found)
            self._avoid({trunk for trunk, _ in holding})
        self._open = holding

    async def _found(self) -> list[tuple[str, TrunkAlarm, int]]:
        rows = await self._db.all(Q.trunk_moments, {"node": self._node, "depth": self._limits.depth})
        moments: defaultdict[str, dict[TrunkResult | TrunkEnd, Sequence[datetime]]] = defaultdict(dict)
        for row in rows:
            shown = TrunkResult(row.result) if row.result is not None else TrunkEnd(row.cut_off)
            moments[row.trunk][shown] = row.moments
        return [
            (trunk, alarm, calls)
            for trunk, of_trunk in moments.items()
            for alarm, calls in alarms(of_trunk, self._limits).items()
        ]

    async def _tell(self, found: Sequence[tuple[str, TrunkAlarm, int]]) -> None:
        values: dict[str, Any] = {
            "node": self._node,
            "trunks": [trunk for trunk, _, _ in found],
            "alarms": [alarm.value for _, alarm, _ in found],
            "calls": [calls for _, _, calls in found],
        }
        for row in await self._db.all(Q.raise_trunk_alarms, values):
            LOG.error(f"trunk %s: {WORDS[TrunkAlarm(row.alarm)]}", row.trunk, row.calls)
        for row in await self._db.all(Q.lift_trunk_alarms, values):
            LOG.warning("trunk %s: the alarm %s is lifted", row.trunk, row.alarm)

    async def _online(self, trunk: str) -> bool | None:
        """What Asterisk says of the trunk, from its qualify where that is on; None while it can't be asked."""
        if not self._client.connected:
            return None
        try:
            reply = await self._client.request("GET", f"endpoints/PJSIP/{trunk}")
        except AriError:
            return None
        if reply.status != 200:
            return None
        return {"online": True, "offline": False}.get(wire.read_endpoint(reply.text).state)
