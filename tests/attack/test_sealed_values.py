"""Whoever writes to the database with the service's role exchanges sealed values: they open nowhere, and ring nobody.

What was found: one `phone_enc`, copied to all experts, made five seats ring one telephone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asterisk.far_end import Behaviour
from db.contexts import EXPERT_NAME, EXPERT_PHONE
from db.errors import Conflict, DatabaseError
from db.pool import Database
from db.vault import Undecipherable, confirm
from drawing import attachments, avoiding, decide, evidence, masked, snapshot
from drawing.activities import AvoidedPerson
from drawing.identities import Unopened
from drawing.lifecycle import Role
from drawing.orders import Orders
from drawing.rules import Rules
from drawing.start import start
from ivr.ari.client import Client, Node
from ivr.dialplans import Timings
from ivr.dispatch import Dispatcher, Q, Ready
from ivr.lease import Lease
from ivr.messages.compose import Composer, Pointless
from ivr.preparing import Preparer
from ivr.record import Recorder
from ivr.settings import Trunk
from ivr.speech import CommandEngine, Speech
from ivr.switchboard import Switchboard
from ivr.trunks import Trunks
from tests.drawing.test_draw import Hand
from tests.former import former
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, close_pick, condition, make_activity, make_keys, plan, witness
from tests.system import quick_voice
from tests.system.conftest import Stack, speech_cache, stack  # noqa: F401  fixtures

pytestmark = pytest.mark.postgres
PHONES = [Behaviour.ACCEPTS.number(n) for n in range(6)]
NUMBERS = "SELECT encode(number, 'hex') AS number, call FROM live_number ORDER BY number"
ENDS = "UPDATE call SET state = 'ended', outcome = 'busy', ended_at = clock_timestamp() WHERE id = %(id)s"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def draw(db: Database, database: TestDatabase, keys: Keys) -> Hand:
    """Five experts are picked and wait to be called; the sixth is not needed."""
    await confirm(keys.custody.vault, db)
    add_experts(database.dsn, keys.custody.vault, PHONES)
    activity = await make_activity(db, keys.custody.vault, plan((condition(seats=5),)))
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    hand = Hand(db, database.dsn, keys, activity)
    await hand.advance()
    return hand


class Desk:
    """What makes waiting calls live, as a worker has it."""

    def __init__(self, db: Database, keys: Keys, lease: Lease, speech: Speech) -> None:
        calling = Rules.load("demo-1").calling
        self._db, self.lease = db, lease
        carrier = Trunk(name="carrier", caller_id="02083186888")
        self._trunks = Trunks([carrier], calling, lambda _: 0, asyncio.get_running_loop().time())
        preparer = Preparer(db, keys.custody, speech, Timings())
        self._dispatcher = Dispatcher(db, keys.custody, lease, preparer, calling, self._trunks)

    async def make_live(self) -> list[Ready]:
        """One after the other, as many as can be."""
        made = []
        for call in await self._db.all(Q.due, {"limit": 99, "held": []}):
            tick = asyncio.get_running_loop().time()
            made.append(await self._dispatcher.make_live(call, self._trunks.together(0, tick), tick))
        return [each for each in made if each is not None]


@pytest.fixture
async def desk(db: Database, keys: Keys, tmp_path: Path) -> AsyncIterator[Desk]:
    lease = Lease(db, "node", 3600.0)
    assert await lease.take()
    speech = Speech(tmp_path / "speech", CommandEngine(quick_voice.COMMAND))
    await speech.start()
    yield Desk(db, keys, lease, speech)
    await speech.close()


async def _copy_to_all(db: Database, columns: str) -> None:
    await db.run(f"UPDATE expert e SET ({columns}) = (SELECT {columns} FROM expert WHERE id = 1) WHERE id <> 1")


# --- telephone numbers ----------------------------------------------------------------------------------------


async def test_one_number_copied_to_all_experts_is_dialled_for_its_own_only(
    draw: Hand, desk: Desk, db: Database
) -> None:
    await _copy_to_all(db, "phone_enc")
    ready = await desk.make_live()
    assert len(ready) == 5
    own = await db.value("SELECT pseudonym FROM pick WHERE expert = 1")
    for each in ready:
        assert each.conversation.numbers == ((PHONES[0],) if each.conversation.who == own else ())
        assert bool(each.conversation.refused) == (each.conversation.who != own)
    remarks = await db.all("SELECT remark FROM operation WHERE act = '拒绝拨打'")
    assert len(remarks) == sum(bool(each.conversation.refused) for each in ready) >= 4
    assert not any(phone in row.remark for row in remarks for phone in PHONES)
    assert len(await db.all(NUMBERS)) == 5 - len(remarks)


async def test_what_is_refused_ends_as_our_failure_and_is_tried_again(
    draw: Hand, desk: Desk, db: Database, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is sent to Asterisk, which is not even there; no try of the expert is used up, and the seat stays theirs."""
    await db.run("UPDATE expert SET phone_enc = (SELECT phone_enc FROM expert WHERE id = 6) WHERE id <> 6")
    await db.run("UPDATE call SET not_before = 'infinity' WHERE expert = 6")
    ready = await desk.make_live()
    calling, recorder = Rules.load("demo-1").calling, Recorder(db, keys.custody, draw.orders, desk.lease.epoch)
    ended: asyncio.Queue[str] = asyncio.Queue()
    trunk = Trunk(name="carrier", caller_id="02083186888")
    nowhere = Client(Node("http://127.0.0.1:9/ari", "nobody", "nothing", "none"))
    board = Switchboard(nowhere, desk.lease, recorder, [trunk], calling, ended.put_nowait)
    for each in ready:
        board.begin(each)
        await ended.get()
    await board.close()
    outcomes = await db.all("SELECT outcome::text AS outcome FROM call WHERE state = 'ended'")
    assert {row.outcome for row in outcomes} == {"interrupted"}
    assert await db.all(NUMBERS) == []
    await draw.advance()
    assert await db.value("SELECT count(*) FROM call WHERE state = 'waiting' AND attempt = 2") == len(ready) >= 4
    assert (await draw.types()).count("attempt") == len(ready)
    assert "is not dialled" in caplog.text
    assert not any(phone in caplog.text for phone in PHONES)


