"""Keep what Asterisk says: ``asterisk ... | python -m asterisk.log_reader FOLDER``.

Asterisk writes to a pipe and opens no log file. If whoever reads is gone or slow, it drops lines and goes on with its calls
(logger.conf: logger_queue_limit). Three things are bounded: the lines written within a minute (log_lines.Digest), the lines
that are looked at in a second, and the size of the files.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from asterisk.log_lines import Digest, Entry, File, read_line

CEILING = 2 * 2**20
"""Bytes of a file, before it is moved aside."""
KEPT = 4
"""So many older files are kept beside each."""
LINES_A_SECOND = 1_000
"""More are not read, so that a flood does not cost the calls their processor. Asterisk drops what does not fit into its queue."""
_CHUNK = 65_536
_LONGEST_LINE = 65_536


class RotatingFile:
    """A log file that only its owner reads, never larger than its ceiling; the oldest of its predecessors goes."""

    def __init__(self, path: Path, ceiling: int = CEILING, kept: int = KEPT) -> None:
        self._path, self._ceiling, self._kept = path, ceiling, kept
        self._file: int | None = None
        self._size = 0
        with contextlib.suppress(OSError):
            self._open()

    def write(self, text: str) -> None:
        """Append. Where the disk is full the line is lost: the calls go on, and so does the reading."""
        data = text.encode()
        with contextlib.suppress(OSError):
            if self._file is None:  # it could not be opened before
                self._open()
            elif self._size and self._size + len(data) > self._ceiling:
                self._rotate()
            assert self._file is not None
            self._size += os.write(self._file, data)

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size

    def _rotate(self) -> None:
        for n in range(self._kept, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{n}")
            newer = self._path.with_name(f"{self._path.name}.{n - 1}") if n > 1 else self._path
            if newer.exists():
                newer.replace(older)
        self.close()  # never written to again, even if opening fails: its number may be another file's by then
        self._open()


class LogReader:
    """Takes Asterisk's output in pieces as they come, and writes `messages` and `security` into the folder."""

    def __init__(self, folder: Path, ceiling: int = CEILING, kept: int = KEPT) -> None:
        for name in ("messages", "security"):
            _scrub(folder / name, ceiling)
        self._files: dict[File, RotatingFile] = {
            "messages": RotatingFile(folder / "messages", ceiling, kept),
            "security": RotatingFile(folder / "security", ceiling, kept),
        }
        self._digest = Digest()
        self._begun = b""
        self._second, self._lines = 0, 0

    def feed(self, data: bytes, now: float) -> float:
        """Take a piece of output; the answer is for how many seconds no more should be read."""
        *whole, self._begun = (self._begun + data).split(b"\n")
        if len(self._begun) > _LONGEST_LINE:
            whole, self._begun = [*whole, self._begun], b""
        for line in whole:
            if entry := read_line(line):
                self._write(self._digest.take(entry, now))
        return self._pause(len(whole), now)

    def tick(self, now: float) -> None:
        """Nothing has come for a while: write the counts that are due."""
        self._write(self._digest.due(_wall_time(), now))

    def close(self) -> None:
        """Asterisk has ended: write what is left."""
        if entry := read_line(self._begun):
            self._write(self._digest.take(entry, 0.0))
        self._begun = b""
        self._write(self._digest.rest(_wall_time()))
        for file in self._files.values():
            file.close()

    def _write(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._files[entry.file].write(f"{entry.at or _wall_time()} {entry.text}\n")

    def _pause(self, lines: int, now: float) -> float:
        if int(now) != self._second:
            self._second, self._lines = int(now), 0
        self._lines += lines
        return self._second + 1 - now if self._lines > LINES_A_SECOND else 0.0


def _scrub(path: Path, ceiling: int) -> None:
    """A log that others may read is from a version that kept numbers in it: what is kept of it goes by today's rules."""
    if not path.exists() or not path.stat().st_mode & 0o077:
        return
    with path.open("rb") as file:  # a flood may have made it larger than memory
        file.seek(max(0, path.stat().st_size - ceiling // 2))
        lines = file.read(ceiling // 2).splitlines()
    kept = [entry for line in lines if (entry := read_line(line))]
    path.unlink()
    path.touch(mode=0o600)
    path.write_text("".join(f"{entry.at} {entry.text}\n" for entry in kept))


def _wall_time() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S.000")


def read_all(descriptor: int, reader: LogReader) -> None:
    """Read until Asterisk has ended, without ever holding it up for longer than a flood deserves."""
    while True:
        if not select.select([descriptor], [], [], 10.0)[0]:
            reader.tick(time.monotonic())
            continue
        data = os.read(descriptor, _CHUNK)
        if not data:
            return reader.close()
        if pause := reader.feed(data, time.monotonic()):
            time.sleep(pause)


def main(arguments: list[str]) -> int:
    """Asterisk's end ends it; a signal does not, so that Asterisk's last words are kept."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    read_all(sys.stdin.fileno(), LogReader(Path(arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
