"""Real calls with the real voice: what every kind of person on the telephone hears, and what it comes to.

One draw calls them all at once (see `Talk`), beside a witnessed one; the tests read what was kept of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from asterisk.far_end import Behaviour, LoggedEvent
from db.pool import Database
from drawing import chain, evidence
from drawing.activities import Plan
from drawing.canonical import read
from drawing.lifecycle import Role
from drawing.lots import fingerprint
from drawing.merkle import root
from drawing.start import start
from ivr import prompts
from ivr.prompts import ConditionCount, InvitationFacts, Prompt, WitnessFacts
from ivr.speech import Pyttsx3Engine, Speech
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import add_experts, condition, make_activity, plan, witness
from tests.system import audio
from tests.system.audio import Match, Samples
from tests.system.conftest import CALLER_ID, Stack, running_stack
from tests.system.conversations import NEAR, Call, Listener, Person, people

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]

CUT_OFF = Behaviour.ACCEPTS.number(50)
"""Agrees; then the line breaks down before the details."""
AFTER_THE_WITNESS = Behaviour.DECLINES.number(51)
WITNESS = Behaviour.CARELESS_WITNESS.number(52)
DIGITS = "31415926"
ALONE: list[Behaviour] = [each for each in Behaviour if each not in (Behaviour.WITNESS, Behaviour.CARELESS_WITNESS)]
PHONES = [*(each.number(n) for n, each in enumerate(ALONE)), CUT_OFF, AFTER_THE_WITNESS]
TIMES = {"press_after": 3.0, "press_again_after": 2.5, "early_press_after": 1.4, "hang_up_after": 6.0}
LONGEST = 600.0
PROJECT = ("招标代理演示项目0617", "一标段", "单位")


@dataclass(frozen=True)
class Talk:
    """What is left of the run."""

    people: Mapping[str, Person]
    log: tuple[LoggedEvent, ...]
    transcript: tuple[Any, ...]
    """Of the witnessed activity."""
    texts: Mapping[str, str]
    """Everything that was written or named anywhere, by where."""
    spoken: Mapping[str, Prompt]

    def __getitem__(self, who: Behaviour | str) -> Person:
        return self.people[who if isinstance(who, str) else who.number(ALONE.index(who))]

    def listen(self, who: Behaviour | str, call: int = 0) -> Listener:
        person = self[who]
        return Listener(person.calls[call], person.prompts)


@pytest.fixture(scope="module")
def talk(cluster: Cluster, speech_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with fresh_database(cluster) as database:
        yield asyncio.run(_talk(database, tmp_path_factory.mktemp("talk"), speech_cache))


async def _talk(database: TestDatabase, folder: Path, cache: Path) -> Talk:
    async with Database(database.dsn) as db, running_stack(db, database, folder, cache, **TIMES) as stack:
        add_experts(database.dsn, stack.keys.custody.vault, PHONES)
        await db.run("UPDATE expert SET specialties = '{B0101}' WHERE id = %(id)s", {"id": len(PHONES)})
        made = plan((condition(seats=len(PHONES) - 1),))
        other = plan((condition(main=("B01",)),), witnesses=(witness(WITNESS),), opens_in=timedelta(days=9))
        worker = await stack.worker(quick=False)
        witnessed = await _start(stack, other)
        await stack.until("SELECT count(*) > 0 FROM call WHERE state = 'live'")
        drawn = await _start(stack, made)
        await _cut_off(stack)
        await stack.until(OVER, LONGEST, picks=len(PHONES) - 1, failing=ALONE.index(Behaviour.TRUNK_FAILURE) + 1)
        await worker.stop()
        await stack.no_channels()
        return await _kept(stack, made, drawn, witnessed)


OVER = """
SELECT count(*) FILTER (WHERE outcome <> 'open') = %(picks)s
       AND NOT EXISTS (SELECT FROM call WHERE state <> 'ended' AND expert IS DISTINCT FROM %(failing)s) FROM pick