@pytest.mark.parametrize("other", ["name_enc", "id_card_enc"])
async def test_a_value_of_another_column_is_no_number(draw: Hand, desk: Desk, db: Database, other: str) -> None:
    await db.run(f"UPDATE expert SET phone_enc = {other}")
    assert [each.conversation.numbers for each in await desk.make_live()] == [()] * 5


async def test_a_number_whose_hash_says_another_is_not_dialled(draw: Hand, desk: Desk, db: Database, keys: Keys) -> None:
    """Each row's own older value, which opens; its keyed hash is newer."""
    for expert in range(1, 7):
        older = keys.custody.vault.encrypt(Behaviour.ACCEPTS.number(90 + expert).encode(), EXPERT_PHONE.at(expert))
        await db.run("UPDATE expert SET phone_enc = %(older)s WHERE id = %(id)s", {"older": older, "id": expert})
    assert [each.conversation.numbers for each in await desk.make_live()] == [()] * 5


async def test_hashes_can_not_be_given_to_two_experts(draw: Hand, db: Database) -> None:
    with pytest.raises(Conflict):
        await _copy_to_all(db, "phone_enc, phone_hash")


async def test_rows_exchanged_whole_ring_nobody(draw: Hand, desk: Desk, db: Database) -> None:
    """Number and hash of two experts change places: both fit each other, and neither its row. No call becomes live, since 证件号
    do not open either.
    """
    columns = ("name_enc", "id_card_enc", "phone_enc", "id_card_hash", "phone_hash", "name_hash")
    rows = {row.id: row for row in await db.all("SELECT * FROM expert ORDER BY id")}
    away = ", ".join(f"{name} = {name} || 'x'::bytea" for name in columns)
    await db.run(f"UPDATE expert SET {away}")  # hashes are unique: a place in between
    for one, other in ((1, 2), (2, 1), (3, 4), (4, 3), (5, 6), (6, 5)):
        values = {name: bytes(getattr(rows[other], name)) for name in columns} | {"id": one}
        await db.run(f"UPDATE expert SET {', '.join(f'{name} = %({name})s' for name in columns)} WHERE id = %(id)s", values)
    assert await desk.make_live() == []
    name = await db.value("SELECT name_enc FROM expert WHERE id = 1")
    with pytest.raises(Undecipherable):
        draw.keys.custody.vault.decrypt(bytes(name), EXPERT_NAME.at(1))


