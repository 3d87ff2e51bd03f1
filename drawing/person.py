"""From a pick to a person: the one place that checks all that a pick must fit, and raises an alarm when it does not.

Whoever rings an expert or writes to one comes here, with the row of `pick_to_person` from the query that it makes anyway.
`drawing.naming` does the same for a whole result.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from db.pool import Database, Transaction
from db.vault import Undecipherable, Vault
from drawing import binding, pool
from drawing.binding import Check, Misfit, NotBound, PickRow
from drawing.blocks import line_of, pool_lines
from drawing.chain import Custody, Q, entry_of
from drawing.identities import ACTIVITY_KEY, ID_CARD, PHONE, name_block
from drawing.signature import checker
from drawing.transcript import Entry, EntryType

LOG = logging.getLogger(__name__)
ALARM = "名单核对不符"
"""The act in 操作记录; the health page counts it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a pick leads to. `who`: as sealed with the pool; of draws from before names were sealed None."""

    number: str = field(repr=False)
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
    binding.check_pick(opened(vault, row.key_enc, ACTIVITY_KEY), pick, record, names_sealed=row.names_sealed)
    if expert not in (None, row.expert):
        raise NotBound(Misfit.ACTIVITY)
    number = opened(vault, row.phone_enc, PHONE).decode()
    if vault.keyed_hash("phone", number) != bytes(row.phone_hash):
        raise NotBound(Misfit.NUMBER)
    if not row.names_sealed:
        return Person(number, None)
    who = identity_in(vault, activity, row.draw, row.names_first, row.names_enc, row.pseudonym)
    if opened(vault, row.id_card_enc, ID_CARD).decode() != who.id_no:
        raise NotBound(Misfit.PERSON)
    return Person(number, who)


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
    found = read_entry(_Columns(type=kind.value, **{name: getattr(row, f"{kind.value}_{name}") for name in columns}))
    binding.check_entry(found, check)
    return found


def read_entry(row: Any) -> Entry:
    """An entry from its columns; raises NotBound for what can't be one. Its signature is not checked yet."""
    try:
        return entry_of(row)
    except ValueError:
        raise NotBound(Misfit.CHAIN) from None


@dataclass(frozen=True, slots=True)
class _Columns:
    """A row of `transcript`."""

    seq: int
    at: str
    type: str
    body: str
    prev: bytes
    hash: bytes
    sig: bytes


@lru_cache(maxsize=4)
def signed_by(pem: str) -> Check:
    """Checks signatures by the key of this PEM."""
    found = checker(pem.encode())
    assert found is not None  # the service signs by the same library
    return found


def opened(vault: Vault, sealed: bytes | None, purpose: str) -> bytes:
    """What was sealed for this purpose; raises NotBound."""
    try:
        return vault.decrypt(bytes(sealed or b""), purpose)
    except Undecipherable:
        raise NotBound(Misfit.UNREADABLE) from None


def identity_in(vault: Vault, activity: str, draw: int, first: str | None, sealed: bytes | None, expert: str) -> pool.Identity:
    """The identity of a pool id from its block of names; raises NotBound."""
    lines = pool_lines(opened(vault, sealed, name_block(activity, draw, first or "")))
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
