"""新建抽取: an activity with its 标段, notices, conditions, avoidance and witnesses, written in one transaction.

What people type is checked at the edge; what is here is what a draw needs, as values.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from db.contexts import ACTIVITY_KEY, AVOIDED_NAME
from db.pool import Database, Transaction
from db.vault import Vault
from drawing import witnesses
from drawing.chain import Q
from drawing.earlier_draws import keys
from drawing.eligibility import Condition
from drawing.lifecycle import ActivityState
from drawing.normal_forms import normal_name
from drawing.same_lot import LotFacts


@dataclass(frozen=True, slots=True)
class Lot:
    """标段: what is drawn for."""

    id: str
    project: str
    name: str


@dataclass(frozen=True, slots=True)
class Notice:
    """语音通知: where and when; `district` is a region code (市 + 区), said before acceptance."""

    venue: str
    district: str
    address: str
    gather_at: datetime
    contact: str
    contact_phone: str
    room: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AvoidedUnit:
    """回避单位."""

    name: str
    reason: str = ""
    fixed: bool = False  # 项目业主 and 代理机构 can't be removed (B2)


@dataclass(frozen=True, slots=True)
class AvoidedPerson:
    """回避人员: by 证件号, else everybody of that name."""

    name: str = field(repr=False)
    id_card: str | None = field(default=None, repr=False)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole activity. Each condition names its notice by place in `notices` (from 0)."""

    name: str
    lots: Sequence[Lot]
    district: str
    bid_opening: datetime
    evaluation_start: datetime
    evaluation_end: datetime
    rules: str
    notices: Sequence[Notice]
    conditions: Sequence[tuple[Condition, int]]
    units: Sequence[AvoidedUnit] = ()
    persons: Sequence[AvoidedPerson] = ()
    witnesses: Sequence[str] = ()
    """Accounts of supervisors in the register, with verified numbers; the first is called first, the others stand by."""
    kind: str = "CQSQ"
    state: ActivityState = ActivityState.DRAFT

    @property
    def seats(self) -> int:
        """拟抽取专家人数."""
        return sum(condition.seats for condition, _ in self.conditions)


async def create(db: Database, vault: Vault, plan: Plan) -> str:
    """Write the activity; its number (活动编号, D6) is the next of the day."""
    async with db.transaction() as tx:
        number = await next_number(tx, plan.kind)
        values = {
            "id": number,
            "name": plan.name,
            "kind": plan.kind,
            "state": plan.state.value,
            "seats": plan.seats,
            "district": plan.district,
            "bid_opening": plan.bid_opening,
            "evaluation_start": plan.evaluation_start,
            "evaluation_end": plan.evaluation_end,
            "rules": plan.rules,
            "key_enc": vault.encrypt(os.urandom(32), ACTIVITY_KEY.at(number)),
        }
        await tx.run(Q.insert_activity, values)
        await _insert_details(tx, vault, number, plan)
    return number


async def next_number(tx: Transaction, kind: str) -> str:
    """CQSQ + yyyymmdd + 4 digits, one sequence a day over all kinds."""
    await tx.run(Q.lock_numbers)
    row = await tx.one(Q.last_number)
    return f"{kind}{row.today}{(row.last or 0) + 1:04d}"


async def _insert_details(tx: Transaction, vault: Vault, number: str, plan: Plan) -> None:
    own = {"activity": number}
    for lot in plan.lots:
        await tx.run(Q.insert_lot, asdict(lot) | keys(_facts(lot)))
        await tx.run(Q.insert_activity_lot, own | {"lot": lot.id})
    for n, notice in enumerate(plan.notices):
        await tx.run(Q.insert_notice, own | {"id": n} | asdict(notice))
    for position, (condition, notice_id) in enumerate(plan.conditions):
        lists = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(condition).items()}
        await tx.run(Q.insert_condition, own | lists | {"position": position, "notice": notice_id})
    for unit in plan.units:
        await tx.run(Q.insert_avoided_unit, own | {"unit": unit.name, "reason": unit.reason, "fixed": unit.fixed})
    for person in plan.persons:
        await insert_person(tx, vault, number, person)
    await witnesses.name_registered(tx, vault, number, plan.witnesses)


def _facts(lot: Lot) -> LotFacts:
    return LotFacts(lot.id, lot.name, "", False, None, lot.project, "", "")


async def insert_person(tx: Transaction, vault: Vault, activity: str, person: AvoidedPerson) -> None:
    """回避人员: the row with the name sealed."""
    key = await tx.value(Q.next_avoided_person)
    sealed = {"id": key, "activity": activity, "name_enc": vault.encrypt(person.name.encode(), AVOIDED_NAME.at(key))}
    await tx.run(Q.insert_avoided_person, sealed | hashed_person(vault, person))


def hashed_person(vault: Vault, person: AvoidedPerson) -> dict[str, object]:
    """By what an avoided person is found: name and 证件号 by keyed hash."""
    return {
        "name_hash": vault.keyed_hash("name", normal_name(person.name)),
        "id_card_hash": None if person.id_card is None else vault.keyed_hash("id_card", person.id_card),
        "reason": person.reason,
    }
