"""The names of an opened result, held against the transcript and, record by record, against the commit's Merkle root.

Names, units, titles and specialties are those that were sealed when the pool was fixed. Draws whose commit says no `facts` have no
sealed names: their rows are held against the transcript, and the names are those of the experts' rows.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from db.blocking import BlockingTransaction
from db.contexts import ACTIVITY_KEY, EXPERT_NAME, POOL_BLOCK, POOL_KEY, Context
from db.pool import Database, Transaction
from db.vault import Signer, Vault
from drawing import binding, merkle, pool
from drawing.binding import Misfit, NotBound, PickRow, Transcript
from drawing.blocks import block_root, line_of, pool_lines
from drawing.chain import Custody, Q
from drawing.eligibility import Facts
from drawing.lifecycle import ActivityState
from drawing.person import alarm, identity_in, opened, read_entry, signed_by
from drawing.transcript import Entry

_KEPT = 64  # transcripts that were read and proved, by key, activity and last hash


@dataclass(frozen=True, slots=True)
class Named:
    """A seat of an opened result. `changed`: the expert's row says another name or unit by now than was sealed with the pool."""

    draw: int
    condition: str
    seat: int
    expert: str  # pool id
    code: str
    name: str = field(repr=False)
    unit: str = field(repr=False)
    title: str
    specialties: tuple[str, ...]
    gather_at: datetime
    changed: bool


@dataclass(slots=True)
class Proved:
    """A transcript that was read whole, and the facts of those who agreed, proved by its commits' roots."""

    chain: Transcript
    head: str
    facts: dict[tuple[int, str], Facts] = field(default_factory=dict)


_proved: OrderedDict[tuple[str, str, str], Proved] = OrderedDict()


async def proved(db: Database | Transaction, custody: Custody, activity: str) -> Proved:
    """The transcript of an activity; raises NotBound. Read and checked once for each state of it: entries are never changed, so
    the last hash stands for all of them.
    """
    signer = custody.signer
    found = _proved.get((signer.fingerprint, activity, await _head(db, activity)))
    if found is None:
        entries = [read_entry(row) for row in await db.all(Q.chain, {"activity": activity})]
        found = await asyncio.to_thread(_read, signer, entries)
        _proved[signer.fingerprint, activity, found.head] = found
        if len(_proved) > _KEPT:
            _proved.popitem(last=False)
    return found


def _read(signer: Signer, entries: Sequence[Entry]) -> Proved:
    chain = binding.read_chain(entries, signed_by(signer.public_pem))
    return Proved(chain, entries[-1].hash if entries else "")


async def _head(db: Database | Transaction, activity: str) -> str:
    found = await db.value(Q.head_hash, {"activity": activity})
    return "" if found is None else bytes(found).hex()


async def _with_rows(db: Database | Transaction, custody: Custody, activity: str) -> tuple[Proved, list[Any]]:
    """The transcript and all picks as they were at one moment: read again when an entry was added between the two."""
    while True:
        found = await proved(db, custody, activity)
        rows = await db.all(Q.picks_to_name, {"activity": activity})
        if await _head(db, activity) == found.head:
            return found, rows


async def seats(db: Database | Transaction, custody: Custody, activity: str) -> list[Named]:
    """Everybody who agreed in a draw that the transcript opens, by condition and seat; nobody of one opened after 强制结束 or 退选.

    Raises NotBound when a single row does not fit: a result that is wrong in one seat is wrong.
    """
    found, rows = await _with_rows(db, custody, activity)
    state = await db.one(Q.activity_key, {"activity": activity})
    key = opened(custody.vault, state.key_enc, ACTIVITY_KEY.at(activity))
    binding.check_all(key, map(_pick_row, rows), found.chain)
    named = found.chain.opened - found.chain.nameless
    shown = [row for row in rows if row.outcome == "accepted" and row.draw in named and not row.names_nobody]
    identities = {
        draw: await identities_of(db, custody, activity, draw, found)
        for draw in sorted({row.draw for row in shown})
        if "facts" in found.chain.commits[draw]
    }
    return [_seat(custody.vault, row, found, identities.get(row.draw)) for row in shown]


def names_nobody(chain: Transcript, state: str) -> bool:
    """Whether the evidence of the activity names nobody: force-ended (强制结束), or released (已退选)."""
    return chain.ended or state == ActivityState.RELEASED.value


def _pick_row(row: Any) -> PickRow:
    return PickRow(row.draw, row.condition, row.seat, row.rank, row.expert, row.pseudonym, row.outcome, row.code)


def _seat(vault: Vault, row: Any, found: Proved, identities: Mapping[str, pool.Identity] | None) -> Named:
    if identities is None:
        name, unit, title = opened(vault, row.name_enc, EXPERT_NAME.at(row.expert)).decode(), row.unit, row.title
        specialties, changed = tuple(row.specialties), False
    else:
        who, facts = identities[row.pseudonym], found.facts[row.draw, row.pseudonym]
        name, unit, title, specialties = who.name, who.unit, facts.title, facts.specialties
        changed = (name, unit) != (_now(vault, row), row.unit)
    return Named(
        draw=row.draw,
        condition=row.condition,
        seat=row.seat,
        expert=row.pseudonym,
        code=row.code,
        name=name,
        unit=unit,
        title=title,
        specialties=specialties,
        gather_at=row.gather_at,
        changed=changed,
    )


