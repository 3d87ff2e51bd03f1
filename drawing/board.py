"""What may be seen of a draw while it runs (D1): numbers, seats and calls; never a name, a number or a pool id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.pool import Database
from drawing.chain import Q
from drawing.lifecycle import ActivityState
from drawing.lots import fingerprint
from drawing.seats import PickOutcome


@dataclass(frozen=True, slots=True)
class Row:
    """One pick: the Nth expert (第 N 位专家) on a seat of a condition, and their last call."""

    n: int
    condition: str
    seat: int
    outcome: PickOutcome
    calls: int
    call_state: str | None
    call_outcome: str | None
    due_in: float | None  # seconds until the next try, when one waits


@dataclass(frozen=True, slots=True)
class Board:
    """计划抽取人数, 同意参评, 总呼叫人数, 开始抽取时间, 当前状态, and every pick."""

    activity: str
    name: str
    state: ActivityState
    planned: int
    agreed: int
    called: int
    live: int
    started_at: datetime | None
    opens_at: datetime
    fingerprint: str | None
    witnessed: bool
    witness_calls: int
    sealed: bool
    rows: tuple[Row, ...]


async def board(db: Database, activity: str, lead_s: int) -> Board:
    """The board now; `lead_s` is the rules' time before 预计评标开始 at which the result opens. LookupError if unknown."""
    head = await db.one(Q.board, {"activity": activity, "lead": lead_s})
    if head is None:
        raise LookupError(f"no activity {activity}")
    rows = [
        Row(n, row.condition, row.seat, PickOutcome(row.outcome), row.calls, row.call_state, row.call_outcome, row.due_in)
        for n, row in enumerate(await db.all(Q.board_rows, {"activity": activity}), start=1)
    ]
    return Board(
        activity=activity,
        name=head.name,
        state=ActivityState(head.state),
        planned=head.planned,
        agreed=sum(row.outcome is PickOutcome.ACCEPTED for row in rows),
        called=sum(row.calls > 0 for row in rows),
        live=sum(row.call_state == "live" for row in rows),
        started_at=head.started_at,
        opens_at=head.opens_at,
        fingerprint=None if head.commit_hash is None else fingerprint(bytes(head.commit_hash).hex()),
        witnessed=head.witnessed,
        witness_calls=head.witness_calls,
        sealed=head.sealed,
        rows=tuple(rows),
    )
