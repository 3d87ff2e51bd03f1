"""Calls from outside, and what they lead to, all in one stack: whoever missed a call calls back, others want leave or another
language, some are nobody's, and somebody floods the line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from asterisk.far_end import Behaviour, LoggedEvent
from asterisk.instance import authorization
from db.blocking import transaction
from db.pool import Database
from drawing import evidence
from drawing.__main__ import main
from drawing.lifecycle import Role
from drawing.rules import Rules
from drawing.start import start
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import add_experts, condition, make_activity, plan
from tests.system.conftest import CALLER_ID, Stack, Worker, running_stack

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]

CALLS_BACK = Behaviour.CALLS_BACK.number(1)
RINGS_ELSEWHERE = Behaviour.MISSES_ONCE.number(2)
WANTS_LEAVE = Behaviour.TAKES_LEAVE.number(3)
NOTHING_OPEN = Behaviour.CHOOSES_LANGUAGE.number(4)
NEVER_DRAWN = Behaviour.ACCEPTS.number(5)
DRAWN = [CALLS_BACK, RINGS_ELSEWHERE, WANTS_LEAVE, NOTHING_OPEN]
UNKNOWN = Behaviour.ACCEPTS.number(6)
FLOODER = Behaviour.ACCEPTS.number(7)
FLOOD = 20
TIMES = {"press_after": 0.6, "press_again_after": 2.5}
RULE = Rules.load("demo-1").inbound

LONG_PAUSE = """
CREATE FUNCTION long_pause() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.not_before := clock_timestamp() + interval '1 hour';
  RETURN NEW;
END $$;
CREATE TRIGGER long_pause BEFORE INSERT ON call FOR EACH ROW WHEN (NEW.flow = 'invitation' AND NEW.attempt > 1)
  EXECUTE FUNCTION long_pause()
"""
"""The demonstration's pauses of seconds would have the retry ring before anybody can call back."""
ROWS = """
SELECT i.caller_hash, i.outcome::text AS outcome, i.why_not, i.trail, i.wanted_at, i.ended_at, c.flow, c.attempt,
       c.outcome::text AS became, c.dialled_at
FROM inbound i LEFT JOIN call c ON c.id = i.call ORDER BY i.id
"""


@dataclass(frozen=True)
class Aftermath:
    """What is left of the run."""

    inbound: Mapping[str, list[Any]]
    calls: Mapping[str, list[Any]]
    """By number, in turn."""
    picks: Mapping[str, str]
    log: tuple[LoggedEvent, ...]
    languages: Mapping[str, str]
    outcomes: int
    """Entries of that type in the transcript."""
    verified: int
    texts: Mapping[str, str]


@pytest.fixture(scope="module")
def left(cluster: Cluster, speech_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    with fresh_database(cluster) as database:
        yield asyncio.run(_run(database, tmp_path_factory.mktemp("inbound"), speech_cache))


async def _run(database: TestDatabase, folder: Path, cache: Path) -> Aftermath:
    async with Database(database.dsn) as db, running_stack(db, database, folder, cache, **TIMES) as stack:
        vault = stack.keys.custody.vault
        add_experts(database.dsn, vault, [*DRAWN, NEVER_DRAWN])
        hashes = {vault.keyed_hash("phone", each): each for each in (*DRAWN, NEVER_DRAWN, UNKNOWN, FLOODER)}
        await db.run("UPDATE expert SET specialties = '{B0101}' WHERE id = %(id)s", {"id": len(DRAWN) + 1})
        activity = await make_activity(db, vault, plan((condition(seats=len(DRAWN)),)))
        with transaction(database.owner_dsn) as tx:
            tx.run(LONG_PAUSE)
        worker = await stack.worker()
        await start(db, stack.keys.custody.vault, activity, "clerk", Role.HANDLER)
        await stack.until("SELECT count(*) > 0 FROM call WHERE state = 'live'")  # the worker is there for calls
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_while_it_rings(stack))
            tasks.create_task(_once_decided(stack, WANTS_LEAVE))
            tasks.create_task(_once_decided(stack, NOTHING_OPEN))
            tasks.create_task(_call(stack, UNKNOWN))
            tasks.create_task(_call(stack, NEVER_DRAWN))
        # Whoever calls by themselves is in before the line is flooded.
        await stack.until("SELECT count(*) = 6 FROM inbound WHERE ended_at IS NOT NULL")
        for _ in range(FLOOD):
            await _call(stack, FLOODER)
        await stack.until("SELECT count(*) = %(all)s FROM inbound WHERE ended_at IS NOT NULL", all=6 + FLOOD)
        await stack.until("SELECT count(*) = 0 FROM call WHERE state <> 'ended'")
        await stack.until("SELECT count(*) = 1 FROM activity WHERE state = 'short'")
        await _crash(stack, worker)
        await stack.no_channels()
        return await _kept(stack, activity, hashes)


