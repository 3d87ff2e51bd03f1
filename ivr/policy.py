"""When a call may begin (pure): hours, budgets, the trunk's pace. What rules say is data in drawing/rules; this applies it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from drawing.rules import Calling as Data

NOT_ALLOWED_SECONDS = 3600.0


@dataclass(frozen=True)
class Calling:
    data: Data

    @classmethod
    def of(cls, data: Data) -> Self:
        return cls(data)

    @property
    def channels(self) -> int:
        return self.data.channels

    def allows(self, number: str) -> bool:
        return self.data.allows(number)

    def closed_for(self, local: datetime) -> float:
        if self.data.may_ring(local.time()):
            return 0.0
        opening = datetime.combine(local.date(), self.data.hours_from, local.tzinfo)
        if opening <= local:
            opening += timedelta(days=1)
        return (opening - local).total_seconds()

    def budget_wait(self, minute: int, hour: int, day: int) -> float:
        if day >= self.data.per_day:
            return 3600.0
        if hour >= self.data.per_hour:
            return 300.0
        return 10.0 if minute >= self.data.per_minute else 0.0


class Gate:
    def __init__(self, calling: Calling, trunk: float | None = None) -> None:
        """`trunk`: the carrier's own limit of calls per second."""
        self._gap = 1 / min(calling.data.calls_per_second, trunk or calling.data.calls_per_second)
        self._next: datetime | None = None

    def wait(self, now: datetime) -> float:
        return 0.0 if self._next is None else max(0.0, (self._next - now).total_seconds())

    def passed(self, now: datetime) -> None:
        base = now if self._next is None or self._next < now - timedelta(seconds=1) else self._next
        self._next = base + timedelta(seconds=self._gap)
