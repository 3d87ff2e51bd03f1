"""The status page and the health page, as a browser and a monitor see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from db.blocking import transaction
from db.pool import Database
from ivr.lease import Lease
from ivr.settings import Settings
from script.registering import preregister
from tests.postgres import TestDatabase
from tests.scenes import Keys, witness
from tests.web.conftest import Client
from web.security import HEADERS

pytestmark = pytest.mark.postgres
Started = Callable[..., Awaitable[str]]


async def test_an_idle_service_says_so_in_chinese(client: Client) -> None:
    response = await client.get("/status")
    text = await response.text()
    assert response.status == 200
    assert "当前没有正在抽取的活动" in text
    assert 'http-equiv="refresh"' not in text  # moves by itself only for whoever asks for it (WCAG 2.2.1)
    assert '<meta http-equiv="refresh"' in await (await client.get("/status?refresh")).text()
    assert "<script" not in text


async def test_a_running_draw_is_shown_by_its_numbers_and_not_by_its_name(client: Client, started: Started) -> None:
    number = await started(4, name="某项目<b>(一标段)")
    text = await (await client.get("/status")).text()
    assert number in text
    assert '抽取中</span></td><td class="number" data-label="计划抽取人数">4</td>' in text
    for told in ("某项目", "一标段", "监督员", "广州市越秀区"):
        assert told not in text


async def test_agreed_called_and_live_are_counted(client: Client, db: Database, started: Started) -> None:
    number = await started(3)
    await _picks(db, number)
    text = await (await client.get("/status")).text()
    cells = [("计划抽取人数", 3), ("同意参评", 1), ("总呼叫人数", 2), ("呼叫中和通话中", 1)]
    assert all(f'data-label="{label}">{number}</td>' in text for label, number in cells)


async def test_a_finished_draw_leaves_the_page(client: Client, db: Database, started: Started) -> None:
    number = await started(1)
    await db.run("UPDATE activity SET state = 'completed'")
    assert number not in await (await client.get("/status")).text()


async def test_health_tells_leases_and_open_lines(client: Client, db: Database, started: Started) -> None:
    await _picks(db, await started(3))
    await db.run("INSERT INTO node (name) VALUES ('never')")
    response = await client.get("/health")
    told = await response.json()
    assert response.status == 200
    assert (told["status"], told["database"], told["calls_live"]) == ("ok", "reachable", 1)
    assert (told["trunk_failures"], told["calls_failing"]) == (0, 0)
    held, never = told["nodes"]
    dials = {"lost": False, "asterisk_away_s": None, "dialling_stopped_why": None, "dialling_stopped_s": None}
    assert (held["name"], held["held"]) == ("a", True)
    assert never == {"name": "never", "held": False, "lease_left_s": None, **dials}
    assert 0 < held["lease_left_s"] <= 3600


async def test_health_says_for_a_day_that_a_clock_was_set(client: Client, db: Database) -> None:
    await _held(db)
    told = await (await client.get("/health")).json()
    assert (told["status"], told["clock_steps"]) == ("ok", [])
    note = "INSERT INTO clock_step (clock, step_s, node) VALUES ('database', -3600.5, 'a')"
    await db.run(note)
    told = await (await client.get("/health")).json()
    [step] = told["clock_steps"]
    assert (told["status"], step["clock"], step["step_s"], step["node"]) == ("degraded", "database", -3600.5, "a")


async def test_who_was_registered_beforehand_adds_no_node(client: Client, db: Database, keys: Keys) -> None:
    """The demo's supervisor left a node that no worker ever holds, so /health never looked whole."""
    await preregister(db, keys.custody.vault, witness())
    assert await Lease(db, Settings.model_fields["node"].default, 3600.0).take()
    told = await (await client.get("/health")).json()
    assert [(each["name"], each["held"]) for each in told["nodes"]] == [("node-1", True)]


async def test_health_tells_that_a_node_dials_nothing_and_why(client: Client, db: Database) -> None:
    why = "Asterisk can't play the sound 0123456789abcdef01234567"
    await db.run(
        "INSERT INTO node (name, dialling_stopped_at, dialling_stopped_why)"
        " VALUES ('a', clock_timestamp() - interval '1 minute', %(why)s)", {"why": why}
    )  # fmt: skip
    told = await (await client.get("/health")).json()
    assert (told["status"], told["nodes"][0]["dialling_stopped_why"]) == ("degraded", why)
    assert told["nodes"][0]["dialling_stopped_s"] >= 60


