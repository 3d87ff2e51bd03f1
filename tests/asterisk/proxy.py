"""A TCP proxy before ARI that can do to connections what networks do: cut them, fall silent, lose or delay answers."""

import asyncio
import contextlib
import re
from typing import Self

_REQUEST = re.compile(r"^([A-Z]+ \S+) HTTP/1\.1\r$", re.MULTILINE)


class Proxy:
    """`async with Proxy(port) as proxy`: clients connect to `proxy.port`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._pipes: set[asyncio.Task[None]] = set()
        self._sockets: dict[asyncio.StreamWriter, bool] = {}
        self._mute: set[asyncio.StreamWriter] = set()
        self.lose_answers = False
        """Answers to requests are swallowed, by HTTP and on websockets; events go on."""
        self.hold_answers = False
        """Answers to requests over websockets are kept back until `release`; HTTP and events go on."""
        self.refuse = False
        """New connections are closed at once."""
        self.refuse_websockets = False
        """New websockets are closed at once; HTTP goes on."""
        self.requests: list[str] = []
        """What was asked by HTTP: method and path."""
        self._held: list[tuple[asyncio.StreamWriter, bytes]] = []
        self._holding = asyncio.Event()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def cut(self) -> None:
        """Abort every connection."""
        for writer in self._sockets:
            writer.transport.abort()

    async def until_held(self) -> None:
        """An answer is being kept back: Asterisk has carried out what was asked."""
        await self._holding.wait()

    def release(self) -> None:
        """Answers that were kept back are sent, and none is kept back any more."""
        self.hold_answers = False
        for writer, frame in self._held:
            writer.write(frame)
        self._held.clear()
        self._holding.clear()

    def silence_websockets(self) -> None:
        """Websockets stay open, and nothing comes through any more on those that there are."""
        for writer, is_websocket in self._sockets.items():
            if is_websocket:
                self._mute.add(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
            self._sockets[writer] = False
            up = asyncio.create_task(self._up(reader, there_writer, writer))
            down = asyncio.create_task(self._down(there_reader, writer))
            self._pipes |= {up, down}
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            there_writer.transport.abort()
            writer.transport.abort()
            self._sockets.pop(writer, None)

    async def _up(
        self, reader: asyncio.StreamReader, there: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if b"upgrade: websocket" in data.lower():
                    if self.refuse_websockets:
                        return
                    self._sockets[writer] = True
                elif not self._sockets[writer]:
                    self.requests += _REQUEST.findall(data.decode(errors="replace"))
                if writer not in self._mute:
                    there.write(data)

    async def _down(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = _Frames()
        with contextlib.suppress(OSError):
            while data := await there.read(65536):
                if writer in self._mute:
                    continue
                if self._sockets.get(writer, False):
                    for frame in frames.cut(data):
                        self._pass_on(frame, writer)
                elif not self.lose_answers:
                    writer.write(data)

    def _pass_on(self, frame: bytes, writer: asyncio.StreamWriter) -> None:
        answers = b'"RESTResponse"' in frame[:64]
        if answers and self.hold_answers:
            self._held.append((writer, frame))
            self._holding.set()
        elif not (answers and self.lose_answers):
            writer.write(frame)


class _Frames:
    """What the server of a websocket sends, cut where frames end. Its consent to the upgrade comes first."""

    def __init__(self) -> None:
        self._rest = b""
        self._upgraded = False

    def cut(self, data: bytes) -> list[bytes]:
        """The frames that are whole by now."""
        self._rest += data
        whole = []
        while (size := self._size()) and len(self._rest) >= size:
            whole.append(self._rest[:size])
            self._rest = self._rest[size:]
        return whole

    def _size(self) -> int:
        """Of the next one in bytes; 0 while that is not known."""
        if not self._upgraded:
            size = self._rest.find(b"\r\n\r\n") + 4
            self._upgraded = size > 3
            return size if self._upgraded else 0
        length = self._rest[1] & 127 if len(self._rest) > 1 else 0
        head = {126: 4, 127: 10}.get(length, 2)
        if len(self._rest) < head:
            return 0
        return head + (length if head == 2 else int.from_bytes(self._rest[2:head], "big"))
