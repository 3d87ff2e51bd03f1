"""The operation log (操作记录): what its owner changes, deletes, cuts off or puts in is found, and a service can choose neither
time, place nor hash of a row."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from db.blocking import BlockingTransaction, transaction
from db.errors import DatabaseError
from db.pool import Database
from drawing import chain
from drawing.audit.findings import Kind
from drawing.audit.run import audit
from drawing.chain import Q, leaf_row
from drawing.ledger import LOG
from tests.postgres import TestDatabase
from tests.scenes import make_keys

pytestmark = pytest.mark.postgres
Findings = Callable[[], list[str]]
ODD = 'quote" backslash\\ tab\t line\n del\x7f 专家\u2028 \x01 😀 </'


@pytest.fixture
def audited(database: TestDatabase, tmp_path: Path) -> Findings:
    """What an audit of this database finds, each as its kind and place."""
    pem = make_keys(tmp_path).custody.signer.public_pem.encode()

    def run() -> list[str]:
        found: list[str] = []
        audit(database.auditor_dsn, pem, lambda each: found.append(f"{each.kind.value} {each.where}"), batch=3)
        return found

    return run


def write(database: TestDatabase, count: int, remark: str = "") -> None:
    """As a service's process does, each row in a transaction of its own."""
    for n in range(count):
        with transaction(database.dsn) as tx:
            tx.run(
                Q.log_operation,
                {"actor": "甲", "role": "handler", "act": f"编辑{n}", "activity": None, "remark": remark},
            )


def as_owner(database: TestDatabase, *statements: str) -> None:
    """The tables' owner switches the protection off, does it, and switches it on again."""
    tables = ("operation", "operation_chain", "ledger")
    with transaction(database.owner_dsn) as tx:
        for table in tables:
            tx.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            tx.run(statement)
        for table in tables:
            tx.run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_a_log_that_nobody_touched_holds(database: TestDatabase, audited: Findings) -> None:
    write(database, 7, ODD)
    assert audited() == []


@pytest.mark.parametrize(
    "change",
    [
        "actor = '乙'", "role = 'reviewer'", "act = '其他'", "remark = '改过'", "activity = NULL, remark = remark || ' '",
        "at = at + interval '1 microsecond'", "db_role = 'expertline_auditor'", "db_role = NULL",
    ],
)  # fmt: skip
def test_a_changed_row_is_found(database: TestDatabase, audited: Findings, change: str) -> None:
    write(database, 5)
    as_owner(
        database,
        "ALTER TABLE operation DROP CONSTRAINT written_by_a_role",
        f"UPDATE operation SET {change} WHERE id = 3",
    )
    assert audited() == ["guard_changed table operation", "operation_changed operation #3"]


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        # the row alone: its link is left
        (("ALTER TABLE operation_chain DROP CONSTRAINT operation_chain_operation_fkey", "DELETE FROM operation WHERE id = 3"),
         ["operation_missing operation #3"]),
        # with its link: the places have a gap
        (("DELETE FROM operation_chain WHERE operation = 3", "DELETE FROM operation WHERE id = 3"),
         ["operation_missing operation_chain #2"]),
        # and the places closed up: the link behind it does not fit
        (("DELETE FROM operation_chain WHERE operation = 3", "DELETE FROM operation WHERE id = 3",
          "UPDATE operation_chain SET seq = -seq WHERE seq > 2", "UPDATE operation_chain SET seq = -seq - 1 WHERE seq < 0"),
         ["operation_changed operation #4"]),
        # the link alone: the row stands beside the chain
        (("DELETE FROM operation_chain WHERE operation = 3",),
         ["operation_missing operation_chain #2", "operation_unchained operation #3"]),
    ],
)  # fmt: skip
def test_a_deleted_row_is_found(
    database: TestDatabase, audited: Findings, statements: tuple[str, ...], found: list[str]
) -> None:
    write(database, 5)
    as_owner(database, "ALTER TABLE operation_chain DROP CONSTRAINT operation_chain_seq_check", *statements)
    assert found[0] in audited()
    assert set(found) <= set(audited())


def test_two_rows_exchanged_are_found(database: TestDatabase, audited: Findings) -> None:
    write(database, 5)
    as_owner(
        database,
        "ALTER TABLE operation_chain DROP CONSTRAINT chained_once",
        "UPDATE operation_chain SET operation = 6 - operation WHERE operation IN (2, 4)",
    )
    assert [each for each in audited() if "guard" not in each] == [
        "operation_changed operation #4", "operation_changed operation #2",
    ]  # fmt: skip


def test_a_row_put_in_without_its_link_is_found(database: TestDatabase, audited: Findings) -> None:
    write(database, 2)
    as_owner(database, "INSERT INTO operation (actor, role, act) VALUES ('乙', 'handler', '登录')")
    assert audited() == ["operation_unchained operation #3"]


async def test_an_end_that_was_cut_off_is_found_by_the_ledger(
    database: TestDatabase, db: Database, audited: Findings
) -> None:
    """The rest is a whole chain; only the ledger knows that there was more."""
    write(database, 5)
    assert await chain.record_log_head(db)
    as_owner(database, "DELETE FROM operation_chain WHERE seq > 2", "DELETE FROM operation WHERE id > 3")
    assert audited() == ["log_head_differs operation_chain #4"]


