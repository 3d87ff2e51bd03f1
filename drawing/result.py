"""The sealed result (抽取结果): each draw is opened by the database's clock alone, at its moment (T1); no switch.

The worker opens it, whoever looks or not (drawing.closing); a look opens it where no worker lives. A draw that was force-ended
(强制结束) is opened at the same time, to be checked like any other: a draw thrown away unseen could be repeated until somebody
liked it. Nobody is named then.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.pool import Database, Transaction
from drawing import heads, lifecycle, naming, person
from drawing.binding import NotBound
from drawing.chain import Chain, Custody, Q
from drawing.closing import Closing
from drawing.decide import lock
from drawing.heads import Given
from drawing.lifecycle import Act, ActivityState, Role
from drawing.operation_log import log
from drawing.transcript import stamp


class Sealed(Exception):
    """The result is not open yet; says when it will be, as far as that is known."""

    def __init__(self, message: str, opens_at: datetime | None) -> None:
        super().__init__(message)
        self.opens_at = opens_at


@dataclass(frozen=True, slots=True)
class Member:
    """One expert of the opened result. 验证码 carries a * for those of a 补抽 (T2). `changed`: what the pool says of their name or
    unit was corrected since.
    """

    condition: str
    seat: int
    name: str
    unit: str
    title: str
    specialties: tuple[str, ...]
    code: str
    gather_at: datetime
    changed: bool


async def unseal(db: Database, custody: Custody, activity: str) -> None:
    """Open what is due, as the worker does; raises Sealed while no draw is open. Opening twice changes nothing."""
    now = await db.one(Q.opening, {"activity": activity})
    if now is not None and now.due:
        async with db.transaction() as tx:
            await _finish(tx, custody, activity)
        now = await db.one(Q.opening, {"activity": activity})
    if now is None or not now.opened:
        raise _sealed(now)


def _sealed(now: Any) -> Sealed:
    """Why no result can be seen, of a row of `opening`."""
    if now is None or not now.sealed or now.opens_at <= now.now:
        return Sealed("抽取尚未完成，结果未解密。", None if now is None else now.opens_at)
    return Sealed(f"抽取结果将于 {stamp(now.opens_at)[:16].replace('T', ' ')} 解密。", now.opens_at)


async def _finish(tx: Transaction, custody: Custody, activity: str) -> None:
    row = await lock(tx, activity)
    if row.owed:  # the pick for a free seat comes before any other entry; the worker is at it
        return
    closing = Closing(tx, custody, row, Chain.of(tx, row, custody.signer))
    await closing.finish(ActivityState(row.state), opens_only=True)


async def unseal_if_due(db: Database, custody: Custody, activity: str) -> None:
    """Open what is due before evidence is taken, where no worker has done it yet."""
    with contextlib.suppress(Sealed):
        await unseal(db, custody, activity)


async def members(db: Database, custody: Custody, activity: str) -> list[Member]:
    """Who agreed in the draws that are open, by condition and seat, as they were when the pool was fixed; nobody after 强制结束.

    Raises Sealed while none is open, and NotBound, with an alarm, when the rows do not fit the transcript: then nobody is named.
    """
    await unseal(db, custody, activity)
    try:
        found = await naming.seats(db, custody, activity)
    except NotBound as error:
        await person.alarm(db, activity, "抽取结果", error)
        raise
    return [
        Member(
            condition=each.condition,
            seat=each.seat,
            name=each.name,
            unit=each.unit,
            title=each.title,
            specialties=each.specialties,
            code=shown_code(each.draw, each.code),
            gather_at=each.gather_at,
            changed=each.changed,
        )
        for each in found
    ]


def shown_code(draw: int, code: str) -> str:
    """A 验证码 as the result shows it.

    >>> shown_code(1, "123456"), shown_code(2, "654321")
    ('123456', '*654321')
    """
    return f"*{code}" if draw > 1 else code


async def printed(tx: Transaction, activity: str, by: str, actor: str, role: Role) -> None:
    """The opened result is printed: it stands in 操作记录, and the head on the sheet among those given out. `by` is an identity's
    id. Raises Sealed, NotAllowed."""
    row = await lock(tx, activity)
    lifecycle.after(ActivityState(row.state), Act.PRINT, role)
    if not (await tx.one(Q.opening, {"activity": activity})).opened:
        raise Sealed("抽取结果尚未解密，不能打印。", None)
    head = await heads.give_last(tx, activity, Given.PRINT, by)
    remark = "" if head is None else f"账本 {head.size} 条 {head.root}"
    await log(tx, activity, Act.PRINT, actor, role, remark)
