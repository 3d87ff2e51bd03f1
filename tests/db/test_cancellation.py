"""Who is cancelled while a statement's answer arrives is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from db.cancellation import heeded
from db.pool import Database


async def test_a_swallowed_cancellation_is_raised() -> None:
    async def swallows() -> None:
        with heeded(), contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

    task = asyncio.create_task(swallows())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.postgres
async def test_a_loop_over_the_database_ends_whenever_it_is_cancelled(db: Database) -> None:
    async def loop() -> None:
        while True:
            await db.value("SELECT 1")

    for turns in range(20):
        task = asyncio.create_task(loop())
        for _ in range(turns):
            await asyncio.sleep(0)
        time.sleep(0.005)  # the answer lies in the socket: it is read in the loop's next turn, after us …
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(task.cancel)  # … and the cancellation comes before it is handed on
        done, _ = await asyncio.wait([task], timeout=30)
        assert done, f"cancelled after {turns} turns, and it went on"
        assert task.cancelled()
