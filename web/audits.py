"""The last audit (全面检查) that came to its end, for the administrator and for monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.pool import Database
from db.queries import load

Q = load("web")
_LAST = Q.last_audit
HOURS = 36
"""An audit is made each night; after so many hours without one that came to its end, somebody should look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """As the audit noted it: where, and a sentence in Chinese."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What it looked at and found; all 0 and `ended_at` None before the first one."""

    ended_at: datetime | None
    activities: int
    entries: int
    leaves: int
    operations: int
    findings: int
    shown: tuple[Finding, ...]
    """The first of them."""
    overdue: bool
    hours: int = HOURS

    @property
    def alarm(self) -> bool:
        """Whether a person must look."""
        return self.overdue or self.findings > 0


async def last(db: Database) -> Audit:
    """Raises DatabaseError when the database is away."""
    row = await db.one(_LAST, {"hours": HOURS})
    if row.ended_at is None:
        return Audit(None, 0, 0, 0, 0, 0, (), row.overdue)
    shown = tuple(Finding(where, text) for _, where, text in row.shown)
    return Audit(row.ended_at, row.activities, row.entries, row.leaves, row.operations, row.findings, shown, row.overdue)
