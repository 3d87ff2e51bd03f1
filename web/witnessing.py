"""What a supervisor (监督人) sees of what they witness: the commit in numbers, and whether their digits are awaited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.pool import Database, Transaction
from drawing import heads
from drawing.canonical import read
from drawing.chain import Q
from drawing.commit import Commit
from drawing.condition_names import condition_names
from drawing.heads import Given
from drawing.ledger import LedgerHead
from drawing.lifecycle import ActivityState
from drawing.lots import fingerprint
from drawing.reference import reference


@dataclass(frozen=True, slots=True)
class Duty:
    """An activity that somebody is registered to witness; `draw` is None before its pool is fixed."""

    id: str
    name: str
    state: ActivityState
    draw: int | None
    committed_at: datetime | None
    waiting: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """承诺: what the supervisor compares and writes down before giving digits."""

    fingerprint: str
    commit: Commit
    head: LedgerHead
    """The ledger's with the draw's commit, or with its seal once that is there."""
    sealed: bool

    @property
    def eligible(self) -> Sequence[tuple[str, int, int]]:
        """Condition, and how many of 主专业 and of 备选专业 stand in its order."""
        return [(each.id, *self.commit.counts.eligible[each.id]) for each in self.commit.conditions]  # type: ignore[misc]

    @property
    def condition_names(self) -> Mapping[str, str]:
        """What each condition is called, by the commit's own words."""
        return condition_names(self.commit.conditions, reference())

    @property
    def excluded(self) -> int:
        """How many were excluded, for whatever reason."""
        return sum(self.commit.counts.excluded.values())


async def duties(db: Database | Transaction, witness: str) -> list[Duty]:
    """What waits for this person first; then the rest, the newest first."""
    return [_duty(row) for row in await db.all(Q.witnessed_by, {"witness": witness, "activity": None})]


async def duty(db: Database | Transaction, witness: str, activity: str) -> Duty | None:
    """One of them; None when this person does not witness it."""
    row = await db.one(Q.witnessed_by, {"witness": witness, "activity": activity})
    return None if row is None else _duty(row)


async def receipt(db: Database, activity: str, whom: str) -> Receipt | None:
    """The commit of the draw under way or of the last, shown to `whom`; None before its pool is fixed."""
    draw = await db.one(Q.current_draw, {"activity": activity})
    body = await db.value(Q.commit_body, {"activity": activity})
    if draw is None or body is None:
        return None
    sealed = draw.sealed_at is not None
    head = await heads.receipt(db, activity, draw.no, Given.SEAL if sealed else Given.COMMIT, Given.PAGE, whom)
    shown = fingerprint(bytes(draw.commit_hash).hex())
    return Receipt(shown, Commit.from_json(read(body)), head, sealed)


def _duty(row: Any) -> Duty:
    return Duty(row.id, row.name, ActivityState(row.state), row.draw, row.committed_at, row.waiting)
