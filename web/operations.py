"""操作记录 as it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.pool import Database
from db.queries import Query, load
from drawing.lifecycle import Role

Q = load("web")
_ONE, _ALL, _OF_ACTIVITY, _BY = (
    Q.operation,
    (Q.count_operations, Q.operations),
    (Q.count_operations_of_activity, Q.operations_of_activity),
    (Q.count_operations_by, Q.operations_by),
)
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


async def count(db: Database, words: str) -> int:
    """How many are about `words`: an activity's number, or part of a name."""
    (count, _), values = _asked(words)
    number: int = await db.value(count, values)
    return number


async def listed(db: Database, words: str, limits: dict[str, int]) -> list[Operation]:
    """A page of them, the newest first."""
    (_, page), values = _asked(words)
    return [_of(row) for row in await db.all(page, {**values, **limits})]


async def one(db: Database, number: int) -> tuple[Operation, Link | None] | None:
    """One of them; without a link it was put in beside the chain."""
    row = await db.one(_ONE, {"id": number})
    if row is None:
        return None
    return _of(row), None if row.seq is None else Link(row.seq, row.hash, row.db_role or "")


def _asked(words: str) -> tuple[tuple[Query, Query], dict[str, str]]:
    """The statements to ask, and their parameters: a search by part of a name reads all lines, the others only what they show."""
    if not words:
        return _ALL, {}
    if _ACTIVITY.fullmatch(words.upper()):
        return _OF_ACTIVITY, {"activity": words.upper()}
    return _BY, {"words": words}


def _of(row: Any) -> Operation:
    return Operation(row.id, row.at, row.actor, Role(row.role), row.act, row.activity, row.remark)
