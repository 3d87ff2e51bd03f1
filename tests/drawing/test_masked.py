"""Asking for a masked call, on the real database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from db.contexts import STAFF_PHONE
from db.errors import DatabaseError
from db.pool import Database
from drawing import decide, masked
from drawing.masked import CannotCall, Reached
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan

pytestmark = pytest.mark.postgres
PHONE = "13800138001"
Ask = Callable[..., Awaitable[str]]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def activity(db: Database, database: TestDatabase, keys: Keys) -> str:
    """Pick 1 has agreed, pick 2 has not."""
    add_experts(database.dsn, keys.custody.vault, ["13800000001", "13800000002"])
    number = await make_activity(db, keys.custody.vault, plan((condition(seats=2),)))
    sql = """INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, decided_at)
             SELECT %(a)s, 1, 'c1', id, id, 'p' || id, '{}', id, to_char(id, 'FM000000'),
                    (CASE id WHEN 1 THEN 'accepted' ELSE 'declined' END)::pick_outcome, clock_timestamp() FROM expert ORDER BY id"""
    await db.run(sql, {"a": number})
    return number


@pytest.fixture
def ask(db: Database, keys: Keys, activity: str) -> Ask:
    async def asked(phone: str = PHONE, pick: int = 1, *, record: bool = False) -> str:
        async with db.transaction() as tx:
            await decide.lock(tx, activity)
            return await masked.ask(tx, keys.custody, activity, pick, phone, "经办人甲", "handler", record=record)

    return asked


async def test_it_waits_for_the_worker(db: Database, activity: str, ask: Ask) -> None:
    call = await ask(record=True)
    row = await db.one("SELECT flow, pick, expert, attempt, state::text AS state, matter FROM call")
    assert (row.flow, row.pick, row.expert, row.attempt, row.state) == ("masked", 1, 1, 1, "waiting")
    assert row.matter["record"] is True
    (entry,) = await masked.log(db, activity, 1)
    assert (entry.call, entry.reached, entry.outcome, entry.talked_s) == (call, Reached.WAITING, None, 0)


async def test_staffs_number_is_kept_encrypted_alone(db: Database, keys: Keys, ask: Ask) -> None:
    call = await ask("138 0013-8001 ")
    row = await db.one("SELECT staff_phone_enc, c::text AS row FROM call c")
    assert keys.custody.vault.decrypt(bytes(row.staff_phone_enc), STAFF_PHONE.at(call)).decode() == PHONE
    assert PHONE not in row.row
    operation = await db.one("SELECT o::text AS row FROM operation o ORDER BY id DESC LIMIT 1")
    assert "masked_call" in operation.row
    assert PHONE not in operation.row


@pytest.mark.parametrize(
    ("typed", "rung"),
    [("+86 138-0013-8001", PHONE), ("０１３８００１３８００１", PHONE), ("（020）8318 6888", "02083186888")],
)
async def test_staff_may_write_their_number_as_people_do(db: Database, keys: Keys, ask: Ask, typed: str, rung: str) -> None:
    call = await ask(typed)
    row = await db.one("SELECT staff_phone_enc, staff_phone_hash FROM call")
    assert keys.custody.vault.decrypt(bytes(row.staff_phone_enc), STAFF_PHONE.at(call)).decode() == rung
    assert bytes(row.staff_phone_hash) == keys.custody.vault.keyed_hash("phone", rung)


@pytest.mark.parametrize(
    ("typed", "why"),
    [("020-83186888转801", "分机"), ("4001234567", "400"), ("12345", "热线短号码"), ("+85261234567", "香港"), ("83186888", "区号")],
)
async def test_why_staff_can_not_be_rung_is_said(ask: Ask, typed: str, why: str) -> None:
    with pytest.raises(CannotCall, match=why):
        await ask(typed)


@pytest.mark.parametrize("phone", ["", "110", "0086", "1380013800a", "13800138001; DROP", "+8613800138001,,9"])
async def test_a_number_off_the_allowlist_is_refused(db: Database, ask: Ask, phone: str) -> None:
    with pytest.raises(CannotCall, match="本机号码不能拨打"):
        await ask(phone)
    assert await db.value("SELECT count(*) FROM call") == 0


async def test_only_who_has_agreed_can_be_called(ask: Ask) -> None:
    with pytest.raises(CannotCall, match="不是本活动的参评专家"):
        await ask(pick=2)
    with pytest.raises(LookupError):
        await ask(pick=77)


async def test_one_at_a_time(db: Database, activity: str, ask: Ask) -> None:
    first = await ask()
    with pytest.raises(CannotCall, match="正在进行"):
        await ask()
    await db.run("UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()")
    second = await ask()
    assert [each.call for each in await masked.log(db, activity, 1)] == [second, first]
    assert await db.value("SELECT max(attempt) FROM call") == 2


async def test_no_other_kind_of_call_has_staffs_number(db: Database, ask: Ask) -> None:
    await ask()
    for wrong in ("UPDATE call SET flow = 'details'", "UPDATE call SET staff_phone_enc = NULL"):
        with pytest.raises(DatabaseError, match="masked_has_staff"):
            await db.run(wrong)
    ended = "UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = now(), staff_phone_enc = NULL"
    assert await db.run(ended) == 1  # of a call that is over it may be erased
