"""What the home page shows: numbers and 待办, each role's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.pool import Database
from db.queries import load
from drawing.experts import number_list
from drawing.lifecycle import ActivityState, Role
from web.identity import CLERKS, Identity
from web.ownership import scope, terminal
from web.times import CHINA

Q = load("web")
_TODAY, _PENDING, _ALARMS, _REJECTED = Q.today, Q.pending, Q.alarms_raised, Q.rejected
FEW = 5
_S = ActivityState
_CLERK: Mapping[ActivityState, str] = {
    _S.REJECTED: "核验未通过，请修改后重新提交",
    _S.READY: "核验已通过，可以启动抽取",
    _S.SHORT: "专家不足，请进入抽取查看缺额",
    _S.PAUSED: "已暂停，请继续抽取或强制结束",
    _S.TO_NOTIFY: "复评待通知",
}
_WAITING: Mapping[Role, Mapping[ActivityState, str]] = {
    **dict.fromkeys(CLERKS, _CLERK),
    Role.REVIEWER: {_S.SUBMITTED: "待核验的抽取申请", _S.REEVALUATION_SUBMITTED: "待核验的复评申请"},
    Role.SUPERVISOR: {_S.READY: "即将抽取，需要见证", _S.DRAWING: "正在抽取，可以见证"},
}


@dataclass(frozen=True, slots=True)
class Today:
    """今日活动, 正在抽取, 今日完成."""

    entered: int
    drawing: int
    completed: int


@dataclass(frozen=True, slots=True)
class Pending:
    """So many activities wait for this person."""

    state: ActivityState
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class Attention:
    """What waits for the administrator: alarms of trunks, experts' numbers."""

    alarms: int
    numbers: int


async def rejected(db: Database, me: Identity, pending: Sequence[Pending]) -> list[Any]:
    """A clerk's rejected activities (id, name, and in `remark` why), the latest first, FEW at most."""
    if not me.is_clerk or not any(each.state is ActivityState.REJECTED for each in pending):
        return []
    return await db.all(_REJECTED, {**scope(me), "limit": FEW})


async def attention(db: Database, me: Identity) -> Attention | None:
    """None for other roles, and where nothing waits."""
    if me.role is not Role.ADMINISTRATOR:
        return None
    found = Attention(await db.value(_ALARMS), await number_list.count(db))
    return found if found.alarms or found.numbers else None


async def today(db: Database, me: Identity, now: datetime) -> Today | None:
    """The numbers of what this person may see; None for who sees no activities."""
    if me.role is Role.ADMINISTRATOR:
        return None
    midnight = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {**scope(me), "terminal": terminal(me), "midnight": midnight, "day": midnight.date().isoformat()}
    return await db.one(_TODAY, values, Today)


async def pending(db: Database, me: Identity) -> list[Pending]:
    """待办事项 of this role."""
    reasons = _WAITING.get(me.role, {})
    if not reasons:
        return []
    values = {**scope(me), "terminal": terminal(me), "states": [state.value for state in reasons]}
    rows = await db.all(_PENDING, values)
    found = {ActivityState(row.state): row.number for row in rows}
    return [Pending(state, reason, found[state]) for state, reason in reasons.items() if state in found]
