"""Clients that send slowly are cut off; others do not notice them."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from aiohttp import ClientSession, web

from asterisk.ports import free_port
from web import __main__ as console
from web import slow_clients
from web.app import create_app
from web.settings import Settings

HALF_OPEN = 400
HEADS = {
    "nothing": b"",
    "half a line": b"GET /hea",
    "a line": b"GET /health HTTP/1.1\r\n",
    "a head without its end": b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: 1\r\n",
}
LONG_ENOUGH = 120.0  # for a test to fail instead of waiting for ever


async def answer(request: web.Request) -> web.Response:
    """What it got."""
    return web.Response(text=str(len(await request.read())))


async def slowly(request: web.Request) -> web.Response:
    """A handler that takes several looks' time once the body is there."""
    body = await request.read()
    looks: list[None] = []
    while len(looks) < 5:
        await asyncio.sleep(slow_clients.LOOK_EVERY)
        looks.append(None)
    return web.Response(text=str(len(body)))


async def late(request: web.Request) -> web.Response:
    """A handler that takes several looks' time before it reads a body that is larger than any buffer."""
    for _ in range(4):
        await asyncio.sleep(slow_clients.LOOK_EVERY)
    return web.Response(text=str(len(await request.read())))


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """The console's own runner and middleware, with a short patience."""
    monkeypatch.setattr(console, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(slow_clients, "LOOK_EVERY", 0.1)
    app = web.Application(middlewares=[slow_clients.steady], client_max_size=2**24)
    app.add_routes([web.get("/", answer), web.post("/", answer), web.post("/slowly", slowly), web.post("/late", late)])
    runner, port = console.runner_of(app), free_port()
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield port
    finally:
        await runner.cleanup()


async def cut_off(port: int, sent: bytes, drip: bytes = b"") -> bytes:
    """Connect, send this, go on with single bytes; what the server had said when it closed the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    dripping = asyncio.create_task(_drip(writer, drip))
    try:
        async with asyncio.timeout(LONG_ENOUGH):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _drip(writer: asyncio.StreamWriter, drip: bytes) -> None:
    while drip:
        writer.write(drip)
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
async def test_a_head_that_does_not_come_is_not_waited_for(port: int, head: bytes) -> None:
    assert await cut_off(port, head) == b""


async def test_a_head_that_comes_byte_by_byte_is_not_waited_for(port: int) -> None:
    assert await cut_off(port, b"GET / HTTP/1.1\r\nX-Long: ", b"1") == b""


async def test_the_second_head_on_a_connection_is_not_waited_for_either(port: int) -> None:
    said = await cut_off(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
    assert said.startswith(b"HTTP/1.1 200")
    assert said.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("drip", [b"", b"1"], ids=["stops", "byte by byte"])
async def test_a_body_that_hardly_grows_is_given_up(port: int, drip: bytes) -> None:
    assert await cut_off(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\nnote=1", drip) == b""


async def test_a_body_of_unknown_length_is_watched_too(port: int) -> None:
    assert await cut_off(port, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", b"1\r\na\r\n") == b""


async def test_a_body_that_is_there_is_never_given_up(port: int) -> None:
    async with ClientSession() as session, session.post(f"http://127.0.0.1:{port}/slowly", data=b"x" * 5000) as reply:
        assert (reply.status, await reply.text()) == (200, "5000")


async def test_a_client_is_not_given_up_because_we_are_slow(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "LOOK_EVERY", 0.5)
    async with ClientSession() as session, session.post(f"http://127.0.0.1:{port}/late", data=BytesIO(b"x" * 2**23)) as reply:
        assert (reply.status, await reply.text()) == (200, str(2**23))


async def test_hundreds_of_half_open_connections_keep_nobody_out_and_end(port: int) -> None:
    held = [asyncio.create_task(cut_off(port, HEADS["a line"])) for _ in range(HALF_OPEN)]
    try:
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as reply:
            assert reply.status == 200
        assert await asyncio.gather(*held) == [b""] * HALF_OPEN
    finally:
        for each in held:
            each.cancel()


def test_as_many_files_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    slow_clients.allow_many_connections()
    assert asked == [(4096, 4096)]


@pytest.mark.postgres
async def test_a_form_that_stops_in_its_middle_is_no_error_of_ours(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slow_clients, "LOOK_EVERY", 0.1)
    runner, port = console.runner_of(create_app(settings)), free_port()
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 99999\r\n"
        form = "Content-Type: application/x-www-form-urlencoded\r\n\r\n_csrf=1"
        assert await cut_off(port, (head + form).encode()) == b""
    finally:
        await runner.cleanup()
    assert [each.getMessage() for each in caplog.records if each.levelname != "INFO"] == [
        "POST /login: the body came too slowly, the connection was closed"
    ]