def _now(vault: Vault, row: Any) -> str | None:
    """The name in the expert's row; what became of that never blocks a result."""
    try:
        return opened(vault, row.name_enc, EXPERT_NAME.at(row.expert)).decode()
    except NotBound:
        return None


async def identities_of(
    db: Database | Transaction, custody: Custody, activity: str, draw: int, found: Proved
) -> dict[str, pool.Identity]:
    """Who agreed in this draw, by pool id, each held against the commit; raises NotBound."""
    experts = found.chain.agreed(draw)
    where = {"activity": activity, "draw": draw, "experts": experts}
    await _prove(db, custody.vault, where, found)
    pool_key = opened(custody.vault, await db.value(Q.pool_key, where), POOL_KEY.at(activity, draw))
    who = {}
    for row in await db.all(Q.names_of, where):
        identity = identity_in(custody.vault, activity, draw, row.first, row.data, row.expert)
        facts = found.facts[draw, row.expert]
        if pool.bound(pool_key, row.expert, identity) != (facts.identity, facts.id_no):
            raise NotBound(Misfit.NAMES)
        who[row.expert] = identity
    if set(who) != set(experts):
        raise NotBound(Misfit.NAMES)
    return who


async def _prove(db: Database | Transaction, vault: Vault, where: Mapping[str, Any], found: Proved) -> None:
    """Read the facts of these experts and hold their records against the commit's root, unless that was done before."""
    draw = where["draw"]
    if all((draw, expert) in found.facts for expert in where["experts"]):
        return
    roots = [bytes(row.root or b"") for row in await db.all(Q.block_roots, where)]
    if merkle.root(roots).hex() != found.chain.commits[draw]["pool_root"]:
        raise NotBound(Misfit.NAMES)
    in_block: dict[int, list[str]] = {}
    for row in await db.all(Q.blocks_of, where):
        in_block.setdefault(row.place, []).append(row.expert)
    for place, experts in in_block.items():  # one at a time: a block is large
        data = await db.value(Q.pool_block, {**where, "place": place})
        context = POOL_BLOCK.at(where["activity"], draw, place)
        found.facts |= await asyncio.to_thread(_facts, vault, data, context, roots[place], draw, experts)


def _facts(
    vault: Vault, data: bytes, context: Context, root: bytes, draw: int, experts: Sequence[str]
) -> dict[tuple[int, str], Facts]:
    """The facts of these experts, from a pool block that has this Merkle root; raises NotBound."""
    lines = pool_lines(opened(vault, data, context))
    if block_root(lines) != root:
        raise NotBound(Misfit.NAMES)
    found = {}
    for expert in experts:
        line = line_of(lines, expert)
        if line is None or line["record"]["id"] != expert:
            raise NotBound(Misfit.NAMES)
        facts = Facts.from_json(line["facts"])
        if pool.facts_hash(bytes.fromhex(line["salt"]), facts) != line["record"]["facts_hash"]:
            raise NotBound(Misfit.NAMES)
        found[draw, expert] = facts
    return found


async def names(db: Database, custody: Custody, activity: str, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The lines of names.jsonl: everybody who agreed in a draw that these entries open, by the transcript and the sealed names
    alone. Raises NotBound when these do not fit each other.
    """
    found = await asyncio.to_thread(_read, custody.signer, entries)
    state = await db.one(Q.activity_key, {"activity": activity})
    if names_nobody(found.chain, state.state):
        return []
    lines = []
    for draw in sorted(found.chain.opened):
        if "facts" not in found.chain.commits[draw]:
            continue
        identities = await identities_of(db, custody, activity, draw, found)
        sealed = await db.value(Q.pool_key, {"activity": activity, "draw": draw})
        pool_key = opened(custody.vault, sealed, POOL_KEY.at(activity, draw))
        for expert, who in sorted(identities.items()):
            salt1 = pool.identity_salt(pool_key, expert).hex()
            lines.append({"draw": draw, "id": expert, "name": who.name, "unit": who.unit, "salt1": salt1})
    return lines


async def watch(tx: Transaction, custody: Custody, activity: str) -> None:
    """At the opening, so that a row that does not fit is noticed before anybody looks: an alarm, and the opening goes on, since
    the evidence rests on the transcript alone.
    """
    try:
        await seats(tx, custody, activity)
    except NotBound as error:
        await alarm(tx, activity, "解密结果", error)


# --- earlier activities -----------------------------------------------------------------------------------------


def check_earlier(tx: BlockingTransaction, custody: Custody, activities: Iterable[str]) -> None:
    """Whether the picks of these activities fit their transcripts, before those who took part are avoided (A5); raises NotBound."""
    for activity in activities:
        where = {"activity": activity}
        found, rows = None, []
        while found is None or found.head != bytes(tx.value(Q.head_hash, where) or b"").hex():  # see _with_rows
            found = _read(custody.signer, [read_entry(row) for row in tx.all(Q.chain, where)])
            rows = tx.all(Q.picks_to_name, where)
        key = opened(custody.vault, tx.one(Q.activity_key, where).key_enc, ACTIVITY_KEY.at(activity))
        binding.check_all(key, map(_pick_row, rows), found.chain)
