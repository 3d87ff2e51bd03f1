"""Real calls to those who have agreed: every kind at once, on telephones of every sort; the tests read what was kept.

One stack, the real voice. What is asked for here by hand the console asks for in the same way (drawing.notices.ask).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asterisk.far_end import Behaviour
from db.pool import Database
from drawing import decide, notices
from drawing.lifecycle import Role
from drawing.notices import Round, Standing
from drawing.start import start
from ivr.dialplans import KINDS
from ivr.prompts import InvitationFacts, Language
from ivr.speech import make_speech
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import add_experts, add_picks, condition, make_activity, plan
from tests.system import audio
from tests.system.audio import Samples
from tests.system.conftest import Stack, running_stack
from tests.system.conversations import Call, Listener, Person, people

pytestmark = [
    pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech, pytest.mark.xdist_group("notices"),
]  # fmt: skip

TIMES = {"press_after": 3.0, "press_again_after": 2.5, "hang_up_after": 6.0}
LONGEST = 600.0
EARLIER = "2026-11-22T14:30:00+08:00"
MATTERS: Mapping[str, Mapping[str, Any]] = {
    "change_of_time": {"earlier": EARLIER}, "withdrawal": {"ground": "不可抗力"},
}  # fmt: skip
B = Behaviour
NEXT_WEEK, LATE, TOO_LATE, SOON = timedelta(days=7), timedelta(minutes=-5), timedelta(minutes=-31), timedelta(minutes=100)
ASKED = (
    *(("change_of_time", each, NEXT_WEEK) for each in (B.ACCEPTS, B.DECLINES, B.SILENT, B.BUSY, B.HANGS_UP_EARLY)),
    *(("leave", each, NEXT_WEEK) for each in (B.ACCEPTS, B.DECLINES, B.WRONG_KEY_THEN_ACCEPTS)),
    *(("withdrawal", each, NEXT_WEEK) for each in (B.SILENT, B.HANGS_UP_EARLY, B.REJECTS)),
    *(("release", each, NEXT_WEEK) for each in (B.ACCEPTS, B.TRUNK_FAILURE)),
    ("withdrawal", B.ACCEPTS, NEXT_WEEK),
    ("change_of_time", B.REPEATS_THEN_ACCEPTS, NEXT_WEEK),
    ("urging", B.REPEATS_THEN_ACCEPTS, LATE),
    ("urging", B.SILENT, TOO_LATE),
    ("reminder", B.PATIENT, SOON),  # the worker asks for it by itself
)
"""Kind, telephone, and how far away the gathering is: not tomorrow, because then the evening's reminder comes too."""
LANGUAGES: Mapping[tuple[str, Behaviour], Language] = {
    ("withdrawal", B.ACCEPTS): Language.CANTONESE, ("change_of_time", B.REPEATS_THEN_ACCEPTS): Language.ENGLISH,
}  # fmt: skip
"""Of those who have chosen one."""
INVITED = B.ACCEPTS.number(99)
"""Is invited, and loses the seat while on the line."""
PHONES = [*(behaviour.number(n) for n, (_, behaviour, _) in enumerate(ASKED)), INVITED]


def number(kind: str, who: Behaviour) -> str:
    return next(who.number(n) for n, (each, behaviour, _) in enumerate(ASKED) if (each, behaviour) == (kind, who))


GONE = number("leave", B.WRONG_KEY_THEN_ACCEPTS)
"""Loses the seat while being asked."""
HANGS_UP_AFTER_THE_CORE = number("reminder", B.PATIENT)


@dataclass(frozen=True)
class Run:
    """What is left of the run."""

    people: Mapping[str, Person]
    rounds: Mapping[tuple[str, str], Round]
    """By kind and number."""
    left: int
    """Calls that had not ended."""

    def person(self, kind: str, who: Behaviour) -> Person:
        return self.people[number(kind, who)]

    def round(self, kind: str, who: Behaviour) -> Round:
        return self.rounds[kind, number(kind, who)]

    def listen(self, kind: str, who: Behaviour) -> Listener:
        person = self.person(kind, who)
        return Listener(person.calls[0], person.prompts)


