"""What somebody with the database's password changes beside or inside a finished draw, and the audit finds."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db.blocking import transaction
from db.pool import Database
from db.vault import Signer
from drawing import halts
from drawing.audit.guards import GUARDS, ONLY_NOTIFY, TABLES
from drawing.audit.run import Q, audit, due, record
from drawing.chain import entry_of, row_of
from drawing.clock import Reading
from drawing.lifecycle import Role
from drawing.result import unseal
from drawing.transcript import append
from tests.attack.test_operation_log import Findings, as_owner, write
from tests.drawing.test_draw import Hand, the_clock_reaches_the_opening
from tests.postgres import TestDatabase
from tests.scenes import Keys, condition, make_keys
from tests.web.draws import Draws, everybody_agrees, opened

pytestmark = pytest.mark.postgres
CALL = "(SELECT id FROM call WHERE pick = (SELECT min(id) FROM pick) AND flow = 'invitation')"
ANOTHER = "(SELECT max(e.id) FROM expert e WHERE NOT EXISTS (SELECT FROM pick p WHERE p.expert = e.id))"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def hand(db: Database, database: TestDatabase, keys: Keys) -> Hand:
    """A sealed draw of two seats."""
    hand = await Draws(db, database, keys).started(4, [condition(seats=2)])
    await everybody_agrees(hand)
    return hand


@pytest.fixture
def audited(database: TestDatabase, keys: Keys) -> Findings:
    """The kinds and places of what an audit finds, without the activity's number."""
    pem = keys.custody.signer.public_pem.encode()

    def run() -> list[str]:
        found: list[str] = []
        audit(database.auditor_dsn, pem, lambda each: found.append(f"{each.kind.value} {each.where.partition(' ')[2]}"))
        return found

    return run


async def test_a_draw_at_any_of_its_moments_holds(
    db: Database, database: TestDatabase, keys: Keys, audited: Findings
) -> None:
    draws = Draws(db, database, keys)
    assert audited() == []
    hand = await draws.committed()
    assert audited() == []
    await db.run("UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = now() WHERE flow = 'witness'")
    other = await draws.started(0, [condition(seats=2)])
    assert audited() == []
    for call in (await other.live())[:1]:
        await other.ends(call, "busy")
        assert audited() == []
    assert hand.activity != other.activity
    await opened(other)
    assert audited() == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE pick SET expert = {ANOTHER} WHERE seat = 1", ["row_differs pick 1"]),
        ("UPDATE pick SET pseudonym = repeat('a', 20) WHERE seat = 2",
         ["row_differs call", "row_differs pick 2", "row_differs pick"]),
        ("UPDATE pick SET seat = 3 WHERE seat = 2", ["row_differs pick 2"]),
        ("UPDATE pick SET rank = rank + 1 WHERE seat = 1", ["row_differs pick 1"]),
        ("UPDATE pick SET outcome = 'declined' WHERE seat = 1", ["row_differs pick 1"]),
        ("DELETE FROM appointment WHERE pick = 1", ["row_differs pick 1"]),
        (f"UPDATE call SET outcome = 'declined' WHERE id = {CALL}", ["row_differs call"]),
        (f"UPDATE call SET evidence = replace(evidence, 'accepted', 'declined') WHERE id = {CALL}",
         ["evidence_changed call", "chain_impossible #3"]),
        (f"UPDATE call SET evidence = NULL, evidence_hash = NULL WHERE id = {CALL}",
         ["chain_impossible #3", "evidence_changed #3"]),
        ("UPDATE draw SET commit_hash = sha256('')", ["row_differs draw 1"]),
        ("UPDATE draw SET sealed_at = NULL", ["row_differs draw 1"]),
        ("ALTER TABLE draw DISABLE TRIGGER keep_opening; UPDATE draw SET unsealed_at = now();"
         " ALTER TABLE draw ENABLE TRIGGER keep_opening", ["row_differs draw 1"]),
        ("UPDATE condition SET seats = 3", ["row_differs condition"]),
        ("INSERT INTO ledger (n, kind, lots, hash, activity, seq) SELECT 3, kind, lots, hash, activity, seq"
         " FROM ledger WHERE n = 1",
         ["leaf_differs ledger"]),
    ],
)  # fmt: skip
async def test_a_row_changed_beside_the_chain(
    hand: Hand, database: TestDatabase, audited: Findings, statement: str, found: list[str]
) -> None:
    """By the service's role as it was before the processes had roles of their own."""
    with transaction(database.owner_dsn) as tx:
        tx.run(statement)
    assert {re.sub(" call el[0-9a-f]{32}", " call", each) for each in audited()} == set(found)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE transcript SET body = replace(body, '\"rank\":0', '\"rank\":1') WHERE seq = 1", ["entry_changed #1"]),
        ("UPDATE transcript SET at = replace(at, '+08:00', '+08:01') WHERE seq = 2", ["entry_changed #2"]),
        ("UPDATE transcript SET sig = decode(repeat('00', 64), 'hex') WHERE seq = 2", ["entry_signature #2"]),
        ("DELETE FROM transcript WHERE seq = 3", ["entry_link #4"]),
        # the end alone, with its leaf: the draw's row still says that it was sealed, and the seal's head was given out
        ("DELETE FROM ledger WHERE n >= 1; DELETE FROM transcript WHERE type = 'seal'",
         ["head_differs ", "row_differs draw 1"]),
        ("DELETE FROM ledger WHERE n = 0", ["ledger_gap #0", "leaf_differs ledger"]),
    ],
)  # fmt: skip
async def test_a_chain_that_its_owner_changed(
    hand: Hand, database: TestDatabase, audited: Findings, statement: str, found: list[str]
) -> None:
    with transaction(database.owner_dsn) as tx:
        tx.run("ALTER TABLE transcript DISABLE TRIGGER USER; ALTER TABLE ledger DISABLE TRIGGER USER")
        tx.run(statement)
        tx.run("ALTER TABLE transcript ENABLE TRIGGER USER; ALTER TABLE ledger ENABLE TRIGGER USER")
    assert audited() == found


