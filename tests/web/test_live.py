"""The stream of a draw's state over real connections: a console that is restarted, a database that goes away and comes back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web

from drawing.seats import PickOutcome
from tests.drawing.test_draw import Hand
from tests.postgres import TestDatabase
from tests.web.draws import Draws
from tests.web.test_draw import Stream
from tests.web.test_status import admit
from web.app import create_app
from web.settings import Settings

pytestmark = pytest.mark.postgres


@asynccontextmanager
async def console(settings: Settings, port: int = 0) -> AsyncIterator[int]:
    """A console at work on a port of loopback; on the same one again it is the old one restarted."""
    runner = web.AppRunner(create_app(settings), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def comment(response: ClientResponse) -> str:
    """The next comment line: what keeps a proxy from taking the stream for dead."""
    while not (line := (await response.content.readuntil(b"\n")).decode()).startswith(":"):
        assert not line.startswith("data:"), line
    return line


async def logged_in(session: ClientSession, address: str) -> None:
    """As handler-a1."""
    page = await (await session.get(f"{address}/login")).text()
    token = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert token is not None
    response = await session.post(f"{address}/login", data={"_csrf": token[1], "identity": "handler-a1"})
    assert response.status == 200


async def test_a_reconnect_after_a_restart_goes_on_where_it_was(settings: Settings, draws: Draws) -> None:
    hand = await draws.started()
    path = f"/activities/{hand.activity}/events"
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        async with console(settings) as port:
            here = f"http://127.0.0.1:{port}"
            await logged_in(session, here)
            response = await session.get(here + path)
            assert await response.content.readuntil(b"\n") == b"retry: 2000\n"
            first = await Stream(response).next()
        while await response.content.readany():  # the console is gone, and so is the stream
            pass
        async with console(settings, port):
            await _goes_on(session, here + path, first["id"], hand)


async def _goes_on(session: ClientSession, path: str, last: str, hand: Hand) -> None:
    response = await session.get(path, headers={"Last-Event-ID": last})
    await comment(response)  # it has looked, and what the browser knows is still so
    (call, _) = await hand.live()
    await hand.answers(call, PickOutcome.ACCEPTED)
    agreed = await Stream(response).until("同意参评</span>")
    response.close()
    response = await session.get(path, params={"last": agreed["id"]})  # as the page's script asks after a refusal
    await comment(response)
    response.close()


async def test_a_stream_outlives_a_database_that_goes_away(
    settings: Settings, draws: Draws, database: TestDatabase
) -> None:
    hand = await draws.started()
    path = f"/activities/{hand.activity}/events"
    async with console(settings) as port, ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        here = f"http://127.0.0.1:{port}"
        await logged_in(session, here)
        response = await session.get(here + path)
        await Stream(response).next()
        await asyncio.to_thread(admit, database, False)
        while await comment(response) != ": away\n":
            pass
        refused = await session.get(here + path)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        await asyncio.to_thread(admit, database, True)
        await hand.live()
        await Stream(response).until("正在呼叫")
        response.close()
