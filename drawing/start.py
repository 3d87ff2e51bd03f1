"""启动抽取: the act of a clerk that begins a draw. The worker does the rest."""

from __future__ import annotations

from typing import Any

from db.pool import Database, Transaction
from db.vault import Vault
from drawing import earlier_draws, lifecycle, witnesses
from drawing.advance import log
from drawing.chain import Q
from drawing.decide import lock
from drawing.lifecycle import Act, ActivityState, Role
from drawing.projects import Q as PLANS
from drawing.rules import Rules
from drawing.same_lot import Sameness
from drawing.sound_rules import Sounds
from drawing.sounds import sounds


class CannotStart(Exception):
    """Why the draw can't begin, in words for the clerk."""


class SoundsNotMade(CannotStart):
    """声音准备中: it can begin in a moment."""


async def start(db: Database, vault: Vault, activity: str, actor: str, role: Role) -> None:
    """Begin the draw of an activity; raises lifecycle.NotAllowed or CannotStart, and then nothing has changed."""
    async with db.transaction() as tx:
        await begin(tx, vault, activity, actor, role)


async def begin(tx: Transaction, vault: Vault, activity: str, actor: str, role: Role) -> None:
    """The same in the caller's transaction."""
    row = await lock(tx, activity)
    state = lifecycle.after(ActivityState(row.state), Act.START, role)
    await _check(tx, vault, activity, row)
    await tx.run(Q.set_state, {"activity": activity, "state": state.value})
    await log(tx, activity, Act.START, actor, role)
    await tx.run(Q.wake, {"activity": activity})


async def _check(tx: Transaction, vault: Vault, activity: str, row: Any) -> None:
    chosen = await witnesses.chosen(tx, vault, activity)
    if Rules.load(row.rules).witness_required and not chosen:
        raise CannotStart("本活动未选定监督人：请由抽取终端选定监督人后再启动抽取。")
    if told := witnesses.unfit(chosen):
        raise CannotStart(f"监督人须更换后才能启动抽取（{told}）。请联系抽取终端审核人员在“更换监督人”中办理。")
    planned = sum(each.seats for each in await tx.all(Q.conditions, {"activity": activity}))
    if planned != row.seats:
        raise CannotStart(f"各抽取条件人数之和为 {planned}，与拟抽取专家人数 {row.seats} 不一致。")
    if row.evaluation_start <= row.now:
        raise CannotStart("预计评标开始时间已过，本次抽取不能再启动。")
    if any(each.gather_at <= row.now for each in await tx.all(PLANS.notices, {"activity": activity})):
        raise CannotStart("语音通知的集合时间已过，请先在“抽取条件”中编辑语音通知，重新设置集合时间。")
    for each in await earlier_draws.of_lots(tx, await earlier_draws.lots_of(tx, activity), activity):
        if each.sameness is Sameness.SAME and each.started_at is not None and each.other.id != each.lot:
            raise CannotStart(earlier_draws.told(each))
    if (found := (await sounds(tx, activity)).sounds) is Sounds.MAKING:
        raise SoundsNotMade(found.words)
