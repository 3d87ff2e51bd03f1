"""One server per state folder: a lock that its holder takes before it touches anything, and that ends with its process; and the
parts that a server which was killed has left running."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from asterisk.ending import MARK


class Locked(Exception):
    """Another server has this state folder. The message says which process that is."""


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the state folder; raises Locked, or OSError where it can't be written."""
    _make(state)
    descriptor = os.open(state / "server.lock", os.O_RDWR | os.O_CREAT, 0o644)  # not truncated: it may be another's
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "a process that has just started"
            raise Locked(
                f"another script/server is running with {state}: {holder}. It was left as it is. End that one first (kill with its"
                " number), or give this one a folder of its own with EXPERTLINE_STATE."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _make(folder: Path) -> None:
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir()
            path.chmod(0o755)  # whatever the umask is: PostgreSQL, which is no root, has to pass


def mark(part: str, state: Path) -> dict[str, str]:
    """What the environment of a part has besides ours."""
    return {MARK: f"{part}@{state.resolve()}"}


def left_over(part: str, state: Path) -> list[int]:
    """The processes of that part which an earlier server has left, those that lead their session: its other processes follow. To be
    asked under the lock only, where no other server of this folder can be alive."""
    wanted = f"{MARK}={part}@{state.resolve()}".encode()
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended, or is another user's
            process = int(folder.name)
            if wanted in (folder / "environ").read_bytes().split(b"\0") and os.getsid(process) == process:
                found.append(process)
    return sorted(found)