"""
"""All is over but for the number behind a failing trunk, which is tried on and on."""


async def _start(stack: Stack, made: Plan) -> str:
    number = await make_activity(stack.db, stack.keys.custody.vault, made)
    await start(stack.db, number, "clerk", Role.HANDLER)
    return number


async def _cut_off(stack: Stack) -> None:
    """Break the line once the acceptance is recorded."""
    sql = "SELECT outcome = 'accepted' FROM call WHERE expert = %(id)s"
    await stack.until(sql, LONGEST, id=PHONES.index(CUT_OFF) + 1)
    await stack.hang_up(CUT_OFF)


TRANSCRIPT = """
SELECT type, body, encode(hash, 'hex') AS hash FROM transcript WHERE activity = %(activity)s ORDER BY seq
"""


async def _kept(stack: Stack, made: Plan, drawn: str, witnessed: str) -> Talk:
    transcript = await stack.db.all(TRANSCRIPT, {"activity": witnessed})
    codes = {row.code: row.activity for row in await stack.db.all("SELECT code, activity FROM pick")}
    notice = made.notices[0]
    facts = InvitationFacts(
        gather_at=notice.gather_at, district="广州市越秀区", duration=timedelta(hours=3),
        address=notice.address, contact=notice.contact, contact_phone=notice.contact_phone, code="000000",
    )  # fmt: skip
    later = replace(facts, gather_at=facts.gather_at + timedelta(days=8))
    speech = Speech(stack.speech, Pyttsx3Engine())
    await speech.start()
    try:
        sounds: dict[str | None, Mapping[str, Samples]] = {
            code: await _sounds(speech, prompts.invitation(replace(facts if of == drawn else later, code=code)))
            for code, of in codes.items()
        }
        sounds[None] = await _witness_sounds(speech, await _receipt(stack, transcript))
    finally:
        await speech.close()
    texts = await _texts(stack, witnessed)
    return Talk(await people(stack, sounds), stack.telephone_log(), tuple(transcript), texts, prompts.invitation(facts))


async def _sounds(speech: Speech, wanted: Mapping[str, Prompt]) -> dict[str, Samples]:
    return {name: audio.joined(media) for name, media in (await speech.render_all(wanted)).items()}


async def _witness_sounds(speech: Speech, facts: WitnessFacts) -> Mapping[str, Samples]:
    sounds = await _sounds(speech, prompts.witness(facts))
    media = await speech.render_all(prompts.witness(facts))
    return sounds | {"witness_readback": audio.joined([p for part in prompts.readback(DIGITS) for p in media[part]])}


async def _receipt(stack: Stack, transcript: list[Any]) -> WitnessFacts:
    """What the witness must hear: from the transcript's commit and the ledger as it was then."""
    entry = next(row for row in transcript if row.type == "commit")
    commit = read(entry.body)
    leaf = chain.leaf_of((await stack.db.all(chain.Q.ledger))[0]).digest()
    return WitnessFacts(
        activity=commit["activity"], draw=1, pool_size=len(PHONES), eligible=(ConditionCount(1, 0),),
        excluded={}, fingerprint=fingerprint(entry.hash), ledger_size=1, ledger_root=root([leaf]).hex(),
    )  # fmt: skip


async def _texts(stack: Stack, activity: str) -> dict[str, str]:
    """All rows of all tables, all files of ours, and all their names."""
    tables = await stack.db.all(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
    )
    texts = {
        f"table {table.name}": await stack.db.value(f"SELECT string_agg(t::text, ' ') FROM {table.name} t") or ""
        for table in tables
    }
    await evidence.export(stack.db, stack.keys.custody, activity, stack.folder / "evidence")
    for folder in (stack.folder, stack.node.settings.folder, stack.speech):
        for path in sorted(folder.rglob("*")):
            texts[f"name {path}"] = path.name
            if path.is_file() and path.suffix not in (".wav", ".alaw"):
                texts[f"file {path}"] = path.read_text(errors="replace")
    return texts


# --- who agrees -----------------------------------------------------------------------------------------------


def test_accepting(talk: Talk) -> None:
    told = talk.listen(Behaviour.ACCEPTS).hears("invitation").partly().presses("1").stops()
    told.hears("confirm_accept").partly().presses("1").stops()
    told.hears("received_accept").whole().hears("details").whole().hears("goodbye").whole().ends()
    accepted(talk[Behaviour.ACCEPTS])


def test_listening_to_everything_before_accepting(talk: Talk) -> None:
    told = talk.listen(Behaviour.PATIENT).hears("invitation").whole().presses("1")
    told.hears("confirm_accept").whole().presses("1")
    told.hears("received_accept").whole().hears("details").whole().hears("goodbye").whole().ends()
    accepted(talk[Behaviour.PATIENT])


def accepted(person: Person) -> None:
    call = person.calls[0]
    assert (person.pick, call.outcome, call.codes, call.trail["by_us"]) == ("accepted", "accepted", (16, 0), True)
    assert call.evidence["outcome"] == "accepted"
    assert call.evidence["pressed"] == call.trail["pressed"][: len(call.evidence["pressed"])]
    receipt = next(heard for heard in call.trail["heard"] if heard["prompt"] == "received_accept")
    assert receipt["at_ms"] / 1000 >= call.decided - 0.02


