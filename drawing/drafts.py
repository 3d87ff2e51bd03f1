"""An activity as its clerk makes it (新建抽取): 活动信息, 语音通知, 抽取条件, 回避, each step saved (A2 to A5, B to C).

Every function works inside the caller's transaction, which holds the activity's lock and has asked `planning.editable`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from db.contexts import ACTIVITY_KEY, PEOPLE
from db.pool import Database, Transaction
from db.vault import Vault
from drawing import earlier_draws, planning, projects
from drawing.activities import Notice, next_number
from drawing.chain import Q as COMMON
from drawing.decide import lock
from drawing.eligibility import Condition, Mode
from drawing.people import People as People
from drawing.people import Supervision as Supervision
from drawing.people import people as people
from drawing.planning import Refused, confirm
from drawing.projects import Q

OWNER_REASON, AGENCY_REASON = "项目业主", "代理机构"


@dataclass(frozen=True, slots=True)
class Draft:
    """活动信息. `media` is a code, `district` (开标地点) a region; `lots` are ids, none for a project without 标段."""

    name: str
    lots: tuple[str, ...]
    media: str
    bid_opening: datetime
    seats: int
    district: str
    evaluation_start: datetime
    evaluation_end: datetime
    on_site: bool
    people: People
    drawn_before: bool = False
    earlier: tuple[str, ...] = ()
    remark: str = ""


async def create(tx: Transaction, vault: Vault, project: int, rules: str, draft: Draft) -> str:
    """A draft with the two fixed avoidances (B2); its 活动编号. The caller has locked the project, notes the owner."""
    row = await tx.one(Q.project, {"project": project, "company": None, "handler": None})
    confirm(await faults(tx, project, vars_of(draft)))
    number = await next_number(tx, "CQSQ")
    secret = {"key_enc": vault.encrypt(os.urandom(32), ACTIVITY_KEY.at(number))}
    own = {"id": number, "kind": "CQSQ", "rules": rules, "project": project}
    await tx.run(Q.insert_draft, _values(vault, number, draft) | secret | own)
    await _link(tx, number, project, draft)
    fixed = ((row.tenderer, row.tenderer_code, OWNER_REASON), (row.agency, row.agency_code, AGENCY_REASON))
    for unit, code, reason in fixed:
        if unit:
            values = {"activity": number, "unit": unit, "code": code, "reason": reason, "fixed": True}
            await tx.run(Q.insert_avoidance_unit, values)
    return number


async def update(tx: Transaction, vault: Vault, activity: str, project: int, draft: Draft) -> None:
    """活动信息 anew. Fewer seats than the conditions have already is refused."""
    confirm(await faults(tx, project, vars_of(draft), activity))
    await tx.run(Q.update_draft, _values(vault, activity, draft) | {"activity": activity})
    await _link(tx, activity, project, draft)


async def faults(
    db: Database | Transaction, project: int, known: Mapping[str, Any], activity: str = ""
) -> dict[str, str]:
    """All that is wrong with 活动信息 by what is stored, at its fields. `known`: fields of a Draft, those that are right for
    themselves."""
    now = await db.value(COMMON.now)
    opening, start, end = (known.get(name) for name in ("bid_opening", "evaluation_start", "evaluation_end"))
    found = planning.times_in_order(opening, start, end, now)
    if known.get("drawn_before") and not known.get("earlier"):
        found["earlier"] = "请勾选前期抽取完成的活动，或将“是否已抽取专家”改为“否”。"
    planned = await db.value(Q.planned, {"activity": activity, "id": ""})
    if "seats" in known and known["seats"] < planned:
        found["seats"] = f"已创建的抽取条件共 {planned} 人，请先减少条件人数。"
    return found | await _lot_faults(db, project, known.get("lots", ()), activity)


def vars_of(draft: Draft) -> dict[str, Any]:
    """The fields of a draft by name."""
    return {name: getattr(draft, name) for name in Draft.__dataclass_fields__}


async def link_earlier(tx: Transaction, activity: str, draft: Draft) -> None:
    """A5: avoid whoever took part in these earlier activities; the activity has its owner by now."""
    await tx.run(Q.drop_earlier, {"activity": activity})
    for earlier in draft.earlier:
        if not await tx.run(Q.insert_earlier, {"activity": activity, "earlier": earlier}):
            raise Refused({"earlier": f"活动 {earlier} 尚未完成，或不属于本单位，不能选择。"})


async def delete(tx: Transaction, activity: str) -> None:
    """A draft is given up; its 标段 can be drawn for by another activity."""
    if not await tx.run(Q.delete_draft, {"activity": activity}):
        raise Refused({"": "仅草稿可以删除。"})
    await tx.run(Q.drop_activity_lots, {"activity": activity})
    await tx.run(Q.disown, {"activity": activity})


async def last_change(db: Database | Transaction, activity: str) -> int | None:
    """The number of the last line of 操作记录 about it, which every change of a draft writes."""
    number: int | None = await db.value(Q.last_change, {"activity": activity})
    return number


def named(draft: Draft, name: str) -> Draft:
    """The same under another 活动名称."""
    return replace(draft, name=name)


async def details(db: Database | Transaction, activity: str, scope: Mapping[str, str | None]) -> Any:
    """The activity's row, or None if it is not there for this scope."""
    return await db.one(Q.details, {"activity": activity, **scope})


