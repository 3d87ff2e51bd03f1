"""That sounds play again is written, whatever the database does at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from db.errors import Unavailable
from db.pool import Database
from ivr import sound_check
from ivr.dispatch import Q
from ivr.lease import Lease
from ivr.sound_check import SoundCheck

pytestmark = pytest.mark.postgres


class Node:
    """Asterisk, the voice and the folder of sounds, which are all well."""

    @property
    def announcer(self) -> Node:
        return self

    async def until_connected(self) -> None:
        pass

    async def render(self, prompt: Any) -> Sequence[str]:
        return ["/sounds/test"]

    async def check_writable(self) -> None:
        pass

    async def mend(self, lost: Mapping[str, None]) -> Sequence[str]:
        return ()

    async def first_that_fails(self, media: Sequence[str]) -> str | None:
        return None


async def test_that_calls_go_on_is_written_once_the_database_is_back(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else /health would say for ever that nothing is dialled."""
    monkeypatch.setattr(sound_check, "LONGEST_PAUSE", 0.001)
    lease = Lease(db, "n", 15.0)
    assert await lease.take()
    await db.run(Q.note_dialling_stopped, {"node": "n", "epoch": lease.epoch, "why": "a sound is lost"})
    run, away, woken = db.run, 3, asyncio.Event()

    async def refused(query: Any, values: Any) -> int:
        nonlocal away
        if away:
            away -= 1
            raise Unavailable("away")
        return await run(query, values)

    monkeypatch.setattr(db, "run", refused)
    node: Any = Node()
    check = SoundCheck(db, lease, node, node, lambda: node, woken.set)
    running = asyncio.create_task(check.run())
    async with asyncio.timeout(60):
        await woken.wait()  # calls do not wait for that
        while await db.value("SELECT dialling_stopped_why IS NOT NULL FROM node"):
            await asyncio.sleep(0)
    assert check.ok
    running.cancel()
