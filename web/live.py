"""Server-sent events: whoever watches an activity is woken when its board may have changed.

One LISTEN for the whole console, and for each activity that is watched one task that looks, however many watch: a stream itself
asks the database nothing, and holds no connection. All looks together take at most LOOKS_AT_ONCE connections, so that pages always
find one. A task also looks every few seconds, because a NOTIFY is only a hint. Each event is the whole board, and its id is that of
its content: whoever comes again with the id of what is still so is told nothing until something changes, and anybody else the state
of now at once. No console remembers what it sent, so that any other one, or the same after a restart, can go on. Each look writes
at least a comment to each stream, which keeps a proxy from taking it for dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from hashlib import sha256

from aiohttp import web

from db.errors import DatabaseError
from db.pool import Database
from web.identity import Identity
from web.sessions import Session

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 3.0
PAUSE_SECONDS = 0.25
"""Between two looks at an activity at least: a hundred calls that end together are one event."""
LOOKS_AT_ONCE = 2
"""Each look takes one connection of the console's pool at a time."""
STREAMS_PER_SESSION = 4
STREAMS = 400


class TooMany(Exception):
    """This session, or all together, watch as much as may be."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches: by which login, and as whom."""

    session: Session
    identity: Identity


@dataclass(frozen=True, slots=True)
class Look:
    """What a look has found: the event, and its id. `end`: what comes after it, as the last of the stream; None: it goes on."""

    number: str
    text: bytes
    end: bytes | None = None


Take = Callable[[str, Set[Viewer]], Awaitable[tuple[Look, Set[Viewer]]]]
"""Looks at an activity for all who watch it: what there is, and who of them may see it. Raises DatabaseError."""


class Stream:
    """One open stream: the looks come to it, and of those that it was too slow for it gets the last."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self._look = AWAY
        self._told = asyncio.Event()

    def tell(self, look: Look) -> None:
        """There was a look; after the last one nothing follows."""
        if self._look.end is None:
            self._look = look
        self._told.set()

    async def next(self) -> Look:
        """The next look, once there was one."""
        await self._told.wait()
        self._told.clear()
        return self._look


@dataclass(slots=True)
class _Watched:
    """An activity that somebody watches."""

    streams: set[Stream] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Watchers:
    """Who watches which activity in this process; `take` looks for them."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._turns = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._watched: dict[str, _Watched] = {}
        self._by_session: Counter[bytes] = Counter()
        self._closing = False

    @contextlib.contextmanager
    def watch(self, viewer: Viewer, activity: str) -> Iterator[Stream]:
        """A stream that is told of each look which begins from now on, the first one soon; raises TooMany."""
        session = viewer.session.token_hash
        if self._by_session[session] >= STREAMS_PER_SESSION or self._by_session.total() >= STREAMS:
            raise TooMany
        stream, watched = Stream(viewer), self._watched.setdefault(activity, _Watched())
        self._by_session[session] += 1
        watched.streams.add(stream)
        watched.woken.set()
        if watched.task is None:
            watched.task = asyncio.create_task(self._look_on(activity, watched), name=f"board of {activity}")
        try:
            yield stream
        finally:
            watched.streams.discard(stream)
            watched.woken.set()  # its task ends with the last stream
            self._by_session[session] -= 1
            self._by_session += Counter()  # drops those at zero

    def __len__(self) -> int:
        return self._by_session.total()

    def wake(self, activity: str) -> None:
        """Whoever watches it looks again."""
        if (watched := self._watched.get(activity)) is not None:
            watched.woken.set()

    def wake_all(self) -> None:
        """Everybody looks again."""
        for watched in self._watched.values():
            watched.woken.set()

    async def close(self) -> None:
        """The console stops: all streams end; browsers come back by themselves."""
        self._closing = True
        tasks = [watched.task for watched in self._watched.values() if watched.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_on(self, activity: str, watched: _Watched) -> None:
        """Look as long as somebody watches."""
        try:
            while watched.streams and not self._closing:
                watched.woken.clear()  # who comes, and what happens, during a look waits for the next one
                await self._tell(activity, frozenset(watched.streams))
                await _pause(watched)
        except Exception:
            LOG.exception("the board of %s can't be shown", activity)
        finally:
            del self._watched[activity]
            for stream in watched.streams:
                stream.tell(GONE)

    async def _tell(self, activity: str, streams: Set[Stream]) -> None:
        viewers = frozenset(stream.viewer for stream in streams)
        try:
            async with self._turns:
                look, may = await self._take(activity, viewers)
        except DatabaseError:  # away for a moment: the streams go on
            look, may = AWAY, viewers
        for stream in streams:
            stream.tell(look if stream.viewer in may else EXPIRED)


async def _pause(watched: _Watched) -> None:
    """Until it is time to look again, or nobody watches any more."""
    await asyncio.sleep(PAUSE_SECONDS)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            await watched.woken.wait()


WATCHERS: web.AppKey[Watchers] = web.AppKey("watchers", Watchers)


@contextlib.asynccontextmanager
async def listening(db: Database, watchers: Watchers) -> AsyncIterator[None]:
    """Pass wake-ups on while the console runs."""

    async def pass_on() -> None:
        async with db.listen("board") as wakes:
            while True:
                for wake in await wakes.wait():
                    watchers.wake(wake.payload) if wake.channel else watchers.wake_all()

    task = asyncio.create_task(pass_on(), name="board")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def event(data: Mapping[str, object], name: str = "board") -> tuple[str, bytes]:
    """An event's id, which is that of its content, and its bytes.

    >>> event({"html": "<p>抽取中</p>"})[1].splitlines()[1:]
    [b'event: board', b'data: {"html": "<p>\\\\u62bd\\\\u53d6\\\\u4e2d</p>"}', b'']
    """
    line = json.dumps(data)  # one line: JSON escapes line breaks
    number = sha256(line.encode()).hexdigest()[:16]
    return number, f"id: {number}\nevent: {name}\ndata: {line}\n\n".encode()


AWAY = Look("", b": away\n\n")
EXPIRED = Look("", b"", event({"reason": "登录已过期，请重新登录。"}, "end")[1])
GONE = Look("", b"", b"")
"""The console stops, or can't show this board: the browser comes again."""


def last_known(request: web.Request) -> str:
    """The id of the event that this browser had last: its header, or for a stream opened anew by a script `?last=`."""
    return request.headers.get("Last-Event-ID") or request.query.get("last", "")


async def send(response: web.StreamResponse, stream: Stream, told: str) -> None:
    """Pass on what the stream is told until its end; `told` is the id of what the browser knows."""
    while True:
        look = await stream.next()
        known = look.number != "" and look.number == told
        for part in (b": \n\n" if known else look.text, look.end or b""):  # a comment tells us whether anybody is there
            if part:
                await response.write(part)
        if look.end is not None:
            return
        told = look.number or told
