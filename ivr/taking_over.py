"""Taking a node over: what an earlier holder of it left is hung up, waited for until it is gone, and settled."""

from __future__ import annotations

import asyncio
import logging

from db.errors import DatabaseError
from db.pool import Database
from ivr.ari.client import Client
from ivr.ari.errors import AriError, Unanswered, Unsent
from ivr.dispatch import Q
from ivr.lease import Lease
from ivr.longest import LONGEST_CALL_SECONDS
from ivr.reception import Reception
from ivr.settings import Settings
from ivr.switchboard import Switchboard

LOG = logging.getLogger(__name__)
LOOK_AGAIN_SECONDS = 0.1
DATABASE_AGAIN_SECONDS = 2.0
FIRST_CONTACT_SECONDS = 20.0  # Asterisk may still be starting beside us


class NoAsterisk(AriError):
    """Nothing answers where Asterisk should be, and nothing of before needs us to wait for it."""


class TakingOver:
    """Of one worker that has just got the lease."""

    def __init__(
        self, settings: Settings, db: Database, lease: Lease, client: Client, switchboard: Switchboard, reception: Reception
    ) -> None:
        self._settings, self._db, self._lease, self._client = settings, db, lease, client
        self._switchboard, self._reception = switchboard, reception
        self._stopping = False

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._stopping = True

    async def run(self) -> None:
        """Decisions first (they stand in the rows), then hang up what is left, wait until it is gone, settle it."""
        await self._meet_asterisk()
        try:
            async with asyncio.timeout(self._lease.seconds + LONGEST_CALL_SECONDS):
                await self._swept()
        except TimeoutError:
            LOG.error("Asterisk could not be reached for longer than any call lasts: none of before can be alive")
        while not self._stopping:
            try:
                await self.settle_left(gone=True)
                await self._reception.settle_left()
                break
            except DatabaseError as error:
                LOG.warning("looking for calls of before: %s", error)
                await asyncio.sleep(DATABASE_AGAIN_SECONDS)

    async def _meet_asterisk(self) -> None:
        try:
            async with asyncio.timeout(FIRST_CONTACT_SECONDS):
                await self._client.until_connected()
                await self._know_trunks()
        except TimeoutError:
            lease = {"node": self._lease.node, "epoch": self._lease.epoch}
            if not self._stopping and not await self._db.all(Q.live_calls, lease):
                raise NoAsterisk(
                    f"no Asterisk answers at {self._settings.ari.url}: start it (script/python -m asterisk node),"
                    " or correct url in the section [ari] of the settings"
                ) from None

    async def _know_trunks(self) -> None:
        for trunk in self._settings.trunk:
            reply = await self._client.request("GET", f"endpoints/PJSIP/{trunk.name}")
            if reply.status == 404:
                raise NoAsterisk(
                    f"Asterisk knows no trunk {trunk.name!r}: correct name in the section [trunk] of the settings, or add it to"
                    " EXPERTLINE_TRUNKS and start Asterisk again"
                )

    async def _swept(self) -> None:
        """Every channel of before is known to be gone."""
        while not self._stopping:
            try:
                if self._client.connected:
                    for channel in await self._switchboard.driver.sweep():
                        LOG.info("channel %s of an earlier holder is hung up", channel)
                    return
            except (Unsent, Unanswered) as error:
                LOG.warning("looking for channels of before: %s", error)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def settle_left(self, *, gone: bool = False) -> None:
        """Settle the live calls that nobody carries: left by the holder before, or made live in a transaction
        whose answer was lost."""
        lease = {"node": self._lease.node, "epoch": self._lease.epoch}
        for call in await self._db.all(Q.live_calls, lease):
            if not self._switchboard.carries(call.id):
                self._switchboard.settle(call, gone=gone)
