"""Whether a 标段 was drawn for before (A2): what `drawing.same_lot` finds in the database, who is told, and what is refused.

The same 标段 is not drawn for as if it were new. One that is only likely the same is shown to clerk, reviewer and supervisor
with its earlier draws; the reviewer says why it is another one, and that stays in the chain. Either way the chain's `previous`
names the ledger's last entry about any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.blocking import BlockingTransaction, transaction
from db.pool import Database, Transaction
from db.queries import load
from drawing.ledger import lot_hash
from drawing.lifecycle import ActivityState
from drawing.planning import Refused
from drawing.same_lot import LotFacts, Sameness, code_key, compare, project_keys
from drawing.transcript import CHINA

Q = load("drawing", "same_lots.sql")
REASON_LENGTHS = range(4, 201)
_BATCH = 1000
_ADVICE = (
    "如确为另一标段，请核对并填写不同的标段名称或编号，由抽取终端在审核时确认；同一标段需要再次抽取的，"
    "目前不能在本系统办理，请联系抽取终端。"
)


@dataclass(frozen=True, slots=True)
class EarlierDraw:
    """An activity for a 标段 (`other`) that is, or may be, the same as `lot`. `started_at` None: applied for, not drawn yet."""

    lot: str
    lot_name: str
    other: LotFacts
    sameness: Sameness
    activity: str
    state: ActivityState
    forced: bool
    applied_at: datetime
    started_at: datetime | None

    @property
    def ending(self) -> str:
        """How it ended, or where it is."""
        return "强制结束" if self.forced else self.state.label


def keys(lot: LotFacts) -> dict[str, Any]:
    """By what it is found: the columns of its row."""
    return {"project_keys": list(project_keys(lot)), "code_key": code_key(lot.code)}


def facts(row: Any) -> LotFacts:
    """Of a row that says what a 标段 and its project are called."""
    return LotFacts(
        id=row.id,
        name=row.name,
        code=row.code,
        whole=row.whole,
        project_id=row.of_project,
        project=row.project,
        project_code=row.project_code,
        tenderer=row.tenderer,
    )


def fill_keys(dsn: str) -> int:
    """Write the keys of every 标段 from before there were any; how many. May be stopped and begun again."""
    filled = 0
    while True:
        with transaction(dsn) as tx:
            rows = tx.all(Q.lots_without_keys, {"limit": _BATCH})
            for row in rows:
                filled += tx.run(Q.set_lot_keys, {"id": row.id, **keys(facts(row))})
        if not rows:
            return filled


async def of_lots(db: Database | Transaction, lots: Sequence[str], activity: str = "") -> list[EarlierDraw]:
    """What other activities did, or applied for, about these 标段 and those that may be the same."""
    alike = _alike(await db.all(Q.to_compare, {"lots": list(lots)}))
    wanted = sorted({other.id for _, other, _ in alike})
    draws: dict[str, list[Any]] = {}
    for row in await db.all(Q.draws_for, {"lots": wanted, "activity": activity}):
        draws.setdefault(row.lot, []).append(row)
    return [_draw(mine, other, sameness, row) for mine, other, sameness in alike for row in draws.get(other.id, ())]


def last_about(tx: BlockingTransaction, lots: Sequence[str]) -> list[str | None]:
    """`previous` of a first commit: for each 标段 the hash of the ledger's last entry about any that may be the same."""
    alike = _alike(tx.all(Q.to_compare, {"lots": list(lots)}))
    found = []
    for lot in lots:
        hashed = sorted({lot_hash(lot)} | {lot_hash(other.id) for mine, other, _ in alike if mine.id == lot})
        entry = tx.value(Q.last_about, {"lots": hashed})
        found.append(None if entry is None else bytes(entry).hex())
    return found


