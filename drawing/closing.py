"""What ends: a draw is sealed and opened, an activity ended by the clock, its chain closed. `drawing.ending` decides.

Everything here happens under the activity's lock and by the database's clock as it was after acquiring the lock; doing it again
changes nothing. `drawing.advance` comes here for whatever activity is due, whoever looks or not; the console comes here too, so
that a result opens at a look where no worker lives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.contexts import SYSTEM_SHARE
from db.pool import Transaction
from drawing import ending, heads, lifecycle, naming, notices
from drawing.chain import Chain, Custody, Q, record_in_ledger
from drawing.ending import Draw
from drawing.heads import Given
from drawing.ledger import SEAL
from drawing.lifecycle import Act, ActivityState, Role
from drawing.operation_log import log
from drawing.transcript import EntryType, stamp

END_REACHED = "预计评标结束时间已到"
SYSTEM = "system"


@dataclass(slots=True)
class Closing:
    """One activity whose row is locked; `activity` is that row."""

    tx: Transaction
    custody: Custody
    activity: Any
    chain: Chain

    async def end(self, state: ActivityState, *, under_way: bool) -> ActivityState:
        """End the activity at 预计评标结束 (A6). A draw that is under way is force-ended with that reason: calls under way finish
        and count, and nobody is told to come."""
        activity = self.activity.id
        following = lifecycle.after(state, Act.END, Role.SYSTEM)
        reason = END_REACHED if state is ActivityState.COMPLETED else f"{END_REACHED}，活动仍为“{state.label}”"
        if under_way:
            now: Any = await self.tx.one(Q.halt_numbers, {"activity": activity})
            await self.chain.append(EntryType.FORCE_END, {"reason": reason, "agreed": now.agreed, "live": now.live})
        self.tx.post(Q.drop_calls_of_over, {"activity": activity})
        self.tx.post(Q.set_state, {"activity": activity, "state": following.value})
        await log(self.tx, activity, Act.END, SYSTEM, Role.SYSTEM, reason)
        return following

    async def seal(self, state: ActivityState, number: int, system_share_enc: bytes) -> None:
        """After the last live call: the system's share is opened, the chain is whole, the ledger knows."""
        activity = self.activity.id
        if state is ActivityState.ENDED:
            await self._release()
        system_share = self.custody.vault.decrypt(bytes(system_share_enc), SYSTEM_SHARE.at(activity, number))
        entry = await self.chain.append(EntryType.SEAL, {"system_share": system_share.hex()})
        await self.tx.run(Q.mark_sealed, {"activity": activity, "no": number})
        lots = [row.lot for row in await self.tx.all(Q.lots, {"activity": activity})]
        await record_in_ledger(self.tx, SEAL, lots, entry, activity, number)

    async def _release(self) -> None:
        """强制结束 (D4): who had agreed is free for another evaluation, and is told so; unless the evaluation's time has passed."""
        activity = self.activity.id
        await self.tx.run(Q.drop_appointments, {"activity": activity})
        if self.activity.now >= self.activity.evaluation_end:
            return
        if agreed := await notices.agreed(self.tx, activity):
            await notices.ask(self.tx, "release", activity, agreed)

    async def finish(self, state: ActivityState, *, opens_only: bool = False) -> None:
        """Open what is due, and close the chain when nothing can follow any more. `opens_only`: for the console, which may write
        neither `seal` nor `close`."""
        rows = await self.tx.all(Q.draws, {"activity": self.activity.id})
        if not rows:
            return
        last = rows[-1]
        draws = [Draw(row.no, row.sealed, row.unsealed, row.opens_at) for row in rows]
        if not opens_only and ending.seals_short(state, draws, self.activity.now, live=last.live):
            await self.seal(state, last.no, last.system_share_enc)
            draws[-1] = Draw(last.no, sealed=True, unsealed=False, opens_at=last.opens_at)
        due = ending.to_open(draws, self.activity.now)
        for draw in due:
            await self._open(state, draw.no, last)
        opened = [Draw(each.no, each.sealed, each.unsealed or each in due, each.opens_at) for each in draws]
        if not opens_only:
            await self._close(state, opened, last)

    async def _open(self, state: ActivityState, number: int, row: Any) -> None:
        activity = self.activity.id
        lifecycle.after(state, Act.UNSEAL, Role.SYSTEM)
        nobody = ending.names_nobody(state, force_ended=row.force_ended)
        await self.tx.run(Q.unseal, {"activity": activity, "no": number, "nobody": nobody})
        body = {
            "draw": number,
            "lead_seconds": row.lead_s,
            "evaluation_start": stamp(self.activity.evaluation_start),
            "gather_at": stamp(row.gather_at),
        }
        await self.chain.append(EntryType.UNSEAL, body)
        await naming.watch(self.tx, self.custody, activity)
        await log(self.tx, activity, Act.UNSEAL, SYSTEM, Role.SYSTEM, f"第 {number} 次抽取")

    async def _close(self, state: ActivityState, draws: Sequence[Draw], row: Any) -> None:
        activity = self.activity.id
        reason = ending.close_reason(state, draws, force_ended=row.force_ended, live=row.live)
        if reason is None or (self.chain.end is not None and self.chain.end.closed):
            return
        lifecycle.after(state, Act.CLOSE, Role.SYSTEM)
        head = await heads.present(self.tx)
        await heads.give(self.tx, activity, head, Given.CLOSE, "")
        await self.chain.append(EntryType.CLOSE, {"reason": reason, "ledger": head.to_json()})
        self.tx.post(Q.set_closed, {"activity": activity})
        await log(self.tx, activity, Act.CLOSE, SYSTEM, Role.SYSTEM)
