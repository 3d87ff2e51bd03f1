"""What may be seen of a draw while it runs (D1): numbers, seats and calls; never a name, a number or a pool id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from db.pool import Database
from drawing.call_words import call_sentence
from drawing.chain import Q
from drawing.lifecycle import ActivityState
from drawing.lots import fingerprint
from drawing.seats import PickOutcome
from drawing.words import CALL_OUTCOMES


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
    pick: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A condition (抽取条件): how many seats it has, and how many experts have agreed."""

    condition: str
    seats: int
    agreed: int

    @property
    def missing(self) -> int:
        """缺额."""
        return self.seats - self.agreed


@dataclass(frozen=True, slots=True)
class Board:
    """计划抽取人数, 同意参评, 总呼叫人数, 开始抽取时间, 当前状态, and every pick."""

    activity: str
    name: str
    state: ActivityState
    planned: int
    agreed: int
    called: int
    live: int  # lines open now: that ring, and that talk
    waiting: int
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
        Row(
            n, row.condition, row.seat, PickOutcome(row.outcome), row.calls, row.call_state, row.call_outcome, row.due_in,
            row.pick,
        )
        for n, row in enumerate(await db.all(Q.board_rows, {"activity": activity}), start=1)
    ]  # fmt: skip
    return Board(
        activity=activity,
        name=head.name,
        state=ActivityState(head.state),
        planned=head.planned,
        agreed=sum(row.outcome is PickOutcome.ACCEPTED for row in rows),
        called=sum(row.calls > 0 for row in rows),
        live=sum(row.call_state == "live" for row in rows),
        waiting=sum(row.call_state == "waiting" for row in rows),
        started_at=head.started_at,
        opens_at=head.opens_at,
        fingerprint=None if head.commit_hash is None else fingerprint(bytes(head.commit_hash).hex()),
        witnessed=head.witnessed,
        witness_calls=head.witness_calls,
        sealed=head.sealed,
        rows=tuple(rows),
    )


async def standings(db: Database, board: Board) -> tuple[Standing, ...]:
    """Each condition, in the commit's order."""
    agreed = Counter(row.condition for row in board.rows if row.outcome is PickOutcome.ACCEPTED)
    conditions = await db.all(Q.conditions, {"activity": board.activity})
    return tuple(Standing(each.id, each.seats, agreed[each.id]) for each in conditions)


async def sentences(db: Database, rows: Sequence[Row]) -> Mapping[int, Sequence[str]]:
    """What became of each ended call of these picks, in a clerk's words, by pick."""
    found: dict[int, list[str]] = {}
    for call in await db.all(Q.board_calls, {"picks": [row.pick for row in rows]}):
        found.setdefault(call.pick, []).append(call_sentence(call.outcome, call.trail))
    return found


def call_words(row: Row) -> str:
    """The state of a pick's last call; the time until the next try in minutes, so that not each look differs."""
    last = CALL_OUTCOMES.get(row.call_outcome or "", "")
    if row.call_state == "live":
        return f"正在呼叫（{last}）" if last else "正在呼叫"
    if row.call_state == "waiting" and row.outcome is PickOutcome.OPEN:
        return f"{last}，{_soon(row.due_in or 0)}再呼叫" if row.calls else "等待呼叫"
    return last or "—"


def _soon(seconds: float) -> str:
    """
    >>> _soon(-3), _soon(59), _soon(61)
    ('即将', '1 分钟内', '约 2 分钟后')
    """
    minutes = ceil(seconds / 60)
    return "即将" if minutes < 1 else "1 分钟内" if minutes == 1 else f"约 {minutes} 分钟后"