@pytest.fixture(scope="module")
def run(cluster: Cluster, speech_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with fresh_database(cluster) as database:
        yield asyncio.run(_run(database, tmp_path_factory.mktemp("notices"), speech_cache))


async def _run(database: TestDatabase, folder: Path, cache: Path) -> Run:
    async with Database(database.dsn) as db, running_stack(db, database, folder, cache, **TIMES) as stack:
        add_experts(database.dsn, stack.keys.custody.vault, PHONES)
        await db.run("UPDATE expert SET specialties = '{B0101}' WHERE id = %(id)s", {"id": len(PHONES)})
        for (kind, who), language in LANGUAGES.items():
            chosen = {"id": PHONES.index(number(kind, who)) + 1, "language": language.value}
            await db.run("UPDATE expert SET language = %(language)s WHERE id = %(id)s", chosen)
        made = {each: await _activity(stack, each) for each in (NEXT_WEEK, LATE, TOO_LATE, SOON)}
        picks = [await _agreed(stack, made[when], n) for n, (_, _, when) in enumerate(ASKED, start=1)]
        await _ask(stack, made, picks)
        worker = await stack.worker(quick=False, languages=[each.value for each in Language])
        later = plan((condition(main=("B01",)),), opens_in=NEXT_WEEK + timedelta(days=1))
        drawn = await make_activity(db, stack.keys.custody.vault, later)
        await start(db, stack.keys.custody.vault, drawn, "clerk", Role.HANDLER)
        await _meanwhile(stack)
        await stack.until("SELECT count(*) = 0 FROM call WHERE state <> 'ended'", LONGEST)
        await worker.stop()
        await stack.no_channels()
        return await _kept(stack, made, picks)


async def _activity(stack: Stack, gathers_in: timedelta) -> str:
    made = plan((condition(seats=len(ASKED)),), opens_in=gathers_in)
    activity = await make_activity(stack.db, stack.keys.custody.vault, made)
    await stack.db.run("UPDATE activity SET state = 'completed' WHERE id = %(activity)s", {"activity": activity})
    return activity


async def _agreed(stack: Stack, activity: str, expert: int) -> int:
    """An expert who agreed yesterday."""
    yesterday = timedelta(days=1)
    return (await add_picks(stack.db, stack.keys.custody, activity, {expert: "accepted"}, yesterday))[expert]


async def _ask(stack: Stack, made: Mapping[timedelta, str], picks: list[int]) -> None:
    for (kind, _, when), pick in zip(ASKED, picks, strict=True):
        if kind != "reminder":
            async with stack.db.transaction() as tx:
                await decide.lock(tx, made[when])
                assert await notices.ask(tx, kind, made[when], [pick], MATTERS.get(kind)) == [pick]


LOSE_SEAT = """
UPDATE pick SET outcome = 'cancelled', decided_at = clock_timestamp() WHERE expert = %(expert)s
AND EXISTS (SELECT FROM call c WHERE c.pick = pick.id AND c.state = 'live') RETURNING true
"""


async def _meanwhile(stack: Stack) -> None:
    """Seats go while two are on the line; one hangs up; who would be called for ever is not."""
    await asyncio.gather(
        *(stack.until(LOSE_SEAT, LONGEST, expert=PHONES.index(each) + 1) for each in (GONE, INVITED)),
        _hang_up_after_the_core(stack),
        _no_more(stack, number("change_of_time", B.SILENT), calls=1),
        _no_more(stack, number("release", B.TRUNK_FAILURE), calls=4),
    )


async def _no_more(stack: Stack, phone: str, *, calls: int) -> None:
    """After so many calls the next one is dropped."""
    sql = """UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
             WHERE expert = %(expert)s AND state = 'waiting' AND attempt > %(calls)s RETURNING true"""
    await stack.until(sql, LONGEST, expert=PHONES.index(phone) + 1, calls=calls)


async def _hang_up_after_the_core(stack: Stack) -> None:
    """Their telephone breaks off while the details are heard: by what it has recorded, not by the clock."""
    sounds = await _sounds(stack, "reminder", PHONES.index(HANGS_UP_AFTER_THE_CORE) + 1)
    enough = (len(sounds["reminder"]) + 5 * audio.RATE) * 2
    folder = stack.far_end.settings.recordings
    async with asyncio.timeout(LONGEST):
        while sum(path.stat().st_size for path in folder.glob(f"{HANGS_UP_AFTER_THE_CORE}-*.wav")) < enough:
            await asyncio.sleep(0.1)
    await stack.hang_up(HANGS_UP_AFTER_THE_CORE)


async def _sounds(stack: Stack, kind: str, expert: int) -> dict[str, Samples]:
    """What this person's prompts sound like."""
    sql = """SELECT n.gather_at, n.address, n.contact, n.contact_phone, p.code FROM pick p
             JOIN notice n ON n.activity = p.activity WHERE p.expert = %(expert)s"""
    row = await stack.db.one(sql, {"expert": expert})
    known = InvitationFacts(
        gather_at=row.gather_at, district="广州市越秀区", duration=timedelta(hours=3), address=row.address,
        contact=row.contact, contact_phone=row.contact_phone, code=row.code,
    )  # fmt: skip
    language = Language(await stack.db.value("SELECT language FROM expert WHERE id = %(id)s", {"id": expert}))
    speech = make_speech(stack.speech, languages=[language.value])
    await speech.start()
    try:
        rendered = await speech.render_all(KINDS[kind].says(known, MATTERS.get(kind, {}), language))
        return {name: audio.joined(media) for name, media in rendered.items()}
    finally:
        await speech.close()


async def _kept(stack: Stack, made: Mapping[timedelta, str], picks: list[int]) -> Run:
    kinds = [*(kind for kind, _, _ in ASKED), "invitation"]
    codes = {row.expert: row.code for row in await stack.db.all("SELECT expert, code FROM pick")}
    sounds: dict[str | None, Mapping[str, Samples]] = {
        codes[n]: await _sounds(stack, kind, n) for n, kind in enumerate(kinds, start=1)
    }
    rounds: dict[tuple[str, str], Round] = {}
    async with stack.db.transaction() as tx:
        for n, (kind, _, when) in enumerate(ASKED):
            rounds[kind, PHONES[n]] = (await notices.rounds(tx, made[when], kind))[picks[n]]
    left = await stack.db.value("SELECT count(*) FROM call WHERE state <> 'ended'")
    return Run(await people(stack, sounds), rounds, left)


# --- a new 集合时间 ---------------------------------------------------------------------------------------------


def test_still_comes(run: Run) -> None:
    told = run.listen("change_of_time", B.ACCEPTS).hears("change_of_time").partly().presses("1").stops()
    told.hears("confirm_still_comes").partly().presses("1").stops().hears("received_still_comes").whole().ends()
    assert run.round("change_of_time", B.ACCEPTS) == Round(Standing.REACHED, "still_comes", 1)
    kept(run.person("change_of_time", B.ACCEPTS), "accepted")


def test_cant_come(run: Run) -> None:
    told = run.listen("change_of_time", B.DECLINES).hears("change_of_time").presses("2").stops()
    told.hears("confirm_cant_come").presses("2").stops().hears("received_cant_come").whole().ends()
    assert run.round("change_of_time", B.DECLINES) == Round(Standing.REACHED, "cant_come", 1)
    kept(run.person("change_of_time", B.DECLINES), "accepted")  # a reply changes no pick


def kept(person: Person, pick: str) -> None:
    """The reply stands with its evidence, and was committed before it was acknowledged."""
    call = person.calls[0]
    assert (person.pick, call.evidence["outcome"]) == (pick, call.outcome)
    receipt = call.trail["heard"][-1]
    assert receipt["prompt"] == f"received_{call.outcome}"
    assert receipt["at_ms"] / 1000 >= call.decided - 0.02


def test_silence_is_no_reply(run: Run) -> None:
    told = run.listen("change_of_time", B.SILENT).hears("change_of_time").whole().hears("no_key").whole()
    told.hears("goodbye_no_key").whole().ends()
    assert [call.outcome for call in run.person("change_of_time", B.SILENT).calls] == ["no_key"]


@pytest.mark.parametrize(
    ("kind", "who", "outcome"),
    [
        ("change_of_time", B.BUSY, "busy"),
        ("change_of_time", B.HANGS_UP_EARLY, "hung_up_early"),
        ("withdrawal", B.HANGS_UP_EARLY, "hung_up_early"),
        ("withdrawal", B.REJECTS, "rejected"),
    ],
    ids=str,
)
def test_three_times_not_reached(run: Run, kind: str, who: Behaviour, outcome: str) -> None:
    calls = run.person(kind, who).calls
    assert [call.outcome for call in calls] == [outcome] * 3
    assert [round(call.after) for call in calls[1:]] == [4, 4]
    assert run.round(kind, who) == Round(Standing.NOT_REACHED, outcome, 3)


# --- leave ----------------------------------------------------------------------------------------------------


def test_leave_is_confirmed_by_key(run: Run) -> None:
    told = run.listen("leave", B.ACCEPTS).hears("leave").presses("1").stops()
    told.hears("confirm_leave_confirmed").presses("1").stops().hears("received_leave_confirmed").whole().ends()
    kept(run.person("leave", B.ACCEPTS), "accepted")


def test_leave_was_not_asked_for(run: Run) -> None:
    told = run.listen("leave", B.DECLINES).hears("leave").presses("2").stops()
    told.hears("confirm_leave_denied").presses("2").stops().hears("received_leave_denied").whole().ends()
    assert run.round("leave", B.DECLINES) == Round(Standing.REACHED, "leave_denied", 1)


# --- a seat that goes in mid-call -----------------------------------------------------------------------------


def test_who_loses_the_seat_while_asked_hears_an_apology(run: Run) -> None:
    person = run.people[GONE]
    told = Listener(person.calls[0], person.prompts).hears("leave").presses("5").hears("wrong_key").presses("1")
    told.hears("confirm_leave_confirmed").presses("1").hears("apology_taken").whole().ends()
    nothing_stands(person, person.calls[0])


def test_who_loses_the_seat_while_invited_hears_an_apology(run: Run) -> None:
    person = run.people[INVITED]
    told = Listener(person.calls[0], person.prompts).hears("invitation").presses("1")
    told.hears("confirm_accept").presses("1").hears("apology_taken").whole().ends()
    nothing_stands(person, person.calls[0])


def nothing_stands(person: Person, call: Call) -> None:
    assert (call.outcome, call.decided, person.pick) == ("withdrawn", 0, "cancelled")
    assert [each.outcome for each in person.calls] == ["withdrawn"]


# --- notices --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "who", "more"),
    [("withdrawal", B.SILENT, "withdrawal_more"), ("release", B.ACCEPTS, "release_more")],
    ids=str,
)
def test_heard_to_the_end(run: Run, kind: str, who: Behaviour, more: str) -> None:
    """Keys that mean nothing there change nothing."""
    told = run.listen(kind, who).hears(kind).whole().hears(more).whole().hears("goodbye").whole()
    assert told.call.outcome == "delivered"
    assert run.round(kind, who) == Round(Standing.REACHED, "delivered", 1)