async def test_a_database_that_goes_away_and_comes_back(client: Client, database: TestDatabase) -> None:
    admit(database, False)
    response = await client.get("/health")
    told = await response.json()
    assert (response.status, told["status"], told["database"]) == (503, "unavailable", "away")
    assert (told["live"], told["ready"], list(told["not_ready"])) == (True, False, ["database_away"])
    assert database.name not in await response.text()
    page = await client.get("/status")
    assert page.status == 503
    assert "数据库暂时无法连接" in await page.text()
    assert database.name not in await page.text()
    admit(database, True)
    assert (await client.get("/health")).status == 200
    assert (await client.get("/status")).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nowhere", 404, "没有这个页面"),
        ("POST", "/status", 405, "不能这样访问本页面"),
        ("GET", "/static/", 404, "没有这个页面"),
        ("GET", "/static/../settings.py", 404, "没有这个页面"),
    ],
)
async def test_error_pages_are_chinese(client: Client, method: str, path: str, status: int, title: str) -> None:
    response = await client.request(method, path)
    assert response.status == status
    assert f"<h1>{title}</h1>" in await response.text()


async def test_a_defect_shows_a_page_and_no_inside(client: Client, db: Database, database: TestDatabase) -> None:
    _owner(database, "ALTER TABLE pick RENAME TO pick_of_yesterday")
    response = await client.get("/status")
    text = await response.text()
    assert response.status == 500
    assert "系统出错" in text
    assert "pick" not in text


@pytest.mark.parametrize("path", ["/status", "/login", "/", "/health", "/nowhere", "/static/console.css"])
async def test_every_response_has_the_security_headers(client: Client, path: str) -> None:
    response = await client.get(path)
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def _held(db: Database) -> None:
    """A worker holds node a."""
    await db.run("INSERT INTO node VALUES ('a', gen_random_uuid(), 1, clock_timestamp() + interval '1 hour')")


async def _picks(db: Database, activity: str) -> None:
    """Two experts picked: one agreed and still on the line, one was called before; a third is not called yet."""
    await _held(db)
    for n, (outcome, state) in enumerate([("accepted", "live"), ("open", "ended"), ("open", "waiting")], start=1):
        pick = await db.value(_PICK, {"activity": activity, "n": n, "outcome": outcome, "code": f"{n:06d}"})
        await db.run(_CALL, {"activity": activity, "n": n, "pick": pick, "state": state, "id": f"el{n:032d}"})


_PICK = """
WITH e AS (
  INSERT INTO expert (name_enc, id_card_enc, phone_enc, id_card_hash, phone_hash, name_hash, residence, willing,
                      specialties, title, qualifications, authorities, unit)
  SELECT b, b, b, b, b, b, '440104', '{}', '{A0801}', '高级', '{}', '{}', 'u'
  FROM (SELECT sha256(%(code)s::bytea) AS b) AS h
  RETURNING id)
INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, decided_at)
SELECT %(activity)s, 1, 'c1', %(n)s, id, 'p', '{}', %(n)s, %(code)s, %(outcome)s::pick_outcome,
       CASE WHEN %(outcome)s <> 'open' THEN clock_timestamp() END
FROM e RETURNING id
"""
_CALL = """
INSERT INTO call (id, flow, activity, pick, expert, attempt, state, node, epoch, dialled_at, outcome, ended_at, numbers)
SELECT %(id)s, 'invitation', %(activity)s, id, expert, 1, %(state)s::call_state, 'a', 1,
       CASE WHEN %(state)s <> 'waiting' THEN clock_timestamp() END,
       CASE WHEN %(state)s = 'ended' THEN 'busy'::call_outcome END,
       CASE WHEN %(state)s = 'ended' THEN clock_timestamp() END,
       CASE WHEN %(state)s = 'live' THEN ARRAY[sha256(%(id)s::text::bytea)] END
FROM pick WHERE id = %(pick)s
"""


def admit(database: TestDatabase, admitted: bool) -> None:
    """Let the server refuse this database and drop who is connected, or let them in again."""
    database.cluster.sql(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS {str(admitted).lower()}")
    if not admitted:
        database.cluster.sql(
            f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{database.name}'"
        )


def _owner(database: TestDatabase, statement: str) -> None:
    with transaction(database.owner_dsn) as tx:
        tx.run(statement)