def test_the_code_is_this_persons_own(talk: Talk) -> None:
    """Whoever accepts hears the own 验证码; with another's the details are not what was heard."""
    mine, other = talk[Behaviour.ACCEPTS], talk[Behaviour.PATIENT]
    assert mine.code != other.code
    assert mine.calls[0].match(mine.prompts["details"]).whole
    mistaken = mine.calls[0].match(other.prompts["details"])
    assert not mistaken.whole
    assert mistaken.length - mistaken.heard > 10


def test_repeating_before_accepting(talk: Talk) -> None:
    told = talk.listen(Behaviour.REPEATS_THEN_ACCEPTS).hears("invitation").presses("3").stops()
    told.hears("invitation").partly().presses("1").stops().hears("confirm_accept").presses("1").stops()
    told.hears("received_accept", "details").whole().hears("goodbye").ends()
    accepted(talk[Behaviour.REPEATS_THEN_ACCEPTS])


def test_a_wrong_key_before_accepting(talk: Talk) -> None:
    told = talk.listen(Behaviour.WRONG_KEY_THEN_ACCEPTS).hears("invitation").presses("5").stops()
    told.hears("wrong_key").partly().presses("1").stops().hears("confirm_accept").presses("1").stops()
    told.hears("received_accept", "details").whole().hears("goodbye").ends()
    accepted(talk[Behaviour.WRONG_KEY_THEN_ACCEPTS])


def test_an_early_key_is_obeyed_at_once(talk: Talk) -> None:
    told = talk.listen(Behaviour.PRESSES_EARLY).hears("invitation").partly().presses("1").stops()
    told.hears("confirm_accept").presses("1").stops().hears("received_accept", "details").whole()
    assert talk[Behaviour.PRESSES_EARLY].calls[0].trail["heard"][0]["for_ms"] < 2_500
    accepted(talk[Behaviour.PRESSES_EARLY])


def test_a_doubled_key_does_not_confirm(talk: Talk) -> None:
    """The bounce is kept as evidence, in whichever step it fell, but only the key pressed on purpose decides."""
    call = talk[Behaviour.DOUBLED_KEY].calls[0]
    told = talk.listen(Behaviour.DOUBLED_KEY).hears("invitation").partly()
    told.hears("confirm_accept").hears("received_accept", "details").whole()
    _, bounce, purpose = call.trail["pressed"]
    assert bounce["at_ms"] / 1000 < call.decided - 1.5
    assert purpose["step"] == "confirm_accept"
    assert call.evidence["pressed"] == call.trail["pressed"]
    accepted(talk[Behaviour.DOUBLED_KEY])


def test_a_long_key_is_one_key(talk: Talk) -> None:
    call = talk[Behaviour.LONG_KEY].calls[0]
    assert call.keys == "11"
    assert call.trail["pressed"][0]["held_ms"] > 1_500
    told = talk.listen(Behaviour.LONG_KEY).hears("invitation").presses("1").stops()
    told.hears("confirm_accept").presses("1").stops().hears("received_accept", "details").whole()
    accepted(talk[Behaviour.LONG_KEY])


def test_keys_as_tones_in_the_audio(talk: Talk) -> None:
    told = talk.listen(Behaviour.INBAND).hears("invitation").presses("1").stops()
    told.hears("confirm_accept").presses("1").stops().hears("received_accept", "details").whole()
    accepted(talk[Behaviour.INBAND])


# --- whose line breaks down before the details ----------------------------------------------------------------


def test_who_did_not_hear_the_details_is_called_with_them(talk: Talk) -> None:
    person = talk[CUT_OFF]
    first, second = person.calls
    assert (person.pick, first.outcome, first.flow) == ("accepted", "accepted", "invitation")
    assert first.trail["by_us"] is False
    assert not first.match(person.prompts["details"]).whole
    assert (second.outcome, second.flow, second.attempt) == ("delivered", "details", 1)
    told = talk.listen(CUT_OFF, 1).hears("details_call").whole().hears("details").whole().hears("goodbye").whole()
    assert told.call.outcome == "delivered"


# --- who does not agree ---------------------------------------------------------------------------------------


