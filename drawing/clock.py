"""Wall clocks and monotonic clocks (pure): the time of an entry, which never goes backwards and goes on while a wall clock is set
back; and how it is told that a clock was set.

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


def as_of_now(at: datetime, then: Reading | None, now: datetime, reading: Reading) -> datetime:
    """When an entry was, as the clock counts it that shows `now`: its distance by the monotonic clock, as far as that is known.

    >>> from datetime import UTC
    >>> nine = datetime(2026, 11, 30, 9, tzinfo=UTC)
    >>> as_of_now(nine, Reading("b", 5_000_000_000), nine - timedelta(hours=1), Reading("b", 7_000_000_000)).isoformat()
    '2026-11-30T07:59:58+00:00'
    """
    if then is None or then.boot != reading.boot:
        return at
    return now - timedelta(microseconds=(reading.ns - then.ns) // 1000)


STEP_SECONDS = 1.0
"""A clock that jumps by less counts as disciplined (NTP), not as set."""
_SLEW = 0.001
"""A disciplined clock gains or loses at most half of this (500 ppm); the rest is for the crystals of two machines."""


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a clock is ahead of a monotonic one, in seconds: between `least` and `most`, because it was read at some moment of a
    round trip. `at`: when that ended, by the monotonic clock.
    """

    least: float
    most: float
    at: float

    @classmethod
    def read(cls, clock: float, asked: float, answered: float) -> Self:
        """`clock` is what it showed between `asked` and `answered`.

        >>> Offset.read(100.0, asked=40.0, answered=42.0)
        Offset(least=58.0, most=60.0, at=42.0)
        """
        return cls(clock - answered, clock - asked, answered)

    def step_to(self, later: Offset) -> float:
        """By how many seconds the clock was set between the two; 0.0 where round trips and slewing explain the difference.

        >>> before = Offset.read(100.0, asked=40.0, answered=40.1)
        >>> before.step_to(Offset.read(110.0, asked=50.0, answered=53.0))  # a slow answer is no step
        0.0
        >>> round(before.step_to(Offset.read(-3490.0, asked=50.0, answered=50.1)))
        -3600
        """
        apart = max(later.least - self.most, self.least - later.most) - self._slewed(later)
        return (later.least + later.most - self.least - self.most) / 2 if apart >= STEP_SECONDS else 0.0

    def then(self, later: Offset) -> Offset:
        """What to compare with from now on: the sharper of the two. Where the clock was set by too little to be a step, the earlier
        one: many such add up to a step.
        """
        slewed = self._slewed(later)
        kept = Offset(self.least - slewed, self.most + slewed, later.at)
        sharper = later.most - later.least <= kept.most - kept.least
        return later if sharper and self._explains(later) else kept

    def less(self, step: float) -> Offset:
        """The same for a clock that is `step` seconds behind this one."""
        return Offset(self.least - step, self.most - step, self.at)

    def _explains(self, later: Offset) -> bool:
        slewed = self._slewed(later)
        return later.least - self.most <= slewed and self.least - later.most <= slewed

    def _slewed(self, later: Offset) -> float:
        return max(0.0, later.at - self.at) * _SLEW
