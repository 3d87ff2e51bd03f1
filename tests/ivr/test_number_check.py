"""The call that verifies a supervisor's number: the code of their own page, or a confirmed key that it is not theirs."""

from __future__ import annotations

import pytest

from drawing import supervisors
from ivr.calls import (
    Answered,
    Decide,
    Dial,
    Finish,
    HangUp,
    HungUp,
    NumberAnswer,
    Outcome,
    Play,
    Recorded,
    Refused,
    Started,
    StopPlay,
)
from ivr.dialplans import KINDS, Timings
from ivr.dialplans.number_check import CODE_DIGITS
from ivr.prompts import Language, number_check
from script.flows import prompts_named
from tests.ivr.dialogue import Script, script

CODE = "482913"
YES, NO = Decide(NumberAnswer(Outcome.VERIFIED)), Decide(NumberAnswer(Outcome.WRONG_PERSON))


def answered() -> Script:
    flow = KINDS["number_check"].flow(Timings(), lambda digits: None if digits == CODE else "number_check_wrong")
    return script(flow).gets(Started()).does(Dial(30.0)).gets(Answered()).does(Play("number_check"))


def asked() -> Script:
    return answered().presses("1").does(Play("number_check_code"))


def gone(said: Script, outcome: Outcome) -> None:
    said.hears_out().does(HangUp()).gets(HungUp(16, by_us=True)).does(Finish(outcome)).after(1000).does_nothing()


def test_the_code_verifies_the_number_once_it_is_recorded() -> None:
    said = asked().presses(*CODE).does(StopPlay(), YES)
    gone(said.gets(Recorded()).does(Play("number_check_received")), Outcome.VERIFIED)


def test_a_code_after_two_wrong_ones() -> None:
    said = asked().presses(*"111111").does(StopPlay(), Play("number_check_wrong"))
    said.presses("2", "#").does(StopPlay(), Play("number_check_wrong"))
    said.presses(*CODE).does(StopPlay(), YES)


def test_three_wrong_codes_end_the_call() -> None:
    said = asked()
    for _ in range(2):
        said.presses(*"111111").does(StopPlay(), Play("number_check_wrong"))
    said.presses(*"111111").does(StopPlay(), Play("number_check_goodbye"))
    gone(said, Outcome.WRONG_KEYS)


def test_a_star_starts_over_and_a_long_pause_ends_the_code() -> None:
    said = asked().presses("7").does(StopPlay()).presses("*").does(Play("number_check_code"))
    said.presses(*CODE[:4]).does(StopPlay()).after(10).does(Play("number_check_wrong"))


def test_not_theirs_is_confirmed_by_the_same_key() -> None:
    said = answered().presses("9").does(Play("confirm_not_mine")).presses("9").does(NO)
    gone(said.gets(Recorded()).does(Play("received_not_mine")), Outcome.WRONG_PERSON)


def test_a_star_takes_not_theirs_back() -> None:
    answered().presses("9").does(Play("confirm_not_mine")).presses("*").does(Play("number_check")).presses("1").does(
        Play("number_check_code")
    )


def test_a_number_that_was_changed_meanwhile_hears_so() -> None:
    said = asked().presses(*CODE).does(StopPlay(), YES).gets(Refused()).does(Play("number_check_refused"))
    gone(said, Outcome.WITHDRAWN)


def test_silence_and_keys_that_mean_nothing() -> None:
    said = answered().hears_out().after(8).does(Play("number_check_no_key")).hears_out().after(8)
    gone(said.does(Play("number_check_goodbye")), Outcome.NO_KEY)
    said = answered().presses("5").does(Play("number_check_wrong_key")).presses("7").does(Play("number_check_wrong_key"))
    gone(said.presses("5").does(Play("number_check_goodbye")), Outcome.WRONG_KEYS)


def test_the_code_has_as_many_digits_as_the_page_shows() -> None:
    assert CODE_DIGITS == supervisors.CODE_DIGITS


@pytest.mark.parametrize("language", list(Language))
def test_every_prompt_is_there_in_every_language(language: Language) -> None:
    said = number_check(None, language)
    assert prompts_named(KINDS["number_check"]) == set(said)
    assert {prompt.language for prompt in said.values()} == {language}
    mandarin = number_check(None, Language.MANDARIN)
    assert {name: len(prompt.parts) for name, prompt in said.items()} == {
        name: len(prompt.parts) for name, prompt in mandarin.items()
    }