def test_a_notice_in_cantonese(run: Run) -> None:
    told = run.listen("withdrawal", B.ACCEPTS)
    told.hears("withdrawal").whole().hears("withdrawal_more").whole().hears("goodbye").whole()
    assert run.round("withdrawal", B.ACCEPTS) == Round(Standing.REACHED, "delivered", 1)


def test_a_question_in_english(run: Run) -> None:
    told = run.listen("change_of_time", B.REPEATS_THEN_ACCEPTS).hears("change_of_time").partly().presses("3").stops()
    told.hears("change_of_time").partly().presses("1").stops().hears("confirm_still_comes").partly().presses("1").stops()
    told.hears("received_still_comes").whole().ends()
    kept(run.person("change_of_time", B.REPEATS_THEN_ACCEPTS), "accepted")


def test_no_language_is_taken_for_another(run: Run) -> None:
    """What was heard in one is not what the same call says in Mandarin."""
    for (kind, who), other in zip(LANGUAGES, (B.SILENT, B.ACCEPTS), strict=True):
        mandarin = run.person(kind, other).prompts[kind]
        assert not run.person(kind, who).calls[0].match(mandarin).found


def test_urging_is_heard_again_by_key(run: Run) -> None:
    told = run.listen("urging", B.REPEATS_THEN_ACCEPTS).hears("urging").partly().presses("3").stops()
    told.hears("urging").whole().hears("urging_more").whole().hears("goodbye").whole()
    assert run.round("urging", B.REPEATS_THEN_ACCEPTS) == Round(Standing.REACHED, "delivered", 1)


def test_hanging_up_after_the_core_counts_as_told(run: Run) -> None:
    told = run.listen("reminder", B.PATIENT).hears("reminder").whole().hears("details").partly().ends()
    assert (told.call.outcome, told.call.trail["by_us"]) == ("delivered", False)
    assert run.round("reminder", B.PATIENT) == Round(Standing.REACHED, "delivered", 1)


def test_a_failing_trunk_is_no_try(run: Run) -> None:
    calls = run.person("release", B.TRUNK_FAILURE).calls
    assert len(calls) >= 4
    assert {call.outcome for call in calls} == {"trunk_failure"}


def test_nobody_is_urged_when_it_is_too_late(run: Run) -> None:
    late = B.SILENT.number(ASKED.index(("urging", B.SILENT, TOO_LATE)))
    assert late not in run.people
    assert run.rounds["urging", late] == Round(Standing.NOT_REACHED, "cancelled", 0)


def test_nothing_is_left(run: Run) -> None:
    assert run.left == 0
    for person in run.people.values():
        for call in person.calls:
            assert datetime.fromisoformat(call.trail["ended"])
