"""What a call came to, written down: the decision while the line is open, and the end when it is gone.

A confirmed key is worth more than anything that could be wrong elsewhere: before it is written, advance gets its chance to
fill seats that came free (no other entry may come before them); if that keeps failing, the key is written all the same.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from db.errors import DatabaseError
from db.pool import Database, Transaction
from drawing import decide
from drawing.advance import advance, new_call_id
from drawing.chain import Custody
from drawing.chain import Q as DRAWING
from drawing.decide import Call, NotOurs, Owing
from drawing.orders import Orders
from drawing.seats import PickOutcome
from ivr.calls import Answer, Decision, Outcome, Recorded, Refused, Share, Trail, Unavailable
from ivr.dispatch import Ready
from ivr.evidence import evidence, moment

LOG = logging.getLogger(__name__)
TRIES_TO_SETTLE = 3
DETAILS_CALLS = 2  # when the details were not heard to their end


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes for the calls of one worker, under its epoch."""

    db: Database
    custody: Custody
    orders: Orders
    epoch: int

    async def decide(self, ready: Ready, decision: Decision, trail: Trail) -> Recorded | Refused | Unavailable:
        """Write a decision; never raises for what the database can do."""
        call = Call(ready.id, ready.activity, self.epoch)
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
        except NotOurs:
            return Refused()
        except DatabaseError as error:
            LOG.warning("call %s: the decision could not be written: %s", ready.id, error)
            return Unavailable()
        return Recorded()

    async def end(self, ready: Ready, outcome: Outcome, trail: Trail) -> None:
        """The line is known to be gone; raises DatabaseError while the database is away."""
        call = Call(ready.id, ready.activity, self.epoch)
        facts, whole = self._facts(ready, trail, outcome), _json(trail)

        async def write(tx: Transaction, regardless: bool) -> None:
            await decide.end_call(tx, self.custody, call, outcome.value, facts, whole, regardless=regardless)
            if outcome is Outcome.ACCEPTED and ready.pick is not None and not _details_heard(trail):
                await self._call_again(tx, ready)

        await self._settled(ready.activity, write)

    async def _call_again(self, tx: Transaction, ready: Ready) -> None:
        """Who agreed but did not hear where to go is called once more with the details alone."""
        attempt = ready.attempt + 1 if ready.flow == "details" else 1
        if attempt > DETAILS_CALLS:
            return
        expert = await tx.value(DRAWING.expert_of, {"pick": ready.pick})
        values = {"id": new_call_id(), "flow": "details", "activity": ready.activity, "pick": ready.pick}
        values |= {"expert": expert, "witness": None, "attempt": attempt, "not_before": None}
        await tx.run(DRAWING.insert_call, values)

    async def _settled(self, activity: str, write: Callable[[Transaction, bool], Awaitable[None]]) -> None:
        """Write once no free seat is waiting to be filled, or after a few tries regardless."""
        for attempt in range(TRIES_TO_SETTLE + 1):
            try:
                async with self.db.transaction() as tx:
                    await write(tx, attempt == TRIES_TO_SETTLE)
                    return
            except Owing:
                await self._advance(activity)

    async def _advance(self, activity: str) -> None:
        try:
            async with self.db.transaction() as tx:
                await advance(tx, self.custody, self.orders, activity)
        except Exception:  # whatever is wrong there must not cost a confirmed key
            LOG.exception("%s: advance failed before a decision", activity)

    @staticmethod
    def _facts(ready: Ready, trail: Trail, outcome: Outcome) -> dict[str, Any]:
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


def _details_heard(trail: Trail) -> bool:
    return any(heard.prompt == "details" and heard.whole for heard in trail.heard)


def _json(trail: Trail) -> str:
    return json.dumps(asdict(trail), default=moment, ensure_ascii=False)
