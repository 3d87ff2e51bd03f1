"""回避单位 and 回避人员 as lists to look through, what may stand in them, and how they grow by a file (B1 to B3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from db.contexts import AVOIDED_NAME
from db.pool import Database, Transaction
from db.vault import Vault
from drawing.activities import AvoidedPerson, hashed_person, insert_person
from drawing.credit_code import understood_code
from drawing.experts.identity import birth_fault, id_card_fault, mask
from drawing.normal_forms import Unmatchable, normal_name, normal_unit, understood_name, understood_unit
from drawing.planning import Refused, confirm
from drawing.projects import Q
from drawing.reference import reference

PERSON = "回避人员"
MOST = 500
"""Entries of each list: what a reviewer can look through (B5)."""
UNIT_REASONS = ("03", "06", "12", "99")
PERSON_REASONS = ("04", "05", "06", "07", "08", "09", "10", "11", "12", "99")
TOO_MANY = f"每个列表最多 {MOST} 条回避信息，抽取终端须逐条审核；请先删除不需要的。"


@dataclass(frozen=True, slots=True)
class Look:
    """One of the two lists, all of it or what was looked for."""

    db: Database | Transaction
    counting: str
    listing: str
    values: Mapping[str, object]

    async def count(self) -> int:
        """总计."""
        number: int = await self.db.value(self.counting, self.values)
        return number

    async def page(self, limits: Mapping[str, int]) -> list[Any]:
        """A page of it."""
        return await self.db.all(self.listing, {**self.values, **limits})


def units(db: Database | Transaction, activity: str, search: str = "") -> Look:
    """回避单位, by any part of name or code; the fixed ones first."""
    return Look(db, Q.count_avoidance_units, Q.avoidance_units, _sought(activity, search))


def persons(db: Database | Transaction, activity: str, name_hash: bytes | None = None) -> Look:
    """回避人员, by the keyed hash of the whole name."""
    return Look(db, Q.count_avoidance_persons, Q.avoidance_persons, {"activity": activity, "name_hash": name_hash})


def name(vault: Vault, row: Any) -> str:
    """Who it is, of a row of `persons`."""
    return vault.decrypt(bytes(row.name_enc), AVOIDED_NAME.at(row.id)).decode()


@dataclass(frozen=True, slots=True)
class Matched:
    """What an entry is matched by, and why it can match nobody (one from before names had a grammar)."""

    name: str = field(repr=False)
    normal: str = field(repr=False)
    fault: str


def matched_unit(row: Any) -> Matched:
    """Of a row of `units`."""
    return Matched(row.unit, normal_unit(row.unit), _fault(understood_unit, row.unit))


def matched_person(vault: Vault, row: Any) -> Matched:
    """Of a row of `persons`; by 证件号 the name does not matter."""
    said = name(vault, row)
    return Matched(said, normal_name(said), "" if row.by_card else _fault(understood_name, said))


def _fault(understood: Callable[[str], str], text: str) -> str:
    try:
        understood(text)
    except Unmatchable as error:
        return str(error)
    return ""


@cache
def reasons(codes: Sequence[str]) -> tuple[str, ...]:
    """回避原因 of UNIT_REASONS or PERSON_REASONS as they are written and stored."""
    found = reference().lists["回避原因"]
    return tuple(found[code] for code in codes)


def id_card_wrong(number: str, today: date) -> str:
    """What is wrong with an avoided person's 证件号, or nothing: a wrong one would avoid nobody, and nobody would notice."""
    fault = id_card_fault(number) or birth_fault(number, today)
    return f"{fault}（{mask(number)}）；专家库按 18 位公民身份号码核对，无法取得时请留空" if fault else ""


async def unit_faults(db: Database | Transaction, activity: str, unit: str) -> dict[str, str]:
    """That a unit is there already, however it is written."""
    there = await db.value(Q.avoided_already, {"activity": activity, "unit": unit})
    return {"unit": "该单位已在回避单位中。"} if there else {}


async def person_faults(db: Database | Transaction, vault: Vault, activity: str, person: AvoidedPerson) -> dict[str, str]:
    """That somebody is there already: by 证件号, else by the name."""
    there = await db.value(Q.person_avoided_already, {"activity": activity} | hashed_person(vault, person))
    return {"person": "该人员已在回避人员中。"} if there else {}


async def avoid_unit(tx: Transaction, activity: str, unit: str, code: str, reason: str) -> None:
    """回避单位; Refused if it is there already, however it is written."""
    await _room(tx, activity, Q.count_avoidance_units)
    confirm(await unit_faults(tx, activity, unit))
    await _add_unit(tx, activity, unit, code, reason)


async def avoid_person(tx: Transaction, vault: Vault, activity: str, person: AvoidedPerson) -> None:
    """回避人员: by 证件号, else everybody of that name; Refused if they are there already."""
    await _room(tx, activity, Q.count_avoidance_persons)
    confirm(await person_faults(tx, vault, activity, person))
    await _add_person(tx, vault, activity, person)


async def avoid_units(tx: Transaction, activity: str, units: Sequence[tuple[str, str, str]]) -> int:
    """A whole file of (单位名称, 统一社会信用代码, 回避原因); how many were new. Refused when the list would be too long."""
    added = [await _add_unit(tx, activity, *unit) for unit in units]
    await _room(tx, activity, Q.count_avoidance_units, 0)
    return sum(added)


async def avoid_persons(tx: Transaction, vault: Vault, activity: str, persons: Sequence[AvoidedPerson]) -> int:
    """A whole file of people; how many were new. Refused when the list would be too long."""
    added = [await _add_person(tx, vault, activity, person) for person in persons]
    await _room(tx, activity, Q.count_avoidance_persons, 0)
    return sum(added)


async def _add_unit(tx: Transaction, activity: str, unit: str, code: str, reason: str) -> bool:
    if await tx.value(Q.avoided_already, {"activity": activity, "unit": unit}):
        return False
    values = {"activity": activity, "unit": unit, "code": code, "reason": reason, "fixed": False}
    await tx.run(Q.insert_avoidance_unit, values)
    return True


async def _add_person(tx: Transaction, vault: Vault, activity: str, person: AvoidedPerson) -> bool:
    hashed = {"activity": activity} | hashed_person(vault, person)
    if await tx.value(Q.person_avoided_already, hashed):
        return False
    await insert_person(tx, vault, activity, person)
    return True


def _sought(activity: str, search: str = "") -> dict[str, object]:
    return {"activity": activity, "search": search, "code": understood_code(search), "name_hash": None}


async def _room(tx: Transaction, activity: str, counting: str, more: int = 1) -> None:
    count = await tx.value(counting, _sought(activity))
    if count + more > MOST:
        raise Refused({"": TOO_MANY})
