"""Reads evidence, a folder or a zip alike: whole files, or lines of which each is complete and not too long."""

import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from drawing.evidence_files import MIB, TRANSCRIPT, BadFile, Folder, Unreadable, open_plain, status_of
from drawing.evidence_zip import Zip

LONGEST_LINE = 4 * MIB


class Container(Protocol):
    """Where the files are. `names` are those of the evidence, `extra` what else is there."""

    names: frozenset[str]
    extra: frozenset[str]

    def chunks(self, name: str) -> Iterator[bytes]:
        """A file's bytes, in pieces of at most `CHUNK`; raises Unreadable."""

    def close(self) -> None:
        """Close what is open."""


class Evidence:
    """Reads the files of a folder or zip; use with `with`. Raises Unreadable."""

    def __init__(self, path: Path) -> None:
        self._container = _container(path)
        if TRANSCRIPT not in self._container.names:
            self._container.close()
            raise Unreadable(f"其中没有 {TRANSCRIPT}")
        self.names, self.extra = self._container.names, self._container.extra

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def read(self, name: str) -> bytes:
        """A whole small file; raises Unreadable, BadFile."""
        return b"".join(self._chunks(name))

    def lines(self, name: str) -> Iterator[bytes]:
        """A file's lines without their newline; each must have one. Raises Unreadable, BadFile."""
        rest, number = b"", 0
        for chunk in self._chunks(name):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                number += 1
                _check_length(line, name, number)
                yield line
            _check_length(rest, name, number + 1)
        if rest:
            raise BadFile(f"{name} 第 {number + 1} 行不完整（缺换行）")

    def _chunks(self, name: str) -> Iterator[bytes]:
        if name not in self.names:
            raise BadFile(f"缺少文件 {name}")
        return self._container.chunks(name)


def _check_length(line: bytes, name: str, number: int) -> None:
    if len(line) > LONGEST_LINE:
        raise BadFile(f"{name} 第 {number} 行过长（超过 {LONGEST_LINE // MIB} MiB）")


def _container(path: Path) -> Container:
    return Folder(path) if stat.S_ISDIR(status_of(path).st_mode) else Zip(*open_plain(path))
