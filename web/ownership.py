"""Whose an activity is, and what somebody may do with it now.

经办人 see what they handled for their company, 法人 see everything of their company but act only on their own, 监督人 see what
they witness or have witnessed; the other roles see what their pages show them. What somebody may not see does not exist for
them: 404.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from db.pool import Database, Transaction
from db.queries import load
from drawing.lifecycle import Act, ActivityState, NotAllowed, Role, after, allowed_acts
from web.identity import Identity

Q = load("web")
_OWN, _STATE, _LOCK = Q.own_activity, Q.seen_activity, Q.lock_activity
_SET_STATE, _RECORD = Q.set_activity_state, Q.record


@dataclass(frozen=True, slots=True)
class Seen:
    """An activity that this identity may see. `handler` is None where no clerk is noted."""

    id: str
    name: str
    state: ActivityState
    handler: str | None
    handler_name: str | None
    company_name: str | None
    terminal: str | None = None
    """抽取终端 of its last application; None without one."""


def scope(identity: Identity) -> Mapping[str, str | None]:
    """The statement parameters %(company)s, %(handler)s and %(witness)s; None: whatever it is. Use with `activity_owner o`:

    WHERE (%(company)s::text IS NULL OR o.company = %(company)s)
      AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
      AND (%(witness)s::text IS NULL OR witnesses(%(witness)s, a.id))
    """
    witness = identity.id if identity.role is Role.SUPERVISOR else None
    if not identity.is_clerk:
        return {"company": None, "handler": None, "witness": witness}
    assert identity.company is not None
    handler = identity.id if identity.role is Role.HANDLER else None
    return {"company": identity.company.code, "handler": handler, "witness": None}


def terminal(identity: Identity) -> str | None:
    """The statement parameter %(terminal)s: a reviewer's 抽取终端, empty for who has none; None for other roles, which see all."""
    return (identity.terminal or "") if identity.role is Role.REVIEWER else None


async def own(tx: Transaction, identity: Identity, activity: str) -> None:
    """Note who handles a new activity, and for whom."""
    if identity.company is None:
        raise NotAllowed(f"{identity.role.label}不代表任何单位，不能新建抽取活动。")
    values = {"activity": activity, "company": identity.company.code, "company_name": identity.company.name}
    await tx.run(_OWN, {**values, "handler": identity.id, "handler_name": identity.name})


async def seen(db: Database | Transaction, identity: Identity, activity: str) -> Seen:
    """The activity, or 404. A draft is nobody's but its clerk's; an application is seen at its own 抽取终端 only."""
    found = _seen(await db.one(_STATE, {"activity": activity, **scope(identity)}))
    if found.state is ActivityState.DRAFT and not identity.is_clerk:
        raise web.HTTPNotFound
    _of_terminal(identity, found)
    return found


def acts(identity: Identity, activity: Seen) -> list[Act]:
    """The buttons: what this identity may do now, by the one transition table; a clerk only with their own."""
    return allowed_acts(activity.state, identity.role) if _may_act(identity, activity) else []


async def locked(tx: Transaction, identity: Identity, activity: str) -> Seen:
    """The activity with its row locked, for whoever may act on it; 404 when they may not see it, NotAllowed when they
    may only look."""
    found = _seen(await tx.one(_LOCK, {"activity": activity, **scope(identity)}))
    if not _may_act(identity, found):
        raise NotAllowed(f"本活动由{found.handler_name}经办，您可以查看，不能办理。")
    _of_terminal(identity, found)
    return found


def _of_terminal(identity: Identity, activity: Seen) -> None:
    """V3: a reviewer sees the applications to their own 抽取终端, the last one of an activity; else 404. Others pass."""
    if identity.role is Role.REVIEWER and activity.terminal not in (None, identity.terminal):
        raise web.HTTPNotFound


async def step(tx: Transaction, identity: Identity, activity: str, act: Act, remark: str = "") -> ActivityState:
    """Do an act that changes nothing but the state: ownership and the transition table are asked, 操作记录 is written.

    Its route says act=None. Raises 404, NotAllowed.
    """
    state = after((await locked(tx, identity, activity)).state, act, identity.role)
    await tx.run(_SET_STATE, {"activity": activity, "state": state.value})
    await record(tx, identity, act.label, activity, remark)
    return state


async def record(
    db: Database | Transaction, identity: Identity, act: str, activity: str | None = None, remark: str = ""
) -> None:
    """A line of 操作记录."""
    values = {"actor": identity.actor, "role": identity.role.value, "act": act, "activity": activity, "remark": remark}
    await db.run(_RECORD, values)


def _may_act(identity: Identity, activity: Seen) -> bool:
    return not identity.is_clerk or activity.handler == identity.id


def _seen(row: Any) -> Seen:
    if row is None:
        raise web.HTTPNotFound
    return Seen(row.id, row.name, ActivityState(row.state), row.handler, row.handler_name, row.company_name, row.terminal)
