"""The pipe through which an Asterisk started by this process says what it has to say; read beside everything else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from asterisk.log_reader import LogReader

_CHUNK = 65_536


class LogPipe:
    """Made before Asterisk is started, with `write_end` for its standard output; `begin` after."""

    def __init__(self, folder: Path) -> None:
        self._reader = LogReader(folder)
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._ended = asyncio.Event()

    def begin(self) -> None:
        """Asterisk has the write end; ours is closed, so that its end is the pipe's."""
        os.close(self.write_end)
        asyncio.get_running_loop().add_reader(self._read_end, self.read)

    def read(self) -> None:
        """Take what is there now."""
        if self._ended.is_set():
            return
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = os.read(self._read_end, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                self._end()
                return
            if pause := self._reader.feed(data, loop.time()):
                loop.remove_reader(self._read_end)
                loop.call_later(pause, self._go_on)
                return

    async def ended(self) -> None:
        """Return when Asterisk's last words are written."""
        await self._ended.wait()

    def _go_on(self) -> None:
        if not self._ended.is_set():
            asyncio.get_running_loop().add_reader(self._read_end, self.read)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._read_end)
        os.close(self._read_end)
        self._reader.close()
        self._ended.set()
