"""The administrator's list of experts' numbers that need attention (K7).

Who was called was drawn, and who is drawn is sealed (T1). So an entry is shown from the day after its draw was opened, with the day
and without the activity; never when that draw names nobody (强制结束, 退选). The view `number_fault_open` decides that, by the
database's clock.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from db.contexts import EXPERT_NAME, EXPERT_PHONE, Context
from db.pool import Database, Transaction
from db.queries import load
from db.vault import Undecipherable, Vault
from drawing.experts.identity import mask
from drawing.experts.lookup import LONGEST_REASON, BadQuery, Person
from drawing.number_faults import Fault

_Q = load("drawing", "number_faults.sql")
_POOL = load("drawing.experts")
LOOKED, HANDLED = "查看号码问题", "处理号码问题"
"""What 操作记录 says."""
_NUMBER = re.compile(r"\d(?:[\s\-‐–—·()]*\d){6}")
_DATE = re.compile(r"(?<!\d)20\d\d-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])(?![\d-])")
UNREADABLE = "（无法解开）"
"""Instead of a name or number whose sealed value is not that row's: the others are still shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One expert's number with one fault, as the administrator sees it: the number masked."""

    expert: int
    name: str = field(repr=False)
    phone: str = field(repr=False)
    suspended: bool
    fault: Fault
    times: int
    last: date


async def count(db: Database) -> int:
    """How many entries the list has."""
    number: int = await db.value(_Q.count_number_faults)
    return number


async def listed(db: Database, vault: Vault, limits: Mapping[str, int], by: Person) -> list[Entry]:
    """A page of the list; 操作记录 says who looked at whose."""
    return await _looked_at(db, vault, _Q.number_faults, limits, by)


async def one(db: Database, vault: Vault, expert: int, fault: Fault, by: Person) -> Entry | None:
    """One entry of the list, as `listed`; None if there is none such (any more)."""
    found = await _looked_at(db, vault, _Q.one_number_fault, {"expert": expert, "fault": fault.value}, by)
    return found[0] if found else None


async def handle(tx: Transaction, expert: int, fault: Fault, word: str, by: Person) -> bool:
    """An entry is dealt with, `word` says how; False if the list has none such (any more). Raises BadQuery for a word that is
    missing, too long, or holds a number, which 操作记录 must not.
    """
    word = word.strip()
    if not 2 <= len(word) <= LONGEST_REASON:
        raise BadQuery(f"请写明如何处理（2 至 {LONGEST_REASON} 个字）")
    if _NUMBER.search(_DATE.sub("", unicodedata.normalize("NFKC", word))):
        raise BadQuery("处理说明会写入操作记录，请勿填写电话号码或证件号")
    if await tx.value(_Q.handle_number_fault, {"expert": expert, "fault": fault.value}) is None:
        return False
    await _log(tx, by, HANDLED, f"专家 {expert}，{fault.label}：{word}")
    return True


async def _looked_at(db: Database, vault: Vault, query: str, values: Mapping[str, Any], by: Person) -> list[Entry]:
    async with db.transaction() as tx:
        rows = await tx.all(query, values)
        if rows:
            await _log(tx, by, LOOKED, f"专家 {'、'.join(str(row.expert) for row in rows)}")
    return [
        Entry(
            expert=row.expert,
            name=_opened(vault, row.name_enc, EXPERT_NAME.at(row.expert)) or UNREADABLE,
            phone=mask(_opened(vault, row.phone_enc, EXPERT_PHONE.at(row.expert))) or UNREADABLE,
            suspended=row.suspended,
            fault=Fault(row.fault),
            times=row.times,
            last=row.last,
        )
        for row in rows
    ]


def _opened(vault: Vault, sealed: bytes, place: Context) -> str:
    """Empty if it can't be opened."""
    try:
        return vault.decrypt(sealed, place).decode()
    except Undecipherable:
        return ""


async def _log(tx: Transaction, by: Person, act: str, remark: str) -> None:
    values = {"actor": by.actor, "role": by.role.value, "act": act, "remark": remark}
    await tx.run(_POOL.log_pool_operation, values)
