"""What a process's own role could do to an activity beside its chain: hide it, end it, put its end off, draw on in it, take experts
out of pools, make an avoided person not found."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.blocking import transaction
from db.contexts import AVOIDED_NAME
from db.errors import Forbidden
from db.pool import Database
from drawing import bulk, snapshot
from drawing.activities import AvoidedPerson
from drawing.binding import NotBound
from drawing.lifecycle import Role
from drawing.start import start
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan
from tests.web.draws import Draws, everybody_agrees

pytestmark = pytest.mark.postgres
ANOTHER = "(SELECT max(e.id) FROM expert e WHERE NOT EXISTS (SELECT FROM pick p WHERE p.expert = e.id))"
LONG = "tstzrange(now() + interval '90 days', now() + interval '900 days')"
APPOINTMENTS = {
    "of a stranger": f"SELECT id, {ANOTHER}, activity, {LONG} FROM pick WHERE outcome = 'open' LIMIT 1",
    "of who has not agreed": f"SELECT id, expert, activity, {LONG} FROM pick WHERE outcome = 'open' LIMIT 1",
}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.mark.parametrize(
    ("role", "change"),
    [
        ("console", "deleted_at = now()"),
        ("console", "evaluation_end = now()"),
        ("console", "evaluation_end = evaluation_end + interval '1 year'"),
        ("console", "name = '另一个'"),
        ("console", "seats = 99"),
        ("console", "district = '440300'"),
        ("console", "state = 'ready'"),
        ("console", "state = 'draft'"),
        ("worker", "state = 'drawing'"),
        ("worker", "closed_at = now()"),
    ],
)
async def test_a_started_activity_is_what_it_is(
    db: Database, database: TestDatabase, keys: Keys, role: str, change: str
) -> None:
    hand = await Draws(db, database, keys).started(4, [condition(seats=2)])
    await everybody_agrees(hand)
    before = await db.all("SELECT * FROM activity")
    dsn = {"console": database.console_dsn, "worker": database.worker_dsn}[role]
    with pytest.raises(Forbidden), transaction(dsn) as tx:
        tx.run(f"UPDATE activity SET {change}")
    assert await db.all("SELECT * FROM activity") == before


@pytest.mark.parametrize("state", ["ended", "released"])
@pytest.mark.parametrize("again", ["drawing", "short", "completed", "ready"])
async def test_what_is_over_stays_over(
    db: Database, database: TestDatabase, keys: Keys, state: str, again: str
) -> None:
    await Draws(db, database, keys).started(4, [condition(seats=2)])
    with transaction(database.worker_dsn) as tx:
        tx.run(f"UPDATE activity SET state = '{state}'")
    with pytest.raises(Forbidden), transaction(database.worker_dsn) as tx:
        tx.run(f"UPDATE activity SET state = '{again}'")


@pytest.mark.parametrize("whose", APPOINTMENTS)
async def test_no_appointment_without_an_agreement(
    db: Database, database: TestDatabase, keys: Keys, whose: str
) -> None:
    await Draws(db, database, keys).started(4, [condition(seats=2)])
    with pytest.raises(Forbidden), transaction(database.worker_dsn) as tx:
        tx.run(f"INSERT INTO appointment (pick, expert, activity, during) {APPOINTMENTS[whose]}")


async def test_nor_one_beyond_the_evaluation(db: Database, database: TestDatabase, keys: Keys) -> None:
    hand = await Draws(db, database, keys).started(4, [condition(seats=2)])
    await everybody_agrees(hand)
    with transaction(database.worker_dsn) as tx:
        assert tx.run("DELETE FROM appointment") == 2
    with pytest.raises(Forbidden), transaction(database.worker_dsn) as tx:
        tx.run(f"INSERT INTO appointment (pick, expert, activity, during) SELECT id, expert, activity, {LONG} FROM pick")


@pytest.mark.parametrize("table", ["expert", "avoidance"])
async def test_a_name_s_hash_can_not_make_an_avoided_person_eligible(
    db: Database, database: TestDatabase, keys: Keys, table: str
) -> None:
    """The worker's role may write hashes of names, which are made anew when their normal form changes; names are sealed."""
    add_experts(database.dsn, keys.custody.vault, [f"1380000000{n}" for n in range(4)])
    made = plan((condition(),), persons=(AvoidedPerson("专家 2", None, "本人"),))
    activity = await make_activity(db, keys.custody.vault, made)
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    which = {"expert": "id = 3", "avoidance": "true"}[table]
    with transaction(database.worker_dsn) as tx:
        kept = tx.value(f"SELECT name_hash FROM {table} WHERE {which}")
        tx.run(f"UPDATE {table} SET name_hash = sha256('x') WHERE {which}")
    with pytest.raises(bulk.MissedName, match="expert 3 "):
        snapshot.commit_draw(database.dsn, keys.master, keys.signing, activity)
    told = await db.all("SELECT remark FROM operation WHERE remark LIKE '不能固定专家池%'")
    (remark,) = (row.remark for row in told)
    assert remark.startswith("不能固定专家池：编号 3 的专家与回避人员同名，却未按姓名找到")
    await db.run(f"UPDATE {table} SET name_hash = %(kept)s WHERE {which}", {"kept": kept})
    assert snapshot.commit_draw(database.dsn, keys.master, keys.signing, activity)
    assert await db.value("SELECT count(*) FROM transcript WHERE body LIKE '%\"avoided_person\":1%'") == 1


async def test_a_sealed_name_that_was_exchanged_stops_the_draw(db: Database, database: TestDatabase, keys: Keys) -> None:
    add_experts(database.dsn, keys.custody.vault, ["13800000000", "13800000001"])
    made = plan((condition(),), persons=(AvoidedPerson("专家0", None, "本人"),))
    activity = await make_activity(db, keys.custody.vault, made)
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    other = keys.custody.vault.encrypt("别人".encode(), AVOIDED_NAME.at(99))
    await db.run("UPDATE avoidance SET name_enc = %(other)s", {"other": other})
    with pytest.raises(NotBound):
        snapshot.commit_draw(database.dsn, keys.master, keys.signing, activity)
