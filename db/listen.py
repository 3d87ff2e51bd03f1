"""LISTEN that survives the loss of its connection. NOTIFY is a hint: whoever is woken reads what is due.

    async with db.listen("pick", "call") as wakes:
        while True:
            await wakes.wait(2.0)     # a wake-up, or two seconds: then look
            ...

The first wake-up comes right after the first LISTEN, and one after each reconnect: what was sent meanwhile
is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

import aiopg
import psycopg2

from db.cancellation import heeded

RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)  # the last one for ever
_CHANNEL = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class Wake(NamedTuple):
    """A NOTIFY; `channel` is empty for "connected (again): look at everything"."""

    channel: str = ""
    payload: str = ""


class Listener:
    """Collects wake-ups; equal ones that nobody has fetched yet count once, so that it can't grow without
    bound.
    """

    def __init__(self, dsn: str, channels: Sequence[str]) -> None:
        if wrong := [channel for channel in channels if not _CHANNEL.fullmatch(channel)]:
            raise ValueError(f"not a channel's name: {wrong}")
        self._dsn = dsn
        self._channels = tuple(channels)
        self._pending: dict[Wake, None] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Listener:
        self._task = asyncio.create_task(self._run(), name="listen")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def wait(self, seconds: float | None = None) -> list[Wake]:
        """What has come since the last call, at once if there is any; [] after `seconds` without any."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        wakes = list(self._pending)
        self._pending.clear()
        self._woken.clear()
        return wakes

    def _wake(self, wake: Wake) -> None:
        self._pending[wake] = None
        self._woken.set()

    async def _run(self) -> None:
        tries = 0
        while True:
            with contextlib.suppress(psycopg2.Error, OSError, TimeoutError):
                async with aiopg.connect(
                    self._dsn, enable_json=False, enable_hstore=False, enable_uuid=False
                ) as connection:
                    await self._subscribe(connection)
                    tries = 0
                    await self._hear(connection)
            await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
            tries += 1

    async def _subscribe(self, connection: aiopg.Connection) -> None:
        async with connection.cursor() as cursor:
            with heeded():
                await cursor.execute(";".join(f"LISTEN {channel}" for channel in self._channels))
        self._wake(Wake())

    async def _hear(self, connection: aiopg.Connection) -> None:
        while True:  # ended by the driver's error when the connection is lost
            notify = await connection.notifies.get()
            self._wake(Wake(notify.channel, notify.payload))
