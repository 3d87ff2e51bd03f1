"""Server-sent events: whoever watches an activity is woken when its board may have changed.

One LISTEN for the whole console; a stream also looks every few seconds, because a NOTIFY is only a hint. Each event is
the whole board, and its id is that of its content: whoever comes again with the id of what is still so is told nothing until
something changes, and anybody else the state of now at once. No console remembers what it sent, so that any other one, or the
same after a restart, can go on. Each look writes at least a comment, which keeps a proxy from taking the stream for dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256

from aiohttp import web

from db.pool import Database

LOOK_SECONDS = 3.0
PAUSE_SECONDS = 0.25
"""Between two events of a stream at least: a hundred calls that end together are one event."""
STREAMS_PER_SESSION = 4
STREAMS = 400


class TooMany(Exception):
    """This session, or all together, watch as much as may be."""


class Watchers:
    """Who watches which activity in this process."""

    def __init__(self) -> None:
        self._by_activity: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._by_session: Counter[bytes] = Counter()
        self.closing = False

    @contextlib.contextmanager
    def watch(self, session: bytes, activity: str) -> Iterator[asyncio.Event]:
        """An event that is set when the board may have changed; raises TooMany."""
        if self._by_session[session] >= STREAMS_PER_SESSION or self._by_session.total() >= STREAMS:
            raise TooMany
        woken = asyncio.Event()
        self._by_session[session] += 1
        self._by_activity[activity].add(woken)
        try:
            yield woken
        finally:
            self._by_activity[activity].discard(woken)
            if not self._by_activity[activity]:
                del self._by_activity[activity]
            self._by_session[session] -= 1
            self._by_session += Counter()  # drops those at zero

    def __len__(self) -> int:
        return self._by_session.total()

    def wake(self, activity: str) -> None:
        """Whoever watches it looks again."""
        for woken in self._by_activity.get(activity, ()):
            woken.set()

    def wake_all(self) -> None:
        """Everybody looks again."""
        for activity in list(self._by_activity):
            self.wake(activity)

    async def close(self) -> None:
        """The console stops: all streams end; browsers come back by themselves."""
        self.closing = True
        self.wake_all()


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


def last_known(request: web.Request) -> str:
    """The id of the event that this browser had last: its header, or for a stream opened anew by a script `?last=`."""
    return request.headers.get("Last-Event-ID") or request.query.get("last", "")


async def wait(woken: asyncio.Event) -> None:
    """Until it is time to look again."""
    await asyncio.sleep(PAUSE_SECONDS)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            await woken.wait()
    woken.clear()
