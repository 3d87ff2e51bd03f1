"""提交审核, 撤回, 核验 (V1 to V3), in the caller's transaction: the activity is locked, its state changed already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from db.pool import Database, Transaction
from db.vault import Vault
from drawing import attachments, drafts, earlier_draws, planning, witnesses
from drawing.decide import lock
from drawing.planning import Refused, confirm
from drawing.preview import Looker, Preview, preview
from drawing.projects import Q
from drawing.rules import Rules

MATTER = "专家抽取申请"


@dataclass(frozen=True, slots=True)
class Application:
    """提交审核: for which company, by whom, why, and to which 抽取终端 (code)."""

    company: str
    company_name: str
    applicant: str
    reason: str
    terminal: str
    matter: str = MATTER


async def submit(tx: Transaction, activity: str, application: Application) -> None:
    """Hand it to the terminal; Refused while something is missing (C3) or its times have passed."""
    row = await lock(tx, activity)
    told = await missing(tx, activity, row.seats, row.rules) or _late(row.evaluation_start, row.now)
    if told:
        raise Refused({"": told})
    await earlier_draws.refuse_same(tx, await earlier_draws.lots_of(tx, activity), activity, "")
    await tx.run(Q.submit_review, {"activity": activity} | asdict(application))


async def missing(db: Database | Transaction, activity: str, seats: int, rules: str) -> str:
    """What is to be done before it can be submitted, or nothing."""
    conditions, notices = await drafts.conditions(db, activity), await drafts.notices(db, activity)
    used = {each.notice for each in conditions}
    empty = sum(each.id not in used for each in notices)
    told = planning.missing(seats, sum(each.seats for each in conditions), len(notices), empty)
    told = told or await drafts.unfit(db, activity)
    count = len(await attachments.attached(db, activity))
    return told or attachments.too_few(count, Rules.load(rules).attachments)


async def withdraw(tx: Transaction, activity: str) -> None:
    """撤回: the open application is taken back."""
    if not await tx.run(Q.withdraw_review, {"activity": activity}):
        raise Refused({"": "申请已有审核结果，不能撤回。"})


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, why, and on which application (`review.id`): one that came in its place meanwhile was not looked at."""

    application: int
    reviewer: str
    remark: str


async def approve(
    tx: Transaction,
    vault: Vault,
    activity: str,
    decision: Decision,
    terminal: str,
    wanted: Mapping[str, int | None],
    others: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """核验通过, with who of the terminal's register will witness (by the form's field): who they are, for 操作记录. Refused where
    the activity's rules demand one.

    `others`: why 标段 that look like one drawn for before are other ones (`drawing.earlier_draws.explain`).
    """
    row, faults, told = await lock(tx, activity), dict[str, str](), ""
    if late := _late(row.evaluation_start, row.now):
        faults[""] = late
    with planning.gathering_faults(faults):
        await earlier_draws.explain(tx, activity, decision.reviewer, others)
    with planning.gathering_faults(faults):
        await _decide(tx, activity, decision, passed=True)
    with planning.gathering_faults(faults):
        told = await witnesses.choose(tx, vault, activity, terminal, wanted, "重新核验")
    if Rules.load(row.rules).witness_required and not wanted.get(witnesses.FIELDS[0]):
        faults[witnesses.FIELDS[0]] = witnesses.NEEDED
    confirm(faults)
    return told


async def reject(tx: Transaction, activity: str, decision: Decision) -> None:
    """核验不通过; the remark is the reason."""
    await _decide(tx, activity, decision, passed=False)


async def bands(db: Database, vault: Vault, activity: str, actor: str) -> dict[str, Preview]:
    """Condition id → what 预览 says of it to anybody; each look is recorded, and counts in nobody's limit."""
    rows = await drafts.conditions(db, activity)
    return {row.id: await preview(db, vault, activity, drafts.condition_of(row), Looker(actor)) for row in rows}


async def rejections(db: Database, activities: Sequence[str]) -> dict[str, str]:
    """Activity → why its last application was rejected (核验未通过)."""
    rows = await db.all(Q.rejections, {"activities": list(activities)}) if activities else []
    return {row.activity: row.remark for row in rows}


async def of_activity(db: Database, activity: str) -> list[Any]:
    """审核记录, the newest first."""
    return await db.all(Q.reviews, {"activity": activity})


async def count_queue(db: Database, terminal: str = "") -> int:
    """How many wait for a decision."""
    number: int = await db.value(Q.count_review_queue, {"terminal": terminal})
    return number


async def queue(db: Database, terminal: str, limits: Mapping[str, int]) -> list[Any]:
    """A page of what waits, the nearest 预计评标开始 first."""
    return await db.all(Q.review_queue, {"terminal": terminal, **limits})


async def _decide(tx: Transaction, activity: str, decision: Decision, *, passed: bool) -> None:
    if not await tx.run(Q.decide_review, {"activity": activity, "passed": passed} | asdict(decision)):
        raise Refused({"": "该申请已撤回、重新提交或已有审核结果。本页显示的是现在的申请，请重新核对后再办理。"})


def _late(start: datetime, now: datetime) -> str:
    return "预计评标开始时间已过，请先修改时间。" if start <= now else ""