async def test_the_witness_and_staff_are_not_given_anothers_number(
    draw: Hand, desk: Desk, db: Database, database: TestDatabase, keys: Keys
) -> None:
    seen = plan((condition(),), witnesses=(witness(Behaviour.WITNESS.number(1)),))
    activity = await make_activity(db, keys.custody.vault, seen)
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    await Hand(db, database.dsn, keys, activity).advance()
    pick = await db.value("SELECT id FROM pick ORDER BY id LIMIT 1")
    await close_pick(db, keys.custody, draw.activity, pick, "accepted")
    async with db.transaction() as tx:
        await decide.lock(tx, draw.activity)
        await masked.ask(tx, keys.custody, draw.activity, pick, Behaviour.STAFF.number(1), "clerk", "handler")
    await db.run("UPDATE call SET not_before = 'infinity' WHERE flow = 'invitation'")
    await db.run("UPDATE witness SET phone_enc = (SELECT phone_enc FROM expert WHERE id = 1)")
    await db.run("UPDATE call SET staff_phone_enc = (SELECT phone_enc FROM expert WHERE id = 1) WHERE flow = 'masked'")
    ready = await desk.make_live()
    assert {each.flow: each.conversation.numbers for each in ready} == {"witness": (), "masked": ()}


async def test_no_message_goes_to_anothers_number(draw: Hand, db: Database, keys: Keys) -> None:
    await _copy_to_all(db, "phone_enc")
    pick = await db.value("SELECT id FROM pick WHERE expert <> 1 LIMIT 1")
    await close_pick(db, keys.custody, draw.activity, pick, "accepted")
    composer = Composer(db, keys.custody, "02083186888")
    row = type("Row", (), {"id": "m", "kind": "details", "pick": pick, "witness": None, "activity": draw.activity})()
    with pytest.raises(Pointless, match="号码与登记的不符"):
        await composer.compose(row)


async def test_a_value_of_the_old_layout_is_refused_once_none_is_left(
    draw: Hand, desk: Desk, db: Database, keys: Keys
) -> None:
    vault = keys.custody.vault
    for expert, phone in enumerate(PHONES, start=1):
        old = former(vault, phone.encode(), EXPERT_PHONE.at(expert))
        await db.run("UPDATE expert SET phone_enc = %(old)s WHERE id = %(id)s", {"old": old, "id": expert})
    assert [each.conversation.numbers for each in await desk.make_live()] == [()] * 5
    with pytest.raises(DatabaseError, match="permission denied"):
        await db.run("UPDATE vault SET resealed_at = NULL")


# --- one number, one call -------------------------------------------------------------------------------------


async def test_a_number_is_in_one_live_call_whatever_rows_say(
    draw: Hand, desk: Desk, db: Database, database: TestDatabase, keys: Keys
) -> None:
    """A supervisor with an expert's number: two rows, both genuine. Who comes second waits, and it is no try."""
    first = await db.one("SELECT id, expert FROM call ORDER BY id LIMIT 1")
    seen = plan((condition(),), witnesses=(witness(),))
    activity = await make_activity(db, keys.custody.vault, seen)
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    await Hand(db, database.dsn, keys, activity).advance()
    number, vault = "13900000000", keys.custody.vault  # who has become an expert, or changed theirs, since the commit
    same = {"e": vault.encrypt(number.encode(), EXPERT_PHONE.at(first.expert)), "h": vault.keyed_hash("phone", number)}
    await db.run("UPDATE expert SET phone_enc = %(e)s, phone_hash = %(h)s WHERE id = %(id)s", same | {"id": first.expert})
    await db.run("UPDATE call SET not_before = 'infinity' WHERE id <> %(id)s AND witness IS NULL", {"id": first.id})
    ready = await desk.make_live()
    assert len(ready) == len(await db.all(NUMBERS)) == 1
    waits = await db.one(
        "SELECT id, attempt, not_before > clock_timestamp() AS later FROM call WHERE state = 'waiting' AND isfinite(not_before)"
    )
    assert (waits.attempt, waits.later) == (1, True)
    await db.run(ENDS, {"id": ready[0].id})
    await db.run("UPDATE call SET not_before = clock_timestamp() WHERE id = %(id)s", {"id": waits.id})
    assert [each.id for each in await desk.make_live()] == [waits.id]


