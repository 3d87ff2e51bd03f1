"""A bridge of ours between two channels: made, filled, and removed again. Awaits and never decides."""

import asyncio
import logging
from collections.abc import Sequence

from ivr.ari import wire
from ivr.ari.client import Client
from ivr.ari.errors import AriError, IllegalAct, Unanswered, Unsent

_log = logging.getLogger(__name__)

_REMOVE_AGAIN = 1.0
_TRIES = 60  # then it is left to the sweep of the node's next holder


class LiveBridge:
    """`identity` is ours, of fixed length, and computable from the call's id: a sweep finds what we leave."""

    def __init__(self, client: Client, identity: str) -> None:
        self.identity = identity
        self._client = client
        self.asked_for = False
        """It may exist, as far as is known."""

    async def join(self, channels: Sequence[str]) -> bool:
        """Put them together; False when that could not be done, or is not known to be done.

        Neither leg is told who is on the other one (inhibitConnectedLineUpdates), and keys don't cross.
        """
        self.asked_for = True
        try:
            made = await self._client.request("POST", f"bridges/{self.identity}", wire.bridge(self.identity))
            if made.status == 409:
                raise IllegalAct(f"bridge {self.identity} is in use")
            path = f"bridges/{self.identity}/addChannel"
            added = await self._client.request("POST", path, wire.add(channels))
        except (Unsent, Unanswered):
            return False
        if (made.status, added.status) != (200, 204):  # one of them is leaving, or has left
            _log.info("bridge %s: %s, %s", self.identity, made.status, added.status)
            return False
        return True

    async def record(self, name: str) -> bool:
        """Keep what is said as the node's spool/recording/<name>.wav (ivr.collecting fetches it); without it the talk goes on."""
        try:
            reply = await self._client.request("POST", f"bridges/{self.identity}/record", wire.record(name))
        except (Unsent, Unanswered):
            return False
        if reply.status != 201:
            _log.error("bridge %s can't be recorded: %s", self.identity, reply.status)
        return reply.status == 201

    async def remove(self) -> None:
        """Return once it is known to be gone; who is still in it is put out, not hung up."""
        for _ in range(_TRIES):
            try:
                if (await self._client.request("DELETE", f"bridges/{self.identity}")).status in (204, 404):
                    return
            except AriError as error:
                _log.info("bridge %s could not be removed: %s", self.identity, error)
            await asyncio.sleep(_REMOVE_AGAIN)
