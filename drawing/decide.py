"""*decide*: a confirmed key becomes an outcome, with its evidence hash and its transcript entry, and nothing besides that could
fail. And what a call came to when its line is gone. What follows from either is `advance`'s, in a transaction of its own.

What comes too late, because the call is no longer ours or the matter no longer open, raises NotOurs: the caller's transaction
then holds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from db.pool import Database, Transaction
from db.queries import Query
from drawing.canonical import canon, read
from drawing.chain import Chain, Custody, Q
from drawing.ending import OVER
from drawing.lifecycle import ActivityState
from drawing.lots import weak_share
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.transcript import EntryType
from drawing.words import WEAK_SHARES


@dataclass(frozen=True, slots=True)
class Call:
    """A call as its worker holds it: the epoch fences whoever held the node before."""

    id: str
    activity: str
    epoch: int
    elapsed_ms: int = 0
    """From dialling until now by the monotonic clock of the process that made the call; 0 where another process settles it."""


@dataclass(frozen=True, slots=True)
class Showed:
    """What an ended call showed of its trunk (ivr.trunk_results), as stored; None: nothing."""

    result: str | None = None
    end: str | None = None

    def parameters(self) -> dict[str, str | None]:
        """For a statement that ends a call."""
        return {"trunk_result": self.result, "trunk_end": self.end}


NOTHING_SHOWN = Showed()


class NotOurs(Exception):
    """The decision came too late: the call is no longer ours, or the matter no longer open. Rolls the transaction back."""


class Owing(Exception):
    """A seat came free and nobody has been picked for it: advance first, so that no seat waits for a liked outcome."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A call's evidence: the text that is kept, and its hash in the transcript."""

    text: str
    hash: str

    @staticmethod
    def of(facts: Mapping[str, Any]) -> Evidence:
        text = canon(dict(facts))
        return Evidence(text.decode(), sha256(text).hexdigest())

    def parameters(self) -> dict[str, Any]:
        return {"evidence": self.text, "evidence_hash": bytes.fromhex(self.hash)}


async def lock(tx: Transaction, activity: str) -> Any:
    """The activity's row, locked until the transaction ends, with the end of its chain: a draw has one writer at a time."""
    tx.post(Q.lock_activity, {"activity": activity})
    row = await tx.one(Q.locked_activity, {"activity": activity})
    if row is None:
        raise LookupError(f"no activity {activity}")
    return row


async def answer(
    tx: Transaction,
    custody: Custody,
    call: Call,
    outcome: PickOutcome,
    facts: Mapping[str, Any],
    *,
    regardless: bool = False,
) -> None:
    """An expert's confirmed key; raises NotOurs when it counts no more. Saying the same again changes nothing. Raises Owing while
    a free seat has not been looked at, unless `regardless`: when that keeps failing.
    """
    evidence = Evidence.of(facts)
    values = {"call": call.id, "epoch": call.epoch, "outcome": outcome.value} | evidence.parameters()
    row = await _under_the_lock(tx, Q.decide_invitation, call, values, regardless)
    if row.attempt is None:
        await _stands_already(tx, values)
        return
    if not row.closed or _enough(row):
        raise NotOurs
    if outcome is PickOutcome.ACCEPTED:
        travel = Rules.load(row.rules).travel_s
        await tx.run(Q.insert_appointment, {"pick": row.pick, "travel": travel})
    chain = Chain.of(tx, row, custody.signer)
    expert = facts["expert"]
    await chain.append(EntryType.ATTEMPT, _attempt(call, expert, row.attempt, evidence))
    await chain.append(EntryType.OUTCOME, {"expert": expert, "outcome": outcome.value, "rests_on": [evidence.hash]})


def _enough(row: Any) -> bool:
    """Whether the calls before a call back already make the person 未接通, which only `advance` has not said yet: a key that came
    after them would stand in the transcript after calls that were enough.
    """
    return row.tries is not None and Rules.load(row.rules).unreached_after(row.tries, 0)


async def _under_the_lock(
    tx: Transaction, statement: Query, call: Call, values: Mapping[str, Any], regardless: bool
) -> Any:
    """The activity's lock and, in the same round trip, a statement that does nothing while the draw owes a pick: raises Owing."""
    tx.post(Q.lock_activity, {"activity": call.activity})
    row = await tx.one(statement, {"activity": call.activity, "regardless": regardless, **values})
    if row is None:
        raise Owing
    return row


