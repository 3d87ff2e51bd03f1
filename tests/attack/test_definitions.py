"""The owner of the tables disarms what keeps the rows, and no row changes: the audit compares how everything is defined."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from db.blocking import transaction
from db.rights import CONSOLE
from drawing.audit.definitions import FILE, Definition, expected, hashes
from drawing.audit.run import Q, audit
from tests.postgres import TestDatabase
from tests.scenes import make_keys

pytestmark = pytest.mark.postgres
Audited = Callable[[], list[str]]
BODY = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"


@pytest.fixture
def audited(database: TestDatabase, tmp_path: Path) -> Audited:
    pem = make_keys(tmp_path).custody.signer.public_pem.encode()

    def run() -> list[str]:
        found: list[str] = []
        audit(database.auditor_dsn, pem, lambda each: found.append(f"{each.kind.value} {each.where}"))
        return found

    return run


def test_the_file_says_what_the_migrations_make(database: TestDatabase) -> None:
    """After a new file in db/schema: python -m script.definitions."""
    with transaction(database.owner_dsn) as tx:
        assert hashes(Definition(*row) for row in tx.all(Q.definitions)) == expected(), f"{FILE.name} is older than db/schema"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"CREATE OR REPLACE FUNCTION keep_opening() {BODY}", ["guard_changed function keep_opening()"]),
        (f"CREATE OR REPLACE FUNCTION refuse_change() {BODY}", ["guard_changed function refuse_change()"]),
        ("CREATE OR REPLACE FUNCTION witnesses(person text, which text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE"
         " AS 'SELECT true'", ["guard_changed function witnesses(text,text)"]),
        ("ALTER FUNCTION hold_numbers() SECURITY INVOKER", ["guard_changed function hold_numbers()"]),
        ("ALTER FUNCTION chain_operation() SET search_path = pg_temp, public", ["guard_changed function chain_operation()"]),
        ("CREATE FUNCTION witnesses(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
         ["guard_changed function witnesses(character varying,character varying)"]),
        ("DROP TRIGGER append_only ON transcript; CREATE TRIGGER append_only BEFORE TRUNCATE ON transcript"
         " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()", ["guard_changed table transcript"]),
        ("DROP TRIGGER keep_state ON activity; CREATE TRIGGER keep_state BEFORE UPDATE ON activity FOR EACH ROW WHEN (false)"
         " EXECUTE FUNCTION keep_state()", ["guard_changed table activity"]),
        (f"CREATE FUNCTION quiet() {BODY}; CREATE TRIGGER quiet BEFORE INSERT ON operation FOR EACH ROW EXECUTE FUNCTION quiet()",
         ["guard_changed function quiet()", "guard_changed table operation"]),
        ("DROP INDEX one_head_per_draw; CREATE UNIQUE INDEX one_head_per_draw ON ledger_head (id) WHERE false",
         ["guard_changed table ledger_head"]),
        ("ALTER TABLE ledger_head DROP CONSTRAINT ledger_head_given_check", ["guard_changed table ledger_head"]),
        ("ALTER TABLE pick DROP CONSTRAINT pick_expert_fkey", ["guard_changed table pick"]),
        ("ALTER TABLE appointment DROP CONSTRAINT appointment_pkey", ["guard_changed table appointment"]),
        ("ALTER TABLE operation ALTER at SET DEFAULT '2020-01-01'", ["guard_changed table operation"]),
        ("ALTER TABLE witness ALTER phone_enc DROP NOT NULL", ["guard_changed table witness"]),
        ("CREATE RULE nothing AS ON INSERT TO operation DO INSTEAD NOTHING", ["guard_changed table operation"]),
        ("ALTER TABLE preview ENABLE ROW LEVEL SECURITY", ["guard_changed table preview"]),
        ("CREATE OR REPLACE VIEW witnessed AS SELECT ''::text AS person, ''::text AS activity", ["guard_changed view witnessed"]),
        ("CREATE TABLE draw_2 AS SELECT * FROM draw", ["guard_changed table draw_2"]),
        ("DROP VIEW number_fault_open", ["guard_missing view number_fault_open"]),
        ("GRANT UPDATE, DELETE ON transcript TO expertline_worker", ["right_added expertline_worker transcript"]),
        ("GRANT UPDATE (expert) ON pick TO expertline_console", ["right_added expertline_console pick"]),
        ("GRANT SELECT ON expert TO PUBLIC", ["right_added expertline_auditor expert"]),
        ("GRANT CREATE ON SCHEMA public TO expertline_console", ["right_added expertline_console public"]),
    ],
)  # fmt: skip
def test_what_is_defined_otherwise_is_named(database: TestDatabase, audited: Audited, statement: str, found: list[str]) -> None:
    assert audited() == []
    with transaction(database.owner_dsn) as tx:
        tx.run(statement)
    assert audited() == found


def test_rights_that_come_by_membership_are_found(database: TestDatabase, audited: Audited) -> None:
    """A role that is another's member may do all that the other may."""
    with transaction(database.superuser_dsn) as tx:
        tx.run(f"CREATE ROLE more_{database.name}; GRANT DELETE ON operation TO more_{database.name}")
        tx.run(f"GRANT more_{database.name} TO {CONSOLE}")
    try:
        assert audited() == [f"right_added {CONSOLE} operation"]
    finally:
        with transaction(database.superuser_dsn) as tx:
            tx.run(f"DROP OWNED BY more_{database.name}; DROP ROLE more_{database.name}")
    assert audited() == []
