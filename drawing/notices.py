"""Calls to those who have agreed: asked for, repeated by the rules, and what they came to.

Calls of one kind to one person with the same matter are one round. A round is over when one call was heard
(drawing.rules.HEARD), when its tries are used up, or when its time has passed: nobody is waiting then, and
`standing` says which it was. Whoever calls these functions holds the activity's row (drawing.decide.lock).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from db.pool import Transaction
from drawing.advance import new_call_id
from drawing.chain import Q
from drawing.rules import HEARD, OUR_FAILURES, Rules

LOG = logging.getLogger(__name__)
CALLS = 20  # of one round, with those that failed by our own fault


class Standing(Enum):
    """How somebody's round of calls stands (语音通知状态)."""

    CALLING = "calling"  # 通知中
    REACHED = "reached"  # 已送达
    NOT_REACHED = "not_reached"  # 未送达


async def ask(
    tx: Transaction,
    kind: str,
    activity: str,
    picks: Sequence[int],
    matter: Mapping[str, Any] | None = None,
    not_before: datetime | None = None,
) -> list[int]:
    """Have these picks called about the matter; the picks for which a call was added.

    A call of that kind that is open already stays the only one; one that waits with another matter gives way.
    """
    matter = dict(matter or {})
    values: dict[str, Any] = {"flow": kind, "activity": activity, "picks": list(picks), "matter": matter}
    await tx.run(Q.drop_other_matters, values)
    values |= {"ids": [new_call_id() for _ in picks], "not_before": not_before}
    asked = [row.pick for row in await tx.all(Q.ask_calls, values)]
    await tx.run(Q.wake, {"activity": activity})
    return asked


async def drop(tx: Transaction, activity: str, kinds: Collection[str]) -> int:
    """Calls of these kinds that wait have lost their matter (the experts are released, say); how many there were."""
    return await tx.run(Q.drop_kinds, {"activity": activity, "kinds": list(kinds)})


async def follow_up(tx: Transaction, call: str, outcome: str) -> None:
    """A call has ended with `outcome`: if it was not heard, it is repeated by the rules of its kind, or given up."""
    if outcome in HEARD:
        return
    so_far = await tx.one(Q.round_so_far, {"call": call})
    rules = Rules.load(so_far.rules)
    rule = rules.notice(so_far.flow)
    pause = rules.calling.pause_after(so_far.outcomes) if outcome in OUR_FAILURES else rule.pause_s
    again = so_far.now + timedelta(seconds=pause)
    if rule.used_up(so_far.outcomes) or len(so_far.outcomes) >= CALLS or rule.closed(again, so_far.gather_at):
        LOG.error("call %s (%s) was the last of %s: not reached", call, so_far.flow, len(so_far.outcomes))
        return
    await ask(tx, so_far.flow, so_far.activity, [so_far.pick], so_far.matter, again)


async def standing(tx: Transaction, activity: str, kind: str) -> dict[int, Standing]:
    """How the last round of that kind stands, by pick; who was never to be called is not in it."""
    rows = await tx.all(Q.last_notices, {"activity": activity, "flow": kind})
    return {row.pick: _standing(row) for row in rows}


def _standing(row: Any) -> Standing:
    if row.open:
        return Standing.CALLING
    return Standing.REACHED if HEARD & set(row.outcomes) else Standing.NOT_REACHED
