"""Evidence as files: a folder or a zip with the same names."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

TRANSCRIPT, POOL, CALLS = "transcript.jsonl", "pool.jsonl", "calls.jsonl"
PERSONS = "names.jsonl"
LEDGER, KEY, README_NAME = "ledger.json", "service.pub", "README.txt"
NAMES = frozenset({TRANSCRIPT, POOL, CALLS, LEDGER, KEY, README_NAME})


class Unreadable(ValueError):
    """The evidence can't be read at all; the message (Chinese) says why."""


class Evidence:
    """Reads the files of a folder or zip; use with `with`."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise Unreadable(f"没有这个文件或文件夹：{path}")
        self._folder = path
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            self.names = {each.name for each in path.iterdir()}
            return
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise Unreadable(f"既不是文件夹，也不是 zip 文件：{path}") from error
        listed = self._zip.namelist()
        self.names = set(listed)
        if len(self.names) != len(listed):
            self._zip.close()
            raise Unreadable("zip 中有重名文件")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._zip is not None:
            self._zip.close()

    def read(self, name: str) -> bytes:
        """A whole file; raises Unreadable."""
        with self._open(name) as file:
            return self._guarded(file.read, name)

    def lines(self, name: str) -> Iterator[bytes]:
        """A file's lines without their newline; each must have one. Raises Unreadable."""
        with self._open(name) as file:
            for number in range(1, 1 << 62):
                if not (line := self._guarded(file.readline, name)):
                    return
                if not line.endswith(b"\n"):
                    raise Unreadable(f"{name} 第 {number} 行不完整（缺换行）")
                yield line[:-1]

    def _open(self, name: str) -> IO[bytes]:
        if name not in self.names:
            raise Unreadable(f"缺少文件 {name}")
        try:
            return self._zip.open(name) if self._zip else (self._folder / name).open("rb")
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:
            raise Unreadable(f"{name} 不能读取") from error

    def _guarded(self, read: Callable[[], bytes], name: str) -> bytes:
        try:
            return read()
        except (OSError, zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise Unreadable(f"{name} 已损坏，不能读取") from error
