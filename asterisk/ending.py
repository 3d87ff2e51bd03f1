"""How a process that was started here, in a session of its own, is ended: asked first, and by force where that takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

MARK = "EXPERTLINE_PART"
"""In the environment of a process that script/server has started: which part it is, of which state folder. What ends by itself with
such a process is started without it."""


async def end(
    process: asyncio.subprocess.Process,
    patience: float,
    *,
    how: signal.Signals = signal.SIGTERM,
    at_once: asyncio.Event | None = None,
) -> bool:
    """Send `how`, wait at most `patience` seconds, then kill; returns when nothing of it is left. True: it ended by itself.

    at_once: while it is set, nothing is waited for. What the process has forked in its session ends with it: a Kamailio's children
    would outlive it, and keep its ports.
    """
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)  # a stopped one would not notice
    waits = [asyncio.ensure_future(process.wait()), *([asyncio.ensure_future(at_once.wait())] if at_once else [])]
    try:
        await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        by_itself = process.returncode is not None
    finally:
        for wait in waits:
            wait.cancel()
        end_group(process.pid)
    await process.wait()
    return by_itself


def end_group(leader: int) -> None:
    """Kill what is left of the process group of that process."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