def test_declining(talk: Talk) -> None:
    person = talk[Behaviour.DECLINES]
    told = talk.listen(Behaviour.DECLINES).hears("invitation").presses("2").stops()
    told.hears("confirm_decline").presses("2").stops().hears("received_decline").whole().ends()
    assert (person.pick, [call.outcome for call in person.calls]) == ("declined", ["declined"])
    assert not person.calls[0].match(person.prompts["details"]).found
    receipt = person.calls[0].trail["heard"][-1]
    assert receipt["at_ms"] / 1000 >= person.calls[0].decided - 0.02


def test_the_wrong_person_decides_nothing(talk: Talk) -> None:
    told = talk.listen(Behaviour.WRONG_PERSON).hears("invitation").presses("9").stops()
    told.hears("confirm_wrong_person").presses("9").stops().hears("received_wrong_person").whole().ends()
    assert talk[Behaviour.WRONG_PERSON].calls[0].decided == 0
    unreached(talk[Behaviour.WRONG_PERSON], "wrong_person", (16, 0), calls=1)


def test_wrong_keys_only(talk: Talk) -> None:
    told = talk.listen(Behaviour.WRONG_KEYS).hears("invitation").presses("5").stops()
    told.hears("wrong_key").presses("7").stops().hears("wrong_key").presses("5").stops()
    told.hears("goodbye_no_key").whole()
    unreached(talk[Behaviour.WRONG_KEYS], "wrong_keys", (16, 0), calls=2, pause=3)


@pytest.mark.parametrize("who", [Behaviour.SILENT, Behaviour.VOICEMAIL], ids=lambda each: each.name)
def test_no_key_at_all(talk: Talk, who: Behaviour) -> None:
    told = talk.listen(who).hears("invitation").whole().hears("no_key").whole().hears("goodbye_no_key").whole().ends()
    assert told.call.keys == ""
    unreached(talk[who], "no_key", (16, 0), calls=2, pause=3)


def test_a_choice_that_is_not_confirmed(talk: Talk) -> None:
    told = talk.listen(Behaviour.UNCONFIRMED).hears("invitation").presses("1").stops()
    told.hears("confirm_accept").whole().hears("confirm_accept").whole().hears("goodbye_no_key").whole().ends()
    unreached(talk[Behaviour.UNCONFIRMED], "no_key", (16, 0), calls=2, pause=3)


def test_hanging_up_in_mid_prompt(talk: Talk) -> None:
    """The evidence says how far the invitation was heard, as the recording does."""
    told = talk.listen(Behaviour.HANGS_UP_EARLY).hears("invitation").partly()
    told.ends()
    assert 5 < told.call.trail["heard"][0]["for_ms"] / 1000 < 7
    assert told.call.trail["by_us"] is False
    unreached(talk[Behaviour.HANGS_UP_EARLY], "hung_up_early", (16, 0), calls=2, pause=3)


def test_hanging_up_at_once(talk: Talk) -> None:
    person = talk[Behaviour.HANGS_UP_AT_ONCE]
    assert person.calls[0].keys == ""
    assert all(heard["for_ms"] < 1_000 for heard in person.calls[0].trail["heard"])
    unreached(person, "hung_up_early", (16, 0), calls=2, pause=3)