async def test_two_at_the_same_moment_are_told_apart_by_the_constraint(
    draw: Hand, db: Database, keys: Keys
) -> None:
    number = [keys.custody.vault.keyed_hash("phone", PHONES[0])]
    one, other = [row.id for row in await db.all("SELECT id FROM call ORDER BY id LIMIT 2")]
    lease = Lease(db, "n", 60.0)
    assert await lease.take()
    values = {"node": "n", "holder": lease.holder, "epoch": lease.epoch, "trunk": "carrier", "numbers": number}

    async def go(call: str) -> int:
        return await db.run(Q.go_live, values | {"call": call})

    done = await asyncio.gather(go(one), go(other), return_exceptions=True)
    assert sorted(map(type, done), key=str) == sorted([int, Conflict], key=str), done
    held = await db.all(NUMBERS)
    assert len(held) == 1
    waits = other if held[0].call == one else one
    with pytest.raises(Conflict):
        await go(waits)
    await db.run(ENDS, {"id": held[0].call})
    assert await go(waits) == 1


async def test_nobody_frees_a_number_but_by_ending_its_call(draw: Hand, desk: Desk, db: Database) -> None:
    (call, *_) = await desk.make_live()
    held = await db.all(NUMBERS)
    for forbidden in (
        "DELETE FROM live_number", "TRUNCATE live_number", "UPDATE live_number SET number = 'x'",
        "INSERT INTO live_number SELECT phone_hash, 'el' FROM expert",
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match="permission denied"):
            await db.run(forbidden)
    for refused in (
        "UPDATE call SET state = 'waiting' WHERE id = %(id)s", "UPDATE call SET numbers = NULL WHERE id = %(id)s",
        "UPDATE call SET numbers = '{}' WHERE id = %(id)s", "UPDATE call SET id = 'el' || md5('x') WHERE id = %(id)s",
        "UPDATE call SET state = 'waiting', numbers = NULL WHERE id = %(id)s",
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match="live_call_keeps_its_numbers"):
            await db.run(refused, {"id": call.id})
    assert await db.all(NUMBERS) == held
    for row in await db.all("SELECT id FROM call WHERE state = 'live'"):
        await db.run(ENDS, {"id": row.id})
    assert await db.all(NUMBERS) == []
    assert await db.value("SELECT count(*) FROM call WHERE numbers IS NOT NULL") == 0


async def test_no_call_becomes_live_without_its_numbers(draw: Hand, db: Database) -> None:
    await db.run("INSERT INTO node (name) VALUES ('n')")
    with pytest.raises(DatabaseError, match="live_call_has_its_numbers"):
        await db.run("UPDATE call SET state = 'live', node = 'n', epoch = 1")


# --- names, keys and blocks -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("draw")
async def test_a_name_exchanged_names_nobody(db: Database, database: TestDatabase, keys: Keys) -> None:
    """Names are sealed with the pool, and no pool is fixed with this one. What is exchanged later changes no name."""
    await db.run("UPDATE expert SET name_enc = (SELECT name_enc FROM expert WHERE id = 6) WHERE id = 5")
    activity = await make_activity(db, keys.custody.vault, plan((condition(),)))
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    with pytest.raises(Unopened, match="expert 5"):
        snapshot.commit_draw(database.dsn, keys.master, keys.signing, activity)


async def test_blocks_and_shares_of_another_draw_do_not_open(
    draw: Hand, db: Database, database: TestDatabase, keys: Keys, tmp_path: Path
) -> None:
    """The rows can't be updated by this role, but others can be written in their place."""
    activity = await make_activity(db, keys.custody.vault, plan((condition(), condition("c2"))))
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    assert snapshot.commit_draw(database.dsn, keys.master, keys.signing, activity)
    values = {"a": draw.activity, "b": activity}
    for table in ("pool_block", "standing_block"):
        await _exchange(database, table, values)
    with pytest.raises(Undecipherable, match=r"standing_block\.data"):
        snapshot.order_draw(database.dsn, keys.master, activity)
    with pytest.raises(Undecipherable, match=r"pool_block\.data"):
        await evidence.export(db, keys.custody, activity, tmp_path / "evidence")
    order = "INSERT INTO order_block SELECT %(b)s, 1, condition, n, data FROM order_block WHERE activity = %(a)s"
    await db.run(order, values)
    async with db.transaction() as tx:
        with pytest.raises(Undecipherable, match=r"order_block\.data"):
            await Orders(keys.custody.vault).head(tx, activity, 1, "c1", 1)
    await db.run("UPDATE draw SET system_share_enc = (SELECT system_share_enc FROM draw WHERE activity = %(a)s)", values)
    with pytest.raises(Undecipherable, match=r"draw\.system_share_enc"):
        snapshot.order_draw(database.dsn, keys.master, activity)


