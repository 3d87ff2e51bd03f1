"""*advance*: settle, free, pick, until no seat is open; then what ends by itself (drawing.closing). Idempotent, from rows alone;
runs after each decide, on NOTIFY and in a sweep. What it can't do inside a short transaction (snapshot, order) it asks for as a
`Need`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from db.contexts import ACTIVITY_KEY
from db.pool import Transaction
from drawing import lifecycle
from drawing.binding import codes
from drawing.blocks import BLOCK
from drawing.call_ids import new_call_id
from drawing.chain import Chain, Custody, Q, end_of, read_clock
from drawing.clock import Reading, as_of_now
from drawing.closing import Closing
from drawing.decide import close_pick, lock
from drawing.ending import is_past
from drawing.lifecycle import Act, ActivityState, Role
from drawing.lots import Placed, next_pick
from drawing.operation_log import log as log
from drawing.orders import Orders
from drawing.rules import Rules, failures_in_a_row
from drawing.seats import HOLDS_SEAT, Again, End, Pause, PickOutcome, Seat, Try, ending, open_seats, verdict
from drawing.transcript import EntryType, parse_stamp
from drawing.witness_rules import whose_turn

LOG = logging.getLogger(__name__)
SEALED_WHEN_QUIET = frozenset({ActivityState.COMPLETED, ActivityState.ENDED, ActivityState.RELEASED})
ALARM = 5  # failures of ours in a row, from which on the log says so


class Need(Enum):
    """What must happen outside before advance can go on."""

    NOTHING = "nothing"
    COMMIT = "commit"  # take the snapshot and commit to it
    ORDER = "order"  # the share is there: compute and store the order


async def advance(
    tx: Transaction,
    custody: Custody,
    orders: Orders,
    activity: str,
    *,
    wait: bool = True,
    checked: Callable[[datetime], None] = lambda now: None,
) -> Need:
    """Bring one activity as far as its rows allow. With wait=False an activity that another worker holds is left to it. checked:
    called with the database's clock, by which all this is done; raises if that was set a moment ago.
    """
    row = await (lock(tx, activity) if wait else tx.one(Q.try_lock_activity, {"activity": activity}))
    if row is None:
        return Need.NOTHING
    checked(row.now)
    state, rules = ActivityState(row.state), Rules.load(row.rules)
    standing = await tx.one(Q.standing, {"activity": activity, "hold": rules.hold_s})
    chain = Chain(tx, activity, row.now, custody.signer, end_of(standing))
    closing = Closing(tx, custody, row, chain)
    under_way = standing.no is not None and not standing.sealed_at
    if is_past(state, on_site=row.on_site, end=row.evaluation_end, now=row.now, under_way=under_way):
        state = await closing.end(state, under_way=under_way)
        standing = await tx.one(Q.standing, {"activity": activity, "hold": rules.hold_s})
    need = Need.NOTHING
    if not under_way:
        need = Need.COMMIT if state is ActivityState.DRAWING else Need.NOTHING
    elif standing.witnessed_at is not None or state is ActivityState.ENDED:
        state = await _Step(tx, custody, orders, row, standing, rules, chain, closing).run(state)
    elif state is ActivityState.DRAWING:
        need = await _Step(tx, custody, orders, row, standing, rules, chain, closing).witness()
    if standing.unopened or state not in (ActivityState.DRAWING, ActivityState.PAUSED):
        await closing.finish(state)
    return need


@dataclass(slots=True)
class _Step:
    """One pass over one activity whose row is locked."""

    tx: Transaction
    custody: Custody
    orders: Orders
    activity: Any
    standing: Any  # the draw, how many picks and calls are where, and the end of the chain
    rules: Rules
    chain: Chain
    closing: Closing

    # --- before the seed --------------------------------------------------------------------------------------

    async def witness(self) -> Need:
        """Have a share: by calling the witness, then the stand-by, and so on; the activity waits for it."""
        if await self.tx.one(Q.share_entry, {"activity": self.activity.id}) is not None:
            return Need.ORDER
        witnesses = await self.tx.all(Q.witnesses, {"activity": self.activity.id})
        if not witnesses:
            return Need.ORDER  # the commit says `witnesses: []`, which only rules without witness let through
        calls = await self.tx.all(Q.witness_calls, {"activity": self.activity.id, "draw": self.standing.no})
        if any(call.state != "ended" for call in calls):
            return Need.NOTHING
        again = Again(1, self.activity.now)
        if calls:
            pause = max(self.rules.witness_pause_s, self.rules.calling.pause_after([call.outcome for call in calls]))
            again = Again(calls[-1].attempt + 1, _later(calls[-1].ended_at, pause))
        made = [(call.witness, call.outcome) for call in calls]
        turn = whose_turn([each.id for each in witnesses], made, self.rules.notice("witness").tries)
        self._call("witness", again, witness=turn)
        return Need.NOTHING

    # --- after the seed ---------------------------------------------------------------------------------------

    async def run(self, state: ActivityState) -> ActivityState:
        """Settle open picks, fill seats, and end the draw when nothing is left to do; the state after that."""
        now, pending = self.standing, self.standing.open
        drawing = state is ActivityState.DRAWING
        if drawing and (self.activity.owed or now.idle or now.accepted + now.open < now.planned):
            pending += await self._settle_and_fill()
        elif self.activity.owed:  # paused or ended: nothing is picked, and no decision need wait for it
            self.tx.post(Q.set_owed, {"activity": self.activity.id, "owed": False})
        if state is ActivityState.ENDED and now.idle:
            await self._cancel()
        state = await self._end(state, pending)
        if state in SEALED_WHEN_QUIET and not now.live:
            await self.closing.seal(state, now.no, now.system_share_enc)
        return state

    async def _settle_and_fill(self) -> int:
        """How many more picks are open now than before."""
        more = await self._fill()
        if self.standing.idle:
            more += await self._settle()
        if self.activity.owed:
            self.tx.post(Q.set_owed, {"activity": self.activity.id, "owed": False})
        return more

    async def _settle(self) -> int:
        more, pauses = 0, await self._pauses()
        for pick in await self.tx.all(Q.idle_picks, {"activity": self.activity.id}):
            tries = [Try(outcome, at) for outcome, at in zip(pick.outcomes, pick.ended, strict=True)]
            match verdict(tries, self.activity.now, self.rules, pauses):
                case Again() as again:
                    if pick.retry is None:
                        self._tell(pick.id, pick.outcomes, again)
                        self._call("invitation", again, pick=pick.id, expert=pick.expert)
                case _:
                    if pick.retry is not None:
                        await self.tx.run(Q.drop_call, {"call": pick.retry})
                    await self._unreached(pick)
                    if self.rules.unreached_by_line(pick.outcomes):
                        LOG.error("%s: pick %d is unreached by the line's fault alone; ask the carrier", self.activity.id, pick.id)
                    more += await self._fill() - 1
        return more

    async def _cancel(self) -> None:
        """强制结束: who was still to be called is not; a call under way ends by itself and comes here then."""
        for pick in await self.tx.all(Q.idle_picks, {"activity": self.activity.id}):
            await close_pick(self.tx, pick.id, PickOutcome.CANCELLED)
            rests_on = [each for each in pick.evidence if each is not None]
            body = {"expert": pick.pseudonym, "outcome": PickOutcome.CANCELLED.value, "rests_on": rests_on}
            await self.chain.append(EntryType.OUTCOME, body)

    def _tell(self, pick: int, outcomes: Sequence[str], again: Again) -> None:
        """A call that fails by the line's fault or ours again and again holds its seat, and only people can help."""
        if (failures := failures_in_a_row(outcomes)) >= ALARM:
            LOG.error(
                "%s: the last %d calls of pick %d all failed by the line's fault or ours; again at %s",
                self.activity.id, failures, pick, again.not_before.isoformat(timespec="seconds"),
            )  # fmt: skip

    async def _pauses(self) -> list[Pause]:
        """As the transcript has them, as the clock counts them now; only a draw that is not paused comes here, so the last one
        has its end.
        """
        entries, reading = await self.tx.all(Q.pauses, {"activity": self.activity.id}), read_clock()
        at = [
            as_of_now(parse_stamp(entry.at), Reading.parse(entry.clock), self.activity.now, reading) for entry in entries
        ]
        return list(zip(at[::2], at[1::2], strict=False))

    async def _unreached(self, pick: Any) -> None:
        await close_pick(self.tx, pick.id, PickOutcome.UNREACHED)
        body = {"expert": pick.pseudonym, "outcome": PickOutcome.UNREACHED.value, "rests_on": list(pick.evidence)}
        await self.chain.append(EntryType.OUTCOME, body)

    async def _fill(self) -> int:
        """Pick until no seat is open or nobody is left, in the commit's order of conditions; how many were picked."""
        seats = await self.orders.seats(self.tx, self.activity.id, self.standing.no)
        picks = await self.tx.all(Q.picks, {"activity": self.activity.id})
        holding = [p for p in picks if PickOutcome(p.outcome) in HOLDS_SEAT]
        engaged = [Placed(p.pseudonym, frozenset(p.units)) for p in holding]
        picked = {p.pseudonym for p in picks}
        before = len(picked)
        exhausted: set[str] = set()
        taken = frozenset(Seat(p.condition, p.seat) for p in holding)
        for seat in list(open_seats(seats, taken)):
            if seat.condition in exhausted:
                continue
            placed = await self._pick(seat, picked, engaged)
            if placed is None:
                exhausted.add(seat.condition)
                continue
            picked.add(placed.expert)
            engaged.append(placed)
        return len(picked) - before

    async def _pick(self, seat: Seat, picked: set[str], engaged: list[Placed]) -> Placed | None:
        blocks, chosen = 1 + len(picked) // BLOCK, None
        while chosen is None:
            order = await self.orders.head(self.tx, self.activity.id, self.standing.no, seat.condition, blocks)
            chosen = next_pick(order.placed(), picked, engaged)
            if chosen is None and order.whole:
                return None
            blocks += 1
        entry = order.entries[chosen.rank]
        key = self.custody.vault.decrypt(bytes(self.activity.key_enc), ACTIVITY_KEY.at(self.activity.id))
        self.tx.post(
            Q.pick_and_call,
            {
                "activity": self.activity.id,
                "draw": self.standing.no,
                "condition": seat.condition,
                "seat": seat.number,
                "expert": entry.number,
                "pseudonym": chosen.expert,
                "units": sorted(entry.units),
                "rank": chosen.rank,
                "codes": codes(key, chosen.expert),
                "call": new_call_id(),
                "first": self.activity.now + timedelta(seconds=self.rules.messages.announce_s),
            },
        )
        body = {
            "condition": seat.condition,
            "seat": seat.number,
            "expert": chosen.expert,
            "rank": chosen.rank,
            "passed": [list(passed) for passed in chosen.passed],
        }
        await self.chain.append(EntryType.PICK, body)
        return entry.placed

    def _call(
        self, flow: str, again: Again, *, pick: int | None = None, expert: int | None = None, witness: str | None = None
    ) -> None:
        self.tx.post(
            Q.insert_call,
            {
                "id": new_call_id(),
                "flow": flow,
                "activity": self.activity.id,
                "pick": pick,
                "expert": expert,
                "witness": witness,
                "attempt": again.attempt,
                "not_before": again.not_before,
                "draw": None if witness is None else self.standing.no,
            },
        )

    # --- the end ----------------------------------------------------------------------------------------------

    async def _end(self, state: ActivityState, pending: int) -> ActivityState:
        """A call that was under way may fill the last seat of a paused draw too; only a running one can fall short."""
        now = self.standing
        match ending(now.planned, now.accepted, pending), state:
            case End.COMPLETE, ActivityState.DRAWING | ActivityState.PAUSED:
                body = {"agreed": now.accepted, "seats": int(now.planned)}
                await self.chain.append(EntryType.COMPLETE, body)
                return await self._to(state, Act.COMPLETE)
            case End.SHORT, ActivityState.DRAWING:
                return await self._to(state, Act.SHORT)
        return state

    async def _to(self, state: ActivityState, act: Act) -> ActivityState:
        following = lifecycle.after(state, act, Role.SYSTEM)
        await self.tx.run(Q.set_state, {"activity": self.activity.id, "state": following.value})
        await log(self.tx, self.activity.id, act, "system", Role.SYSTEM)
        return following


def _later(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)
