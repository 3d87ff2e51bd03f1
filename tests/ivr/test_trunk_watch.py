"""Alarms of trunks from rows: raised and lifted once, after a restart too, each node's own, and at a bounded cost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any

import pytest

from db.errors import Forbidden, Unavailable
from db.pool import Database
from db.queries import load
from drawing.rules import Rules
from ivr import trunk_watch
from ivr.ari.client import Client, Node
from ivr.dispatch import Q
from ivr.trunk_alarms import Limits, TrunkAlarm
from ivr.trunk_results import TrunkEnd, TrunkResult
from ivr.trunk_watch import WORDS, TrunkWatch
from tests.postgres import TestDatabase
from tests.scenes import add_experts, condition, make_activity, make_keys, plan

pytestmark = pytest.mark.postgres
CONSOLE = load("web")
LIMITS = Limits(keyless=3, no_media=2)
CALLS = """
INSERT INTO call (id, flow, activity, expert, attempt, state, node, epoch, trunk, dialled_at, outcome, ended_at, trunk_result,
                  trunk_end)
SELECT 'el' || md5(%(node)s || %(trunk)s || clock_timestamp() || n), 'reminder', %(activity)s, 1, 1, 'ended', %(node)s, 1,
       %(trunk)s, clock_timestamp(), 'busy', clock_timestamp(), r::trunk_result, %(end)s::trunk_end
FROM unnest(%(results)s::text[]) WITH ORDINALITY AS u (r, n) ORDER BY n
"""


class Scene:
    """Nodes a and b with calls that ended; `avoided` is what the last watch told the dispatcher."""

    def __init__(self, db: Database, activity: str) -> None:
        self.db, self.activity = db, activity
        self.avoided: Collection[str] = ()

    def watch(self, node: str = "a", *names: str, limits: Limits = LIMITS) -> TrunkWatch:
        """A worker that has just started: it knows nothing. Its Asterisk is not there."""
        client = Client(Node("http://127.0.0.1:1/ari", "nobody", "none", "expertline"))
        return TrunkWatch(self.db, client, node, names or ("one", "two"), limits, self._avoid)

    def _avoid(self, names: Collection[str]) -> None:
        self.avoided = names

    async def ended(
        self, *results: TrunkResult, node: str = "a", trunk: str = "one", end: TrunkEnd | None = None
    ) -> None:
        values: dict[str, Any] = {"node": node, "trunk": trunk, "activity": self.activity}
        values |= {"results": [each.value for each in results], "end": None if end is None else end.value}
        await self.db.run(CALLS, values)

    async def raised(self) -> list[tuple[str, str, str]]:
        rows = await self.db.all(
            "SELECT node, trunk, alarm::text AS alarm FROM trunk_alarm WHERE lifted_at IS NULL ORDER BY id"
        )
        return [(row.node, row.trunk, row.alarm) for row in rows]


@pytest.fixture
async def scene(db: Database, database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    keys = make_keys(tmp_path_factory.mktemp("keys"))
    add_experts(database.dsn, keys.custody.vault, ["13800000001"])
    await db.run("INSERT INTO node (name) VALUES ('a'), ('b')")
    return Scene(db, await make_activity(db, keys.custody.vault, plan((condition(),))))


KEYLESS, KEYED, FAILED = TrunkResult.KEYLESS, TrunkResult.KEYED, TrunkResult.FAILED


async def test_an_alarm_is_raised_told_once_and_lifted(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    watch = scene.watch()
    await watch.look()
    await scene.ended(KEYLESS, KEYLESS)
    await watch.look()
    assert (await scene.raised(), caplog.text) == ([], "")
    await scene.ended(KEYLESS)
    await watch.look()
    assert await scene.raised() == [("a", "one", "keyless")]
    assert (set(scene.avoided), caplog.text.count("trunk one: no key came in the last 3 answered calls")) == ({"one"}, 1)
    await scene.ended(KEYLESS)
    await watch.look()
    assert len(caplog.records) == 1
    await scene.ended(KEYED)
    await watch.look()
    assert (await scene.raised(), set(scene.avoided)) == ([], set())
    assert "trunk one: the alarm keyless is lifted" in caplog.text


async def test_an_alarm_outlives_the_worker_and_is_not_told_again(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    await scene.ended(*[FAILED] * 5)
    await scene.watch().look()
    caplog.clear()
    scene.avoided = ()
    await scene.watch().look()
    assert await scene.raised() == [("a", "one", "failing")]
    assert (set(scene.avoided), caplog.text) == ({"one"}, "")  # the new worker takes it last from its first call on


async def test_what_ended_while_nobody_looked_lifts_it(scene: Scene) -> None:
    await scene.ended(*[FAILED] * 5)
    await scene.watch().look()
    await scene.ended(TrunkResult.REACHED)
    await scene.watch().look()
    assert await scene.raised() == []


async def test_each_trunk_of_each_node_counts_for_itself(scene: Scene) -> None:
    """Two nodes over one carrier: one of them has a broken path, and the other's keys must not hide it."""
    for _ in range(3):
        await scene.ended(KEYLESS)
        await scene.ended(KEYED, node="b")
        await scene.ended(KEYED, trunk="two")
    await scene.watch().look()
    await scene.watch("b").look()
    assert await scene.raised() == [("a", "one", "keyless")]


