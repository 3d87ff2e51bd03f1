"""A part of a server: a process that is started again whenever it ends, and stopped in its turn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from asterisk.ending import end, end_group
from db.cluster import Cluster, ClusterError
from ivr.longest import LONGEST_CALL_SECONDS
from script.state_lock import left_over, mark

PATIENCE = 30.0
"""Seconds for a part to end by itself."""
CALLS_PATIENCE = LONGEST_CALL_SECONDS + 60.0
"""For the worker, which first lets its calls end, and then brings in what they have left."""
COUNT_EVERY = 30.0
AGAIN_AFTER, LONGEST_PAUSE = 2.0, 30.0
"""Seconds until what has ended is started again; longer each time that it ends within STAYS_UP seconds."""
STAYS_UP = 5.0
CARRIER = "Asterisk"
"""The part that carries the calls."""
FIRST_TRIES = 3
"""So often may a part that is needed end within its first seconds before the server gives up, while it has never stayed up."""
HURRY = "To cut them off instead: kill -QUIT {} (Ctrl-\\)."


class StaysDown(Exception):
    """A part without which there is no server has never stayed up."""


@dataclass
class Part:
    """A program of the server. `needed`: without it the server is not begun with, so that its reason is not missed; once it has
    stayed up, it is started again for ever like any other. `has_calls`: it ends after its calls have.
    """

    name: str
    arguments: tuple[str, ...]
    needed: bool = False
    has_calls: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    state: Path = field(default_factory=Path)
    at_once: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when no call is waited for any more."""
    process: asyncio.subprocess.Process | None = None
    _told: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _kept: bool = False

    @property
    def patience(self) -> float:
        return CALLS_PATIENCE if self.has_calls else PATIENCE

    async def keep(self) -> None:
        """Start it again whenever it ends, until `stop`. Raises StaysDown."""
        self._kept = True
        loop, short, stayed = asyncio.get_running_loop(), 0, False
        try:
            while not self._told.is_set():
                began = loop.time()
                try:
                    if (code := await self.once(self._told)) is None:
                        return
                except OSError as error:  # no memory, or no more processes
                    say(f"{self.name}: {error.strerror}")
                    code = 1
                lasted = loop.time() - began >= STAYS_UP
                short, stayed = (0 if lasted else short + 1), stayed or lasted
                if self.needed and not stayed and short >= FIRST_TRIES:
                    raise StaysDown(f"{self.name}: ends as soon as it starts; giving up. What it said stands above.")
                pause = min(AGAIN_AFTER * 2 ** max(0, short - 1), LONGEST_PAUSE)
                say(f"{self.name}: ended with code {code}; starting it again in {pause:.0f} s")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._told.wait(), pause)
        finally:
            self._ended.set()

    async def once(self, told: asyncio.Event) -> int | None:
        """Start it, and wait until it ends: its exit code; None when it was ended because `told` was set."""
        say(f"{self.name}: starting")
        self.process = process = await asyncio.create_subprocess_exec(
            sys.executable, *self.arguments, stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, **self.environment, **mark(self.name, self.state)},
        )  # fmt: skip
        waits = [asyncio.create_task(process.wait()), asyncio.create_task(told.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if process.returncode is None:
            await self._end(process)
            return None
        end_group(process.pid)
        return process.returncode

    async def stop(self) -> None:
        """End it, and start it no more; returns when it has ended."""
        self._told.set()
        if self._kept:
            await self._ended.wait()

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        async with self.counting():
            by_itself = await end(process, self.patience, at_once=self.at_once if self.has_calls else None)
        say(f"{self.name}: stopped" if by_itself else f"{self.name}: ended by force")

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        """Say that it is being stopped and, where that may take long, how long it may take still."""
        task = asyncio.create_task(self._count_down())
        try:
            yield
        finally:
            task.cancel()

    async def _count_down(self) -> None:
        if not self.has_calls:
            say(f"{self.name}: stopping")
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        say(f"{self.name}: stopping; calls that are on the line end first. {HURRY.format(os.getpid())}")
        while (left := until - loop.time()) > 0:
            say(f"{self.name}: waiting for its calls to end, at most {left:.0f} s more")
            await asyncio.sleep(min(COUNT_EVERY, left))


async def end_left(parts: Sequence[Part], state: Path) -> None:
    """End, in their turn, what an earlier server of this state folder has left, which was killed. Calls end first, as long as the
    Asterisk that carries them is there."""
    for part in parts:
        for process in left_over(part.name, state):
            say(f"{part.name}: process {process} was left by a server that was killed")
            async with part.counting():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGTERM)
                    os.kill(process, signal.SIGCONT)
                waits = [asyncio.create_task(gone(process))]
                if part.has_calls:
                    waits += [asyncio.create_task(_all_gone(left_over(CARRIER, state))), asyncio.create_task(_set(part.at_once))]
                await asyncio.wait(waits, timeout=part.patience, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
                end_group(process)
                await gone(process)


async def _all_gone(processes: Sequence[int]) -> None:
    for process in processes:
        await gone(process)


async def _set(event: asyncio.Event) -> None:
    await event.wait()


class Database:
    """The server's PostgreSQL, which is nobody's child: it outlives a server that is killed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._starting: asyncio.Future[str] | None = None

    @property
    def dsn_prefix(self) -> str:
        return self._cluster.dsn_prefix

    async def start(self) -> None:
        """Start it unless it runs. Raises ClusterError."""
        say("PostgreSQL: starting")
        await self._start()

    async def keep(self) -> None:
        """Start it again whenever it ends, until cancelled; never gives up, because calls wait for it."""
        while True:
            if (process := self._cluster.pid()) is not None:
                await gone(process)
            say("PostgreSQL: ended; starting it again")
            pause = 0.5  # what it has forked ends a moment later, and has its memory until then
            while not await self._started():
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _started(self) -> bool:
        try:
            await self._start()
        except ClusterError as error:
            say(f"PostgreSQL: can't be started yet: {error}")
            return False
        say("PostgreSQL: runs again")
        return True

    async def _start(self) -> None:
        self._starting = asyncio.ensure_future(asyncio.to_thread(self._cluster.start))
        await asyncio.shield(self._starting)

    async def stop(self) -> None:
        """Stop it; by force where it does not in time."""
        if self._starting is not None:  # a start that was not waited for would come after
            await asyncio.wait([self._starting])
        say("PostgreSQL: stopping")
        for mode in ("fast", "immediate"):
            try:
                await asyncio.to_thread(self._cluster.stop, mode)
                return
            except ClusterError as error:
                say(str(error))


async def gone(process: int) -> None:
    """Wait until that process, whoever started it, has ended."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)  # readable once it has ended
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def say(text: str) -> None:
    """Into the server's log; a terminal that was closed, or a pipe that nobody reads, ends nothing."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"[server] {text}\n")
        sys.stderr.flush()