async def _written(tx: Transaction, call: Call, outcome: str, evidence: Evidence) -> Any:
    """Write the decision into the call; None when the very same is there already (its first answer got lost)."""
    values = {"call": call.id, "epoch": call.epoch, "outcome": outcome}
    row = await tx.one(Q.decide_call, values | evidence.parameters())
    if row is None:
        await _stands_already(tx, values)
    return row


async def _stands_already(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Raises NotOurs unless the very same decision is there: its first answer got lost."""
    if not await tx.value(Q.decided_so, values):
        raise NotOurs


async def close_pick(tx: Transaction, pick: int, outcome: PickOutcome) -> None:
    """Give an open pick its outcome; raises NotOurs when it has one already."""
    if not await tx.run(Q.decide_pick, {"pick": pick, "outcome": outcome.value}):
        raise NotOurs


async def reply(tx: Transaction, call: Call, outcome: str, facts: Mapping[str, Any]) -> None:
    """A confirmed key about what is agreed already (still comes, can't, asks for leave): it stands in its call and touches
    no pick. Raises NotOurs when the call is no longer ours, or the expert holds the seat no more.
    """
    await lock(tx, call.activity)
    row = await _written(tx, call, outcome, Evidence.of(facts))
    if row is not None and row.pick is not None and not await tx.value(Q.pick_stands, {"pick": row.pick}):
        raise NotOurs


async def leave(tx: Transaction, call: Call, outcome: str, facts: Mapping[str, Any]) -> None:
    """As `reply`, for leave (请假) that the expert asks for by themselves: until the rules' limit before 集合时间, by the
    database's clock.
    """
    activity = await lock(tx, call.activity)
    row = await _written(tx, call, outcome, Evidence.of(facts))
    lead = Rules.load(activity.rules).inbound.leave_lead_s
    if row is not None and not await tx.value(Q.may_leave, {"pick": row.pick, "lead": lead}):
        raise NotOurs


async def share(tx: Transaction, custody: Custody, call: Call, digits: str, facts: Mapping[str, Any]) -> None:
    """The witness's confirmed digits, exactly one share a draw; raises NotOurs when one is there, they are weak, or the draw has
    been ended.
    """
    activity = await lock(tx, call.activity)
    if activity.state != ActivityState.DRAWING.value:
        raise NotOurs
    row = await _written(tx, call, "share_given", Evidence.of(facts))
    if row is None:
        return
    if weak_share(digits, await _used(tx, digits)) or await tx.one(Q.share_entry, {"activity": call.activity}):
        raise NotOurs
    chain = Chain.of(tx, activity, custody.signer)
    await chain.append(EntryType.WITNESS, {"share": {"by": row.witness, "value": digits}})


async def _used(tx: Transaction, digits: str) -> set[str]:
    """These digits if they were given before, whoever gave them."""
    return {each.value for each in await tx.all(Q.share_used, {"digits": digits})}


async def used_share(db: Database, digits: str) -> str:
    """Why these digits are refused because somebody gave them before, or nothing."""
    return WEAK_SHARES["used_before"] if await db.one(Q.share_used, {"digits": digits}) else ""


class ShareRefused(Exception):
    """Why digits on the supervisor's page do not count; `weak` when other digits would."""

    def __init__(self, message: str, *, weak: bool = False) -> None:
        super().__init__(message)
        self.weak = weak


async def share_on_page(tx: Transaction, custody: Custody, activity: str, witness: str, draw: int, digits: str) -> None:
    """The witness's digits on their own page instead of by telephone, for the draw whose fingerprint the page showed.

    The rules are those of `share`. A call that waits is dropped; one that is live goes on and is refused when it decides.
    Raises ShareRefused, and LookupError for who is no witness of the commit.
    """
    row = await lock(tx, activity)
    commit = await tx.value(Q.commit_body, {"activity": activity})
    body = {} if commit is None else read(commit)
    if witness not in body.get("witnesses", ()):
        raise LookupError(f"{witness} is no witness of {activity}")
    if body["draw"] != draw:
        raise ShareRefused("本活动已重新固定专家池，请核对新的承诺指纹后再提供数字。")
    if await tx.one(Q.share_entry, {"activity": activity}):
        raise ShareRefused("本次抽取已经收到见证数字，每次抽取只能有一份。您的数字没有使用。")
    if row.state != ActivityState.DRAWING.value:
        raise ShareRefused(f"当前状态为“{ActivityState(row.state).label}”，不能见证。您的数字没有使用。")
    if reason := weak_share(digits, await _used(tx, digits)):
        raise ShareRefused(WEAK_SHARES[reason], weak=True)
    chain = Chain.of(tx, row, custody.signer)
    await chain.append(EntryType.WITNESS, {"share": {"by": witness, "value": digits}})
    await tx.run(Q.drop_witness_calls, {"activity": activity})
    await tx.run(Q.wake, {"activity": activity})


@dataclass(frozen=True, slots=True)
class Ended:
    """The outcome that stands, and whether `advance` has anything to look at: not after a decision, which it has seen,
    while the draw goes on. `over`: the activity has ended meanwhile. `now`: the database's clock, where anything follows by it."""

    outcome: str
    due: bool
    over: bool = False
    now: datetime | None = None


async def end_call(
    tx: Transaction,
    custody: Custody,
    call: Call,
    outcome: str,
    facts: Mapping[str, Any],
    trail: str,
    *,
    showed: Showed = NOTHING_SHOWN,
    regardless: bool = False,
) -> Ended | None:
    """The line is known to be gone. A decision taken before stays; else the attempt goes into the transcript.

    None when the call is no longer ours or its end was written before.
    """
    evidence = Evidence.of(facts)
    values = {"call": call.id, "epoch": call.epoch, "outcome": outcome, "trail": trail, **showed.parameters()}
    row = await _under_the_lock(tx, Q.end_call, call, values | evidence.parameters(), regardless)
    if row.attempt is None:
        return None
    if not row.decided:
        await _record_attempt(tx, Chain.of(tx, row, custody.signer), call, row, outcome, evidence)
    over = ActivityState(row.state) in OVER
    return Ended(row.outcome, due=not row.decided or row.state != ActivityState.DRAWING.value, over=over, now=row.now)


async def end_decided(
    db: Database, call: Call, outcome: str, trail: str, showed: Showed = NOTHING_SHOWN
) -> Ended | None:
    """As `end_call`, for a call whose decision leads to nothing more; None when that decision does not stand in it."""
    values = {"activity": call.activity, "call": call.id, "epoch": call.epoch, "outcome": outcome, "trail": trail}
    values |= showed.parameters()
    row = await db.together((Q.lock_activity, {"activity": call.activity}), (Q.end_decided, values))
    return None if row is None else Ended(outcome, due=row.state != ActivityState.DRAWING.value)


async def _record_attempt(tx: Transaction, chain: Chain, call: Call, row: Any, outcome: str, evidence: Evidence) -> None:
    if row.flow == "witness":
        if await tx.one(Q.share_entry, {"activity": chain.activity}):
            return  # given on the page while this call rang: nothing is tried any more
        await chain.append(EntryType.WITNESS_TRY, {"by": row.witness, "attempt": row.attempt, "happened": outcome})
    elif row.flow == "invitation":
        expert = await tx.value(Q.open_pseudonym, {"pick": row.pick})
        if expert is not None:
            await chain.append(EntryType.ATTEMPT, _attempt(call, expert, row.attempt, evidence))


def _attempt(call: Call, expert: str, attempt: int, evidence: Evidence) -> dict[str, Any]:
    return {"expert": expert, "attempt": attempt, "evidence": evidence.hash, "elapsed_ms": call.elapsed_ms}


async def unavailable(tx: Transaction, custody: Custody, activity: Any, pick: int, expert: str, rests_on: str) -> None:
    """An appointment made elsewhere since the commit: the pick's outcome rests on that activity's outcome."""
    await close_pick(tx, pick, PickOutcome.UNAVAILABLE)
    tx.post(Q.set_owed, {"activity": activity.id, "owed": True})
    chain = Chain.of(tx, activity, custody.signer)
    await chain.append(EntryType.OUTCOME, {"expert": expert, "outcome": "unavailable", "rests_on": [rests_on]})
