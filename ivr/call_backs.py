"""What a call from outside leads to (回拨, K4), from rows alone: whose number it is, what is open for them, and whether they
have been called back often enough.

An open invitation is adopted: the call back is about the same pick, what rings about it gives way, and a retry waits
behind it. It counts in the person's budget, but is no try: who forges an expert's number must not use their tries up.
"""

from __future__ import annotations

import logging
from enum import Enum
from typing import Any

from db.pool import Transaction
from drawing import chain
from drawing.call_ids import new_call_id
from drawing.decide import lock
from drawing.rules import InboundRule, Rules
from ivr.dispatch import Q

LOG = logging.getLogger(__name__)
FLOWS = ("call_back_invitation", "call_back", "call_back_nothing")
"""The kinds of call back, by the urgency of what is open."""


class WhyNot(Enum):
    """Why a call from outside led to no call back."""

    AT_ONCE = "at_once"  # too many calls from outside at the same time: busy
    SAME_CALLER = "same_caller"  # another call of this caller is on the line (a forked INVITE): busy
    PER_NUMBER = "per_number"  # too many from this number within the hour: busy
    HOURS = "hours"  # outside the hours in which we call: said so, and hung up
    NOT_WANTED = "not_wanted"
    UNKNOWN = "unknown"  # the number is nobody's, or was withheld
    NOTHING = "nothing"  # an expert who was never drawn
    UNDER_WAY = "under_way"
    LIMIT = "limit"  # called back often enough


async def follow(tx: Transaction, entry: int, ended: Any, rule: InboundRule) -> str | None:
    """For a call from outside that has ended (`ended`: whose number as keyed hash, and whether a call back was wanted): add
    the call back, or write why there is none. Returns the activity that has a new one."""
    matter = await _matter(tx, ended, rule)
    call = None if isinstance(matter, WhyNot) else await _call_back(tx, matter)
    if call is None and not isinstance(matter, WhyNot):
        matter = WhyNot.UNDER_WAY
    why_not = matter.value if isinstance(matter, WhyNot) else None
    LOG.info("call %s from outside led to %s", entry, call or why_not)
    await tx.run(Q.led_to, {"id": entry, "call": call, "why_not": why_not})
    return None if isinstance(matter, WhyNot) else str(matter.activity)


async def _matter(tx: Transaction, ended: Any, rule: InboundRule) -> Any:
    """What the caller is to be called back about, or why not."""
    if not ended.wanted:
        return WhyNot.NOT_WANTED
    expert = await tx.value(Q.caller, {"caller": ended.caller})
    if expert is None:
        return WhyNot.UNKNOWN
    so_far = await tx.one(Q.call_backs, {"expert": expert, "flows": list(FLOWS)})
    if so_far.under_way:
        return WhyNot.UNDER_WAY
    if so_far.hour >= rule.call_backs_hour or so_far.day >= rule.call_backs_day:
        return WhyNot.LIMIT
    found = await tx.one(Q.open_matter, {"expert": expert})
    if found is None:
        return WhyNot.NOTHING
    await lock(tx, found.activity)  # and look again: it may have been decided a moment ago
    return await tx.one(Q.open_matter, {"expert": expert})


async def _call_back(tx: Transaction, matter: Any) -> str | None:
    """Have the call made at once; what rings the person now about the same gives way to it."""
    leave = (matter.gather_at - matter.now).total_seconds() > Rules.load(matter.rules).inbound.leave_lead_s
    values = {"id": new_call_id(), "flow": FLOWS[matter.urgency], "pick": matter.pick, "matter": {"leave": leave}}
    call: str | None = await tx.value(Q.insert_call_back, values)
    if matter.urgency == 0 and (rings := await tx.value(Q.live_invitation, {"pick": matter.pick})):
        await tx.run(chain.Q.wake, {"activity": rings})  # whoever carries it gives it up
    await tx.run(chain.Q.wake, {"activity": matter.activity})
    return call
