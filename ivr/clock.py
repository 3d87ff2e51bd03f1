"""The clock of one call, or of anything else within one process (pure): a wall stamp at its beginning, and monotonic time since.

However often and however far the machine's clock is set meanwhile, times within one call have the right distances, and what a flow
decides does not depend on it. docs/clocks.md says what goes by which clock.

>>> from datetime import UTC
>>> clock = SteadyClock(datetime(2026, 11, 30, 9, tzinfo=UTC), 17.0)
>>> clock.at(18.5).isoformat()
'2026-11-30T09:00:01.500000+00:00'
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class SteadyClock:
    """`began` by the wall clock was `tick` by the monotonic one, in seconds."""

    began: datetime
    tick: float

    def at(self, tick: float) -> datetime:
        """The time when the monotonic clock showed `tick`."""
        return self.began + timedelta(seconds=tick - self.tick)