async def _crash(stack: Stack, worker: Worker) -> None:
    """The worker is killed while somebody is on the line and somebody has just asked for a call back; the next one knows."""
    before = await stack.db.value("SELECT count(*) FROM inbound")
    await _call(stack, UNKNOWN, keys="")
    await _call(stack, RINGS_ELSEWHERE)
    await stack.until("SELECT count(*) = %(all)s FROM inbound", all=before + 2)
    await stack.until("SELECT count(*) = 1 FROM inbound WHERE ended_at IS NULL AND wanted_at IS NOT NULL")
    worker.kill()
    await worker.ended()
    successor = await stack.worker()
    await stack.until("SELECT count(*) = 0 FROM inbound WHERE ended_at IS NULL")
    await stack.until("SELECT count(*) = 0 FROM call WHERE state <> 'ended'")
    await successor.stop()


async def _call(stack: Stack, number: str, keys: str = "1", *, leaves: bool = False) -> None:
    """The telephone with that number calls the published one, presses the keys, and leaves at once or stays."""
    settings = stack.far_end.settings
    headers = {"Authorization": authorization(settings.ari_user, settings.ari_password)}
    body = {
        "endpoint": f"PJSIP/{CALLER_ID}@node", "context": "callers", "extension": number, "priority": 1,
        "callerId": number, "timeout": 60, "variables": {"KEYS": keys, "LEAVES": str(int(leaves))},
    }  # fmt: skip
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{settings.ari_url}/channels", json=body) as reply,
    ):
        assert reply.status == 200, await reply.text()


async def _while_it_rings(stack: Stack) -> None:
    while ("ringing", RINGS_ELSEWHERE) not in {(each.event, each.number) for each in stack.telephone_log()}:
        await asyncio.sleep(0.02)
    await _call(stack, RINGS_ELSEWHERE, leaves=True)


async def _once_decided(stack: Stack, number: str) -> None:
    """When the first call has told what it is about, and is over."""
    expert = DRAWN.index(number) + 1
    await stack.until("SELECT bool_and(state = 'ended') FROM call WHERE expert = %(expert)s", expert=expert)
    await _call(stack, number)


async def _kept(stack: Stack, activity: str, hashes: Mapping[bytes, str]) -> Aftermath:
    inbound: dict[str, list[Any]] = {}
    for row in await stack.db.all(ROWS):
        inbound.setdefault(hashes[bytes(row.caller_hash)], []).append(row)
    calls: dict[str, list[Any]] = {}
    sql = "SELECT expert, flow, attempt, outcome::text AS outcome, dialled_at FROM call ORDER BY dialled_at NULLS LAST"
    for row in await stack.db.all(sql):
        calls.setdefault([*DRAWN, NEVER_DRAWN][row.expert - 1], []).append(row)
    picks = {DRAWN[row.expert - 1]: row.outcome for row in await stack.db.all("SELECT expert, outcome::text FROM pick")}
    languages = await stack.db.all("SELECT id, language FROM expert ORDER BY id")
    await evidence.export(stack.db, stack.keys.custody, activity, stack.folder / "evidence")
    return Aftermath(
        inbound, calls, picks, stack.telephone_log(),
        {number: row.language for number, row in zip([*DRAWN, NEVER_DRAWN], languages, strict=True)},
        await stack.db.value("SELECT count(*) FROM transcript WHERE type = 'outcome'"),
        main(["verify", str(stack.folder / "evidence")]), await _texts(stack),
    )  # fmt: skip


async def _texts(stack: Stack) -> dict[str, str]:
    """Rows and files of ours."""
    texts = {
        name: await stack.db.value(f"SELECT string_agg(t::text, ' ') FROM {name} t") or ""
        for name in ("inbound", "call", "transcript", "operation")
    }
    for folder in (stack.folder, stack.node.settings.folder / "log"):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                texts[str(path)] = path.name + path.read_text(errors="replace")
    return texts


def heard(row: Any) -> list[str]:
    return [each["prompt"] for each in row.trail["heard"]]


