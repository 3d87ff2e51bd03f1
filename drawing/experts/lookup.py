"""Finding one expert by an exact 手机号码 or 证件号, and suspending (暂停) one. Each look and each change is recorded
(操作记录) in the transaction that makes it: what was looked for only as its kind and masked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from db.contexts import EXPERT_ID_CARD, EXPERT_NAME, EXPERT_PHONE, Column
from db.pool import Database, Transaction
from db.queries import load
from db.vault import Vault
from drawing.experts.identity import id_card_fault, mask, understood_id_card
from drawing.lifecycle import Role
from drawing.numbering import Kind as NumberKind
from drawing.phone_numbers import MOBILE_ONLY, NoNumber, understood

_Q = load("drawing.experts")
_BY_PHONE, _BY_ID_CARD, _SUSPEND, _LOG, _SIZE = (
    _Q.expert_by_phone, _Q.expert_by_id_card, _Q.suspend, _Q.log_pool_operation, _Q.pool_size,
)  # fmt: skip
_ON_FILE = MOBILE_ONLY | {NumberKind.UNASSIGNED}
"""Segments that are refused today, of people who were imported before."""
LONGEST_REASON = 200


class Kind(StrEnum):
    """What is looked for; the value is the kind of keyed hash."""

    PHONE = "phone"
    ID_CARD = "id_card"

    @property
    def label(self) -> str:
        """The column's name."""
        return "手机号码" if self is Kind.PHONE else "证件号"


class BadQuery(ValueError):
    """What was typed can't be a number of this kind, or a reason is missing; says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom, in which role."""

    actor: str
    role: Role


@dataclass(frozen=True, slots=True)
class Found:
    """An expert as an administrator sees them: the name, and numbers only masked."""

    id: int
    name: str
    id_card: str
    phone: str
    residence: str
    willing: tuple[str, ...]
    specialties: tuple[str, ...]
    title: str
    qualifications: tuple[str, ...]
    authorities: tuple[str, ...]
    unit: str
    suspended: bool
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class PoolSize:
    """How many experts there are, counted when."""

    experts: int
    suspended: int
    imported_at: datetime | None
    counted_at: datetime


def normalise(kind: Kind, typed: str) -> str:
    """The number as it is stored: a telephone number in its normal form; a 证件号 half-width, without blanks, X upper-case.

    Raises BadQuery if it is none.

    >>> normalise(Kind.PHONE, " １３８ 0013-8000 "), normalise(Kind.ID_CARD, "11010519491231002x")
    ('13800138000', '11010519491231002X')
    """
    if kind is Kind.PHONE:
        try:
            return understood(typed, _ON_FILE).digits
        except NoNumber as error:
            raise BadQuery(f"应为 11 位内地手机号：{error}") from None
    number = understood_id_card(typed)
    if fault := id_card_fault(number):
        raise BadQuery(fault)
    return number


async def search(db: Database, vault: Vault, kind: Kind, typed: str, by: Person) -> Found | None:
    """The expert with exactly this number, or None. Raises BadQuery; what can't be a number is not recorded."""
    async with db.transaction() as tx:
        return await look(tx, vault, kind, typed, by)


async def look(tx: Transaction, vault: Vault, kind: Kind, typed: str, by: Person, *, recorded: bool = False) -> Found | None:
    """As `search`, within the caller's transaction; `recorded`: this very look is in 操作记录 already."""
    number = normalise(kind, typed)
    sql = _BY_PHONE if kind is Kind.PHONE else _BY_ID_CARD
    row = await tx.one(sql, {"hash": vault.keyed_hash(kind.value, number)})
    outcome = "未找到" if row is None else f"找到专家 {row.id}"
    if not recorded:
        await _log(tx, by, "查询专家", f"按{kind.label} {mask(number)} 查询，{outcome}")
    return None if row is None else _opened(row, vault)


async def suspend(tx: Transaction, expert: int, suspended: bool, reason: str, by: Person) -> bool:
    """Suspend, or end that; False if it is so already or there is no such expert. Raises BadQuery without a reason.

    A draw under way keeps the pool that it has committed to; later draws leave the suspended out.
    """
    reason = reason.strip()
    if not 2 <= len(reason) <= LONGEST_REASON:
        raise BadQuery(f"请写明原因（2 至 {LONGEST_REASON} 个字）")
    if await tx.run(_SUSPEND, {"id": expert, "suspended": suspended}) == 0:
        return False
    act = "暂停专家" if suspended else "恢复专家"
    await _log(tx, by, act, f"专家 {expert}：{reason}")
    return True


async def size(db: Database) -> PoolSize:
    """Counts them, which takes about 0.1 s for a million: keep what it says for a while."""
    found = await db.one(_SIZE, None, PoolSize)
    assert found is not None
    return found


async def note(tx: Transaction, by: Person, act: str, remark: str) -> None:
    """操作记录 of another act with the pool."""
    await _log(tx, by, act, remark)


async def _log(tx: Transaction, by: Person, act: str, remark: str) -> None:
    await tx.run(_LOG, {"actor": by.actor, "role": by.role.value, "act": act, "remark": remark})


def _opened(row: Any, vault: Vault) -> Found:
    def text(sealed: bytes, column: Column) -> str:
        return vault.decrypt(sealed, column.at(row.id)).decode()

    return Found(
        id=row.id,
        name=text(row.name_enc, EXPERT_NAME),
        id_card=mask(text(row.id_card_enc, EXPERT_ID_CARD)),
        phone=mask(text(row.phone_enc, EXPERT_PHONE)),
        residence=row.residence,
        willing=tuple(row.willing),
        specialties=tuple(row.specialties),
        title=row.title,
        qualifications=tuple(row.qualifications),
        authorities=tuple(row.authorities),
        unit=row.unit,
        suspended=row.suspended,
        imported_at=row.imported_at,
    )
