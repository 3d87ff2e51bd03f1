"""Asking for a masked call (隐号通话, R2, W2, E2): staff's own number, and which of those who have agreed to talk with.

Whoever calls `ask` holds the activity's row (drawing.decide.lock).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from db.contexts import STAFF_PHONE
from db.pool import Database, Transaction
from drawing.call_ids import new_call_id
from drawing.chain import Custody, Q
from drawing.phone_numbers import NoNumber, understood
from drawing.rules import Rules

ACT = "masked_call"


class CannotCall(Exception):
    """Why the call can't be asked for, in words for staff."""


class Reached(Enum):
    """How far such a call has come."""

    WAITING = "waiting"
    LIVE = "live"
    STAFF = "staff"  # it ended with staff's own leg: the expert was never rung
    EXPERT = "expert"  # the expert was rung
    TALKED = "talked"
    UNKNOWN = "unknown"  # given up before anybody was rung, or our side broke in mid-call


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of 拨打记录: when, how far, what it came to (ivr.calls.Outcome), and how long the two talked."""

    call: str
    at: datetime
    reached: Reached
    outcome: str | None
    talked_s: int
    recorded: bool


async def ask(
    tx: Transaction,
    custody: Custody,
    activity: str,
    pick: int,
    phone: str,
    actor: str,
    role: str,
    *,
    record: bool = False,
) -> str:
    """Have staff rung at `phone` and, when they have pressed 1, the expert of `pick`; the call's id.

    Raises CannotCall, LookupError for a pick of another activity.
    """
    row = await tx.one(Q.masked_pick, {"activity": activity, "pick": pick})
    if row is None:
        raise LookupError(f"no pick {pick} in {activity}")
    if row.outcome != "accepted":
        raise CannotCall("该专家目前不是本活动的参评专家，不能呼叫。")
    try:
        number = understood(phone).digits
    except NoNumber as fault:
        raise CannotCall(f"本机号码不能拨打：{fault}。") from None
    if not Rules.load(row.rules).calling.allows(number):
        raise CannotCall("本机号码不能拨打：请输入可以接听的手机号码或固定电话（固定电话加区号）。")
    call = new_call_id()
    sealed = custody.vault.encrypt(number.encode(), STAFF_PHONE.at(call))
    hashed = custody.vault.keyed_hash("phone", number)
    values: dict[str, Any] = {"id": call, "activity": activity, "pick": pick, "record": record}
    values |= {"staff": sealed, "staff_hash": hashed}
    if not await tx.run(Q.ask_masked, values):
        raise CannotCall("对该专家的呼叫正在进行，请等它结束后再呼叫。")
    told = {"actor": actor, "role": role, "act": ACT, "activity": activity, "remark": call}
    await tx.run(Q.log_operation, told)
    await tx.run(Q.wake, {"activity": activity})
    return call


async def log(db: Database | Transaction, activity: str, pick: int) -> list[Entry]:
    """The masked calls with one expert, the last one first."""
    rows = await db.all(Q.masked_calls, {"activity": activity, "pick": pick})
    return [
        Entry(row.id, row.at, _reached(row), row.outcome, round(row.talked or 0), bool(row.recorded)) for row in rows
    ]


def _reached(row: Any) -> Reached:
    if row.state != "ended":
        return Reached(row.state)
    if row.talked is not None:
        return Reached.TALKED
    if not row.dialled:
        return Reached.UNKNOWN
    return Reached.EXPERT if row.rung else Reached.STAFF