async def lots(db: Database | Transaction, activity: str) -> list[Any]:
    """关联的项目标段."""
    return await db.all(Q.activity_lots, {"activity": activity})


async def earlier(db: Database | Transaction, activity: str) -> list[Any]:
    """A5: the earlier activities whose `experts` (a number) are avoided."""
    return await db.all(Q.earlier, {"activity": activity})


async def earlier_choices(db: Database, scope: Mapping[str, str | None]) -> list[Any]:
    """A5: what can be ticked."""
    return await db.all(Q.earlier_choices, dict(scope))


# --- 语音通知 and 抽取条件 -----------------------------------------------------------------------------------------


async def notice_faults(db: Database | Transaction, activity: str, known: Mapping[str, Any]) -> dict[str, str]:
    """All that is wrong with a notice by what is stored; `known`: its fields that are right for themselves."""
    details = await db.one(Q.details, {"activity": activity, "company": None, "handler": None})
    return _unfit(known, details, await _known_names(db, activity))


async def save_notice(tx: Transaction, activity: str, number: int | None, notice: Notice) -> int:
    """Add (number None) or change a notice; its number. Refused at the fields that are wrong."""
    row = await lock(tx, activity)
    confirm(await notice_faults(tx, activity, asdict(notice)))
    if number is None:
        if planning.seats_left(row.seats, await tx.value(Q.planned, {"activity": activity, "id": ""})) == 0:
            raise Refused({"": "剩余可设置人数为 0，不能再创建语音通知。"})
        number = int(await tx.value(Q.next_notice, {"activity": activity}))
        await tx.run(COMMON.insert_notice, {"activity": activity, "id": number} | asdict(notice))
    elif not await tx.run(Q.update_notice, {"activity": activity, "id": number} | asdict(notice)):
        raise projects.NotThere
    return number


async def unfit(db: Database | Transaction, activity: str) -> str:
    """What time, or another entry (a unit to be avoided, an earlier 预计评标开始), has made wrong with a notice; or nothing."""
    details = await db.one(Q.details, {"activity": activity, "company": None, "handler": None})
    known = await _known_names(db, activity)
    for n, each in enumerate(await notices(db, activity), start=1):
        if wrong := _unfit(each._asdict(), details, known):
            return f"请修改语音通知 {n}：{''.join(wrong.values())}"
    return ""


def _unfit(notice: Mapping[str, Any], details: Any, known: Sequence[str]) -> dict[str, str]:
    texts = {name: notice[name] for name in ("venue", "address", "room", "contact", "note") if name in notice}
    gather = notice.get("gather_at")
    times = {} if gather is None else planning.gathering(gather, details.bid_opening, details.evaluation_start, details.now)
    return planning.names_in(texts, known) | times


async def delete_notice(tx: Transaction, activity: str, number: int) -> None:
    """Remove a notice with its conditions."""
    await tx.run(Q.delete_notice_conditions, {"activity": activity, "id": number})
    if not await tx.run(Q.delete_notice, {"activity": activity, "id": number}):
        raise projects.NotThere


