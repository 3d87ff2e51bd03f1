"""暂停抽取, 继续抽取, 强制结束 (D3, D4): a clerk's acts on a draw under way, each with its entry in the chain.

Calls that are live run out and count; waiting ones are held by a pause, cancelled by an end. Each function works inside the
caller's transaction, which then holds the activity's lock. What follows (picks after a pause, the seal after an end) is
`advance`'s.
"""

from __future__ import annotations

from typing import Any

from db.pool import Transaction
from drawing import lifecycle
from drawing.advance import log
from drawing.chain import Chain, Custody, Q
from drawing.decide import lock
from drawing.lifecycle import Act, ActivityState, Role
from drawing.transcript import EntryType

TOO_EARLY = (
    "抽取还没有开始呼叫专家（正在固定专家池或等待监督人见证），现在没有可以暂停的呼叫。如需终止，请使用“强制结束”。"
)
GOES_ON = "继续抽取"


class CannotHalt(Exception):
    """Why it can't be done now, in words for the clerk."""


async def pause(tx: Transaction, custody: Custody, activity: str, actor: str, role: Role, reason: str) -> None:
    """暂停抽取. Raises lifecycle.NotAllowed, CannotHalt."""
    row = await lock(tx, activity)
    state = lifecycle.after(ActivityState(row.state), Act.PAUSE, role)
    draw = await tx.one(Q.current_draw, {"activity": activity})
    if draw is None or draw.witnessed_at is None or draw.sealed_at is not None:
        raise CannotHalt(TOO_EARLY)
    await _write(tx, custody, row, EntryType.PAUSE, reason)
    await _set(tx, activity, state, Act.PAUSE, actor, role, reason)


async def resume(tx: Transaction, custody: Custody, activity: str, actor: str, role: Role) -> None:
    """继续抽取: a seat that came free meanwhile is filled before anything else is decided. Raises lifecycle.NotAllowed."""
    row = await lock(tx, activity)
    state = lifecycle.after(ActivityState(row.state), Act.RESUME, role)
    await _write(tx, custody, row, EntryType.RESUME, GOES_ON)
    tx.post(Q.set_owed, {"activity": activity, "owed": True})
    await _set(tx, activity, state, Act.RESUME, actor, role, "")


async def force_end(tx: Transaction, custody: Custody, activity: str, actor: str, role: Role, reason: str) -> None:
    """强制结束, at any moment after the start: who is not being called now is not called any more. Raises NotAllowed."""
    row = await lock(tx, activity)
    state = lifecycle.after(ActivityState(row.state), Act.FORCE_END, role)
    draw = await tx.one(Q.current_draw, {"activity": activity})
    if draw is not None and draw.sealed_at is None:  # else no pool is fixed yet: there is no chain to end
        await _write(tx, custody, row, EntryType.FORCE_END, reason)
    await tx.run(Q.drop_waiting_calls, {"activity": activity})
    await _set(tx, activity, state, Act.FORCE_END, actor, role, reason)


async def _write(tx: Transaction, custody: Custody, row: Any, kind: EntryType, reason: str) -> None:
    now: Any = await tx.one(Q.halt_numbers, {"activity": row.id})
    chain = Chain.of(tx, row, custody.signer)
    await chain.append(kind, {"reason": reason, "agreed": now.agreed, "live": now.live})


async def _set(
    tx: Transaction, activity: str, state: ActivityState, act: Act, actor: str, role: Role, reason: str
) -> None:
    await tx.run(Q.set_state, {"activity": activity, "state": state.value})
    await log(tx, activity, act, actor, role, reason)
    await tx.run(Q.wake, {"activity": activity})
