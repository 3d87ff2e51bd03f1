"""Requests at a constant rate, whether or not earlier ones were answered (an open loop): a slow page then shows as what
people wait, not as fewer requests. A process of its own: `python -m bench.loaded.arrivals < plan.json`.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from aiohttp import ClientSession, ClientTimeout, CookieJar, TCPConnector

_CSRF = re.compile(r'name="_csrf" value="([^"]+)"')
_PATIENCE = ClientTimeout(total=30)


@dataclass(frozen=True)
class Page:
    """An address, who opens it, and (for a POST) what is sent."""

    name: str
    who: str
    path: str
    form: dict[str, Any] | None = None
    csrf_from: str = "/"


@dataclass(frozen=True)
class Measured:
    """One page at one rate. Times in milliseconds from the moment at which the request was due to its last byte."""

    name: str
    who: str
    path: str
    requests: int
    p50: float
    p99: float
    slowest: float
    statuses: dict[str, int]
    kib: float


def quantile(times: list[float], share: float) -> float:
    """The smallest time that this share of the requests did not exceed.

    >>> quantile([4.0, 1.0, 2.0, 3.0], 0.5), quantile([4.0, 1.0, 2.0, 3.0], 0.99)
    (2.0, 4.0)
    """
    return sorted(times)[ceil(len(times) * share) - 1]


async def log_in(address: str, who: str) -> ClientSession:
    """A browser that is logged in as this development identity (or as nobody)."""
    session = ClientSession(
        address, cookie_jar=CookieJar(unsafe=True), timeout=_PATIENCE, connector=TCPConnector(limit=0)
    )
    if who:
        async with session.get("/login") as page:
            token = _CSRF.search(await page.text())
        assert token is not None
        async with session.post("/login", data={"_csrf": token[1], "identity": who}) as answer:
            assert answer.status == 200, answer.status
    return session


async def measure(session: ClientSession, page: Page, rate: float, seconds: float) -> Measured:
    """Open it `rate` times a second for so long."""
    form = None if page.form is None else {**page.form, "_csrf": await _token(session, page.csrf_from)}
    loop, begin = asyncio.get_running_loop(), 0.0
    times, statuses, sizes = [], Counter[str](), []

    async def request(n: int) -> None:
        due = begin + n / rate
        await asyncio.sleep(due - loop.time())
        method = "GET" if form is None else "POST"
        try:
            async with session.request(method, page.path, data=form, allow_redirects=False) as answer:
                sizes.append(len(await answer.read()))
                statuses[str(answer.status)] += 1
        except (OSError, TimeoutError) as error:
            statuses[type(error).__name__] += 1
        times.append((loop.time() - due) * 1000)

    for _ in range(3):  # what is only slow once (a template, a plan) is not what is asked
        async with session.request(
            "GET" if form is None else "POST", page.path, data=form, allow_redirects=False
        ) as warm:
            await warm.read()
    begin = loop.time() + 0.05
    await asyncio.gather(*(request(n) for n in range(int(rate * seconds))))
    return Measured(
        page.name, page.who, page.path, len(times), quantile(times, 0.5), quantile(times, 0.99), max(times),
        dict(statuses), sum(sizes) / max(len(sizes), 1) / 1024,
    )  # fmt: skip


async def _token(session: ClientSession, path: str) -> str:
    async with session.get(path) as page:
        found = _CSRF.search(await page.text())
    assert found is not None, path
    return found[1]


async def run(plan: dict[str, Any]) -> None:
    """Each page in turn; a line of JSON as soon as it is measured."""
    pages = [Page(**each) for each in plan["pages"]]
    sessions = {who: await log_in(plan["address"], who) for who in {page.who for page in pages}}
    try:
        for page in pages:
            found = await measure(sessions[page.who], page, plan["rate"], plan["seconds"])
            print(json.dumps(asdict(found), ensure_ascii=False), flush=True)
    finally:
        for session in sessions.values():
            await session.close()


if __name__ == "__main__":
    asyncio.run(run(json.load(sys.stdin)))
