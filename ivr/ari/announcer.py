"""Plays a file on a node to nobody, to see that Asterisk can: into an empty bridge, through a channel that Asterisk makes for it.

No telephone, no trunk and no RTP port takes part. Asterisk opens a file at once or fails at once (1 ms, seen on 22.10.1), so a long
sound need not be played out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from uuid import uuid4

from ivr.ari import wire
from ivr.ari.client import Client
from ivr.ari.errors import AriError, Unanswered
from ivr.ari.line import channel_id

OPENS_SECONDS = 0.3
"""A sound that has not failed by then, and can still be stopped, is being played."""
TOLD_SECONDS = 5.0
"""What came of a playback is told within this, on a busy machine too."""


class Announcer:
    """`finished` is told of every playback that ends in a bridge of ours."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: dict[str, asyncio.Future[bool]] = {}

    def finished(self, playback: wire.Playback) -> None:
        """From the websocket: nothing here waits."""
        if (waiting := self._waiting.get(playback.id)) is not None and not waiting.done():
            waiting.set_result(playback.state != "failed")

    async def first_that_fails(self, media: Sequence[str]) -> str | None:
        """The first of these that Asterisk can't play, each tried by itself: of a list that it plays in turn it tells only whether
        the last one failed. None if it plays all. Raises AriError while the node can't be reached.
        """
        if not self._client.connected:
            raise Unanswered("no events are coming in")
        for each in media:
            bridge = channel_id(uuid4().hex)  # one for each: a channel that is about to leave fails what comes next
            try:
                await self._made(bridge)
                if not await self._plays(bridge, each):
                    return each
            finally:
                with contextlib.suppress(AriError):  # then the sweep of the node's next holder finds it
                    await self._client.request("DELETE", f"bridges/{bridge}")
        return None

    async def _made(self, bridge: str) -> None:
        made = await self._client.request("POST", f"bridges/{bridge}", wire.bridge("test sound"))
        source = wire.subscription(f"bridge:{bridge}")
        told = await self._client.request("POST", f"applications/{self._client.node.app}/subscription", source)
        if (made.status, told.status) != (200, 200):
            raise Unanswered(f"a bridge for a test sound: {made.status}, {told.status}")

    async def _plays(self, bridge: str, media: str) -> bool:
        playback = uuid4().hex
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[playback] = ended
        try:
            reply = await self._client.request("POST", f"bridges/{bridge}/play/{playback}", wire.play([media]))
            if reply.status != 201:
                raise Unanswered(f"a test sound: {reply.status}")
            await asyncio.wait([ended], timeout=OPENS_SECONDS)
            if not ended.done() and await self._sounds(playback):
                return True
            async with asyncio.timeout(TOLD_SECONDS):
                return await ended
        except TimeoutError:
            raise Unanswered("nothing was told of a test sound") from None
        finally:
            del self._waiting[playback]

    async def _sounds(self, playback: str) -> bool:
        """Whether it is being played, and then it is stopped; else what came of it is on its way."""
        return (await self._client.request("DELETE", f"playbacks/{playback}")).status == 204
