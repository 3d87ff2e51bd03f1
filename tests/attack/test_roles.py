"""Each process has a role of the database of its own, which may do exactly what db/rights.py says; and what grants can't say is
refused by triggers."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from db.blocking import transaction
from db.errors import DatabaseError, Forbidden
from db.migrate import migrate
from db.pool import Database
from db.queries import Query
from db.rights import FUNCTIONS, OLD_ROLE, PRIVILEGES, RIGHTS, ROLES, SEQUENCES, rights
from drawing import witnesses
from drawing.supervisors import Q
from script.registering import preregister
from tests.db.test_queries_used import named
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import Keys, make_keys, standby
from tests.web.draws import Draws, everybody_agrees

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).resolve().parents[2]
BY_COLUMN = frozenset({"SELECT", "INSERT", "UPDATE", "REFERENCES"})
WRITES = re.compile(r"(INSERT) INTO (\w+)|(UPDATE) (\w+)(?: AS)?(?: \w+)? SET|(DELETE) FROM (\w+)|(UPDATE) SET")
COPIES = re.compile(r'tx\.copy\(\s*"(\w+)"|_store_blocks\(tx, vault, ([A-Z]+_BLOCK)')


def granted(database: TestDatabase, role: str) -> set[tuple[str, str, str]]:
    """(table, column or "", privilege) as PostgreSQL knows them; DELETE and the like have no column."""
    with transaction(database.owner_dsn) as tx:
        tables = [row.name for row in tx.all("SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                                             " AND relkind IN ('r', 'p', 'v', 'm')")]  # fmt: skip
        columns = tx.all(
            "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = 'public'"
        )
        found = {
            (table, "", each)
            for each in PRIVILEGES
            if each not in BY_COLUMN
            for table in tables
            if tx.value("SELECT has_table_privilege(%(r)s, %(t)s, %(p)s)", {"r": role, "t": table, "p": each})
        }
        ask = "SELECT has_column_privilege(%(r)s, %(t)s, %(c)s, %(p)s)"
        for row in columns:
            found |= {
                (row.t, row.c, each)
                for each in BY_COLUMN
                if tx.value(ask, {"r": role, "t": row.t, "c": row.c, "p": each})
            }
    return found


def documented(database: TestDatabase, process: str) -> set[tuple[str, str, str]]:
    """The same from db/rights.py."""
    with transaction(database.owner_dsn) as tx:
        all_columns = tx.all(
            "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = 'public'"
        )
    found = set()
    for table in RIGHTS:
        for privilege, some in rights(table, process):
            columns = (
                some or ("",)
                if privilege not in BY_COLUMN
                else some or [row.c for row in all_columns if row.t == table]
            )
            found |= {(table, column, privilege) for column in columns}
    return found


@pytest.mark.parametrize("process", [*ROLES])
def test_each_role_may_do_exactly_what_is_documented(database: TestDatabase, process: str) -> None:
    assert granted(database, ROLES[process]) == documented(database, process)


@pytest.mark.parametrize("process", [*ROLES])
def test_a_role_is_nobody_else_and_owns_nothing(database: TestDatabase, process: str) -> None:
    role = ROLES[process]
    with transaction(database.owner_dsn) as tx:
        row = tx.one("SELECT * FROM pg_roles WHERE rolname = %(r)s", {"r": role})
        assert not any((row.rolsuper, row.rolcreaterole, row.rolcreatedb, row.rolreplication, row.rolbypassrls))
        assert tx.value("SELECT count(*) FROM pg_auth_members WHERE member = %(r)s::regrole", {"r": role}) == 0
        assert tx.value("SELECT count(*) FROM pg_class WHERE relowner = %(r)s::regrole", {"r": role}) == 0
        assert not tx.value("SELECT has_schema_privilege(%(r)s, 'public', 'CREATE')", {"r": role})
        ask = "SELECT sequencename AS name FROM pg_sequences WHERE has_sequence_privilege(%(r)s, sequencename::text, %(p)s)"
        usable = {row.name for row in tx.all(ask, {"r": role, "p": "USAGE"})}
        assert usable == {sequence for sequence, processes in SEQUENCES.items() if process in processes}
        assert tx.all(ask, {"r": role, "p": "SELECT, UPDATE"}) == []
        definers = tx.all("SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                          " AND prosecdef AND prorettype <> 'trigger'::regtype")  # fmt: skip
        for function in (each.name for each in definers):  # with the rights of the tables' owner
            may = tx.value("SELECT has_function_privilege(%(r)s, %(f)s, 'EXECUTE')", {"r": role, "f": function})
            assert may == (process in FUNCTIONS.get(function, ())), function


def test_the_role_that_all_shared_may_do_nothing_any_more(cluster: Cluster) -> None:
    with fresh_database(cluster, template="template1") as database:
        migrate(database.owner_dsn)
        assert granted(database, OLD_ROLE) == set()


def test_a_right_that_somebody_gave_away_by_hand_is_taken_back(database: TestDatabase) -> None:
    with transaction(database.owner_dsn) as tx:
        tx.run("GRANT UPDATE ON pick TO expertline_console; GRANT DELETE ON expert TO expertline_worker")
    assert migrate(database.owner_dsn, keep_old_role=True) == []
    assert granted(database, ROLES["console"]) == documented(database, "console")
    assert granted(database, ROLES["worker"]) == documented(database, "worker")


MODULES = {
    "worker": "ivr.__main__", "console": "web.__main__, drawing.experts.job", "auditor": "drawing.audit.__main__",
}  # fmt: skip
"""What each process loads; an import of experts is a child of the console."""
NOT_ITS_OWN: dict[str, set[str]] = {
    "worker": {
        "ask_number_check", "change", "drop_others", "insert_other", "insert_witness", "register", "replace_witnesses",
        "set_active",
    },
    "console": {
        "append_ledger", "claim", "decide_call", "decide_invitation", "decide_number_check", "decide_pick", "drop_appointments",
        "end_call", "end_decided", "end_number_check", "erase_recordings", "insert_activity", "insert_appointment", "insert_call",
        "keep_recording", "mark_sealed", "note_number_fault", "order_block", "pick_and_call", "plan_announcements", "plan_details",
        "plan_notices", "plan_seal_receipts", "plan_witness_receipts", "put", "set_closed", "settle",
        "verify",
    },
    "auditor": set(),
}  # fmt: skip
"""Statements in modules that a process loads for something else: the other process, or a test, sends them."""


@pytest.mark.parametrize("process", [*ROLES])
def test_a_role_may_send_each_statement_of_its_process_and_no_other(database: TestDatabase, process: str) -> None:
    """PostgreSQL looks at the rights when it explains a statement too. One that fails here for want of a right that its process
    needs: db/rights.py.
    """
    refused, odd = set(), []
    dsn = {"console": database.console_dsn, "worker": database.worker_dsn, "auditor": database.auditor_dsn}[process]
    for query in {query for module in loaded(process) for query in statements(module)}:
        sql = re.sub(r"%\(\w+\)s", "NULL", query)
        if not sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            continue
        try:
            with transaction(dsn) as tx:
                tx.run("EXPLAIN " + sql, {})
        except Forbidden:
            refused.add(query.name)
        except DatabaseError as error:
            odd.append(str(error))
    assert refused == NOT_ITS_OWN[process]
    # a parameter whose type does not follow from where it stands; a table that is to come
    assert [each for each in odd if not re.search(r"tstzrange\(interval, unknown\)|ledger_head", each)] == []


@pytest.mark.parametrize("process", [*ROLES])
def test_no_role_may_write_what_no_statement_of_its_process_writes(process: str) -> None:
    wanted = {
        (right.privilege, table) for table in RIGHTS for right in rights(table, process) if right.privilege != "SELECT"
    }
    assert wanted - {("INSERT", "vault")} <= set(written(process)), "a right that nobody needs"


def loaded(process: str) -> list[ModuleType]:
    """Our modules that the process loads."""
    code = f"import sys, {MODULES[process]}; print(*(n for n in sys.modules if n.split('.')[0] in ('drawing', 'ivr', 'web')))"
    names = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return [module for module in map(importlib.import_module, names) if module.__file__ is not None]


def statements(module: ModuleType) -> Iterator[Query]:
    """Those that the module names."""
    for queries, attribute in named(module):
        query = vars(queries).get(attribute)
        assert isinstance(query, Query)
        yield query


def written(process: str) -> Iterator[tuple[str, str]]:
    """(privilege, table) of all statements of a process, and of what it COPYs."""
    for module in loaded(process):
        for found in COPIES.findall(Path(str(module.__file__)).read_text(encoding="utf-8")):
            yield "INSERT", "".join(found).lower()
        for query in statements(module):
            last = ""
            for match in WRITES.finditer(query):
                verb, *table = filter(None, match.groups())
                last = table[0] if table else last  # ON CONFLICT … DO UPDATE SET: the table of the INSERT before it
                yield verb, last


REFUSED = {
    "console": (
        "UPDATE pick SET outcome = 'declined'",
        "UPDATE pick SET expert = 1",
        "INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code)"
        " SELECT activity, draw, condition, seat, expert, pseudonym, units, rank, '000000' FROM pick",
        "UPDATE call SET state = 'ended', outcome = 'accepted', ended_at = now()",
        "UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = now() WHERE state = 'live'",
        "UPDATE call SET evidence = '{}'",
        "INSERT INTO transcript SELECT activity, seq + 100, at, 'outcome', body, prev, hash, sig FROM transcript",
        "INSERT INTO transcript SELECT activity, seq + 100, at, 'commit', body, prev, hash, sig FROM transcript",
        "UPDATE transcript SET body = '{}'",
        "INSERT INTO ledger (n, kind, lots, hash, activity, seq) SELECT n + 100, kind, lots, hash, activity, seq FROM ledger",
        "UPDATE draw SET sealed_at = now()",
        "DELETE FROM appointment",
        "DELETE FROM expert",
        "UPDATE expert SET phone_enc = (SELECT phone_enc FROM expert WHERE id = 1)",
        "UPDATE expert SET name_enc = ''",
        "UPDATE witness SET phone_enc = ''",
        "DELETE FROM witness",
        "INSERT INTO witness (activity, id, name_enc, phone_enc) SELECT activity, 'me', '', '' FROM draw",
        "DELETE FROM condition",
        "UPDATE condition SET seats = 9",
        "DELETE FROM activity_lot",
        "UPDATE node SET epoch = 99",
        "SELECT data FROM order_block",
        "SELECT data FROM standing_block",
        "UPDATE preview SET band = ''",
        "DELETE FROM review",
        "UPDATE review SET activity = 'x'",
        "SELECT nextval('pick_id_seq')",
    ),
    "worker": (
        "UPDATE pick SET expert = 1",
        "UPDATE pick SET pseudonym = 'x'",
        "DELETE FROM pick",
        "UPDATE expert SET phone_enc = ''",
        "UPDATE expert SET suspended = true",
        "INSERT INTO expert (name_enc) VALUES ('')",
        "DELETE FROM expert",
        "DELETE FROM witness",
        "INSERT INTO witness (activity, id, name_enc, phone_enc) SELECT activity, 'me', '', '' FROM draw",
        "UPDATE condition SET seats = 9",
        "INSERT INTO activity (id) VALUES ('CQSQ202611300001')",
        "UPDATE activity SET evaluation_end = now()",
        "UPDATE activity SET rules = 'demo-1'",
        "UPDATE transcript SET body = '{}'",
        "DELETE FROM transcript",
        "UPDATE ledger SET hash = ''",
        "UPDATE draw SET commit_hash = ''",
        "UPDATE review SET passed = true",
        "SELECT token_hash FROM session",
        "INSERT INTO audit_run (started_at, activities, entries, leaves, operations, findings, shown)"
        " VALUES (now(), 0, 0, 0, 0, 0, '[]')",
    ),
    "auditor": (
        "SELECT name_enc FROM expert",
        "SELECT code FROM pick",
        "SELECT staff_phone_enc FROM call",
        "SELECT system_share_enc FROM draw",
        "SELECT data FROM pool_block",
        "SELECT phone_enc FROM witness",
        "SELECT people_enc FROM activity",
        "INSERT INTO operation (actor, role, act) VALUES ('甲', 'handler', '登录')",
        "UPDATE pick SET outcome = 'declined'",
        "UPDATE audit_run SET findings = 0",
        "DELETE FROM audit_run",
        "INSERT INTO audit_run (started_at, ended_at, activities, entries, leaves, operations, findings, shown)"
        " VALUES (now(), now() + interval '1 year', 0, 0, 0, 0, 0, '[]')",
    ),
}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
def draws(db: Database, database: TestDatabase, keys: Keys) -> Draws:
    return Draws(db, database, keys)


@pytest.mark.parametrize("process", [*ROLES])
async def test_what_matters_is_refused_in_a_draw_under_way(database: TestDatabase, draws: Draws, process: str) -> None:
    """Every statement would change a row: nothing is refused for want of one."""
    hand = await draws.committed()
    await hand.live()
    await draws.db.run(
        "INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code)"
        " SELECT activity, 1, 'c1', 1, 1, 'p', '{}', 0, '123456' FROM draw"
    )
    dsn = {"console": database.console_dsn, "worker": database.worker_dsn, "auditor": database.auditor_dsn}[process]
    allowed = []
    for statement in REFUSED[process]:
        try:
            with transaction(dsn) as tx:
                tx.run(statement)
            allowed.append(statement)
        except Forbidden:
            pass
    assert allowed == []


async def test_who_witnessed_and_an_expert_stay_whoever_asks(database: TestDatabase, draws: Draws) -> None:
    hand = await draws.committed()
    with transaction(database.owner_dsn) as tx:
        tx.run("UPDATE draw SET sealed_at = now()")
    for dsn in (database.console_dsn, database.dsn, database.owner_dsn):
        with pytest.raises(Forbidden), transaction(dsn) as tx:
            tx.run("DELETE FROM witness")
    for dsn in (database.dsn, database.owner_dsn):
        with pytest.raises(Forbidden), transaction(dsn) as tx:
            tx.run("DELETE FROM expert WHERE id = 6")
    with pytest.raises(DatabaseError), transaction(database.owner_dsn) as tx:
        tx.run("TRUNCATE expert CASCADE")
    assert hand.activity


async def test_a_witness_may_be_chosen_anew_before_the_commit(database: TestDatabase, draws: Draws) -> None:
    hand, vault = await draws.ready(), draws.keys.custody.vault
    await preregister(draws.db, vault, standby())
    async with Database(database.console_dsn) as db, db.transaction() as tx:
        await witnesses.name_registered(tx, vault, hand.activity, ["supervisor-2"])
        assert await tx.run(Q.replace_witnesses, {"activity": hand.activity, "reason": "换人"})


async def test_the_worker_s_and_the_console_s_rows_of_the_log_tell_them_apart(
    database: TestDatabase, draws: Draws
) -> None:
    await everybody_agrees(await draws.started())
    for dsn in (database.worker_dsn, database.console_dsn):
        with transaction(dsn) as tx:
            tx.run("INSERT INTO operation (actor, role, act) VALUES ('system', 'system', 'complete')")
    with transaction(database.owner_dsn) as tx:
        found = [row.db_role for row in tx.all("SELECT db_role FROM operation ORDER BY id DESC LIMIT 2")]
    assert found == [ROLES["console"], ROLES["worker"]]
