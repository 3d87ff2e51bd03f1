"""What every kind of person on the telephone hears, and what it comes to. The calls are those of tests/system/talk.py."""

from __future__ import annotations

import pytest

from asterisk.far_end import Behaviour
from tests.system.conversations import Call, Person
from tests.system.talk import CUT_OFF, Talk

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]


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
    """Whoever accepts hears the own 验证码, twice; another's is not what was heard there."""
    mine, other = talk[Behaviour.ACCEPTS], talk[Behaviour.PATIENT]
    assert mine.code != other.code
    right, wrong = (mine.calls[0].match(whose.prompts["details"]) for whose in (mine, other))
    assert right.whole
    assert not wrong.whole or wrong.missed > right.missed + 0.5, (right, wrong)


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
    assert talk[Behaviour.PRESSES_EARLY].calls[0].trail["heard"][0]["for_ms"] < 4_000
    accepted(talk[Behaviour.PRESSES_EARLY])


def test_a_doubled_key_does_not_confirm(talk: Talk) -> None:
    """The bounce is kept as evidence, in whichever step it fell, but only the key pressed on purpose decides."""
    call = talk[Behaviour.DOUBLED_KEY].calls[0]
    told = talk.listen(Behaviour.DOUBLED_KEY).hears("invitation").partly()
    told.hears("confirm_accept").hears("received_accept", "details").whole()
    _, bounce, purpose = call.trail["pressed"]
    assert bounce["at_ms"] / 1000 < call.decided - 0.5
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


@pytest.mark.parametrize("who", [Behaviour.SILENT, Behaviour.HELLO_NO_KEY], ids=lambda each: each.name)
def test_no_key_at_all(talk: Talk, who: Behaviour) -> None:
    told = talk.listen(who).hears("invitation").whole().hears("no_key").whole().hears("goodbye_no_key").whole().ends()
    assert told.call.keys == ""
    unreached(talk[who], "no_key", (16, 0), calls=2, pause=3)


def test_a_machine_that_answers(talk: Talk) -> None:
    """It is spoken to like everybody; that it greeted, and never pressed, is in the evidence."""
    told = talk.listen(Behaviour.VOICEMAIL).hears("invitation").whole().hears("no_key").whole()
    told.hears("goodbye_no_key").whole().ends()
    assert told.call.keys == ""
    assert told.call.evidence["talked"] == told.call.trail["talked"]
    assert 5 < spoke(told.call) < 13
    unreached(talk[Behaviour.VOICEMAIL], "voicemail", (16, 0), calls=2, pause=3)


def test_a_machine_that_hangs_up(talk: Talk) -> None:
    assert talk[Behaviour.VOICEMAIL_FULL].calls[0].trail["by_us"] is False
    unreached(talk[Behaviour.VOICEMAIL_FULL], "voicemail", (16, 0), calls=2, pause=3)


@pytest.mark.parametrize(
    ("who", "least", "most"), [(Behaviour.SAYS_HELLO, 0.3, 2), (Behaviour.TALKS_OVER, 5, 13)], ids=str
)
def test_who_talks_and_accepts(talk: Talk, who: Behaviour, least: float, most: float) -> None:
    told = talk.listen(who).hears("invitation").partly().presses("1").stops()
    told.hears("confirm_accept").partly().presses("1").stops().hears("received_accept", "details").whole()
    assert least < spoke(told.call) < most
    accepted(talk[who])


def spoke(call: Call) -> float:
    """Seconds in which its telephone talked."""
    return sum(float(talked["for_ms"]) for talked in call.trail["talked"]) / 1000


def test_a_choice_that_is_not_confirmed(talk: Talk) -> None:
    told = talk.listen(Behaviour.UNCONFIRMED).hears("invitation").presses("1").stops()
    told.hears("confirm_accept").whole().hears("confirm_accept").whole().hears("goodbye_no_key").whole().ends()
    unreached(talk[Behaviour.UNCONFIRMED], "no_key", (16, 0), calls=2, pause=3)


def test_hanging_up_in_mid_prompt(talk: Talk) -> None:
    """The evidence says how far the invitation was heard, as the recording does."""
    told = talk.listen(Behaviour.HANGS_UP_EARLY).hears("invitation").partly()
    told.ends()
    assert 4 < told.call.trail["heard"][0]["for_ms"] / 1000 < 8
    assert told.call.trail["by_us"] is False
    unreached(talk[Behaviour.HANGS_UP_EARLY], "hung_up_early", (16, 0), calls=2, pause=3)


def test_hanging_up_at_once(talk: Talk) -> None:
    person = talk[Behaviour.HANGS_UP_AT_ONCE]
    assert person.calls[0].keys == ""
    assert all(heard["for_ms"] < 3_000 for heard in person.calls[0].trail["heard"])
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
    assert [round(call.after) for call in person.calls[1:4]] == [2, 4, 8]


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
