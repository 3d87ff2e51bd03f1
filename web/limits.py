"""How many requests of a kind are taken from one address before the database is asked: logins, and a gateway's receipts.

Against floods only. How long somebody waits whose logins fail is in `web/login_waits.py`.
"""

from __future__ import annotations

from collections import deque

from aiohttp import web

from web.keys import SETTINGS

WINDOW_SECONDS = 60.0
TRIES = 600
"""Logins in a minute: more than come from the busiest office behind one address, whoever logs in."""
REMEMBERED = 10_000
"""Addresses; beyond that the oldest are forgotten, so that a flood fills no memory."""


class Limiter:
    """A sliding window per address, in this process.

    >>> limiter = Limiter(tries=2)
    >>> [limiter.admits("a", now) for now in (0.0, 1.0, 2.0, 61.5)]
    [True, True, False, True]
    """

    def __init__(self, tries: int = TRIES, window: float = WINDOW_SECONDS) -> None:
        self._tries, self._window = tries, window
        self._seen: dict[str, deque[float]] = {}

    def admits(self, address: str, now: float) -> bool:
        """Whether one more try is within the limit at `now` (seconds of any monotonic clock); it counts if so."""
        seen = self._seen.pop(address, deque())
        self._seen[address] = seen
        while seen and seen[0] <= now - self._window:
            seen.popleft()
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        if len(seen) >= self._tries:
            return False
        seen.append(now)
        return True


RECEIPTS_A_MINUTE = 6_000
"""From one address: what a gateway sends after the busiest minute of calls, with room."""
RECEIPTS: web.AppKey[Limiter] = web.AppKey("receipts", Limiter)
LOGINS: web.AppKey[Limiter] = web.AppKey("logins", Limiter)


def address(request: web.Request) -> str:
    """Where a try came from; a proxy of ours appends that to X-Forwarded-For, whatever stood there before."""
    forwarded = request.headers.get("X-Forwarded-For", "") if request.app[SETTINGS].behind_proxy else ""
    return forwarded.rpartition(",")[2].strip() or request.remote or ""
