"""CPU time of processes, from /proc: seconds in user and kernel mode, all threads (proc(5), /proc/PID/stat)."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def own(pid: int) -> float:
    """Of one process; 0 when it is gone."""
    return _times(pid)[0]


def cluster(postmaster: int) -> float:
    """Of a PostgreSQL server: the postmaster, its children, and those that have ended (and were waited for)."""
    used, of_ended = _times(postmaster)
    return used + of_ended + sum(own(child) for child in children(postmaster))


def children(pid: int) -> Iterator[int]:
    """The children that a process has now."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from map(int, task.read_text().split())


def command_line(pid: int) -> str:
    """How it was started; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _times(pid: int) -> tuple[float, float]:
    """Used by the process, and by its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    user, system, ended_user, ended_system = map(int, fields[11:15])
    return (user + system) * _TICK, (ended_user + ended_system) * _TICK
