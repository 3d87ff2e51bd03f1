"""Who calls from outside, on real Asterisk: numbers as carriers show them, and one caller who comes twice at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from asterisk.far_end import Behaviour
from db.blocking import transaction
from db.pool import Database
from drawing.lifecycle import Role
from drawing.rules import Rules
from drawing.start import start
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import add_experts, condition, make_activity, plan
from tests.system.conftest import CALLER_ID, PATIENCE, Stack, running_stack
from tests.system.forked import Way, call
from tests.system.test_inbound import LONG_PAUSE

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]

RING_OUT = Behaviour.NEVER_ANSWERS.suffix
MOBILE, LANDLINE, TWO_WAYS = f"138000010{RING_OUT}", f"020831860{RING_OUT}", f"138000020{RING_OUT}"
OHIO = f"138000030{RING_OUT}"
"""An expert's number, and with a + before it one in Ohio."""
EXPERTS = [MOBILE, LANDLINE, TWO_WAYS, OHIO]


def _fork(*shown: str) -> tuple[Way, ...]:
    call_id = uuid4().hex
    return tuple(Way(each, call_id) for each in shown)


def _apart(*shown: str) -> tuple[Way, ...]:
    return tuple(Way(each, uuid4().hex) for each in shown)


CALLERS: Mapping[str, tuple[Way, ...]] = {
    "a landline as the network shows it": _apart(f"+86{LANDLINE[1:]}"),
    "forked": _fork(f"+86{MOBILE}", f"+86{MOBILE}"),
    "forked by an old proxy": _fork(*[MOBILE] * 4),
    "by two gateways": _apart(f"+86{TWO_WAYS}", TWO_WAYS, f"0086{TWO_WAYS}", f"0{TWO_WAYS}"),
    "withheld and forked": _fork("anonymous", "anonymous"),
    "two who withhold their numbers": _apart("anonymous", "anonymous"),
    "abroad, with an expert's digits": _apart(f"+{OHIO}"),
    "nobody, forked": _fork("+8613911112222", "+8613911112222"),
}
ROWS = """
SELECT i.id, i.caller_hash, i.outcome::text AS outcome, i.why_not, i.wanted_at IS NOT NULL AS wanted, i.call, c.flow
FROM inbound i LEFT JOIN call c ON c.id = i.call WHERE i.id > %(after)s ORDER BY i.id
"""


@dataclass(frozen=True)
class Calls:
    """What each of them heard, and left."""

    answers: Mapping[str, list[int]]
    rows: Mapping[str, list[Any]]
    log: str


@pytest.fixture(scope="module")
def calls(cluster: Cluster, speech_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    with fresh_database(cluster) as database:
        yield asyncio.run(_run(database, tmp_path_factory.mktemp("callers"), speech_cache))


async def _run(database: TestDatabase, folder: Path, cache: Path) -> Calls:
    async with Database(database.dsn) as db, running_stack(db, database, folder, cache) as stack:
        add_experts(database.dsn, stack.keys.custody.vault, EXPERTS)
        activity = await make_activity(db, stack.keys.custody.vault, plan((condition(seats=len(EXPERTS)),)))
        with transaction(database.owner_dsn) as tx:
            tx.run(LONG_PAUSE)
        worker = await stack.worker()
        await start(db, stack.keys.custody.vault, activity, "clerk", Role.HANDLER)
        await stack.until("SELECT count(*) = %(all)s FROM call WHERE outcome = 'no_answer'", all=len(EXPERTS))
        answers, rows = {}, {}
        for name, ways in CALLERS.items():
            answers[name], rows[name] = await _call(stack, ways)
        await worker.stop()
        await stack.no_channels()
        return Calls(answers, rows, worker.log.read_text())


async def _call(stack: Stack, ways: tuple[Way, ...]) -> tuple[list[int], list[Any]]:
    before = await stack.db.value("SELECT coalesce(max(id), 0) FROM inbound")
    async with asyncio.timeout(PATIENCE):
        answers = await call(stack.node.settings.sip_port, CALLER_ID, *ways)
    sql = """SELECT count(*) = %(all)s FROM inbound
             WHERE id > %(before)s AND ended_at IS NOT NULL AND (call IS NULL) = (why_not IS NOT NULL)"""
    await stack.until(sql, all=len(ways), before=before)
    return answers, await stack.db.all(ROWS, {"after": before})


def test_a_landline_is_found_however_the_network_shows_it(calls: Calls) -> None:
    (row,) = calls.rows["a landline as the network shows it"]
    assert (row.outcome, row.why_not, row.flow) == ("call_back_asked", None, "call_back_invitation")


@pytest.mark.parametrize("name", ["forked", "forked by an old proxy", "by two gateways", "withheld and forked", "nobody, forked"])
def test_a_caller_who_comes_twice_has_one_place(calls: Calls, name: str) -> None:
    ways = len(CALLERS[name])
    assert sorted(calls.answers[name]) == [200, *[486] * (ways - 1)]
    taken = [row for row in calls.rows[name] if row.why_not != "same_caller"]
    assert len(calls.rows[name]) == ways
    assert [(row.outcome, row.wanted) for row in taken] == [("call_back_asked", True)]


@pytest.mark.parametrize("name", ["forked", "by two gateways"])
def test_and_is_called_back_once(calls: Calls, name: str) -> None:
    assert [row.flow for row in calls.rows[name] if row.call] == ["call_back_invitation"]


def test_two_strangers_have_two_places(calls: Calls) -> None:
    assert calls.answers["two who withhold their numbers"] == [200, 200]
    assert [row.why_not for row in calls.rows["two who withhold their numbers"]] == ["unknown"] * 2


def test_a_number_abroad_is_nobodys(calls: Calls) -> None:
    (row,) = calls.rows["abroad, with an expert's digits"]
    assert (row.outcome, row.why_not, row.call) == ("call_back_asked", "unknown", None)


def test_no_number_is_in_the_log(calls: Calls) -> None:
    assert not [each for each in (*EXPERTS, "13911112222", LANDLINE[1:]) if each in calls.log]


def test_the_rules_leave_room_for_it() -> None:
    assert max(map(len, CALLERS.values())) <= Rules.load("demo-1").inbound.at_once
