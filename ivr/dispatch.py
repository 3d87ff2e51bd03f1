"""From a waiting call to a live one: everything is looked at again in the one transaction that makes it live."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from db.errors import Conflict
from db.pool import Database, Transaction
from db.queries import load
from drawing import chain, person
from drawing.binding import Misfit, NotBound
from drawing.chain import Custody
from drawing.decide import Owing, unavailable
from drawing.lifecycle import ActivityState
from drawing.rules import Calling, Rules
from drawing.seats import PickOutcome
from ivr import masked, numbers, policy
from ivr.calls import Outcome
from ivr.clock_watch import ClockWatch
from ivr.dialplans import EVERY_KIND, KINDS, PAIRS, Again
from ivr.lease import Lease
from ivr.masked import PairConversation
from ivr.policy import Hindrance, TrunkLoad
from ivr.preparing import Conversation, Preparer
from ivr.trunks import Trunks

Q = load("ivr")
LOG = logging.getLogger(__name__)
ON_ANOTHER_LINE_SECONDS = 5.0  # an expert who is being called elsewhere waits, is not passed
NOT_BOUND_SECONDS = 60.0  # until a call that was refused is looked at again
AHEAD, AHEAD_SECONDS = 16, 0.5  # at some tens of calls a second, one look for several of them
REFUSED, REFUSED_REMARK = "拒绝拨打", "{}：号码与登记的不符或密文无法解开，未拨打；请核对专家库和监督人信息，并查明谁改动了数据库"
"""What 操作记录 says when a number is not the one that was registered."""
OF_THE_DRAW = [kind.name for kind in KINDS.values() if kind.again is Again.BY_DRAW]
"""Held while the draw is not under way, and while it owes a pick."""
CALL_BACK_INVITATION = "call_back_invitation"
WITNESS = "witness"
RECEIPT_SECONDS, RECEIPT_AGAIN_SECONDS = 20.0, 0.5
"""So long after the commit the witness's call waits for the receipt to be 已送达, looking so often."""
INVITING = frozenset({"invitation", CALL_BACK_INVITATION})


@dataclass(frozen=True, slots=True)
class Ready:
    """A call that is live in the database and may be dialled now. `activity` is empty for one that belongs to none."""

    id: str
    activity: str
    flow: str
    attempt: int
    pick: int | None
    conversation: Conversation | PairConversation
    trunk: str
    since: float | None = None
    """time.monotonic() when it went live; None for a call that another process made."""

    @property
    def elapsed_ms(self) -> int:
        """From then until now; 0 for a call that another process made."""
        return 0 if self.since is None else int((time.monotonic() - self.since) * 1000)


