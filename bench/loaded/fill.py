"""A database as it is after years: 10,000 activities with all that hangs on them, 1,000,000 experts.

Written by COPY and by statements over whole tables, because making it is not what is measured.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from db.blocking import BlockingTransaction, Value, transaction
from db.contexts import (
    ACTIVITY_KEY,
    POOL_KEY,
    SUPERVISOR_NAME,
    SUPERVISOR_PHONE,
    SYSTEM_SHARE,
    WITNESS_NAME,
    WITNESS_PHONE,
    next_ids,
)
from db.queries import load
from db.vault import Vault
from drawing.experts.generate import generate
from drawing.experts.row import ExpertRow, check_row
from drawing.experts.store import COLUMNS, columns_of
from drawing.reference import reference
from web.development import IDENTITIES

TODAY = date(2026, 11, 30)
"""For the checks of a row: nobody was born later."""
SUPERVISORS = 40
BASE = 20_000
"""So many experts are generated; the rest are the same people in rows of their own, under other hashes."""
_HASHES = tuple(COLUMNS.index(name) for name in ("id_card_hash", "phone_hash"))
_SEALED = ("id", "witness", "key_enc", "share_enc", "pool_key_enc", "name_enc", "phone_enc")

_REMEMBER = """
CREATE TEMP TABLE later AS SELECT indexdef, indexname FROM pg_indexes
WHERE tablename = 'expert' AND indexdef NOT LIKE '%%UNIQUE%%'
"""
_Q = load("bench.loaded", "fill.sql")
_IN_ORDER = (
    _Q.projects, _Q.lots, _Q.activities, _Q.activity_lots, _Q.owners, _Q.notices, _Q.conditions, _Q.avoided,
    _Q.witnesses, _Q.draws, _Q.picks, _Q.calls, _Q.transcripts, _Q.operations, _Q.operation_chain, _Q.imports, _Q.faults,
    _Q.trunks, _Q.number_faults,
)  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """What the pages are asked for: by name what stands in their addresses (an activity by its state), and somebody's phone."""

    places: Mapping[str, str]
    phone: str


def fill(owner_dsn: str, vault: Vault, experts: int, activities: int) -> Filled:
    """Write it all; as the superuser, because guards are passed by and the experts' indexes are made afterwards."""
    with transaction(owner_dsn) as tx:
        phone = _experts(tx, vault, experts)
        _activities(tx, vault, activities, experts)
        _supervisors(tx, vault)
        by_state = tx.all("SELECT DISTINCT ON (state) state, id FROM made WHERE project %% 2 = 0 ORDER BY state, n", {})
        places = tx.one(_Q.places, {"activities": activities})._asdict()
    with transaction(owner_dsn, autocommit=True) as tx:
        tx.run("VACUUM ANALYZE")
    return Filled({**{row.state: row.id for row in by_state}, **places}, phone)


def _experts(tx: BlockingTransaction, vault: Vault, experts: int) -> str:
    """The pool; the phone of one of them."""
    tx.run(_REMEMBER, {})
    for row in tx.all("SELECT indexname FROM later"):
        tx.run(f"DROP INDEX {row.indexname}")
    header, people = ExpertRow.header(), []
    for row in generate(min(BASE, experts), random.Random(1), reference()):
        checked = check_row(dict(zip(header, row, strict=True)), TODAY)
        assert isinstance(checked, ExpertRow)
        people.append(checked)
    for n in range(experts // len(people)):
        ids = next_ids(tx, "expert", len(people))
        tx.copy("expert", COLUMNS, (_other(columns_of(*each, vault), n) for each in zip(ids, people, strict=True)))
    for row in tx.all("SELECT indexdef FROM later"):
        tx.run(row.indexdef.replace("%", "%%"), {})
    return people[7].phone


def _other(columns: tuple[Value, ...], n: int) -> tuple[Value, ...]:
    """The first time as it is, then with hashes of its own: they are unique."""
    if n == 0:
        return columns
    own = {place: sha256(bytes(columns[place]) + str(n).encode()).digest() for place in _HASHES}  # type: ignore[arg-type]
    return tuple(own.get(place, value) for place, value in enumerate(columns))


def _supervisors(tx: BlockingTransaction, vault: Vault) -> None:
    """The register of a terminal."""
    ids = next_ids(tx, "supervisor", SUPERVISORS)
    rows = [
        (
            number, "440000", f"supervisor-{n}", "省发展改革委", vault.encrypt("监督员".encode(), SUPERVISOR_NAME.at(number)),
            vault.encrypt(b"13900000000", SUPERVISOR_PHONE.at(number)), sha256(b"%d" % n).digest(),
        )
        for n, number in enumerate(ids, start=1)
    ]  # fmt: skip
    tx.copy("supervisor", ("id", "terminal", "account", "unit", "name_enc", "phone_enc", "phone_hash"), rows)


def _activities(tx: BlockingTransaction, vault: Vault, activities: int, experts: int) -> None:
    clerks = [each for each in IDENTITIES if each.id in ("handler-a1", "handler-b1")]
    tx.run("CREATE TEMP TABLE clerk (side int, company text, company_name text, handler text, handler_name text)")
    rows = [(n, c.company.code, c.company.name, c.id, c.name) for n, c in enumerate(clerks) if c.company]
    tx.copy("clerk", ("side", "company", "company_name", "handler", "handler_name"), rows)
    tx.run(_Q.made, {"activities": activities})
    tx.run("INSERT INTO node (name) VALUES ('node')")
    tx.run(f"CREATE TEMP TABLE sealed ({', '.join(f'{name} bytea' for name in _SEALED[2:])}, id text PRIMARY KEY, witness bigint)")
    made = tx.all("SELECT id, nextval(pg_get_serial_sequence('witness', 'no')) AS witness FROM made")
    tx.copy("sealed", _SEALED, [_sealed(vault, row.id, row.witness) for row in made])
    values = {"activities": activities, "experts": experts}
    tx.run("SET LOCAL session_replication_role = replica")  # no guards: they refuse what comes after a commit
    for statement in _IN_ORDER:
        tx.run(statement, values)
    tx.run("SET LOCAL session_replication_role = origin")
    tx.run(_Q.reviews, {})  # with the trigger that notes an activity's terminal


def _sealed(vault: Vault, activity: str, witness: int) -> tuple[Value, ...]:
    """What is sealed for an activity, its draw and its witness."""
    return (
        activity,
        witness,
        vault.encrypt(bytes(32), ACTIVITY_KEY.at(activity)),
        vault.encrypt(bytes(32), SYSTEM_SHARE.at(activity, 1)),
        vault.encrypt(bytes(32), POOL_KEY.at(activity, 1)),
        vault.encrypt("监督员".encode(), WITNESS_NAME.at(witness)),
        vault.encrypt(b"13900000000", WITNESS_PHONE.at(witness)),
    )
