"""From a pick to a person: the one place that checks all that a pick must fit, and raises an alarm when it does not.

Whoever rings an expert or writes to one comes here, with the row of `pick_to_person` from the query that it makes anyway.
`drawing.naming` does the same for a whole result.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from db.contexts import ACTIVITY_KEY, EXPERT_ID_CARD, NAME_BLOCK, Context
from db.pool import Database, Transaction
from db.vault import Undecipherable, Vault
from drawing import binding, pool
from drawing.binding import Check, Misfit, NotBound, PickRow
from drawing.blocks import line_of, pool_lines
from drawing.chain import Custody, Q, entry_of
from drawing.signature import checker
from drawing.transcript import Entry, EntryRow, EntryType

LOG = logging.getLogger(__name__)
ALARM = "名单核对不符"
"""The act in 操作记录; the health page counts it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a pick leads to. `who`: as sealed with the pool; of draws from before names were sealed None. The telephone is not bound
    to the commit, since it may lawfully change: whoever dials compares it with its row's keyed hash.
    """

    who: pool.Identity | None = field(repr=False)


def of(custody: Custody, row: Any, activity: str, expert: int | None = None) -> Person:
    """The person of a row of `pick_to_person`, for a call or message about this activity (and expert); raises NotBound."""
    if row is None:
        raise NotBound(Misfit.MISSING)
    if row.activity != activity:
        raise NotBound(Misfit.ACTIVITY)
    vault = custody.vault
    pick = PickRow(row.draw, row.condition, row.seat, row.rank, row.expert, row.pseudonym, row.outcome, row.code)
    record = _record(row, signed_by(custody.signer.public_pem))
    binding.check_pick(opened(vault, row.key_enc, ACTIVITY_KEY.at(activity)), pick, record, names_sealed=row.names_sealed)
    if expert not in (None, row.expert):
        raise NotBound(Misfit.ACTIVITY)
    if not row.names_sealed:
        return Person(None)
    who = identity_in(vault, activity, row.draw, row.names_first, row.names_enc, row.pseudonym)
    if opened(vault, row.id_card_enc, EXPERT_ID_CARD.at(row.expert)).decode() != who.id_no:
        raise NotBound(Misfit.PERSON)
    return Person(who)


def _record(row: Any, check: Check) -> binding.PickRecord | None:
    """What the transcript says of the pick, from its own two entries, signatures checked."""
    if row.pick_seq is None:
        return None
    record = binding.pick_record(row.drawn, _entry(row, EntryType.PICK, check).body)
    if row.outcome_seq is None:
        return record
    return binding.pick_record(row.drawn, _entry(row, EntryType.OUTCOME, check).body, record)


def _entry(row: Any, kind: EntryType, check: Check) -> Entry:
    columns = ("seq", "at", "body", "prev", "hash", "sig")
    found = read_entry(EntryRow(type=kind.value, **{name: getattr(row, f"{kind.value}_{name}") for name in columns}))
    binding.check_entry(found, check)
    return found


def read_entry(row: Any) -> Entry:
    """An entry from its columns; raises NotBound for what can't be one. Its signature is not checked yet."""
    try:
        return entry_of(row)
    except ValueError:
        raise NotBound(Misfit.CHAIN) from None


@lru_cache(maxsize=4)
def signed_by(pem: str) -> Check:
    """Checks signatures by the key of this PEM."""
    found = checker(pem.encode())
    assert found is not None  # the service signs by the same library
    return found


def opened(vault: Vault, sealed: bytes | None, context: Context) -> bytes:
    """What was sealed for this place; raises NotBound."""
    try:
        return vault.decrypt(bytes(sealed or b""), context)
    except Undecipherable:
        raise NotBound(Misfit.UNREADABLE) from None


def identity_in(vault: Vault, activity: str, draw: int, first: str | None, sealed: bytes | None, expert: str) -> pool.Identity:
    """The identity of a pool id from its block of names; raises NotBound."""
    lines = pool_lines(opened(vault, sealed, NAME_BLOCK.at(activity, draw, first or "")))
    found = line_of(lines, expert)
    if found is None or found["id"] != expert:
        raise NotBound(Misfit.NAMES)
    return pool.Identity(found["name"], found["unit"], found["id_no"])


# --- alarms -----------------------------------------------------------------------------------------------------


async def alarm(db: Database | Transaction, activity: str, about: str, error: NotBound) -> None:
    """Say so in the log and, once for each matter, in 操作记录. `about`: the id of a call or message, or what was to be opened."""
    LOG.error("%s: %s: %s (%s)", activity, about, error.misfit.name, ALARM)
    await db.run(Q.note_alarm, alarm_values(activity, f"{about}：{error}"))


def alarm_values(activity: str, remark: str) -> dict[str, str]:
    """The parameters of `note_alarm`."""
    return {"act": ALARM, "activity": activity, "remark": remark}
