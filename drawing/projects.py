"""招标项目 and their 标段 (requirements P1 to P4): each function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from db.pool import Database, Transaction
from db.queries import load
from drawing.earlier_draws import keys
from drawing.normal_forms import code_form, normal_unit
from drawing.planning import Refused, confirm
from drawing.same_lot import NO_CODE, LotFacts, lot_key, own_code

Q = load("drawing", "projects.sql")
LINKED = "项目已关联抽取活动，不能编辑或删除；仍可新增标段。"
Scope = Mapping[str, str | None]
"""Whose: company and handler, None for anybody's."""


class NotThere(LookupError):
    """No such thing, or not for this person."""


@dataclass(frozen=True, slots=True)
class Project:
    """招标项目信息 (manual, 新建项目). Codes are those of the lists of the same name; `investment` in 万元."""

    name: str
    kind: str
    region: str
    funding: str
    method: str
    tenderer_kind: str
    investment: Decimal
    tenderer: str
    tenderer_code: str
    contact_phone: str
    contact: str
    code: str = ""
    approval: str = ""
    organisation: str = ""
    investment_code: str = ""
    agency: str = ""
    agency_code: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who entered it, and for whom."""

    company: str
    handler: str
    handler_name: str


@dataclass(frozen=True, slots=True)
class NewLot:
    """标段: `investment` in 万元."""

    name: str
    code: str = ""
    investment: Decimal | None = None


async def create(tx: Transaction, owner: Owner, project: Project) -> int:
    """The new project's number."""
    number: int = await tx.value(Q.insert_project, asdict(owner) | asdict(project))
    return number


async def update(tx: Transaction, scope: Scope, number: int, project: Project) -> None:
    """The whole form anew; Refused once it is linked to an activity (P3)."""
    await _unlinked(tx, scope, number)
    await tx.run(Q.update_project, {"project": number} | asdict(project))
    own = LotFacts("", "", project.code, True, number, project.name, project.code, project.tenderer)
    await tx.run(Q.rename_lots, {"project": number, "name": project.name, "code": project.code} | keys(own))


async def delete(tx: Transaction, scope: Scope, number: int) -> Any:
    """Remove it with its 标段; the row that it was. Refused once it is linked."""
    row = await _unlinked(tx, scope, number)
    await tx.run(Q.delete_project_lots, {"project": number})
    await tx.run(Q.delete_project, {"project": number})
    return row


async def add_lot(tx: Transaction, scope: Scope, number: int, lot: NewLot) -> str:
    """新增标段, at any time (P3); the lot's id."""
    row = await locked(tx, scope, number)
    confirm(await lot_faults(tx, row, lot.name, lot.code))
    return await _insert_lot(tx, row, lot, whole=False)


async def whole(tx: Transaction, number: int) -> str:
    """The lot of a project without 标段: the project itself is one. The project is locked."""
    lots = await tx.all(Q.project_lots, {"project": number})
    found = next((each.id for each in lots if each.whole), None)
    if found is not None:
        return str(found)
    row = await tx.one(Q.project, {"project": number, "company": None, "handler": None})
    return await _insert_lot(tx, row, NewLot(row.name, row.code, row.investment), whole=True)


async def remove_lot(tx: Transaction, scope: Scope, number: int, lot: str) -> str:
    """Take back a 标段 that nothing is drawn for, and say its name; Refused otherwise."""
    await locked(tx, scope, number)
    name: str | None = await tx.value(Q.delete_lot, {"project": number, "lot": lot})
    if name is None:
        raise Refused({"": "该标段已关联抽取活动，不能删除。"})
    return name


async def seen(db: Database | Transaction, scope: Scope, number: int) -> Any:
    """The project's row, with `linked`; NotThere."""
    return _found(await db.one(Q.project, {"project": number, **scope}))


async def locked(tx: Transaction, scope: Scope, number: int) -> Any:
    """The same, locked until the transaction ends."""
    return _found(await tx.one(Q.lock_project, {"project": number, **scope}))


async def lots(db: Database | Transaction, number: int) -> list[Any]:
    """标段 with the activities that draw for them."""
    return await db.all(Q.project_lots, {"project": number})


async def likely_duplicates(db: Database, number: int) -> list[Any]:
    """P4: others with the same name, 项目编号 or 投资项目统一代码, for the reviewer."""
    return await db.all(Q.likely_duplicates, {"project": number, "no_code": [code.lower() for code in NO_CODE]})


async def count(db: Database, scope: Scope, name: str, code: str) -> int:
    """How many projects fit, by any part of 名称 and 编号."""
    number: int = await db.value(Q.count_projects, {"name": normal_unit(name), "code": code_form(code), **scope})
    return number


async def listed(db: Database, scope: Scope, name: str, code: str, limits: Mapping[str, int]) -> list[Any]:
    """A page of them, the newest first."""
    return await db.all(Q.projects, {"name": normal_unit(name), "code": code_form(code), **scope, **limits})


async def _unlinked(tx: Transaction, scope: Scope, number: int) -> Any:
    row = await locked(tx, scope, number)
    if row.linked:
        raise Refused({"": LINKED})
    return row


async def lot_faults(db: Database | Transaction, row: Any, name: str | None, code: str | None) -> dict[str, str]:
    """Why a project gets no such 标段: it has no two of one name or one code, however these are written. None: not known yet."""
    present = await db.all(Q.project_lots, {"project": row.id})
    if any(each.whole and each.activities for each in present):
        return {"": "该项目已作为一个整体抽取过专家，不能再划分标段。"}
    new, faults = _facts(row, "", NewLot(name or "", code or ""), whole=False), dict[str, str]()
    for each in (each for each in present if not each.whole):
        old = _facts(row, each.id, NewLot(each.name, each.code), whole=False)
        if name and lot_key(old) == lot_key(new):
            faults["name"] = f"该项目已有同名标段“{each.name}”（不计空格、“第”“标段”“包”和数字的写法），请改用其他名称。"
        if code and own_code(old) == own_code(new) != "":
            faults["code"] = f"该项目的标段“{each.name}”已用此编号，请核对。"
    return faults


async def _insert_lot(tx: Transaction, row: Any, lot: NewLot, *, whole: bool) -> str:
    """P000123-00 is the project itself, P000123-01 its first 标段."""
    place = 0 if whole else await tx.value(Q.next_lot, {"project": row.id})
    identity = f"P{row.id:06d}-{place:02d}"
    found = keys(_facts(row, identity, lot, whole=whole))
    await tx.run(Q.insert_project_lot, {"id": identity, "project": row.id, "whole": whole, **asdict(lot)} | found)
    return identity


def _facts(row: Any, identity: str, lot: NewLot, *, whole: bool) -> LotFacts:
    return LotFacts(identity, lot.name, lot.code, whole, row.id, row.name, row.code, row.tenderer)


def _found(row: Any) -> Any:
    if row is None:
        raise NotThere
    return row