@pytest.mark.parametrize(
    ("table", "statement", "found"),
    [
        ("activity", "UPDATE activity SET rules = 'demo-1'", ["row_differs activity"]),
        ("activity", "UPDATE activity SET deleted_at = now()", ["row_differs activity"]),
        ("activity", "UPDATE activity SET closed_at = now()", ["row_differs activity"]),
        ("activity_lot", "DELETE FROM activity_lot", ["row_differs activity"]),
        ("draw", "UPDATE draw SET unsealed_at = NULL", ["row_differs draw 1"]),
        ("draw", "UPDATE draw SET names_nobody = true", ["row_differs draw 1"]),
        ("draw", "UPDATE draw SET opens_lead_s = 86400", ["row_differs draw 1"]),
        ("pool_block", "DELETE FROM pool_block", ["row_differs draw 1"]),
        ("pool_block", "UPDATE pool_block SET root = sha256('')", ["row_differs draw 1"]),
        ("appointment", f"UPDATE appointment SET expert = {ANOTHER} WHERE pick = 1", ["row_differs pick 1"]),
    ],
)  # fmt: skip
async def test_what_stands_beside_an_opened_draw(
    hand: Hand, database: TestDatabase, audited: Findings, table: str, statement: str, found: list[str]
) -> None:
    """By the tables' owner, the protection off meanwhile."""
    await the_clock_reaches_the_opening(hand)
    await unseal(hand.db, hand.keys.custody, hand.activity)
    assert audited() == []
    _without_triggers(database, table, statement)
    assert audited() == found


async def test_an_appointment_for_somebody_who_did_not_agree(
    db: Database, database: TestDatabase, keys: Keys, audited: Findings
) -> None:
    """It would take the expert out of other draws' pools."""
    hand = await Draws(db, database, keys).started(4, [condition(seats=2)])
    _without_triggers(
        database, "appointment",
        f"INSERT INTO appointment (pick, expert, activity, during) SELECT min(id), {ANOTHER}, min(activity),"
        " tstzrange(now() + interval '90 days', now() + interval '900 days') FROM pick",
    )  # fmt: skip
    assert audited() == ["row_differs pick 1"]
    assert hand.activity


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE witness SET id = 'supervisor-2'",
        "DELETE FROM witness",
        "UPDATE witness SET replaced_at = now(), why_replaced = 'x'",
        "INSERT INTO witness (no, activity, id, name_enc, phone_enc, phone_hash, position) OVERRIDING SYSTEM VALUE"
        " SELECT no + 99, activity, 'supervisor-9', name_enc, phone_enc, sha256('x'), 9 FROM witness",
    ],
)
async def test_who_witnesses_is_whom_the_commit_names(
    db: Database, database: TestDatabase, keys: Keys, audited: Findings, statement: str
) -> None:
    await Draws(db, database, keys).committed()
    assert audited() == []
    _without_triggers(database, "witness", statement)
    assert audited() == ["row_differs activity"]


async def test_a_forced_end_stays_one(db: Database, database: TestDatabase, keys: Keys, audited: Findings) -> None:
    hand = await Draws(db, database, keys).started(4, [condition(seats=2)])
    async with db.transaction() as tx:
        await halts.force_end(tx, keys.custody, hand.activity, "handler-a1", Role.HANDLER, "x")
    await hand.advance()
    assert audited() == []
    _without_triggers(database, "activity", "UPDATE activity SET state = 'drawing'")
    assert audited() == ["row_differs activity"]


