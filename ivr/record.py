"""What a call came to, written down: the decision while the line is open, and the end when it is gone.

A confirmed key is worth more than anything that could be wrong elsewhere: before it is written, advance gets its chance to
fill seats that came free (no other entry may come before them); if that keeps failing, the key is written all the same.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Any

from db.errors import DatabaseError, SerializationFailure
from db.pool import Database, Transaction
from drawing import decide, notices, number_faults, supervisors
from drawing.advance import advance
from drawing.chain import Custody
from drawing.decide import Call, Ended, NotOurs, Owing, Showed
from drawing.orders import Orders
from drawing.seats import PickOutcome
from drawing.supervisors import NumberCheck
from ivr.bridged import PairTrail
from ivr.calls import (
    Answer,
    CallBackWish,
    Decision,
    LanguageChoice,
    NumberAnswer,
    Outcome,
    Recorded,
    Refused,
    Reply,
    Share,
    Trail,
    Unavailable,
)
from ivr.clock_watch import ClockStepped, ClockWatch
from ivr.dialplans import EVERY_KIND, Again
from ivr.dispatch import Q, Ready
from ivr.evidence import evidence, moment
from ivr.trunk_results import trunk_end, trunk_result

LOG = logging.getLogger(__name__)
TRIES_TO_SETTLE = 3
CALL_BACK = "call_back"
OF_KEYS = frozenset({Outcome.ACCEPTED, Outcome.DECLINED, Outcome.SHARE_GIVEN})
"""What a confirmed key decided while the line was open, in a call of the draw."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes for the calls of one worker, under its epoch."""

    db: Database
    custody: Custody
    orders: Orders
    epoch: int
    watch: ClockWatch | None = None
    """Notices that the database's clock was set: no pause is counted from such a moment."""

    async def decide(self, ready: Ready, decision: Decision, trail: Trail) -> Recorded | Refused | Unavailable:
        """Write a decision; never raises for what the database can do."""
        call = Call(ready.id, ready.activity, self.epoch, ready.elapsed_ms)
        try:
            match decision:
                case Answer(outcome):
                    facts = self._facts(ready, trail, outcome)
                    write = _answer(self.custody, call, PickOutcome(outcome.value), facts)
                    await self._settled(ready.activity, write)
                case Share(digits):
                    facts = self._facts(ready, trail, Outcome.SHARE_GIVEN)
                    async with self.db.transaction() as tx:
                        await decide.share(tx, self.custody, call, digits, facts)
                case Reply(outcome):
                    facts = self._facts(ready, trail, outcome)
                    write_reply = decide.leave if ready.flow == CALL_BACK else decide.reply
                    async with self.db.transaction() as tx:
                        await write_reply(tx, call, outcome.value, facts)
                case LanguageChoice(language):
                    values = {"call": call.id, "epoch": call.epoch, "language": language.value}
                    if not await self.db.run(Q.choose_language, values):
                        return Refused()
                case NumberAnswer(outcome):
                    facts = self._facts(ready, trail, outcome)
                    async with self.db.transaction() as tx:
                        await supervisors.decide(tx, NumberCheck(ready.id, self.epoch), outcome.value, facts)
                case CallBackWish():  # of calls from outside, which are no calls of ours (ivr.reception)
                    return Refused()
        except NotOurs:
            return Refused()
        except DatabaseError as error:
            LOG.warning("call %s: the decision could not be written: %s", ready.id, error)
            return Unavailable()
        return Recorded()

    async def end(self, ready: Ready, outcome: Outcome, trail: Trail | PairTrail) -> bool:
        """The line is known to be gone; whether `advance` should look. Raises DatabaseError while the database is away."""
        call = Call(ready.id, ready.activity, self.epoch, ready.elapsed_ms)
        whole, showed = _json(trail), _showed(ready, outcome, trail)
        if outcome in OF_KEYS and not _owes_details(ready, outcome, trail):
            stands = await decide.end_decided(self.db, call, outcome.value, whole, showed)
            if stands is not None:
                return stands.due
        facts = self._facts(ready, trail, outcome)
        if not ready.activity:  # it belongs to none: there is no draw that could wait for it
            async with self.db.transaction() as tx:
                await supervisors.end_call(tx, NumberCheck(ready.id, self.epoch), outcome.value, facts, whole, showed)
            return False
        ended: Ended | None = None

        async def write(tx: Transaction, regardless: bool) -> None:
            nonlocal ended
            asked = 0.0 if self.watch is None else self.watch.tick()
            ended = await decide.end_call(
                tx, self.custody, call, outcome.value, facts, whole, showed=showed, regardless=regardless
            )
            if ended is not None:
                if self.watch is not None and ended.now is not None:
                    self.watch.check(ended.now, asked)
                await self._follow(tx, ready, ended, trail)

        if EVERY_KIND[ready.flow].again is Again.BY_DRAW:
            await self._settled(ready.activity, write)
        else:  # it writes no entry: nothing has to come before it
            async with self.db.transaction() as tx:
                await write(tx, True)
        return ended is None or ended.due

    async def _follow(self, tx: Transaction, ready: Ready, ended: Ended, trail: Trail | PairTrail) -> None:
        """What its end leads to, besides what `advance` does for a draw; of an activity that is over nobody is told where to go."""
        if ready.pick is not None and not (isinstance(trail, PairTrail) and trail.expert is None):  # not staff's number
            await number_faults.note(tx, ready.id, ended.outcome)
        if EVERY_KIND[ready.flow].again is Again.BY_RULES:
            await notices.follow_up(tx, ready.id, ended.outcome)
        elif ready.pick is not None and not ended.over and _owes_details(ready, Outcome(ended.outcome), trail):
            await notices.ask(tx, "details", ready.activity, [ready.pick])

    async def _settled(self, activity: str, write: Callable[[Transaction, bool], Awaitable[None]]) -> None:
        """Write once no free seat is waiting to be filled, or after a few tries regardless."""
        for attempt in range(TRIES_TO_SETTLE + 1):
            try:
                async with self.db.transaction() as tx:
                    await write(tx, attempt == TRIES_TO_SETTLE)
                    return
            except Owing:
                await self._advance(activity)
            except SerializationFailure as error:  # nothing happened, and it may be repeated at once
                if attempt == TRIES_TO_SETTLE:
                    raise
                if isinstance(error, ClockStepped) and self.watch is not None:
                    await self.watch.look()

    async def _advance(self, activity: str) -> None:
        try:
            async with self.db.transaction() as tx:
                await advance(tx, self.custody, self.orders, activity)
        except Exception:  # whatever is wrong there must not cost a confirmed key
            LOG.exception("%s: advance failed before a decision", activity)

    @staticmethod
    def _facts(ready: Ready, trail: Trail | PairTrail, outcome: Outcome) -> dict[str, Any]:
        who = ready.conversation.who
        return evidence(
            trail, activity=ready.activity, flow=ready.flow, who=who, attempt=ready.attempt, outcome=outcome
        )


def _answer(
    custody: Custody, call: Call, outcome: PickOutcome, facts: dict[str, Any]
) -> Callable[[Transaction, bool], Awaitable[None]]:
    async def write(tx: Transaction, regardless: bool) -> None:
        await decide.answer(tx, custody, call, outcome, facts, regardless=regardless)

    return write


def _owes_details(ready: Ready, outcome: Outcome, trail: Trail | PairTrail) -> bool:
    """Whether who has just agreed has not heard the details to their end."""
    if outcome is not Outcome.ACCEPTED or ready.pick is None:
        return False
    return not (isinstance(trail, Trail) and any(heard.prompt == "details" and heard.whole for heard in trail.heard))


def _showed(ready: Ready, outcome: Outcome, trail: Trail | PairTrail) -> Showed:
    """What the call showed of its trunk."""
    result, end = trunk_result(outcome, trail, asks=EVERY_KIND[ready.flow].asks), trunk_end(trail)
    return Showed(None if result is None else result.value, None if end is None else end.value)


def _json(trail: Trail | PairTrail) -> str:
    return json.dumps(trail, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Enum):
        return value.value
    return {field.name: getattr(value, field.name) for field in fields(value)}