class Dispatcher:
    """Makes waiting calls live, one per transaction."""

    def __init__(
        self,
        db: Database,
        custody: Custody,
        lease: Lease,
        preparer: Preparer,
        calling: Calling,
        trunks: Trunks,
        watch: ClockWatch | None = None,
        *,
        messages: bool = False,
    ) -> None:
        """messages: 短信 are sent, so that a witness may have the receipt before the call."""
        self._db, self._custody, self._lease, self._messages = db, custody, lease, messages
        self._watch = watch or ClockWatch(db, lease.node)
        self._preparer, self._calling, self._trunks = preparer, calling, trunks
        self._calls_today = 0
        self._ahead: list[Any] = []
        self._looked = 0.0

    async def due(self, limit: int) -> list[Any]:
        """Waiting calls whose time has come, the draws in turn; some ahead, as `make_live` looks again. Raises ClockStepped."""
        now = asyncio.get_running_loop().time()
        if len(self._ahead) < limit or now - self._looked > AHEAD_SECONDS:
            asked, self._ahead = self._watch.tick(), []
            due = await self._db.all(Q.due, {"limit": limit + AHEAD, "held": OF_THE_DRAW})
            if due:
                self._watch.check(due[0].now, asked)
            self._ahead, self._looked = due, now
        due, self._ahead = self._ahead[:limit], self._ahead[limit:]
        return due

    async def next_due(self) -> float | None:
        """When the next waiting call's time comes, in seconds from now."""
        seconds: float | None = await self._db.value(Q.next_due, {"held": OF_THE_DRAW})
        return seconds

    async def count_today(self) -> None:
        """Look how many calls were made today, by all workers; counted on from there until the next look."""
        self._calls_today = await self._db.value(Q.calls_today)

    async def make_live(self, call: Any, line: TrunkLoad, tick: float) -> Ready | None:
        """The call, live and ours on a trunk that is reserved, or None when something stands in its way: then it waits, or
        is settled. line: all trunks together, as they are at `tick` by the event loop's clock. Raises ClockStepped.
        """
        if call.flow == WITNESS and await self._awaits_receipt(call):
            await self.postpone(call, RECEIPT_AGAIN_SECONDS)
            return None
        legs = 2 if call.flow in PAIRS else 1
        trunk = self._trunks.take(await self._before(call), tick, legs)
        if isinstance(trunk, Hindrance):
            await self._wait(self._db, call, trunk)
            return None
        attempt: int | None = None
        try:
            conversation = await self._preparer.prepare(call)
            async with self._db.transaction() as tx:
                attempt = await self._go_live(tx, call, conversation, line, trunk)
        except NotBound as error:
            await self._refuse(call, error)
        except Conflict:  # a unique index: somebody else rings this expert, or this number, at this very moment
            await self.postpone(call, ON_ANOTHER_LINE_SECONDS)
        finally:
            if attempt is None:
                self._trunks.give_back(trunk, legs)
        if attempt is None:
            return None
        self._calls_today += 1
        return Ready(call.id, call.activity or "", call.flow, attempt, call.pick, conversation, trunk, time.monotonic())

    async def _awaits_receipt(self, call: Any) -> bool:
        """A witness who has the receipt hears a call half as long: it is worth some seconds, not more."""
        if not self._messages or not Rules.load(call.rules).messages.witness_receipt:
            return False
        values = {"activity": call.activity, "witness": call.witness, "seconds": RECEIPT_SECONDS}
        return bool(await self._db.value(Q.receipt_awaited, values))

    async def _refuse(self, call: Any, error: NotBound) -> None:
        """Nobody is rung for a pick that does not fit the transcript. The call waits, in case that what was changed is put right,
        until its time has passed.
        """
        await person.alarm(self._db, call.activity, f"呼叫 {call.id}", error)
        async with self._db.transaction() as tx:
            row = await self._look(tx, call, [])
            if EVERY_KIND[call.flow].again is Again.BY_DRAW or not await self._is_over(tx, call, row):
                await tx.run(Q.postpone, {"call": call.id, "seconds": NOT_BOUND_SECONDS})

    async def _before(self, call: Any) -> list[policy.Tried]:
        """The calls about this matter so far, as far as they say which trunk is to be passed over."""
        if call.attempt == 1:
            return []
        values = {"activity": call.activity, "flow": call.flow, "pick": call.pick, "witness": call.witness}
        rows = await self._db.all(Q.calls_before, values)
        return [policy.tried(row.trunk, Outcome(row.outcome), rang=row.rang) for row in rows]

    async def _go_live(
        self, tx: Transaction, call: Any, conversation: Conversation | PairConversation, line: TrunkLoad, trunk: str
    ) -> int | None:
        """Which attempt it is now; None when it is not live."""
        kind = EVERY_KIND[call.flow]
        of_the_draw = kind.again is Again.BY_DRAW
        held = numbers.hashes(self._custody.vault, conversation.numbers)
        if call.activity is None:
            return await self._check_number(tx, call, conversation, line, trunk, held)
        row = await self._look(tx, call, held)
        if of_the_draw and row.owed:
            raise Owing
        if of_the_draw and row.state != ActivityState.DRAWING.value:
            return None
        if call.flow == CALL_BACK_INVITATION and not await self._may_answer(tx, call.pick, row.rules):
            await tx.run(Q.change_flow, {"call": call.id, "flow": "call_back_nothing"})
            return None
        if await self._is_elsewhere(tx, call, conversation.who, row):
            return None
        if not of_the_draw and await self._is_over(tx, call, row):
            return None
        calling = self._calling if of_the_draw else self._calling.within(Rules.load(row.rules).notice(kind.name))
        if call.flow in PAIRS:  # both legs take a channel
            line = replace(line, channels=line.channels + 1)
        against = policy.hindrance(calling, row.now, conversation.number, row.called, self._calls_today, line)
        if against is not None and against.rule is not policy.Rule.ALLOWED_NUMBERS:  # that one the call itself tells
            await self._wait(tx, call, against)
            return None
        if not await self._is_ours(tx, call, conversation, trunk, held):
            return None
        if call.flow != CALL_BACK_INVITATION:
            return int(call.attempt)
        return int(await tx.value(Q.number_attempt, {"call": call.id}))

    async def _may_answer(self, tx: Transaction, pick: int, rules: str) -> bool:
        """Whether a pick is open, and stays so: once its calls are enough for 未接通 it only waits for `advance` to say so."""
        row = await tx.one(Q.open_tries, {"pick": pick})
        return row is not None and not Rules.load(rules).unreached_after(row.outcomes, 0)

    async def _check_number(
        self,
        tx: Transaction,
        call: Any,
        conversation: Conversation | PairConversation,
        line: TrunkLoad,
        trunk: str,
        held: Sequence[bytes],
    ) -> int | None:
        """A call that verifies a supervisor's number: it belongs to no activity, and is held up by hours and budgets only."""
        asked = self._watch.tick()
        row = await tx.one(Q.number_check_now, {"call": call.id, "numbers": held})
        self._watch.check(row.now, asked)
        if not row.stands:  # the register has another number by now
            await tx.run(chain.Q.drop_call, {"call": call.id})
            return None
        if row.on_the_line:
            await tx.run(Q.postpone, {"call": call.id, "seconds": ON_ANOTHER_LINE_SECONDS})
            return None
        calling = self._calling.within(Rules.load(call.rules).notice(call.flow))
        against = policy.hindrance(calling, row.now, conversation.number, row.called, self._calls_today, line)
        if against is not None and against.rule is not policy.Rule.ALLOWED_NUMBERS:
            await self._wait(tx, call, against)
            return None
        return int(call.attempt) if await self._is_ours(tx, call, conversation, trunk, held) else None

    async def _is_ours(
        self, tx: Transaction, call: Any, conversation: Conversation | PairConversation, trunk: str, held: Sequence[bytes]
    ) -> bool:
        """Made live under our lease. One that is refused ends at once, as a failure of ours: the switchboard dials nothing."""
        lease = {"node": self._lease.node, "holder": self._lease.holder, "epoch": self._lease.epoch}
        if not await tx.run(Q.go_live, {"call": call.id, "trunk": trunk, "numbers": held, **lease}):
            return False
        if conversation.refused:
            remark = REFUSED_REMARK.format(call.id)
            told = {"actor": "system", "role": "system", "act": REFUSED, "activity": call.activity, "remark": remark}
            await tx.run(chain.Q.log_operation, told)
        return True

    async def _look(self, tx: Transaction, call: Any, held: Sequence[bytes]) -> Any:
        """Under the activity's lock. held: keyed hashes of the numbers. Raises ClockStepped: nothing is judged by such a clock."""
        asked = self._watch.tick()
        tx.post(chain.Q.lock_activity, {"activity": call.activity})
        travel = Rules.load(call.rules).travel_s
        values = {"expert": call.expert, "activity": call.activity, "pick": call.pick, "travel": travel, "numbers": held}
        row = await tx.one(Q.call_now, values)
        self._watch.check(row.now, asked)
        return row

    async def _is_elsewhere(self, tx: Transaction, call: Any, who: str, row: Any) -> bool:
        """On another line: the call waits. Agreed elsewhere since the commit: the pick is settled as unavailable, if that
        appointment is by a pick of this very expert, who agreed; else raises NotBound.
        """
        if row.elsewhere is not None and call.flow in INVITING:
            other = await tx.one(Q.pick_to_person, {"pick": row.elsewhere})
            person.of(self._custody, other, other.activity, call.expert)
            if other.outcome != PickOutcome.ACCEPTED.value:
                raise NotBound(Misfit.OUTCOME)
            rests_on = bytes(other.outcome_hash).hex()
            await tx.run(chain.Q.drop_waiting, {"pick": call.pick})
            await unavailable(tx, self._custody, row, call.pick, who, rests_on)
            return True
        if row.on_the_line:
            await tx.run(Q.postpone, {"call": call.id, "seconds": ON_ANOTHER_LINE_SECONDS})
        return bool(row.on_the_line)

    async def _wait(self, db: Database | Transaction, call: Any, against: Hindrance) -> None:
        """It waits until the rule allows it; a call for which staff sits at the telephone waits a little, or is given up."""
        LOG.info("call %s waits: %s", call.id, against.rule.value)
        if call.flow in PAIRS and masked.too_late(call.matter, await self._begins(db, against)):
            LOG.warning("call %s is given up: %s", call.id, against.rule.value)
            await db.run(chain.Q.drop_call, {"call": call.id})
        elif against.wait_s is not None:
            await self.postpone(call, against.wait_s, db)
        else:
            by_wall = against.rule in policy.BY_WALL
            await db.run(Q.postpone_until, {"call": call.id, "until": against.until, "by_wall": by_wall})

    async def _begins(self, db: Database | Transaction, against: Hindrance) -> datetime:
        """When the rule allows it, by the database's clock."""
        at: datetime = await db.value(chain.Q.now) + timedelta(seconds=against.wait_s or 0.0)
        return max(at, against.until or at)

    async def _is_over(self, tx: Transaction, call: Any, row: Any) -> bool:
        """The rules' time for this kind of call has passed: it is dropped."""
        rule = Rules.load(row.rules).notice(call.flow)
        too_late = call.flow in PAIRS and masked.too_late(call.matter, row.now)
        if not too_late and (row.gather_at is None or not rule.closed(row.now, row.gather_at)):
            return False
        LOG.error("call %s (%s): its time has passed; it is not made", call.id, call.flow)
        await tx.run(chain.Q.drop_call, {"call": call.id})
        return True

    async def postpone(self, call: Any, seconds: float, db: Database | Transaction | None = None) -> None:
        """Not now."""
        await (db or self._db).run(Q.postpone, {"call": call.id, "seconds": seconds})
