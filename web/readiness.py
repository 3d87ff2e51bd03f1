"""Whether anything can be saved, found out by trying: asked anew each time, however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from db import probe
from db.errors import DatabaseError
from db.queries import load
from web import disks
from web.disks import Disk
from web.health_reasons import DATABASE_DISK, NotReady, why_not_ready
from web.settings import Settings

Q = load("web")
PATIENCE_SECONDS = 5.0
"""For the database, which is asked over a new connection."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found. `reasons`: why it is not ready; none: it is."""

    reasons: Mapping[NotReady, str]
    disks: tuple[Disk, ...]


class Readiness:
    """Of one console. Who asks while somebody else's answer is being found gets the next one: many cost as little as two."""

    def __init__(self, settings: Settings) -> None:
        self._dsn, self._places = settings.dsn, places(settings)
        self._one_look = asyncio.Lock()
        self._last: tuple[float, Looked] | None = None

    async def look(self) -> Looked:
        """Never raises for what the database or a disk can do."""
        clock = asyncio.get_running_loop().time
        asked = clock()
        async with self._one_look:
            if self._last is None or self._last[0] < asked:
                began = clock()
                self._last = began, await self._look()
            return self._last[1]

    async def _look(self) -> Looked:
        refused = None
        try:
            await probe.write(self._dsn, Q.write_probe, PATIENCE_SECONDS)
        except DatabaseError as error:
            refused = error
        room = await asyncio.to_thread(disks.look, self._places)
        return Looked(why_not_ready(refused, room), room)


def places(settings: Settings) -> Mapping[str, Path]:
    """Where the console writes, and where the database does if that is on this machine."""
    database, speech = probe.socket_folder(settings.dsn), settings.speech
    found = {DATABASE_DISK: database, "uploads": settings.upload_folder, "speech": speech.cache if speech else None}
    return {name: place for name, place in found.items() if place is not None}


READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)
