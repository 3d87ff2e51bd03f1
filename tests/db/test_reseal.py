"""From layout 1 to layout 2: all of a database, once, whatever happens meanwhile; and what must not become genuine by it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from db.blocking import transaction
from db.contexts import COLUMNS, EXPERT_ID_CARD, EXPERT_NAME, EXPERT_PHONE, ORDER_BLOCK, PEOPLE
from db.errors import DatabaseError
from db.pool import Database
from db.reseal import TABLES, NotOwner, reseal
from db.vault import Undecipherable, Vault, confirm, watch
from drawing import attachments, decide, masked, recordings, snapshot
from drawing.activities import AvoidedPerson
from drawing.lifecycle import Role
from drawing.start import start
from ivr.messages import outbox
from ivr.messages.kinds import Kind
from tests.former import age, former
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, masked_call, plan, wav, witness

pytestmark = pytest.mark.postgres
EXPERTS = 7
LEFT = " + ".join(f"(SELECT count(*) FROM {table.name} WHERE {table.due})" for table in TABLES)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def full(db: Database, database: TestDatabase, keys: Keys) -> str:
    """A database in which every sealed column has a value, as an older version left it; the activity."""
    vault = keys.custody.vault
    await confirm(vault, db)
    add_experts(database.dsn, vault, [f"1380000000{n}" for n in range(EXPERTS)])
    people = (AvoidedPerson("钱七"),)
    activity = await make_activity(db, vault, plan((condition(),), witnesses=(witness(),), persons=people))
    await start(db, vault, activity, "clerk", Role.HANDLER)
    assert snapshot.commit_draw(database.dsn, keys.master, keys.signing, activity)
    call = await masked_call(db, activity)
    await recordings.keep(db, vault, call, wav(0.1), 0.1)
    async with db.transaction() as tx:
        await decide.lock(tx, activity)
        await masked.ask(tx, keys.custody, activity, 1, "13900000001", "clerk", "handler")
        await attachments.attach(tx, vault, activity, "申请.pdf", b"%PDF-1.7", "clerk")
        await outbox.put_mail(tx, vault, Kind.DRAW_SHORT, activity, "clerk@example.com", about="draw:1")
    with transaction(database.owner_dsn) as tx:
        tx.run("UPDATE call SET staff_phone_enc = NULL WHERE state = 'ended'")
        tx.run("UPDATE activity SET people_enc = %(p)s", {"p": vault.encrypt(b"{}", PEOPLE.at(activity))})
        values = {"a": activity, "d": vault.encrypt(b"block", ORDER_BLOCK.at(activity, 1, "c1", 0))}
        tx.run("INSERT INTO order_block VALUES (%(a)s, 1, 'c1', 0, %(d)s)", values)
    assert age(database.owner_dsn, vault) > EXPERTS * 3
    await confirm(vault, db)
    return activity


async def test_everything_is_sealed_for_its_row_and_layout_1_is_refused(
    full: str, db: Database, database: TestDatabase, keys: Keys
) -> None:
    vault = keys.custody.vault
    assert not _refuses(vault)
    done: dict[str, int] = {}
    assert reseal(database.owner_dsn, vault, lambda table, rows: done.update({table: done.get(table, 0) + rows})) == []
    assert set(done) == {column.table for column in COLUMNS if column.former}, "the scene leaves a column out"
    assert _refuses(vault)
    with transaction(database.dsn) as tx:
        for table in TABLES:
            for row in tx.all(f"SELECT * FROM {table.name}"):
                for column in table.columns:
                    if (sealed := getattr(row, column.column)) is not None:
                        vault.decrypt(bytes(sealed), column.at(*(getattr(row, name) for name in table.key)))
    numbers = await db.one(
        "SELECT w.phone_hash, c.staff_phone_hash FROM witness w, call c WHERE c.staff_phone_enc IS NOT NULL"
    )
    assert bytes(numbers.phone_hash) == vault.keyed_hash("phone", "13900000000")
    assert bytes(numbers.staff_phone_hash) == vault.keyed_hash("phone", "13900000001")


async def test_a_service_that_runs_meanwhile_reads_both_until_it_is_done(
    full: str, db: Database, database: TestDatabase, keys: Keys
) -> None:
    running = Vault.open(keys.master)
    await confirm(running, db)
    row = await db.one("SELECT id, phone_enc FROM expert WHERE id = 1")
    assert running.decrypt(bytes(row.phone_enc), EXPERT_PHONE.at(1)) == b"13800000000"
    watching = asyncio.create_task(watch(running, db, every=0.01))
    assert await asyncio.to_thread(reseal, database.owner_dsn, keys.custody.vault) == []
    await watching
    with pytest.raises(Undecipherable, match="not accepted"):
        running.decrypt(bytes(row.phone_enc), EXPERT_PHONE.at(1))
    fresh = Vault.open(keys.master)
    assert _refuses(fresh)
    await confirm(fresh, db)
    assert _refuses(fresh)


async def test_killed_in_the_middle_it_goes_on_where_it_was(
    full: str, db: Database, database: TestDatabase, keys: Keys
) -> None:
    """A row that somebody holds keeps it from ending, and it waits for none of the others."""

    async def run() -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "db.reseal", str(keys.master), database.owner_dsn)
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec("setpriv", "--pdeathsig", "KILL", *command, stdout=pipe, stderr=pipe)

    async with db.transaction() as tx:
        await tx.run("SELECT FROM expert WHERE id = 3 FOR UPDATE")
        process = await run()
        await _until(db, f"SELECT {LEFT} = 1")
        process.kill()
        await process.communicate()
        assert await db.value("SELECT resealed_at IS NULL FROM vault")
        for row in await db.all("SELECT id, name_enc FROM expert"):
            assert keys.custody.vault.decrypt(bytes(row.name_enc), EXPERT_NAME.at(row.id))
    again = await run()
    said, wrong = await again.communicate()
    assert (again.returncode, said.decode().strip(), wrong.decode()) == (0, "expert: 1 rows", "")
    third = await run()
    assert (await third.communicate())[0].decode().strip() == "nothing to do"


def _refuses(vault: Vault) -> bool:
    return not vault.former_opens


async def _until(db: Database, sql: str) -> None:
    async with asyncio.timeout(120):
        while not await db.value(sql):
            await asyncio.sleep(0.01)


async def test_what_was_exchanged_before_does_not_become_genuine(
    full: str, db: Database, database: TestDatabase, keys: Keys
) -> None:
    await db.run("UPDATE expert SET phone_enc = (SELECT phone_enc FROM expert WHERE id = 1) WHERE id IN (1, 2)")
    await db.run("UPDATE expert SET name_enc = (SELECT name_enc FROM expert WHERE id = 1) WHERE id = 4")
    await db.run("UPDATE expert SET id_card_enc = 'x' WHERE id = 5")
    refused = reseal(database.owner_dsn, keys.custody.vault)
    assert [each.partition(":")[0] for each in refused] == [
        "sealed expert.phone_enc of row 2", "sealed expert.name_enc of row 4", "sealed expert.id_card_enc of row 5",
    ]  # fmt: skip
    assert "138" not in " ".join(refused)
    assert keys.custody.vault.former_opens, "the mark is set although something is left"
    assert await db.value(f"SELECT {LEFT}") == 3
    phone, name = EXPERT_PHONE.at(2), EXPERT_NAME.at(4)
    values = {"phone": keys.custody.vault.encrypt(b"13800000001", phone)}
    await db.run("UPDATE expert SET phone_enc = %(phone)s WHERE id = 2", values)
    values = {"name": former(keys.custody.vault, "专家3".encode(), name)}
    await db.run("UPDATE expert SET name_enc = %(name)s WHERE id = 4", values)
    values = {"card": keys.custody.vault.encrypt(b"440104198001010004", EXPERT_ID_CARD.at(5))}
    await db.run("UPDATE expert SET id_card_enc = %(card)s WHERE id = 5", values)
    assert reseal(database.owner_dsn, keys.custody.vault) == []


async def test_only_the_owner_can_set_or_lift_the_mark(full: str, db: Database, database: TestDatabase, keys: Keys) -> None:
    with pytest.raises(NotOwner, match="owner"):
        reseal(database.dsn, keys.custody.vault)
    assert reseal(database.owner_dsn, keys.custody.vault) == []
    for lift in ("UPDATE vault SET resealed_at = NULL", "DELETE FROM vault", "TRUNCATE vault"):
        with pytest.raises(DatabaseError, match="permission denied"):
            await db.run(lift)


async def test_a_new_database_has_nothing_to_seal_anew(db: Database, database: TestDatabase, vault: Vault) -> None:
    await confirm(vault, db)
    assert not vault.former_opens
    assert await db.value("SELECT resealed_at IS NOT NULL FROM vault")
    assert reseal(database.owner_dsn, vault) == []


async def test_an_aged_draw_goes_on(full: str, db: Database, database: TestDatabase, keys: Keys) -> None:
    """The order is computed from blocks of layout 1, sealed for their row when they are written."""
    with transaction(database.owner_dsn) as tx:
        tx.run("ALTER TABLE witness DISABLE TRIGGER keep_after_commit")
        tx.run("DELETE FROM witness")
        tx.run("ALTER TABLE witness ENABLE TRIGGER keep_after_commit")
        tx.run("DELETE FROM order_block")
    assert snapshot.order_draw(database.dsn, keys.master, full)
    sealed = await db.value("SELECT data FROM order_block")
    assert bytes(sealed)[0] == 2
