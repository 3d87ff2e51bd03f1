"""操作记录 as it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.pool import Database
from db.queries import Query, load
from drawing.lifecycle import Role
from drawing.normal_forms import normal_unit

Q = load("web")
MOST = 10_000
"""So many lines of one search by name can be looked through; a narrower search shows the others."""
_ACTIVITY = re.compile(r"CQ[A-Z]{2}\d{12}")


@dataclass(frozen=True, slots=True)
class Operation:
    """Who did what when; `activity` where it was about one."""

    id: int
    at: datetime
    actor: str
    role: Role
    act: str
    activity: str | None
    remark: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a line stands in the chain of 操作记录, and which of our processes wrote it, by its database role."""

    seq: int
    hash: str
    db_role: str


@dataclass(frozen=True, slots=True)
class Look:
    """Some of the lines: all, those about an activity, or those of whoever has such a name."""

    db: Database
    counting: Query
    listing: Query
    values: Mapping[str, object]

    def is_cut(self, count: int) -> bool:
        """Whether there may be more than were counted."""
        return "most" in self.values and count >= MOST

    async def count(self) -> int:
        """How many there are; of people's lines no more than MOST are counted."""
        number: int = await self.db.value(self.counting, self.values)
        return number

    async def page(self, limits: Mapping[str, int]) -> list[Operation]:
        """A page of them, the newest first."""
        return [_of(row) for row in await self.db.all(self.listing, {**self.values, **limits})]


async def look(db: Database, words: str) -> Look:
    """All lines; or, if there are `words`, those about the activity of that number, or of those whose name has them as a part."""
    if not words:
        return Look(db, Q.count_operations, Q.operations, {})
    if _ACTIVITY.fullmatch(words.upper()):
        return Look(db, Q.count_operations_of_activity, Q.operations_of_activity, {"activity": words.upper()})
    actors = [row.name for row in await db.all(Q.actors_like, {"words": normal_unit(words)})]
    return Look(db, Q.count_operations_by, Q.operations_by, {"actors": actors, "most": MOST})


async def one(db: Database, number: int) -> tuple[Operation, Link | None] | None:
    """One of them; without a link it was put in beside the chain."""
    row = await db.one(Q.operation, {"id": number})
    if row is None:
        return None
    return _of(row), None if row.seq is None else Link(row.seq, row.hash, row.db_role or "")


def _of(row: Any) -> Operation:
    return Operation(row.id, row.at, row.actor, Role(row.role), row.act, row.activity, row.remark)