async def test_a_trunk_that_the_settings_have_no_more_has_no_alarm(scene: Scene) -> None:
    await scene.ended(*[FAILED] * 5)
    await scene.watch().look()
    await scene.watch("a", "two").look()
    assert await scene.raised() == []
    assert [row.name for row in await scene.db.all("SELECT name FROM trunk")] == ["two"]


async def test_what_was_before_the_trunk_was_mended_does_not_count(scene: Scene) -> None:
    watch = scene.watch()
    await scene.ended(KEYLESS, KEYLESS, KEYLESS)
    await watch.look()
    await scene.db.run("UPDATE trunk SET mended_at = clock_timestamp()")
    await watch.look()
    assert await scene.raised() == []
    await scene.ended(KEYLESS, KEYLESS)
    await watch.look()
    assert await scene.raised() == []
    await scene.ended(KEYLESS)
    await watch.look()
    assert await scene.raised() == [("a", "one", "keyless")]


async def test_what_shows_again_before_the_next_look_is_raised_again(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The administrator says that it is mended, it is not, and at 15 calls a second ten seconds are long."""
    watch = scene.watch()
    await scene.ended(*[FAILED] * 5)
    await watch.look()
    trunk = {"node": "a", "trunk": "one"}
    async with scene.db.transaction() as tx:
        await tx.run(CONSOLE.trunk_mended, trunk)
        await tx.run(CONSOLE.lift_alarms_of_trunk, trunk)
    await scene.ended(*[FAILED] * 5)
    await watch.look()
    assert await scene.raised() == [("a", "one", "failing")]
    assert caplog.text.count("trunk one: the last 5 calls all failed") == 2
    await watch.look()
    assert caplog.text.count("trunk one: the last 5 calls all failed") == 2


async def test_two_alarms_of_one_trunk(scene: Scene) -> None:
    await scene.ended(KEYLESS, KEYLESS, KEYLESS, *[FAILED] * 5)
    await scene.watch().look()
    assert await scene.raised() == [("a", "one", "failing"), ("a", "one", "keyless")]


async def test_a_far_side_that_waits_for_an_answer_is_told_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Its first BYE of that kind, and not again for each that follows."""
    await scene.ended(KEYED, end=TrunkEnd.UNANSWERED)
    await scene.watch().look()
    for _ in range(2):
        await scene.ended(KEYED)
        await scene.ended(KEYED, end=TrunkEnd.UNANSWERED)
        await scene.watch().look()
    told = [each for each in caplog.messages if "for want of an answer to a request within them" in each]
    assert len(told) == 1
    assert await scene.raised() == [("a", "one", "unanswered"), ("a", "one", "dropping")]


async def test_the_limits_are_the_rules(scene: Scene) -> None:
    """gd-3 says 8 and 3."""
    rules = Rules.load("gd-3").lines
    limits = Limits(rules.keyless_calls, rules.no_media_calls)
    await scene.ended(*[KEYLESS] * 7)
    await scene.watch(limits=limits).look()
    assert await scene.raised() == []
    await scene.ended(KEYLESS)
    await scene.watch(limits=limits).look()
    assert await scene.raised() == [("a", "one", "keyless")]


async def test_a_look_reads_few_rows_however_many_calls_there_were(scene: Scene) -> None:
    """Two trunks, six results, 20 of each at most; 18,000 calls lie beside them."""
    await scene.watch("a", "one", "two").look()
    for result in TrunkResult:
        await scene.ended(*[result] * 1500)
        await scene.ended(*[result] * 1500, trunk="two")
    await scene.db.run("ANALYZE call")
    values = {"node": "a", "depth": LIMITS.depth}
    text = "\n".join(
        row[0] for row in await scene.db.all(f"EXPLAIN (ANALYZE, TIMING off) {Q.trunk_moments}", values)
    )
    assert "call_of_trunk" in text
    assert "Seq Scan on call" not in text
    read = [int(float(line.split("rows=")[-1].split()[0])) for line in text.splitlines() if "call_of_trunk" in line]
    assert read
    assert all(rows <= LIMITS.depth for rows in read), text


async def test_the_enums_are_those_of_the_database(db: Database) -> None:
    for python, sql in ((TrunkResult, "trunk_result"), (TrunkEnd, "trunk_end"), (TrunkAlarm, "trunk_alarm_kind")):
        kept = await db.value(f"SELECT enum_range(null::{sql})::text[]")
        assert sorted(kept) == sorted(each.value for each in python)
    assert set(WORDS) == set(TrunkAlarm)


async def test_what_the_database_refuses_is_told(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only of a database that is away the worker's loop says so: a right that is missing nobody else would notice."""
    watch = scene.watch()
    errors: list[Exception] = [Unavailable("away"), Forbidden("no right")]

    async def look() -> None:
        if not errors:
            await asyncio.get_running_loop().create_future()
        raise errors.pop(0)

    monkeypatch.setattr(watch, "look", look)
    monkeypatch.setattr(trunk_watch, "EVERY_SECONDS", 0.0)
    running = asyncio.create_task(watch.run())
    while errors:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    assert [each.exc_info[1].args for each in caplog.records if each.exc_info and each.exc_info[1]] == [("no right",)]
