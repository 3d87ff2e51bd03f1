"""Finding one expert by an exact number: recorded, masked, and only what can be a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.pool import Database
from db.vault import Vault
from drawing.experts import lookup
from drawing.experts.lookup import BadQuery, Kind, Person
from drawing.experts.read import Source
from drawing.experts.store import import_file
from drawing.lifecycle import Role
from tests.drawing.experts.test_read_csv import Rows, table, text
from tests.postgres import TestDatabase

pytestmark = pytest.mark.postgres
ADMINISTRATOR = Person("管理员（admin）", Role.ADMINISTRATOR)


@pytest.fixture
def rows(tmp_path: Path, database: TestDatabase, vault: Vault) -> Rows:
    """What is in the pool."""
    made = table(20)
    path = tmp_path / "a.csv"
    path.write_text(text(made), encoding="utf-8")
    import_file(Source(path), database.dsn, vault, "x")
    return made[1:]


async def operations(db: Database) -> list[tuple[str, ...]]:
    return [tuple(row) for row in await db.all("SELECT actor, role, act, remark FROM operation ORDER BY id")]


async def test_an_expert_is_found_by_phone_and_by_id_card(db: Database, vault: Vault, rows: Rows) -> None:
    row = rows[7]
    wide = row[1].lower().translate({ord("0") + n: chr(0xFF10 + n) for n in range(10)})
    for kind, typed in ((Kind.PHONE, f" +86 {row[2][:3]}-{row[2][3:]} "), (Kind.ID_CARD, wide)):
        found = await lookup.search(db, vault, kind, typed, ADMINISTRATOR)
        assert found is not None
        assert (found.name, found.unit, found.residence) == (row[0], row[9], row[3])
        assert found.phone == f"{row[2][:3]}******{row[2][-2:]}"
        assert row[1][6:14] not in found.id_card
    made = await operations(db)
    assert [record[:3] for record in made] == [("管理员（admin）", "administrator", "查询专家")] * 2
    assert f"按手机号码 {row[2][:3]}******{row[2][-2:]} 查询，找到专家" in made[0][3]
    assert not any(cell in made[0][3] + made[1][3] for cell in row[:3])


async def test_a_search_for_nobody_is_recorded_too(db: Database, vault: Vault, rows: Rows) -> None:
    assert await lookup.search(db, vault, Kind.PHONE, "13000000000", ADMINISTRATOR) is None
    ((*_, remark),) = await operations(db)
    assert remark == "按手机号码 130******00 查询，未找到"


@pytest.mark.parametrize(
    ("kind", "typed", "message"),
    [
        (Kind.PHONE, "", "11 位"),
        (Kind.PHONE, "1380013800", "11 位"),
        (Kind.PHONE, "12800138000", "13 至 19"),
        (Kind.PHONE, "020-83186888", "请填写手机号码"),
        (Kind.PHONE, "+85261234567", "香港"),
        (Kind.ID_CARD, "110105194912310021", "校验码"),
        (Kind.ID_CARD, "'; DROP TABLE expert; --", "18 位"),
    ],
)
async def test_what_can_be_no_number_is_said(db: Database, vault: Vault, kind: Kind, typed: str, message: str) -> None:
    with pytest.raises(BadQuery, match=message):
        await lookup.search(db, vault, kind, typed, ADMINISTRATOR)
    assert await operations(db) == []


async def suspend(db: Database, expert: int, suspended: bool, reason: str) -> bool:
    async with db.transaction() as tx:
        return await lookup.suspend(tx, expert, suspended, reason, ADMINISTRATOR)


async def test_suspending_needs_a_reason_and_is_recorded(db: Database, vault: Vault, rows: Rows) -> None:
    found = await lookup.search(db, vault, Kind.PHONE, rows[0][2], ADMINISTRATOR)
    assert found is not None
    before = await lookup.size(db)
    with pytest.raises(BadQuery, match="原因"):
        await suspend(db, found.id, True, " ")
    assert await suspend(db, found.id, not found.suspended, "本人申请")
    assert not await suspend(db, found.id, not found.suspended, "本人申请")
    assert not await suspend(db, 10**9, True, "本人申请")
    after = await lookup.size(db)
    assert (after.experts, abs(after.suspended - before.suspended)) == (20, 1)
    assert [record[2:] for record in await operations(db)][1:] == [("暂停专家", f"专家 {found.id}：本人申请")]
