"""A TCP proxy before ARI that can do to connections what networks do: cut them, fall silent, lose answers."""

import asyncio
import contextlib
from typing import Self


class Proxy:
    """`async with Proxy(port) as proxy`: clients connect to `proxy.port`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._pipes: set[asyncio.Task[None]] = set()
        self._sockets: dict[asyncio.StreamWriter, bool] = {}
        self._mute: set[asyncio.StreamWriter] = set()
        self.lose_answers = False
        """Answers to HTTP requests are swallowed; websockets go on."""
        self.refuse = False
        """New connections are closed at once."""
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
                    self._sockets[writer] = True
                if writer not in self._mute:
                    there.write(data)

    async def _down(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await there.read(65536):
                lost = self.lose_answers and not self._sockets.get(writer, False)
                if not lost and writer not in self._mute:
                    writer.write(data)
