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
from drawing.condition_names import condition_names
from drawing.lifecycle import ActivityState
from drawing.lots import fingerprint
from drawing.reference import reference
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.stages import Stage
from drawing.words import CALL_OUTCOMES, CALL_STAGES, PICK_OUTCOMES, UNREACHED_BY_LINE

AFTERWARDS = frozenset({Stage.GATHERING, Stage.LEAVING})
"""What may follow a decision on the same line."""


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
    stage: Stage | None = None  # of a live call, where that is known
    since: datetime | None = None
    by_line: bool = False  # unreached, and that is the line's doing

    @property
    def result(self) -> str:
        """结果, in the manual's words; empty while it is open."""
        return UNREACHED_BY_LINE if self.by_line else PICK_OUTCOMES[self.outcome]

    @property
    def talking(self) -> bool:
        """Somebody is on the line (通话中); a live call that does not is still being tried (呼叫中)."""
        answered = self.stage is not None and self.stage.answered
        return self.call_state == "live" and (answered or self.call_outcome is not None)

    @property
    def ringing_since(self) -> datetime | None:
        """Since when it is dialled or rings; None for any other call."""
        return self.since if self.call_state == "live" and not self.talking else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A condition (抽取条件): what it is called, how many seats it has, and how many experts have agreed."""

    condition: str
    seats: int
    agreed: int
    name: str = ""

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
    ringing: int  # 呼叫中: live, and nobody has answered yet
    talking: int  # 通话中
    waiting: int
    started_at: datetime | None
    opens_at: datetime
    fingerprint: str | None
    witnessed: bool
    witness_calls: int
    witness_stage: Stage | None
    sealed: bool
    now: datetime  # by the database's clock
    rows: tuple[Row, ...]

    @property
    def live(self) -> int:
        """Lines open now."""
        return self.ringing + self.talking


async def board(db: Database, activity: str, lead_s: int) -> Board:
    """The board now; `lead_s` is the rules' time before 预计评标开始 at which the result opens. LookupError if unknown."""
    head = await db.one(Q.board, {"activity": activity, "lead": lead_s})
    if head is None:
        raise LookupError(f"no activity {activity}")
    rules = Rules.load(head.rules)
    rows = [
        Row(
            n, row.condition, row.seat, PickOutcome(row.outcome), row.calls, row.call_state, row.call_outcome, row.due_in,
            row.pick, _stage(row.stage), row.since, row.came_to is not None and rules.unreached_by_line(row.came_to),
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
        ringing=sum(row.call_state == "live" and not row.talking for row in rows),
        talking=sum(row.talking for row in rows),
        waiting=sum(row.call_state == "waiting" for row in rows),
        started_at=head.started_at,
        opens_at=head.opens_at,
        fingerprint=None if head.commit_hash is None else fingerprint(bytes(head.commit_hash).hex()),
        witnessed=head.witnessed,
        witness_calls=head.witness_calls,
        witness_stage=_stage(head.witness_stage),
        sealed=head.sealed,
        now=head.now,
        rows=tuple(rows),
    )


async def standings(db: Database, board: Board) -> tuple[Standing, ...]:
    """Each condition, in the commit's order."""
    agreed = Counter(row.condition for row in board.rows if row.outcome is PickOutcome.ACCEPTED)
    conditions = await db.all(Q.conditions, {"activity": board.activity})
    names = condition_names(conditions, reference())
    return tuple(Standing(each.id, each.seats, agreed[each.id], names[each.id]) for each in conditions)


async def sentences(db: Database, rows: Sequence[Row]) -> Mapping[int, Sequence[str]]:
    """What became of each ended call of these picks, in a clerk's words, by pick."""
    found: dict[int, list[str]] = {}
    for call in await db.all(Q.board_calls, {"picks": [row.pick for row in rows]}):
        found.setdefault(call.pick, []).append(call_sentence(call.outcome, call.trail))
    return found


def call_words(row: Row) -> str:
    """The state of a pick's last call; the time until the next try in minutes, so that not each look differs."""
    if row.call_state == "live":
        return live_words(row)
    last = CALL_OUTCOMES.get(row.call_outcome or "", "")
    if row.call_state == "waiting" and row.outcome is PickOutcome.OPEN:
        return f"{last}，{_soon(row.due_in or 0)}再呼叫" if row.calls else "等待呼叫"
    return last or "—"


def live_words(row: Row) -> str:
    """Where a live call stands. What is decided comes first: what is told of it afterwards may be a moment late."""
    if row.call_outcome is None:
        return stage_words(row.stage)
    after = CALL_STAGES[row.stage] if row.stage in AFTERWARDS else "仍在通话"
    return f"{CALL_OUTCOMES[row.call_outcome]}，{after}"


def stage_words(stage: Stage | None) -> str:
    """
    >>> stage_words(None), stage_words(Stage.RINGING), stage_words(Stage.INVITING)
    ('正在呼叫', '响铃中', '通话中：正在听邀请')
    """
    if stage is None:
        return "正在呼叫"
    return f"通话中：{CALL_STAGES[stage]}" if stage.answered else CALL_STAGES[stage]


def _stage(value: str | None) -> Stage | None:
    return None if value is None else Stage(value)


def _soon(seconds: float) -> str:
    """
    >>> _soon(-3), _soon(59), _soon(61)
    ('即将', '1 分钟内', '约 2 分钟后')
    """
    minutes = ceil(seconds / 60)
    return "即将" if minutes < 1 else "1 分钟内" if minutes == 1 else f"约 {minutes} 分钟后"
