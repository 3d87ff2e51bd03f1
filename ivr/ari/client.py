"""One node of Asterisk, as thin as can be: a websocket for events and a call's usual commands, HTTP for the rest.

The websocket is kept: connected again when lost, with growing pauses, and given up for dead when neither
it nor REST answers in time. Events go straight into a Sink, which only files them.
"""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

import aiohttp
from pydantic import ValidationError
from yarl import URL

from ivr.ari import wire
from ivr.ari.commands import Commands
from ivr.ari.errors import AccessDenied, AriError, Replaced, Unanswered, Unsent
from ivr.hep.receiver import Receiver

_log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0
_FILE_SECONDS = 60.0  # for a recording of some megabytes from a busy node
_KEEP_ALIVE = 10.0  # Asterisk closes an idle connection after 15 s; a POST on a closed one is in doubt


@dataclass(frozen=True, slots=True)
class Node:
    """Where an Asterisk is, and as whom we speak to it. url ends in /ari."""

    url: str
    user: str
    password: str = field(repr=False)
    app: str

    @property
    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    text: str = field(repr=False)


class Sink(Protocol):
    """What listens. Nothing here may wait or raise."""

    def received(self, event: wire.Event) -> None: ...

    def connected(self) -> None: ...

    def lost(self) -> None: ...

    def replaced(self) -> None: ...


