"""Calls to those who have agreed: asked for, repeated by the rules, and what they came to.

Calls of one kind to one person with the same matter are one round. A round is over when one call was heard
(drawing.rules.HEARD), when its tries are used up, or when its time has passed: nobody is waiting then, and
`rounds` says which it was. Whoever calls these functions holds the activity's row (drawing.decide.lock).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from db.pool import Transaction
from drawing.call_ids import new_call_id
from drawing.chain import Q
from drawing.rules import HEARD, OUR_FAILURES, Rules

LOG = logging.getLogger(__name__)
CALLS = 20  # of one round, with those that failed by our own fault


ENDS = ("withdrawal", "release")
"""After these nobody is called about anything else of the activity."""


class Standing(Enum):
    """How somebody's round of calls stands (语音通知状态)."""

    CALLING = "calling"  # 通知中
    REACHED = "reached"  # 已送达
    NOT_REACHED = "not_reached"  # 未送达


@dataclass(frozen=True, slots=True)
class Round:
    """The last round of calls of one kind to one person: how it stands, what it came to (ivr.calls.Outcome), and how
    often was called (拨打次数).
    """

    standing: Standing
    outcome: str | None
    calls: int


async def agreed(tx: Transaction, activity: str, notice: int | None = None) -> list[int]:
    """The picks that hold a seat, of one 语音通知 or of all: whom to ask for."""
    return [row.id for row in await tx.all(Q.agreed, {"activity": activity, "notice": notice})]


async def ask(
    tx: Transaction,
    kind: str,
    activity: str,
    picks: Sequence[int],
    matter: Mapping[str, Any] | None = None,
    not_before: datetime | None = None,
) -> list[int]:
    """Have these picks called about the matter; the picks for which a call was added.

    Nobody is called more often about one matter than the rules' table for the kind allows (E2: at most 3), heard or not.
    A call of that kind that is open already stays the only one; one that waits with another matter gives way, and so
    does everything else that waits when the experts are let go (ENDS).
    """
    matter = dict(matter or {})
    values: dict[str, Any] = {"flow": kind, "activity": activity, "picks": list(picks), "matter": matter}
    await tx.run(Q.drop_other_matters, values)
    if kind in ENDS:
        await tx.run(Q.drop_other_kinds, values | {"ends": list(ENDS)})
    left = await _with_tries_left(tx, kind, values)
    values |= {"picks": left, "ids": [new_call_id() for _ in left], "not_before": not_before}
    asked = [row.pick for row in await tx.all(Q.ask_calls, values)]
    await tx.run(Q.wake, {"activity": activity})
    return asked


async def _with_tries_left(tx: Transaction, kind: str, values: Mapping[str, Any]) -> list[int]:
    rule = Rules.load(await tx.value(Q.rules_of, {"activity": values["activity"]})).notices.get(kind)
    so_far = {row.pick: row.outcomes for row in await tx.all(Q.round_outcomes, dict(values))}
    return [pick for pick in values["picks"] if rule is None or not rule.used_up(so_far.get(pick, ()))]


async def drop(tx: Transaction, activity: str, kinds: Collection[str]) -> int:
    """Calls of these kinds that wait have lost their matter (the experts are released, say); how many there were."""
    return await tx.run(Q.drop_kinds, {"activity": activity, "kinds": list(kinds)})


async def follow_up(tx: Transaction, call: str, outcome: str) -> None:
    """A call has ended with `outcome`: if it was not heard, it is repeated by the rules of its kind, or given up."""
    so_far = await tx.one(Q.round_so_far, {"call": call, "ends": list(ENDS)})
    if outcome in HEARD or so_far.over:
        return
    rules = Rules.load(so_far.rules)
    rule = rules.notice(so_far.flow)
    pause = rules.calling.pause_after(so_far.outcomes) if outcome in OUR_FAILURES else rule.pause_s
    again = so_far.now + timedelta(seconds=pause)
    if rule.used_up(so_far.outcomes) or len(so_far.outcomes) >= CALLS or rule.closed(again, so_far.gather_at):
        LOG.error("call %s (%s) was the last of %s: not reached", call, so_far.flow, len(so_far.outcomes))
        return
    await ask(tx, so_far.flow, so_far.activity, [so_far.pick], so_far.matter, again)


async def rounds(tx: Transaction, activity: str, kind: str) -> dict[int, Round]:
    """The last round of that kind, by pick; who was never to be called is not in it."""
    rows = await tx.all(Q.last_notices, {"activity": activity, "flow": kind})
    return {row.pick: _round(row) for row in rows}


def _round(row: Any) -> Round:
    heard = next((outcome for outcome in row.outcomes if outcome in HEARD), None)
    last = heard or (row.outcomes[-1] if row.outcomes else None)
    if row.open:
        return Round(Standing.CALLING, last, row.calls)
    return Round(Standing.REACHED if heard else Standing.NOT_REACHED, last, row.calls)