async def test_a_log_that_was_rewritten_with_all_its_hashes_is_found_by_the_ledger(
    database: TestDatabase, db: Database, audited: Findings
) -> None:
    write(database, 5)
    assert await chain.record_log_head(db)
    as_owner(
        database,
        "UPDATE operation SET actor = '乙' WHERE id = 3",
        """DO $$ DECLARE last bytea; c operation_chain; o operation; BEGIN
             SELECT hash INTO last FROM operation_chain WHERE seq = 1;
             FOR c IN SELECT * FROM operation_chain WHERE seq > 1 ORDER BY seq LOOP
               SELECT * INTO o FROM operation WHERE id = c.operation;
               UPDATE operation_chain SET prev = last, hash = sha256(convert_to(operation_text(o, c.seq, last), 'UTF8'))
               WHERE seq = c.seq RETURNING hash INTO last;
             END LOOP; END $$""",
    )
    assert audited() == ["log_head_differs operation #5"]


async def test_the_head_goes_into_the_ledger_once_a_day(database: TestDatabase, db: Database) -> None:
    assert not await chain.record_log_head(db), "nothing was done yet"
    write(database, 2)
    assert await chain.record_log_head(db)
    write(database, 1)
    assert not await chain.record_log_head(db), "the last one is not a day old"
    as_owner(database, "UPDATE operation SET at = at - interval '25 hours'")
    assert await chain.record_log_head(db)
    assert not await chain.record_log_head(db), "no row has followed"
    kept = await db.all("SELECT n, kind, seq, activity FROM ledger ORDER BY n")
    assert [tuple(row) for row in kept] == [(0, "log", 1, None), (1, "log", 2, None)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO operation (actor, role, act, at) VALUES ('甲', 'handler', '登录', now() - interval '1 day')",
        "INSERT INTO operation (actor, role, act, db_role) VALUES ('甲', 'handler', '登录', 'expertline_console')",
        "INSERT INTO operation (id, actor, role, act) OVERRIDING SYSTEM VALUE VALUES (1, '甲', 'handler', '登录')",
        "INSERT INTO operation_chain (seq, operation, prev, hash) VALUES (2, 1, sha256(''), sha256(''))",
        "UPDATE operation SET actor = '乙'",
        "DELETE FROM operation",
        "TRUNCATE operation CASCADE",
        "UPDATE operation_chain SET hash = prev",
        "DELETE FROM operation_chain",
        "ALTER TABLE operation DISABLE TRIGGER USER",
        "SELECT chain_operation()",
        "SET session_replication_role = replica",
        "SET SESSION AUTHORIZATION expertline_owner",
    ],
)
def test_a_service_can_choose_nothing_of_a_row_but_its_words(
    database: TestDatabase, audited: Findings, statement: str
) -> None:
    write(database, 2)
    with pytest.raises(DatabaseError), transaction(database.dsn) as tx:
        tx.run(statement)
    assert audited() == []


def test_whoever_writes_in_somebodys_name_leaves_the_name_of_their_login(database: TestDatabase) -> None:
    """The database can't know the person behind a process; it knows the process."""
    with transaction(database.dsn) as tx:
        tx.run("INSERT INTO operation (actor, role, act) VALUES ('审核员', 'reviewer', '审核通过')")
    with transaction(database.owner_dsn) as tx:
        tx.run("INSERT INTO operation (actor, role, act) VALUES ('审核员', 'reviewer', '审核通过')")
        logins = [row.db_role for row in tx.all("SELECT db_role FROM operation ORDER BY id")]
    assert logins == ["expertline_service", "expertline_owner"]


def test_a_row_that_was_not_committed_leaves_no_gap(database: TestDatabase, audited: Findings) -> None:
    write(database, 1)
    with pytest.raises(DatabaseError), transaction(database.dsn) as tx:
        tx.run("INSERT INTO operation (actor, role, act) VALUES ('甲', 'handler', '登录'); SELECT 1 / 0")
    write(database, 1)
    assert audited() == []


def add_log_head(tx: BlockingTransaction) -> None:
    if (head := tx.one(Q.log_head)) is not None:
        row, _ = leaf_row(tx.one(Q.last_leaf), tx.all(Q.ledger), LOG, (), bytes(head.hash).hex())
        tx.run(Q.append_ledger, row | {"activity": None, "seq": head.seq})


def test_many_writers_at_once_make_one_chain(database: TestDatabase, audited: Findings) -> None:
    """Each with transactions of several rows, and with the ledger's lock taken after the first row: no deadlock."""

    def writer(n: int) -> None:
        for _ in range(10):
            with transaction(database.dsn) as tx:
                tx.run("INSERT INTO operation (actor, role, act) VALUES ('甲', 'handler', '一')")
                if n % 2:
                    tx.run(Q.lock_ledger)
                    add_log_head(tx)
                tx.run("INSERT INTO operation (actor, role, act) VALUES ('甲', 'handler', '二')")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(writer, range(8)))
    with transaction(database.owner_dsn) as tx:
        assert (
            tx.value("SELECT count(*) FROM operation_chain")
            == tx.value("SELECT max(seq) + 1 FROM operation_chain")
            == 160
        )
    assert audited() == []


def test_a_protection_that_was_switched_off_is_found(database: TestDatabase, audited: Findings) -> None:
    with transaction(database.owner_dsn) as tx:
        tx.run("ALTER TABLE operation DISABLE TRIGGER append_only")
        tx.run("ALTER TABLE operation DROP CONSTRAINT written_by_a_role")
        tx.run("DROP INDEX one_expert_per_seat")
    assert audited() == [
        "guard_missing operation.append_only", "guard_missing pick.one_expert_per_seat",
        "guard_changed table operation", "guard_changed table pick",
    ]  # fmt: skip


def test_every_kind_is_one_of_the_documented(audited: Findings) -> None:
    docs = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text(encoding="utf-8")
    missing: list[Any] = [kind.value for kind in Kind if f"`{kind.value}`" not in docs]
    assert not missing