def _without_triggers(database: TestDatabase, table: str, statement: str) -> None:
    with transaction(database.owner_dsn) as tx:
        tx.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        tx.run(statement)
        tx.run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


async def test_a_chain_signed_with_another_key(
    hand: Hand, db: Database, database: TestDatabase, keys: Keys, audited: Findings, tmp_path: Path
) -> None:
    """All hashes right, the pick another one: only the key is missing."""
    strange = Signer.create(tmp_path / "strange.key", keys.custody.vault)
    chain = [
        entry_of(row)
        for row in await db.all("SELECT seq, at, type, body, prev, hash, sig FROM transcript ORDER BY seq")
    ]
    made: list[Any] = []
    for entry in chain:
        made.append(append(made[-1] if made else None, entry.at, entry.type, entry.body, strange.sign))
    with transaction(database.owner_dsn) as tx:
        tx.run("ALTER TABLE transcript DISABLE TRIGGER USER")
        for entry in made:
            tx.run(
                "UPDATE transcript SET sig = %(sig)s WHERE activity = %(activity)s AND seq = %(seq)s",
                row_of(hand.activity, entry, Reading("boot", 0)),
            )
        tx.run("ALTER TABLE transcript ENABLE TRIGGER USER")
    assert audited() == [f"entry_signature #{entry.seq}" for entry in chain]


def command(settings: Path, *more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "drawing.audit", str(settings), *more]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_command_says_what_it_found_and_notes_that_it_was_complete(
    database: TestDatabase, keys: Keys, tmp_path: Path
) -> None:
    key, settings = tmp_path / "service.pub", tmp_path / "audit.toml"
    key.write_text(keys.custody.signer.public_pem, encoding="utf-8")
    settings.write_text(f'dsn = "{database.auditor_dsn}"\npublic_key = "{key}"\n', encoding="utf-8")
    write(database, 3)
    done = command(settings)
    assert (done.returncode, done.stdout) == (
        0,
        "complete: 0 activities, 0 entries, 0 leaves of the ledger, 3 operations; 0 findings\n",
    )
    as_owner(database, "UPDATE operation SET actor = '乙' WHERE id = 2")
    done = command(settings)
    first = "operation_changed operation #2: 操作记录第 2 条与其哈希值不符（链上第 1 环）\n"
    assert (done.returncode, done.stdout.startswith(first), "; 1 findings" in done.stdout) == (1, True, True)
    with transaction(database.owner_dsn) as tx:
        runs = tx.all("SELECT operations, findings, shown FROM audit_run ORDER BY id")
    assert [(row.operations, row.findings, len(row.shown)) for row in runs] == [(3, 0, 0), (3, 1, 1)]
    settings.write_text(f'dsn = "host=/nowhere dbname=x"\npublic_key = "{key}"\n', encoding="utf-8")
    done = command(settings)
    assert (done.returncode, "could not be completed" in done.stderr, "no connection" in done.stderr) == (3, True, True)
    key.write_text("no key", encoding="utf-8")
    assert command(settings).returncode == 3
    settings.write_text("dsn = 1\n", encoding="utf-8")
    assert (command(settings).returncode, command(settings, "--often").returncode) == (3, 2)


def test_each_night_has_one_audit(database: TestDatabase, keys: Keys) -> None:
    """From the hour on, at once where the last night's is missing."""
    now = datetime.now(UTC)
    hour = (now.hour + 8) % 24  # in China
    assert due(database.auditor_dsn, hour)
    tell: Callable[[Any], None] = lambda _: None  # noqa: E731
    record(database.auditor_dsn, audit(database.auditor_dsn, keys.custody.signer.public_pem.encode(), tell))
    assert not due(database.auditor_dsn, hour)
    with transaction(database.owner_dsn) as tx:
        tx.run("ALTER TABLE audit_run DISABLE TRIGGER USER")
        tx.run(
            "UPDATE audit_run SET started_at = started_at - interval '1 day', ended_at = ended_at - interval '1 day'"
        )
    assert due(database.auditor_dsn, hour)


def test_every_guard_of_the_schema_is_looked_for(database: TestDatabase) -> None:
    """A constraint or trigger that a migration adds or renames stands in drawing/audit/guards.py too."""
    with transaction(database.owner_dsn) as tx:
        there = {row.name for row in tx.all(Q.guards_in_force, {"tables": list(TABLES)})}
    assert {name for name in there if name.partition(".")[2] not in ONLY_NOTIFY} == GUARDS
