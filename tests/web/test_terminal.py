"""To which 抽取终端 an activity's last application went, and who witnesses what: as the database keeps and shows it."""

from __future__ import annotations

import pytest

from db.blocking import transaction
from db.errors import Forbidden
from db.migrate import migrate, migrations
from db.pool import Database
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import Keys, condition, make_activity, make_keys, plan

pytestmark = pytest.mark.postgres
_ACTIVITY = """
INSERT INTO activity (id, name, seats, district, bid_opening, evaluation_start, evaluation_end, rules, key_enc)
VALUES (%(id)s, '活动', 1, '440100', now(), now() + interval '1 day', now() + interval '2 days', 'gd-3', '')
"""
_REVIEW = """
INSERT INTO review (activity, matter, company, company_name, applicant, reason, terminal, decided_at, passed)
VALUES (%(id)s, '', '', '', '', '', %(terminal)s, now(), false)
"""


@pytest.fixture
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def test_an_older_database_gets_the_terminal_of_the_last_application(cluster: Cluster) -> None:
    with fresh_database(cluster, template="template1") as database:
        migrate(database.owner_dsn, [each for each in migrations() if each.name < "0034"], keep_old_role=True)
        with transaction(database.owner_dsn) as tx:
            for number in ("CQSQ202611300001", "CQSQ202611300002"):
                tx.run(_ACTIVITY, {"id": number})
            for terminal in ("440100", "440000"):
                tx.run(_REVIEW, {"id": "CQSQ202611300001", "terminal": terminal})
        migrate(database.owner_dsn, keep_old_role=True)
        with transaction(database.owner_dsn) as tx:
            found = tx.all("SELECT terminal FROM activity ORDER BY id")
        assert [row.terminal for row in found] == ["440000", None]


async def test_the_terminal_follows_each_application_and_no_process_writes_it(
    db: Database, database: TestDatabase, keys: Keys
) -> None:
    activity = await make_activity(db, keys.custody.vault, plan([condition()]))
    last = "SELECT terminal FROM activity WHERE id = %(id)s"
    assert await db.value(last, {"id": activity}) is None
    async with Database(database.console_dsn) as console:
        for terminal in ("440100", "440000", "440000"):
            await console.run(
                "INSERT INTO review (activity, matter, company, company_name, applicant, reason, terminal) "
                "VALUES (%(id)s, '', '', '', '', '', %(terminal)s)",
                {"id": activity, "terminal": terminal},
            )
            assert await db.value(last, {"id": activity}) == terminal
            await console.run("UPDATE review SET withdrawn_at = now() WHERE withdrawn_at IS NULL")
            assert await db.value(last, {"id": activity}) == terminal
        with pytest.raises(Forbidden):
            await console.run("UPDATE activity SET terminal = '440100'")
    async with Database(database.worker_dsn) as worker:
        with pytest.raises(Forbidden):
            await worker.run("UPDATE activity SET terminal = '440100'")


async def test_the_view_of_who_witnesses_says_the_same_as_the_function(db: Database, database: TestDatabase) -> None:
    """Somebody who witnesses now, one who was replaced before a commit, and one who was replaced after it."""
    with transaction(database.superuser_dsn) as tx:
        tx.run(_ACTIVITY, {"id": "CQSQ202611300001"})
        tx.run("SET LOCAL session_replication_role = replica")
        tx.run(
            "INSERT INTO draw (activity, no, commit_hash, system_share_enc, pool_key_enc, pool_size, committed_at) "
            "VALUES ('CQSQ202611300001', 1, '', '', '', 1, timestamptz '2026-11-30 12:00+00')"
        )
        for person, chosen, replaced in (("now", 11, None), ("before", 9, 11), ("in", 11, 13), ("again", 9, 11), ("again", 13, 14)):
            values = {"id": person, "chosen": f"2026-11-30 {chosen}:00+00", "replaced": replaced and f"2026-11-30 {replaced}:00+00"}
            tx.run(
                "INSERT INTO witness (activity, id, name_enc, phone_enc, chosen_at, replaced_at) "
                "VALUES ('CQSQ202611300001', %(id)s, '', '', %(chosen)s, %(replaced)s::timestamptz)",
                values,
            )
    seen = {row.person for row in await db.all("SELECT person FROM witnessed")}
    for person in ("now", "before", "in", "again", "nobody"):
        told = await db.value("SELECT witnesses(%(p)s, 'CQSQ202611300001')", {"p": person})
        assert told == (person in seen), person
    assert seen == {"now", "in"}