async def confirm_condition(tx: Transaction, activity: str, notice: int, condition: Condition) -> None:
    """Raises Refused when it takes more seats than remain, NotThere when its notice or what is to be changed is not there."""
    row = await lock(tx, activity)
    if notice not in {each.id for each in await notices(tx, activity)}:  # deleted meanwhile, or never there
        raise projects.NotThere
    there = await conditions(tx, activity)
    if condition.id and (condition.id, notice) not in {(each.id, each.notice) for each in there}:
        raise projects.NotThere
    others = sum(each.seats for each in there if each.id != condition.id)
    confirm(planning.seats(condition.seats, row.seats, others))


async def save_condition(tx: Transaction, activity: str, notice: int, condition: Condition) -> str:
    """Add (id "") or change a condition; its id. Raises what `confirm_condition` does."""
    await confirm_condition(tx, activity, notice, condition)
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(condition).items()}
    if condition.id:
        await tx.run(Q.update_condition, values | {"activity": activity})
        return condition.id
    place = await tx.value(Q.next_condition, {"activity": activity})
    own = {"activity": activity, "id": f"c{place + 1}", "position": place, "notice": notice}
    await tx.run(COMMON.insert_condition, values | own)
    return f"c{place + 1}"


async def delete_condition(tx: Transaction, activity: str, condition: str) -> None:
    """Remove a condition."""
    if not await tx.run(Q.delete_condition, {"activity": activity, "id": condition}):
        raise projects.NotThere


async def notices(db: Database | Transaction, activity: str) -> list[Any]:
    """语音通知 in order."""
    return await db.all(Q.notices, {"activity": activity})


async def conditions(db: Database | Transaction, activity: str) -> list[Any]:
    """C4: 抽取条件 with 同意参评人数 (`agreed`) and 补抽 (`supplement`)."""
    return await db.all(Q.condition_rows, {"activity": activity})


def condition_of(row: Any) -> Condition:
    """The value of a row of `conditions`."""
    names = ("regions", "main", "backup", "titles", "qualifications", "authorities")
    lists = {name: tuple(getattr(row, name)) for name in names}
    return Condition(id=row.id, mode=Mode(row.mode), seats=row.seats, **lists)


# --- 回避 -------------------------------------------------------------------------------------------------------


async def stop_avoiding(tx: Transaction, activity: str, entry: int) -> str:
    """Remove an entry; what it was. The fixed ones are refused (B2)."""
    found = await tx.value(Q.delete_avoidance, {"activity": activity, "id": entry})
    if found is None:
        raise Refused({"": "招标人和招标代理机构默认回避，不能删除。"})
    return str(found)


# --- shared -----------------------------------------------------------------------------------------------------


def _values(vault: Vault, activity: str, draft: Draft) -> dict[str, object]:
    plain = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    del plain["people"], plain["lots"], plain["earlier"]
    given = json.dumps(asdict(draft.people), ensure_ascii=False).encode()
    return plain | {"people_enc": vault.encrypt(given, PEOPLE.at(activity))}


async def _link(tx: Transaction, activity: str, project: int, draft: Draft) -> None:
    """A2: 标段 of this project that nobody draws for; the caller holds the project's lock."""
    await tx.run(Q.drop_activity_lots, {"activity": activity})
    divided = any(not each.whole for each in await projects.lots(tx, project))
    chosen = draft.lots if divided else (await projects.whole(tx, project),)
    await earlier_draws.refuse_same(tx, chosen, activity)
    for lot in chosen:
        await tx.run(COMMON.insert_activity_lot, {"activity": activity, "lot": lot})


async def _lot_faults(db: Database | Transaction, project: int, wanted: Sequence[str], activity: str) -> dict[str, str]:
    rows = {each.id: each for each in await projects.lots(db, project)}
    divided = any(not each.whole for each in rows.values())
    if divided and not wanted:
        return {"lots": "请勾选要抽取的标段。"}
    for lot in wanted if divided else rows:
        if lot not in rows:
            return {"lots": "所选标段不属于本项目，请重新勾选。"}
        if taken := [each for each in rows[lot].activities if each != activity]:
            return {"lots": f"“{rows[lot].name}”已在活动 {taken[0]} 中抽取，一个标段只能在一个活动中抽取。"}
    return {}


async def _known_names(tx: Database | Transaction, activity: str) -> list[str]:
    row = await tx.one(Q.known_names, {"activity": activity})
    units = await tx.all(Q.avoidance_units, {"activity": activity, "search": "", "code": "", "limit": 1000, "offset": 0})
    own = [] if row is None else [row.name, row.tenderer, row.agency]
    return [name for name in (*own, *(each.unit for each in units)) if name]
