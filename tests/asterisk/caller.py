"""A bare ARI client for these tests only (the project's own is ivr/ari): one call, and what happens on it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from asterisk.instance import authorization
from asterisk.settings import InstanceSettings

WAIT = 180.0
"""Generous: it ends a test that would hang, it decides nothing."""


@dataclass
class Call:
    """A call being placed: its events so far, and the wish to wait for one."""

    caller: "Caller"
    channel: str
    seen: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, event: dict[str, Any]) -> None:
        self.seen.append(event)
        self._news.set()

    async def until(self, kind: str, count: int = 1) -> dict[str, Any]:
        """The ``count``-th event of this kind."""
        async with asyncio.timeout(WAIT):
            while len(found := [event for event in self.seen if event["type"] == kind]) < count:
                self._news.clear()
                await self._news.wait()
        return found[count - 1]

    async def keys(self, count: int) -> str:
        """The first ``count`` keys that arrive."""
        await self.until("ChannelDtmfReceived", count)
        return "".join(event["digit"] for event in self.seen if event["type"] == "ChannelDtmfReceived")

    async def play(self, media: str) -> None:
        await self.caller.post(f"channels/{self.channel}/play", media=media)

    async def hang_up(self) -> None:
        await self.caller.delete(f"channels/{self.channel}")
        await self.until("ChannelDestroyed")

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.seen]


class Caller:
    """One ARI application on one instance."""

    def __init__(self, settings: InstanceSettings, session: aiohttp.ClientSession, app: str) -> None:
        self._settings, self._session, self._app = settings, session, app
        self._calls: dict[str, Call] = {}
        self.arrivals: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def post(self, path: str, **query: str) -> None:
        async with self._session.post(f"{self._settings.ari_url}/{path}", params=query) as reply:
            assert reply.status < 300, await reply.text()

    async def delete(self, path: str) -> None:
        async with self._session.delete(f"{self._settings.ari_url}/{path}") as reply:
            assert reply.status in (204, 404), await reply.text()

    async def get(self, path: str) -> Any:
        async with self._session.get(f"{self._settings.ari_url}/{path}") as reply:
            return await reply.json()

    async def call(self, number: str, trunk: str = "far-end", **query: str) -> Call:
        """Dial a number; its events come to the call that is returned."""
        channel = uuid4().hex
        call = self._calls[channel] = Call(self, channel)
        query = {"app": self._app, "timeout": "30"} | query
        await self.post(
            "channels",
            endpoint=f"PJSIP/{number}@{trunk}",
            channelId=channel,
            callerId="02012345678",
            **query,
        )
        return call

    async def until_idle(self) -> None:
        """Wait until Asterisk has no channel left (it lists one for a moment after its end)."""
        async with asyncio.timeout(WAIT):
            while await self.get("channels"):
                await asyncio.sleep(0.02)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            event = json.loads(message.data)
            channel = event.get("channel", {}).get("id") or event.get("playback", {}).get("target_uri", "")[8:]
            if call := self._calls.get(channel):
                call.take(event)
            elif event["type"] == "StasisStart":
                self.arrivals.put_nowait(event)


@asynccontextmanager
async def calling(settings: InstanceSettings, app: str = "test") -> AsyncIterator[Caller]:
    """Connect an ARI application; afterwards no channel may be left."""
    headers = {"Authorization": authorization(settings.ari_user, settings.ari_password)}
    async with aiohttp.ClientSession(headers=headers) as session:
        caller = Caller(settings, session, app)
        async with session.ws_connect(
            f"{settings.ari_url}/events", params={"app": app, "subscribeAll": "true"}
        ) as socket:
            reader = asyncio.create_task(caller._read(socket))
            try:
                yield caller
                await caller.until_idle()
            finally:
                await socket.close()
                await reader
