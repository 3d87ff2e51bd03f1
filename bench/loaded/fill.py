"""A database as it is after years: 10,000 activities with all that hangs on them, 1,000,000 experts.

Written by COPY and by statements over whole tables, because making it is not what is measured.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from db.blocking import BlockingTransaction, transaction
from db.queries import load
from db.vault import Vault
from drawing.experts.generate import generate
from drawing.experts.row import ExpertRow, check_row
from drawing.experts.store import COLUMNS, columns_of
from drawing.reference import reference
from web.development import IDENTITIES

BASE = 20_000
"""So many experts are generated and sealed; the rest are copies of theirs under other numbers."""

_COPIED = (
    "name_enc", "id_card_enc", "phone_enc", "name_hash", "residence", "willing", "specialties", "title",
    "qualifications", "authorities", "unit", "former_units", "suspended",
)  # fmt: skip
_REMEMBER = """
CREATE TEMP TABLE later AS SELECT indexdef, indexname FROM pg_indexes
WHERE tablename = 'expert' AND indexdef NOT LIKE '%%UNIQUE%%'
"""
_Q = load("bench.loaded", "fill.sql")
_IN_ORDER = (
    _Q.projects, _Q.lots, _Q.activities, _Q.activity_lots, _Q.owners, _Q.notices, _Q.conditions, _Q.avoided,
    _Q.witnesses, _Q.reviews, _Q.draws, _Q.picks, _Q.calls, _Q.transcripts, _Q.operations, _Q.imports, _Q.faults,
)  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """What the pages are asked for: activities by state, a project, somebody's phone."""

    by_state: dict[str, str]
    phone: str


def fill(owner_dsn: str, vault: Vault, experts: int, activities: int) -> Filled:
    """Write it all; needs the owner's role, because the experts' indexes are made afterwards."""
    with transaction(owner_dsn) as tx:
        phone = _experts(tx, vault, experts)
        _activities(tx, vault, activities, experts)
        found = tx.all("SELECT DISTINCT ON (state) state, id FROM made WHERE project %% 2 = 0 ORDER BY state, n", {})
    with transaction(owner_dsn, autocommit=True) as tx:
        tx.run("VACUUM ANALYZE")
    return Filled({row.state: row.id for row in found}, phone)


def _experts(tx: BlockingTransaction, vault: Vault, experts: int) -> str:
    """The pool; the phone of one of them."""
    tx.run(_REMEMBER, {})
    for row in tx.all("SELECT indexname FROM later"):
        tx.run(f"DROP INDEX {row.indexname}")
    made = generate(min(BASE, experts), random.Random(1), reference())
    header, phones = ExpertRow.header(), []

    def rows() -> object:
        for row in made:
            checked = check_row(dict(zip(header, row, strict=True)))
            assert isinstance(checked, ExpertRow)
            phones.append(checked.phone)
            yield columns_of(checked, vault)

    tx.copy("expert", COLUMNS, rows())  # type: ignore[arg-type]
    columns = ", ".join(_COPIED)
    tx.run(
        f"INSERT INTO expert ({columns}, id_card_hash, phone_hash) "
        f"SELECT {columns}, sha256(id_card_hash || n::text::bytea), sha256(phone_hash || n::text::bytea) "
        "FROM expert, generate_series(2, %(times)s) AS n",
        {"times": experts // min(BASE, experts)},
    )
    for row in tx.all("SELECT indexdef FROM later"):
        tx.run(row.indexdef.replace("%", "%%"), {})
    return phones[7]


def _activities(tx: BlockingTransaction, vault: Vault, activities: int, experts: int) -> None:
    clerks = [each for each in IDENTITIES if each.id in ("handler-a1", "handler-b1")]
    tx.run("CREATE TEMP TABLE clerk (side int, company text, company_name text, handler text, handler_name text)")
    rows = [(n, c.company.code, c.company.name, c.id, c.name) for n, c in enumerate(clerks) if c.company]
    tx.copy("clerk", ("side", "company", "company_name", "handler", "handler_name"), rows)
    tx.run(_Q.made, {"activities": activities})
    tx.run("INSERT INTO node (name) VALUES ('node')")
    values = {"activities": activities, "experts": experts, "sealed": vault.encrypt(bytes(32), "activity-key")}
    for statement in _IN_ORDER:
        tx.run(statement, values)
