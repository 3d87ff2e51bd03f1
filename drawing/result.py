"""The sealed result (抽取结果): opened by the database clock alone, 30 minutes before 预计评标开始 (T1); no switch.

A draw that was force-ended (强制结束) is opened at the same time, to be checked like any other: a draw thrown away unseen could
be repeated until somebody liked it. Nobody is named then.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.pool import Database, Transaction
from drawing import lifecycle, naming, person
from drawing.advance import log
from drawing.binding import NotBound
from drawing.chain import Chain, Custody, Q
from drawing.decide import lock
from drawing.lifecycle import Act, ActivityState, Role
from drawing.rules import Rules
from drawing.transcript import EntryType, stamp


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
    """Open the result if it is time; raises Sealed when not. Opening twice changes nothing."""
    async with db.transaction() as tx:
        await _unseal(tx, custody, activity)


async def _unseal(tx: Transaction, custody: Custody, activity: str) -> None:
    row = await lock(tx, activity)
    if row.unsealed_at is not None:
        return
    draw = await tx.one(Q.current_draw, {"activity": activity})
    lead = Rules.load(row.rules).unseal_lead_s
    opens_at = row.evaluation_start - timedelta(seconds=lead)
    if draw is None or draw.sealed_at is None:
        raise Sealed("抽取尚未完成，结果未解密。", opens_at)
    lifecycle.after(ActivityState(row.state), Act.UNSEAL, Role.SYSTEM)
    if not await tx.run(Q.unseal, {"activity": activity, "lead": lead}):
        raise Sealed(f"抽取结果将于 {stamp(opens_at)[:16].replace('T', ' ')} 解密。", opens_at)
    chain = Chain.of(tx, row, custody.signer)
    body = {"lead_seconds": int(lead), "evaluation_start": stamp(row.evaluation_start)}
    await chain.append(EntryType.UNSEAL, body)
    await log(tx, activity, Act.UNSEAL, "system", Role.SYSTEM)
    await naming.watch(tx, custody, activity)


async def unseal_if_due(db: Database, custody: Custody, activity: str) -> None:
    """Open the result if it is time, before evidence is taken: whoever comes first after the time opens it."""
    with contextlib.suppress(Sealed):
        await unseal(db, custody, activity)


async def members(db: Database, custody: Custody, activity: str) -> list[Member]:
    """Who agreed, by condition and seat, as they were when the pool was fixed; nobody after 强制结束.

    Raises Sealed before it is opened, and NotBound, with an alarm, when the rows do not fit the transcript: then nobody is named.
    """
    if await db.value(Q.unsealed_at, {"activity": activity}) is None:  # the first look after the time opens it
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


async def printed(tx: Transaction, custody: Custody, activity: str, by: str, actor: str, role: Role) -> None:
    """A print of the opened result goes into the transcript; `by` is an identity's id. Raises Sealed, NotAllowed."""
    row = await lock(tx, activity)
    lifecycle.after(ActivityState(row.state), Act.PRINT, role)
    if row.unsealed_at is None:
        raise Sealed("抽取结果尚未解密，不能打印。", None)
    chain = Chain.of(tx, row, custody.signer)
    await chain.append(EntryType.PRINT, {"by": by})
    await log(tx, activity, Act.PRINT, actor, role)