async def refuse_same(tx: Transaction, lots: Sequence[str], activity: str, at: str = "lots") -> list[EarlierDraw]:
    """Those that are likely the same; Refused (at field `at`) if one of the 标段 itself was drawn or applied for."""
    found = await of_lots(tx, lots, activity)
    for each in found:
        if each.sameness is Sameness.SAME:
            raise Refused({at: told(each)})
    return found


def told(draw: EarlierDraw) -> str:
    """Why a 标段 is refused."""
    when = "" if draw.started_at is None else f"{draw.started_at.astimezone(CHINA):%Y-%m-%d} 启动，"
    did = "抽取" if draw.started_at else "申请抽取"
    which = f"（编号 {draw.other.project_code or '无'}，招标人{draw.other.tenderer}）" if draw.other.tenderer else ""
    other = f"与项目“{draw.other.project}”{which}的“{draw.other.name}”是同一标段，"
    return f"“{draw.lot_name}”{other}已在活动 {draw.activity} 中{did}（{when}{draw.ending}）。{_ADVICE}"


async def explain(tx: Transaction, activity: str, reviewer: str, reasons: Mapping[str, str]) -> None:
    """Keep why each likely same 标段 of the activity is another one; `reasons`: 标段 → the reviewer's words, where they ticked it.

    Refused at `another` where one is missing, at no field where a 标段 is the very same.
    """
    found = await refuse_same(tx, await lots_of(tx, activity), activity, "")
    await tx.run(Q.drop_others, {"activity": activity})
    missing = []
    for lot, draws in by_lot(found).items():
        reason = " ".join(reasons.get(lot, "").split())
        if len(reason) not in REASON_LENGTHS:
            missing.append(f"“{draws[0].lot_name}”")
            continue
        seen = sorted({each.activity for each in draws})
        values = {"activity": activity, "lot": lot, "reason": reason, "seen": seen, "reviewer": reviewer}
        await tx.run(Q.insert_other, values)
    if missing:
        raise Refused({"another": f"{'、'.join(missing)}与抽取过的标段疑似相同：{NEEDED}"})


NEEDED = "须勾选确认是另一标段，并写明理由（4 至 200 个字）；不能确认的，请核验不通过。"


async def explained(db: Database | Transaction, activity: str) -> list[Any]:
    """What the reviewer said: rows of lot, reason, seen, reviewer, at."""
    return await db.all(Q.others, {"activity": activity})


def explanations(tx: BlockingTransaction, activity: str) -> tuple[tuple[str, str], ...]:
    """The same for the commit: (标段, reason), ascending."""
    return tuple((row.lot, row.reason) for row in tx.all(Q.others, {"activity": activity}))


async def lots_of(db: Database | Transaction, activity: str) -> list[str]:
    """The 标段 of an activity."""
    return [row.lot for row in await db.all(Q.lots_of, {"activity": activity})]


def by_lot(draws: Iterable[EarlierDraw]) -> dict[str, list[EarlierDraw]]:
    """Grouped by the 标段 that is asked about."""
    found: dict[str, list[EarlierDraw]] = {}
    for each in draws:
        found.setdefault(each.lot, []).append(each)
    return found


def _alike(rows: Sequence[Any]) -> list[tuple[LotFacts, LotFacts, Sameness]]:
    """Pairs that are, or may be, the same; each with itself."""
    own = {row.mine: facts(row) for row in rows if row.id == row.mine}
    pairs = [(own[row.mine], facts(row)) for row in rows]
    compared = ((mine, other, compare(mine, other)) for mine, other in pairs)
    return [(mine, other, sameness) for mine, other, sameness in compared if sameness is not None]


def _draw(mine: LotFacts, other: LotFacts, sameness: Sameness, row: Any) -> EarlierDraw:
    return EarlierDraw(
        lot=mine.id,
        lot_name=mine.name,
        other=other,
        sameness=sameness,
        activity=row.activity,
        state=ActivityState(row.state),
        forced=row.forced,
        applied_at=row.created_at,
        started_at=row.started_at,
    )