@pytest.mark.parametrize(
    ("who", "outcome", "codes", "calls", "pause"),
    [
        (Behaviour.BUSY, "busy", (17, 486), 3, 4),
        (Behaviour.REJECTS, "rejected", (21, 603), 2, 4),
        (Behaviour.UNREACHABLE, "unreachable", (19, 480), 2, 4),
        (Behaviour.INVALID, "invalid_number", (1, 404), 1, 1),
        (Behaviour.ANNOUNCEMENT, "unreachable", (19, 480), 2, 4),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_who_is_not_reached(
    talk: Talk, who: Behaviour, outcome: str, codes: tuple[int, int], calls: int, pause: float
) -> None:
    unreached(talk[who], outcome, codes, calls=calls, pause=pause)
    for call in talk[who].calls:
        assert (call.trail["answered"], call.trail["heard"], call.trail["pressed"]) == (None, [], [])


def test_a_failing_trunk_is_not_held_against_the_person(talk: Talk) -> None:
    """It decides nothing, however often it happens: the seat stays theirs, and the next try waits."""
    person = talk[Behaviour.TRUNK_FAILURE]
    assert person.pick == "open"
    assert len(person.calls) > 4
    assert {(call.outcome, *call.codes) for call in person.calls} == {("trunk_failure", 34, 503)}
    assert {round(call.after) for call in person.calls[1:4]} == {2}


def test_nobody_answers(talk: Talk) -> None:
    person = talk[Behaviour.NEVER_ANSWERS]
    for call in person.calls:
        assert call.trail["ringing"] is not None
        assert call.trail["answered"] is None
    unreached(person, "no_answer", (19, 0), calls=2, pause=4)


def unreached(person: Person, outcome: str, codes: tuple[int, int], *, calls: int, pause: float = 0) -> None:
    """By the rules of demo-1 so many calls with their pauses, and then 未接通, which nobody decided."""
    assert [call.outcome for call in person.calls] == [outcome] * calls
    assert [call.attempt for call in person.calls] == list(range(1, calls + 1))
    assert [call.codes for call in person.calls] == [codes] * calls
    assert [round(call.after, 1) for call in person.calls[1:]] == [pause] * (calls - 1)
    assert all(call.evidence["outcome"] == outcome for call in person.calls)
    assert person.pick == "unreached"


# --- the witness ----------------------------------------------------------------------------------------------


def test_the_witness(talk: Talk) -> None:
    """Receipt, ask, a number that is too easy, ask, the number, read back, recorded."""
    told = talk.listen(WITNESS).hears("witness_receipt").whole().presses("1")
    told.hears("witness_ask").whole().presses("11111111#")
    told.hears("witness_weak_equal").whole().presses(f"{DIGITS}#")
    told.hears("witness_readback").whole().presses("1")
    told.hears("witness_received").whole().ends()
    assert (told.call.outcome, told.call.codes) == ("share_given", (16, 0))
    shares = [read(row.body)["share"] for row in talk.transcript if row.type == "witness"]
    assert shares == [{"by": "supervisor-1", "value": DIGITS}]


def test_the_witness_hears_the_receipt_after_it_is_recorded(talk: Talk) -> None:
    call = talk[WITNESS].calls[0]
    assert call.trail["heard"][-1]["at_ms"] / 1000 >= call.decided - 0.02


def test_nobody_is_rung_before_the_witness_has_spoken(talk: Talk) -> None:
    rang = next(event.at for event in talk.log if event.number == AFTER_THE_WITNESS)
    answered = next(event.at for event in talk.log if (event.number, event.event) == (WITNESS, "answered"))
    assert rang > answered + talk[WITNESS].calls[0].decided


# --- secrecy --------------------------------------------------------------------------------------------------


def test_the_published_number_calls(talk: Talk) -> None:
    incoming = [event for event in talk.log if event.event == "incoming"]
    assert {event.number for event in incoming} == {*PHONES, WITNESS}
    assert {event.detail for event in incoming} == {CALLER_ID}


def test_no_number_is_written_anywhere(talk: Talk) -> None:
    """Neither in rows, nor in logs, evidence, transcripts or names of files."""
    assert any(where.endswith(".log") for where in talk.texts)
    assert any("evidence" in where and "transcript" in where for where in talk.texts)
    for where, text in talk.texts.items():
        for phone in (*PHONES, WITNESS):
            assert phone not in text, where


def test_the_invitation_names_no_project_and_no_company(talk: Talk) -> None:
    for prompt in talk.spoken.values():
        text = "".join(str(part) for part in prompt.parts)
        assert not any(word in text for word in PROJECT), prompt.id


# --- how sure the ear is --------------------------------------------------------------------------------------


def test_another_prompt_is_not_heard(talk: Talk) -> None:
    """Every prompt that was not played lies far under the threshold, every one that was far over it."""
    call, known = talk[Behaviour.DECLINES].calls[0], talk[Behaviour.DECLINES].prompts
    played = {heard["prompt"] for heard in call.trail["heard"]}
    # These begin with words that were played too.
    alike = {"details_call", "received_accept", "received_wrong_person", "confirm_accept"}
    for name, prompt in known.items():
        match: Match = call.match(prompt)
        if name in played:
            assert match.likeness > 0.99, (name, match)
        elif name not in alike:
            assert match.likeness < audio.LIKE - 0.1, (name, match)
        else:
            assert not match.whole, (name, match)


def test_silence_and_noise_are_no_prompt(talk: Talk) -> None:
    prompt = talk[Behaviour.SILENT].prompts["no_key"]
    assert not audio.find(audio.SILENCE, prompt).found
    assert not audio.find(prompt[::-1].copy(), prompt).found


def test_a_busy_telephone_hears_nothing(talk: Talk) -> None:
    calls: list[Call] = [call for who in (Behaviour.BUSY, Behaviour.ANNOUNCEMENT) for call in talk[who].calls]
    assert all(len(call.recording) <= NEAR * audio.RATE for call in calls)
