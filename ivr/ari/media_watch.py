"""Looks about once a second at how many RTP packets of an answered call went out and came in. Awaits and never decides.

In tasks of its own, so that no key waits for a look.
"""

import asyncio
import logging

from ivr.ari import wire
from ivr.ari.client import Client
from ivr.ari.errors import AriError
from ivr.ari.evidence import Evidence
from ivr.media import Sample

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
_CODEC = "CHANNEL(audionativeformat)"


class MediaWatch:
    """Of one channel; it is started when that is answered, and stopped when it is gone."""

    def __init__(self, client: Client, channel: str, evidence: Evidence) -> None:
        self._client, self._channel, self._evidence = client, channel, evidence
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.TimerHandle | None = None
        self._look: asyncio.Task[None] | None = None
        self._knows_codec = False

    def start(self, tick: float) -> None:
        """tick: when the call was answered. Nothing has gone out or come in by then, but for early media."""
        if self._evidence.had_early_media:
            self._begin()
        else:
            self._evidence.note_media(Sample(tick, tick, 0, 0))
            self._later()

    def stop(self) -> None:
        """The channel is gone, or its call is left to somebody else. What is on its way is given up."""
        if self._next is not None:
            self._next.cancel()
        if self._look is not None:
            self._look.cancel()

    def _later(self) -> None:
        self._next = self._loop.call_later(LOOK_SECONDS, self._begin)

    def _begin(self) -> None:
        self._look = self._loop.create_task(self._take())

    async def _take(self) -> None:
        try:
            if self._client.connected:
                await self._count()
        except (AriError, ValueError) as error:  # the next look may do better; a call does not end for it
            _log.debug("channel %s: its packets could not be counted: %s", self._channel, type(error).__name__)
        self._later()

    async def _count(self) -> None:
        asked = self._loop.time()
        reply = await self._client.command("GET", f"channels/{self._channel}/rtp_statistics")
        told = self._loop.time()
        if reply.status == 200:
            counts = wire.read_statistics(reply.text)
            self._evidence.note_media(Sample(asked, told, counts.txcount, counts.rxcount))
        elif reply.status == 404 and wire.says_no_stream(reply.text):
            self._evidence.note_media(Sample(asked, told, 0, 0))
        if reply.status == 200 and not self._knows_codec:
            await self._ask_codec()

    async def _ask_codec(self) -> None:
        reply = await self._client.command("GET", f"channels/{self._channel}/variable?variable={_CODEC}")
        if reply.status == 200:
            self._evidence.note_codec(wire.read_variable(reply.text).strip("()"))
            self._knows_codec = True