def test_who_missed_the_call_calls_back_and_accepts(left: Aftermath) -> None:
    (row,) = left.inbound[CALLS_BACK]
    assert (row.outcome, row.flow, row.became) == ("call_back_asked", "call_back_invitation", "accepted")
    assert row.dialled_at > row.ended_at  # the line was free
    assert [(each.flow, each.outcome) for each in left.calls[CALLS_BACK] if each.dialled_at] == [
        ("invitation", "no_answer"), ("call_back_invitation", "accepted"),
    ]  # fmt: skip
    assert left.picks[CALLS_BACK] == "accepted"


def test_a_ringing_leg_gives_way_to_the_call_back(left: Aftermath) -> None:
    row, _ = left.inbound[RINGS_ELSEWHERE]
    assert (row.flow, row.became, row.attempt) == ("call_back_invitation", "accepted", 2)
    rang = [(each.flow, each.attempt, each.outcome) for each in left.calls[RINGS_ELSEWHERE] if each.dialled_at]
    assert rang[:2] == [("invitation", 1, "cancelled"), ("call_back_invitation", 2, "accepted")]
    assert left.picks[RINGS_ELSEWHERE] == "accepted"


def test_who_has_agreed_asks_for_leave(left: Aftermath) -> None:
    (row,) = left.inbound[WANTS_LEAVE]
    assert (row.flow, row.became) == ("call_back", "leave_confirmed")
    assert left.picks[WANTS_LEAVE] == "accepted"  # registering the absence is the console's


def test_with_nothing_open_a_language_can_be_chosen(left: Aftermath) -> None:
    (row,) = left.inbound[NOTHING_OPEN]
    assert (row.flow, row.became) == ("call_back_nothing", "delivered")
    assert left.picks[NOTHING_OPEN] == "declined"
    assert left.languages == {**dict.fromkeys([*DRAWN, NEVER_DRAWN], "cmn"), NOTHING_OPEN: "yue"}


@pytest.mark.parametrize(("number", "why"), [(UNKNOWN, "unknown"), (NEVER_DRAWN, "nothing")])
def test_nobody_is_called_about_nothing(left: Aftermath, number: str, why: str) -> None:
    row, *_ = left.inbound[number]
    assert (row.outcome, row.why_not, row.flow) == ("call_back_asked", why, None)
    assert number not in left.calls
    assert not [each for each in left.log if (each.number, each.event) == (number, "incoming")]


def test_everybody_hears_the_same(left: Aftermath) -> None:
    """Known or not, with something open or not: what is heard and pressed tells them not apart."""
    told = {
        number: (heard(row), [each["key"] for each in row.trail["pressed"]], row.outcome)
        for number, (row, *_) in left.inbound.items()
        if number != RINGS_ELSEWHERE  # hung up with the key
    }
    assert set(told) == {*DRAWN, NEVER_DRAWN, UNKNOWN, FLOODER} - {RINGS_ELSEWHERE}
    assert all(each == (["inbound", "inbound_recorded"], ["1"], "call_back_asked") for each in told.values()), told


def test_a_flood_is_turned_away(left: Aftermath) -> None:
    rows = left.inbound[FLOODER]
    assert len(rows) == FLOOD
    taken = [row for row in rows if row.trail is not None]
    assert 0 < len(taken) <= RULE.per_number_hour
    assert {row.why_not for row in rows if row.trail is None} <= {"at_once", "per_number", "same_caller"}
    ended = [each.detail for each in left.log if (each.number, each.event) == (FLOODER, "ended")]
    assert len(ended) == len(taken)  # the others were never answered
    assert FLOODER not in left.calls


def test_a_crash_leaves_nobody_on_the_line_and_loses_no_wish(left: Aftermath) -> None:
    silent = left.inbound[UNKNOWN][-1]
    assert (silent.outcome, silent.why_not) == ("interrupted", "not_wanted")
    wanted = left.inbound[RINGS_ELSEWHERE][-1]
    assert (wanted.flow, wanted.became) == ("call_back", "delivered")


def test_one_decision_for_each_pick(left: Aftermath) -> None:
    assert left.outcomes == len(left.picks) == len(DRAWN)
    for number in DRAWN:
        assert sum(each.outcome in ("accepted", "declined") for each in left.calls[number]) == 1


def test_the_chain_holds(left: Aftermath) -> None:
    assert left.verified == 2  # unfinished (the eligible are used up), and all else as it must be


def test_no_callers_number_is_written_anywhere(left: Aftermath) -> None:
    for where, text in left.texts.items():
        for number in left.inbound:
            assert number not in text, where
