"""The witness's call, what must stay secret, and how sure the ear is. The calls are those of tests/system/talk.py."""

from __future__ import annotations

import pytest

from asterisk.far_end import Behaviour
from drawing.canonical import read
from tests.system import audio
from tests.system.audio import Match
from tests.system.conftest import CALLER_ID
from tests.system.conversations import NEAR, Call
from tests.system.talk import AFTER_THE_WITNESS, DIGITS, PHONES, WITNESS, Talk

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]

PROJECT = ("招标代理演示项目0617", "一标段", "单位")


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
    # These have many words that were played too: who calls, for when, which keys.
    alike = {"details_call", "received_accept", "received_wrong_person", "confirm_accept", "no_key", "wrong_key"}
    for name, prompt in known.items():
        match: Match = call.match(prompt)
        if name in played:
            assert match.likeness > audio.LIKE + 0.05, (name, match)
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
