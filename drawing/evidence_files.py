"""The files of evidence: their names and limits, and how a folder of them is read, whoever made it.

Only plain files are opened: no link, no device, no pipe, nothing below a sub-folder. Every size has a limit that is
checked before it is used, so that nothing that is given takes memory or time without bound; the limits stand in
docs/expert-draw-1.md. What can't be read as evidence at all is `Unreadable`; what is wrong inside a file that can be
read is `BadFile`, which names file and line.
"""

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

TRANSCRIPT, POOL, CALLS, PERSONS = "transcript.jsonl", "pool.jsonl", "calls.jsonl", "names.jsonl"
LEDGER, HEAD, KEY, README_NAME = "ledger.json", "head.json", "service.pub", "README.txt"
FILES = frozenset({TRANSCRIPT, POOL, CALLS, PERSONS, LEDGER, HEAD, KEY, README_NAME})

MIB = 1 << 20
LARGEST = {
    TRANSCRIPT: 64 * MIB, POOL: 8192 * MIB, CALLS: 256 * MIB, PERSONS: 16 * MIB,
    LEDGER: 16 * MIB, HEAD: 16 * MIB, KEY: MIB, README_NAME: MIB,
}  # fmt: skip
"""The most bytes of each file."""
MOST_FILES = 1000
CHUNK = MIB // 4
SAID = 80  # characters of a name that a message repeats


class Unreadable(ValueError):
    """This is no evidence, or can't be read; the message (Chinese) says why in one sentence."""


class BadFile(ValueError):
    """A file of readable evidence that is missing or not as it must be; the message (Chinese) names file and line."""


def check_twins(names: Iterable[str], extra: Iterable[str]) -> None:
    """Raise Unreadable for a file that some systems take for one of the evidence's: its name differs by case or by how it is
    encoded. Who unpacks such evidence elsewhere might read another content than was verified here.
    """
    known = {name.casefold(): name for name in names}
    for name in sorted(extra):
        if meant := known.get(unicodedata.normalize("NFKC", name).casefold().rstrip(". ")):
            raise Unreadable(f"另有一个文件，名称与 {meant} 只差大小写或写法，不能确定以哪个为准")


class Folder:
    """A folder of plain files, each looked at before it is opened and again after it was read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        found = set(_listed(path))
        self.names, self.extra = frozenset(found & FILES), frozenset(found - FILES)
        check_twins(self.names, self.extra)
        for name in sorted(self.names):
            if status_of(path / name).st_size > LARGEST[name]:
                raise Unreadable(f"{name} 过大（超过 {LARGEST[name] // MIB} MiB）")

    def chunks(self, name: str) -> Iterator[bytes]:
        """See evidence_reader.Container."""
        file, size = open_plain(self._path / name)
        with file:
            before, left = os.fstat(file.fileno()), size
            while left:
                chunk = _read(file, min(CHUNK, left), name)
                if not chunk:
                    break
                left -= len(chunk)
                yield chunk
            after = os.fstat(file.fileno())
            if left or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise Unreadable(f"{name} 在读取过程中被改动")

    def close(self) -> None:
        """Nothing stays open."""


def _listed(path: Path) -> Iterator[str]:
    try:
        with os.scandir(path) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_FILES:
                    raise Unreadable(f"文件夹中的文件过多（超过 {MOST_FILES} 个）")
                if not entry.is_file(follow_symlinks=False):
                    raise Unreadable(f"文件夹中的 {said(entry.name)} 不是普通文件（链接、设备、管道和下级文件夹均不接受）")
                yield entry.name
    except OSError as error:
        raise Unreadable(f"文件夹不能读取（{error.strerror}）") from error


def open_plain(path: Path) -> tuple[BinaryIO, int]:
    """Open a plain file, following no link and waiting for nobody, and give its size; raises Unreadable."""
    expected = status_of(path)
    if not stat.S_ISREG(expected.st_mode):
        raise Unreadable(f"{said(path.name)} 不是普通文件或文件夹（链接、设备和管道均不接受）")
    flags = os.O_RDONLY
    for wanted in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # as the system has them
        flags |= getattr(os, wanted, 0)
    try:
        file = os.fdopen(os.open(path, flags), "rb", buffering=0)
    except OSError as error:
        raise Unreadable(f"{said(path.name)} 不能读取（{error.strerror}）") from error
    opened = os.fstat(file.fileno())
    if not stat.S_ISREG(opened.st_mode) or (opened.st_dev, opened.st_ino) != (expected.st_dev, expected.st_ino):
        file.close()
        raise Unreadable(f"{said(path.name)} 在读取过程中被调换")
    return file, opened.st_size


def status_of(path: Path) -> os.stat_result:
    """What stands at the path, a link not followed; raises Unreadable."""
    try:
        return path.lstat()
    except (OSError, ValueError) as error:
        raise Unreadable(f"没有这个文件或文件夹，或不能读取：{said(str(path))}") from error


def _read(file: BinaryIO, size: int, name: str) -> bytes:
    try:
        return file.read(size) or b""
    except OSError as error:
        raise Unreadable(f"{said(name)} 不能读取（{error.strerror}）") from error


def said(name: str) -> str:
    """A file's name as a message may repeat it."""
    return name if len(name) <= SAID else f"…{name[-SAID:]}"
