"""语音通知 and 抽取条件 copied from an earlier activity into a draft (requirements A), in the caller's transaction.

Texts and requirements are copied; times are not, they are entered anew. Everything is checked as if it had been typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from db.pool import Database, Transaction
from drawing import drafts, planning
from drawing.activities import Notice
from drawing.condition_names import condition_names
from drawing.decide import lock
from drawing.normal_forms import normal_unit
from drawing.planning import Refused, confirm, gathering_faults
from drawing.projects import NotThere, Q
from drawing.reference import reference


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to copy: numbers of notices and ids of conditions of the earlier activity. A condition whose notice is not copied
    goes under `into`, a notice that the draft has; `gather_at` is the 集合时间 of the copied notices.
    """

    notices: tuple[int, ...]
    conditions: tuple[str, ...]
    gather_at: datetime | None = None
    into: int | None = None


async def choices(
    db: Database, scope: Mapping[str, str | None], activity: str, search: str, limits: Mapping[str, int]
) -> list[Any]:
    """A page of the activities that have something to copy, by any part of 活动名称 or 活动编号, the newest first."""
    values = {**scope, "activity": activity, "search": normal_unit(search), **limits}
    return await db.all(Q.copy_choices, values)


async def count(db: Database, scope: Mapping[str, str | None], activity: str, search: str) -> int:
    """How many there are on all pages."""
    number: int = await db.value(Q.count_copy_choices, {**scope, "activity": activity, "search": normal_unit(search)})
    return number


async def copy(tx: Transaction, source: str, activity: str, wanted: Wanted) -> tuple[int, int]:
    """How many notices and conditions were copied. Raises Refused, and then nothing may be kept; NotThere for what `source`
    does not have.
    """
    conditions = _chosen(await drafts.conditions(tx, source), wanted.conditions)
    notices = _chosen(await drafts.notices(tx, source), wanted.notices)
    if not notices and not conditions:
        raise Refused({"": "请至少勾选一条语音通知或一个抽取条件。"})
    faults, copied = dict[str, str](), {each.id for each in notices}
    with gathering_faults(faults):
        await _fits(tx, activity, conditions)
    if notices and wanted.gather_at is None:
        faults["gather_at"] = "请填写集合时间：时间不从以往活动复制。"
    if wanted.into is None and any(each.notice not in copied for each in conditions):
        faults["into"] = "请选择放入哪条语音通知：所选抽取条件原来的语音通知没有一并复制。"
    confirm(faults)
    places = {each.id: await _notice(tx, activity, n, each, wanted) for n, each in enumerate(notices, start=1)}
    for each in conditions:
        place = places.get(each.notice, wanted.into)
        assert place is not None
        await drafts.save_condition(tx, activity, place, replace(drafts.condition_of(each), id=""))
    return len(notices), len(conditions)


async def _notice(tx: Transaction, activity: str, n: int, row: Any, wanted: Wanted) -> int:
    assert wanted.gather_at is not None
    texts = {name: getattr(row, name) for name in Notice.__dataclass_fields__ if name != "gather_at"}
    try:
        return await drafts.save_notice(tx, activity, None, Notice(**texts, gather_at=wanted.gather_at))
    except Refused as error:
        told = {name: text for name, text in error.faults.items() if name in ("gather_at", "")}
        rest = "；".join(text for name, text in error.faults.items() if name not in told)
        raise Refused(told | ({"notices": f"第 {n} 条所选语音通知（{row.address}）：{rest}"} if rest else {})) from None


async def _fits(tx: Transaction, activity: str, conditions: Sequence[Any]) -> None:
    """All that does not fit is said at once, not the first only."""
    row = await lock(tx, activity)
    names = condition_names(conditions, reference())
    left = planning.seats_left(row.seats, await tx.value(Q.planned, {"activity": activity, "id": ""}))
    room, over = left, []
    for each in conditions:
        if each.seats <= room:
            room -= each.seats
        else:
            over.append(f"{names[each.id]}（{each.seats} 人）")
    if over:
        total = sum(each.seats for each in conditions)
        raise Refused({
            "conditions": f"所选抽取条件共 {total} 人，剩余可设置人数为 {left}，放不下：{'、'.join(over)}。"
            "请减少勾选，或先修改拟抽取专家人数。"
        })  # fmt: skip


def _chosen(rows: Sequence[Any], wanted: Sequence[object]) -> list[Any]:
    found = [row for row in rows if row.id in wanted]
    if len(found) != len(set(wanted)):
        raise NotThere
    return found
