"""Evidence is made one at a time in each console, in a queue: it computes, and everybody's pages are computed beside it.

The next is the one that has waited longest, of those of another person than the last, so that nobody's dozen keeps others waiting.
Who has gone away meanwhile is passed over.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

AT_ONCE = 1
PLACES = 60
PLACES_EACH = 12


class NoPlace(Exception):
    """Too many wait already; `message` says what to do. `yours`: they are all this person's."""

    def __init__(self, yours: bool) -> None:
        self.yours = yours
        self.message = (
            f"您已有 {PLACES_EACH} 份证据正在生成或等待下载，请等它们下载完成后再试。" if yours
            else "正在为其他人生成证据，排队的人较多。本页会自动重试，也可以过几分钟再下载。"
        )  # fmt: skip
        super().__init__(self.message)


class Gone(Exception):
    """Nobody waits for it any more."""


@dataclass(eq=False, slots=True)
class _Place:
    whom: str
    gone: Callable[[], bool]
    turn: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Exports:
    """The queue of one console."""

    def __init__(self, at_once: int = AT_ONCE, places: int = PLACES, each: int = PLACES_EACH) -> None:
        self._at_once, self._places, self._each = at_once, places, each
        self._waiting: deque[_Place] = deque()
        self._running = Counter[str]()
        self._last = ""

    @asynccontextmanager
    async def turn(self, whom: str, gone: Callable[[], bool]) -> AsyncIterator[None]:
        """Wait for a turn, and hold it. `gone` says whether nobody waits any more. Raises NoPlace, Gone."""
        place = self._enter(whom, gone)
        try:
            await place.turn
        except asyncio.CancelledError:
            self._leave(place)
            raise
        try:
            yield
        finally:
            self._end(whom)

    async def close(self) -> None:
        """The console stops: nobody gets a turn any more."""
        self._places = 0
        while self._waiting:
            self._waiting.popleft().turn.set_exception(Gone())

    def _enter(self, whom: str, gone: Callable[[], bool]) -> _Place:
        self._pass_over()
        if self._running[whom] + sum(place.whom == whom for place in self._waiting) >= self._each:
            raise NoPlace(yours=True)
        if len(self._waiting) >= self._places:
            raise NoPlace(yours=False)
        place = _Place(whom, gone)
        self._waiting.append(place)
        self._begin()
        return place

    def _begin(self) -> None:
        """Give as many turns as there are."""
        self._pass_over()
        while self._waiting and self._running.total() < self._at_once:
            place = next((each for each in self._waiting if each.whom != self._last), self._waiting[0])
            self._waiting.remove(place)
            self._running[place.whom] += 1
            self._last = place.whom
            place.turn.set_result(None)

    def _pass_over(self) -> None:
        for place in [each for each in self._waiting if each.gone()]:
            self._waiting.remove(place)
            place.turn.set_exception(Gone())

    def _leave(self, place: _Place) -> None:
        """Whoever waited was cancelled, perhaps just when their turn came."""
        if place in self._waiting:
            self._waiting.remove(place)
        elif place.turn.done() and not place.turn.cancelled() and place.turn.exception() is None:
            self._end(place.whom)

    def _end(self, whom: str) -> None:
        self._running[whom] -= 1
        self._running += Counter()  # drops those at zero
        self._begin()


EXPORTS: web.AppKey[Exports] = web.AppKey("exports", Exports)
