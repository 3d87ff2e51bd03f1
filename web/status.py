"""What the console may show without a login: numbers of running draws; never a name, a telephone or a pool id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.pool import Database
from db.queries import load
from drawing.lifecycle import ActivityState

Q = load("web")
_UNDER_WAY, _NODES, _CALLS_LIVE = Q.under_way, Q.nodes, Q.calls_live
_TRUNK_FAILURES, _CALLS_FAILING, _NAMES_REFUSED = Q.trunk_failures, Q.calls_failing, Q.names_refused
_CLOCK_STEPS = Q.clock_steps
_TRUNKS = Q.trunk_health
_NUMBERS = (_CALLS_LIVE, _TRUNK_FAILURES, _CALLS_FAILING, _NAMES_REFUSED)  # as Health has them


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One running draw: 计划抽取人数, 同意参评, 总呼叫人数, 正在通话, 开始抽取时间, 当前状态."""

    id: str
    state: ActivityState
    planned: int
    started_at: datetime | None
    agreed: int
    called: int
    live: int


@dataclass(frozen=True, slots=True)
class Node:
    """An Asterisk node: whether a worker holds it, and for how many seconds its lease still runs (negative: since when
    it has run out; None: never held). `lost`: its worker is gone without letting it go. `asterisk_away_s`: for how long that worker
    has heard nothing of its Asterisk; None: it does. `dialling_stopped_why`: why it dials nothing although it is held, such as that
    its sounds can't be played, for so many seconds.
    """

    name: str
    held: bool
    lease_left_s: float | None
    lost: bool = False
    asterisk_away_s: float | None = None
    dialling_stopped_why: str | None = None
    dialling_stopped_s: float | None = None


@dataclass(frozen=True, slots=True)
class TrunkHealth:
    """A trunk: whether Asterisk says that it is there (None: not known), and its alarms (ivr.trunk_alarms.TrunkAlarm)."""

    node: str
    name: str
    online: bool | None
    alarms: Sequence[str]


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A clock that was set: the database's, or that of a worker's machine; by how many seconds (forward is positive)."""

    at: datetime
    clock: str
    node: str
    step_s: float


@dataclass(frozen=True, slots=True)
class Health:
    """What the telephone's side looks like from the database."""

    nodes: tuple[Node, ...]
    clock_steps: tuple[ClockStep, ...]
    """Within a day."""
    trunks: tuple[TrunkHealth, ...]
    calls_live: int
    trunk_failures: int
    """Within ten minutes."""
    calls_failing: int
    """Waiting after five failures of ours in a row."""
    names_refused: int
    """Activities with a row that did not fit the transcript, within seven days."""

async def under_way(db: Database) -> list[UnderWay]:
    """All running draws, the oldest first."""
    rows = await db.all(_UNDER_WAY)
    return [
        UnderWay(
            id=row.id,
            state=ActivityState(row.state),
            planned=row.planned,
            started_at=row.started_at,
            agreed=row.agreed,
            called=row.called,
            live=row.live,
        )
        for row in rows
    ]


async def health(db: Database) -> Health:
    """The nodes' leases and the open lines; raises DatabaseError when the database is away."""
    nodes = tuple(await db.all(_NODES, None, Node))
    steps = tuple(await db.all(_CLOCK_STEPS, None, ClockStep))
    trunks = tuple(await db.all(_TRUNKS, None, TrunkHealth))
    return Health(nodes, steps, trunks, *[await db.value(each) for each in _NUMBERS])
