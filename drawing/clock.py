"""The time of an entry (pure): never backwards, and going on while a wall clock is set back.

`at` = max(wall clock, last `at` + monotonic time since). Beside each entry stands a reading of the monotonic clock of the machine
that wrote it; readings can be compared within one boot of one machine. An entry of another machine, or of an earlier boot, gives
no monotonic time: then `at` is the wall clock, and at least the last `at`.

>>> from datetime import UTC
>>> nine = datetime(2026, 11, 30, 9, tzinfo=UTC)
>>> next_at(nine - timedelta(hours=1), nine, Reading("b", 5_000_000_000), Reading("b", 7_000_000_000)).isoformat()
'2026-11-30T09:00:02+00:00'
>>> next_at(nine - timedelta(hours=1), nine, Reading("b", 5_000_000_000), Reading("c", 7_000_000_000)) == nine
True
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class Reading:
    """A monotonic clock: nanoseconds since the start of `boot`, which names one start of one machine."""

    boot: str
    ns: int

    def __str__(self) -> str:
        return f"{self.boot}:{self.ns}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The inverse of `str`; None for anything else, such as an entry of an older version.

        >>> Reading.parse("b:17"), Reading.parse("")
        (Reading(boot='b', ns=17), None)
        """
        boot, _, ns = text.rpartition(":")
        return cls(boot, int(ns)) if boot and ns.isascii() and ns.isdigit() else None


def next_at(now: datetime, last: datetime, before: Reading | None, reading: Reading) -> datetime:
    """When the entry after the one at `last` is; `before` and `reading`: the monotonic clock then and now."""
    if before is None or before.boot != reading.boot:
        return max(now, last)
    return max(now, last + timedelta(microseconds=max(0, reading.ns - before.ns) // 1000))