class Client:
    """`async with Client(node) as client`, then `listen` in a task of its own."""

    def __init__(
        self,
        node: Node,
        *,
        request_seconds: float = 5.0,
        probe_seconds: float = 5.0,
        events: Collection[str] = wire.CALLS,
        sources: Sequence[str] = (),
        hep: Receiver | None = None,
    ) -> None:
        """request_seconds: how long a request may take; probe_seconds: how often the node is asked for life; events: the
        types to be told; sources: what to subscribe to besides our own channels; hep: where copies of its SIP come."""
        self.node, self.hep = node, hep
        self._events, self._sources = events, sources
        self._request_limit = aiohttp.ClientTimeout(total=request_seconds)
        self._request_seconds, self._probe_seconds = request_seconds, probe_seconds
        self._session: aiohttp.ClientSession | None = None
        self._connected = asyncio.Event()
        self._commands: Commands | None = None
        self._replaced = False
        self._headers = {"Content-Type": "application/json"}

    @property
    def connected(self) -> bool:
        """Whether events are coming in. While not, nothing may be dialled: the channel would vanish unseen."""
        return self._connected.is_set()

    async def until_connected(self) -> None:
        """Wait until events are coming in."""
        await self._connected.wait()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE),
            headers={"Authorization": self.node.authorization},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._request_limit,
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def request(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """One request by HTTP. Raises Unsent, Unanswered, or AccessDenied; any other status is the caller's to judge."""
        status, data = await self._exchange(method, path, body, self._request_limit)
        return self._reply(status, data.decode())

    async def command(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """As `request`, but over the websocket where that can be used, at half the CPU or less. For what never waits in
        Asterisk: POST channels/create, POST channels/{id}/dial, POST channels/{id}/play/{playback}, DELETE playbacks/{id},
        DELETE channels/{id}, GET channels/{id}/rtp_statistics, GET channels/{id}/variable for a CHANNEL(), and nothing else
        (docs/decisions/0001-our-own-ari-client.md).
        """
        reply = await self._over_websocket(method, path, body)
        return reply or await self.request(method, path, body)

    async def _over_websocket(self, method: str, path: str, body: bytes | None) -> Reply | None:
        """None when nothing was sent: the websocket is away, or can't take it. Raises as `request`."""
        commands = self._commands
        if commands is None or not commands.take(body):
            return None
        answer = await commands.send(method, path, body)
        return self._reply(answer.status_code, answer.message_body)

    def _reply(self, status: int, text: str) -> Reply:
        if status in (401, 403):
            raise self._denied()
        return Reply(status, text)

    async def file(self, path: str) -> bytes | None:
        """A file of the node's; None when there is none. Raises as `request`, Unanswered also for any other status."""
        status, data = await self._exchange("GET", path, None, aiohttp.ClientTimeout(total=_FILE_SECONDS))
        if status == 404:
            return None
        if status != 200:  # 403: Asterisk can't open it
            raise Unanswered(f"GET of a file: {status}")
        return data

    async def _exchange(
        self, method: str, path: str, body: bytes | None, limit: aiohttp.ClientTimeout
    ) -> tuple[int, bytes]:
        url = URL(f"{self.node.url}/{path}", encoded=True)
        try:
            async with self._open().request(method, url, data=body, headers=self._headers, timeout=limit) as reply:
                data = await reply.read() if reply.status != 204 else b""
        except aiohttp.ClientConnectorError as error:
            raise Unsent(f"{self.node.url} can't be reached: {error.os_error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unanswered(f"{method} was not answered: {type(error).__name__}") from error
        return reply.status, data

    async def hang_up(self, channel: str, reason: str = "") -> bool:
        """True when it was there; False when it is gone already. reason: ARI's, e.g. busy, for one not yet answered."""
        path, body = f"channels/{channel}", wire.hang_up(reason) if reason else None
        try:
            reply = await self._over_websocket("DELETE", path, body)
        except Unanswered:
            if self._replaced:
                raise
            reply = None  # once more, by HTTP: twice does no harm
        return (reply or await self.request("DELETE", path, body)).status == 204

    async def channel(self, channel: str) -> wire.Channel | None:
        """The channel as it is now; None when there is none."""
        reply = await self.request("GET", f"channels/{channel}")
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise Unanswered(f"GET of a channel: {reply.status}")
        return wire.read_channel(reply.text)

    async def channels(self) -> list[wire.WholeChannel]:
        return wire.read_channels(await self._listed("channels"))

    async def bridges(self) -> list[wire.Bridge]:
        return wire.read_bridges(await self._listed("bridges"))

    async def recordings(self) -> list[str]:
        """The names of all recordings on the node's disk, also of those being made."""
        return [each.name for each in wire.read_recordings(await self._listed("recordings/stored"))]

    async def listen(self, sink: Sink, may: Callable[[], bool] = lambda: True) -> None:
        """Hand every event to `sink` until cancelled, through every loss of the connection. While `may` says
        no, it does not connect again: that would evict whoever has the application now.

        Raises Replaced when another connection takes the application, AccessDenied when Asterisk refuses us.
        """
        pause = _FIRST_PAUSE
        while True:
            try:
                if may() and await self._listen_once(sink):
                    pause = _FIRST_PAUSE
            except (Replaced, AccessDenied):
                raise
            except (aiohttp.ClientError, TimeoutError, OSError, AriError) as error:
                _log.info("no events from Asterisk: %s", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _listen_once(self, sink: Sink) -> bool:
        """One connection, from its beginning to its end; whether it came to be of use."""
        url = URL(f"{self.node.url.replace('http', 'ws', 1)}/events").with_query(app=self.node.app)
        try:
            limits = aiohttp.ClientWSTimeout(ws_close=1.0)
            async with asyncio.timeout(self._request_seconds):
                socket = await self._open().ws_connect(
                    url, heartbeat=self._probe_seconds, timeout=limits, max_msg_size=0
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (401, 403):
                raise self._denied() from error
            raise
        commands = Commands(socket, self._request_seconds)
        try:
            if await self._filter():
                self._commands = commands
            self._connected.set()
            sink.connected()
            probing = asyncio.create_task(self._probe(socket))
            try:
                await self._read(socket, sink, commands)
            finally:
                probing.cancel()
            return True
        finally:
            self._commands = None
            commands.lost()
            if self.connected:
                self._connected.clear()
                sink.lost()
            with contextlib.suppress(Exception):
                await socket.close()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, sink: Sink, commands: Commands) -> None:
        received = sink.received
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                event = wire.read_event(message.data)
            except ValidationError:
                _log.warning("an event that is not as ARI promises was passed over")
                continue
            if isinstance(event, wire.Answer):
                commands.answered(event)
            elif isinstance(event, wire.ApplicationReplaced):
                self._replaced = True
                sink.replaced()
                raise Replaced("another connection has taken the application over")
            elif event is not None:
                received(event)

    async def _probe(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Close the websocket when REST has stopped answering: an Asterisk that hangs keeps its sockets open."""
        failures = 0
        while failures < 2:
            await asyncio.sleep(self._probe_seconds)
            try:
                await self.request("GET", "asterisk/ping")
                failures = 0
            except AriError:
                failures += 1
        await socket.close()

    async def _filter(self) -> bool:
        """Whether answers to commands come through, for sure: a filter that is there already may keep them back."""
        application = f"applications/{self.node.app}"
        reply = await self.request("PUT", f"{application}/eventFilter", wire.event_filter(self._events))
        filtered = reply.status == 200
        if not filtered:
            _log.warning("Asterisk does not filter events (%s): all costs a little more", reply.status)
        for source in self._sources:
            reply = await self.request("POST", f"{application}/subscription", wire.subscription(source))
            if reply.status != 200:
                raise Unanswered(f"Asterisk does not subscribe us to {source}: {reply.status}")
        return filtered

    async def _listed(self, what: str) -> str:
        reply = await self.request("GET", what)
        if reply.status != 200:
            raise Unanswered(f"GET {what}: {reply.status}")
        return reply.text

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use it in `async with`")
        return self._session

    def _denied(self) -> AccessDenied:
        return AccessDenied(
            f"Asterisk at {self.node.url} refuses the user {self.node.user!r}: "
            "compare user and password with its ari.conf"
        )