async def _exchange(database: TestDatabase, table: str, values: dict[str, str]) -> None:
    """By the owner: the service can only add."""
    async with Database(database.owner_dsn) as owner:
        await owner.run(
            f"UPDATE {table} t SET data = (SELECT data FROM {table} o WHERE o.activity = %(a)s LIMIT 1) WHERE activity = %(b)s",
            values,
        )


async def test_what_a_clerk_entered_stays_in_its_activity(
    draw: Hand, db: Database, database: TestDatabase, keys: Keys
) -> None:
    vault = keys.custody.vault
    persons = (AvoidedPerson("钱七"), AvoidedPerson("孙八"))
    other = await make_activity(db, vault, plan((condition(),), persons=persons))
    await db.run("UPDATE avoidance SET name_enc = (SELECT name_enc FROM avoidance ORDER BY id LIMIT 1)")
    first, second = await avoiding.persons(db, other).page({"limit": 9, "offset": 0})
    assert avoiding.name(vault, first) == "钱七"
    with pytest.raises(Undecipherable):
        avoiding.name(vault, second)
    async with db.transaction() as tx:
        for name in ("甲", "乙"):
            await attachments.attach(tx, vault, other, f"{name}.pdf", f"%PDF-{name}".encode(), "clerk")
    rows = await db.all("SELECT id, data_enc FROM attachment ORDER BY id")
    async with Database(database.owner_dsn) as owner:
        sql = "UPDATE attachment SET data_enc = %(data)s WHERE id = %(id)s"
        await owner.run(sql, {"data": bytes(rows[0].data_enc), "id": rows[1].id})
    with pytest.raises(Undecipherable):
        await attachments.opened(db, vault, other, rows[1].id)
    await db.run("UPDATE activity SET key_enc = (SELECT key_enc FROM activity WHERE id = %(a)s)", {"a": draw.activity})
    await start(db, keys.custody.vault, other, "clerk", Role.HANDLER)
    with pytest.raises(Undecipherable, match=r"activity\.key_enc"):
        snapshot.commit_draw(database.dsn, keys.master, keys.signing, other)


# --- real telephones ------------------------------------------------------------------------------------------


@pytest.mark.telephone
async def test_only_one_telephone_rings_and_only_for_its_own_expert(stack: Stack) -> None:  # noqa: F811
    """As it was found: five seats, one number copied to all. On real lines, only its own expert's call rings it."""
    vault = stack.keys.custody.vault
    await confirm(vault, stack.db)
    add_experts(stack.database.dsn, vault, PHONES[:5])
    activity = await make_activity(stack.db, vault, plan((condition(seats=5),)))
    await start(stack.db, vault, activity, "clerk", Role.HANDLER)
    await _copy_to_all(stack.db, "phone_enc")
    await stack.worker()
    await stack.until("SELECT count(DISTINCT pick) = 5 FROM call WHERE state = 'ended'")
    refused = await stack.db.all("SELECT DISTINCT pick, outcome::text AS outcome FROM call WHERE state = 'ended' AND expert <> 1")
    assert [row.outcome for row in refused] == ["interrupted"] * 4
    assert await stack.db.value("SELECT outcome::text FROM pick WHERE expert = 1") == "accepted"
    rang = [event.number for event in stack.telephone_log() if event.event == "incoming"]
    assert rang == [PHONES[0]]
    assert await stack.db.value("SELECT count(*) FROM pick WHERE outcome = 'open'") == 4
    await stack.workers[0].says("is not dialled")
    log = stack.workers[0].log.read_text()
    assert not any(phone in log for phone in PHONES)
