"""操作记录 as it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.pool import Database
from db.queries import load
from drawing.lifecycle import Role

Q = load("web")
_COUNT, _PAGE, _ONE = Q.operation_count, Q.operations, Q.operation


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
    number: int = await db.value(_COUNT, {"words": words})
    return number


async def listed(db: Database, words: str, limits: dict[str, int]) -> list[Operation]:
    """A page of them, the newest first."""
    return [_of(row) for row in await db.all(_PAGE, {"words": words, **limits})]


async def one(db: Database, number: int) -> tuple[Operation, Link | None] | None:
    """One of them; without a link it was put in beside the chain."""
    row = await db.one(_ONE, {"id": number})
    if row is None:
        return None
    return _of(row), None if row.seq is None else Link(row.seq, row.hash, row.db_role or "")


def _of(row: Any) -> Operation:
    return Operation(row.id, row.at, row.actor, Role(row.role), row.act, row.activity, row.remark)
