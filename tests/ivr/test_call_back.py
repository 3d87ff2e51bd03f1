from dataclasses import replace
from datetime import time

import pytest

from ivr import prompts
from ivr.calls import (
    Answered,
    Decide,
    Dial,
    Digit,
    Finish,
    HangUp,
    HungUp,
    LanguageChoice,
    Outcome,
    Play,
    Recorded,
    Refused,
    Reply,
    Started,
    Unavailable,
)
from ivr.dialplans import KINDS, CallBack, Invitation, Timings
from ivr.dialplans.call_back import Matter
from ivr.prompts import CallBackFacts, Fixed
from ivr.prompts.language import Language
from ivr.speech.normalise import spoken_text
from tests.ivr.dialogue import Script, script
from tests.ivr.facts import INVITATION

LEAVE = Decide(Reply(Outcome.LEAVE_CONFIRMED))


def called(matter: Matter = Matter.APPOINTMENT) -> Script:
    said = script(CallBack(Timings(), matter)).gets(Started()).does(Dial(30.0))
    return said.gets(Answered()).does(Play("call_back"))


def gone(said: Script, outcome: Outcome) -> None:
    said.gets(HungUp(16, by_us=True)).does(Finish(outcome)).after(1000).does_nothing()


def test_an_open_invitation_is_the_invitation_itself() -> None:
    assert isinstance(KINDS["call_back_invitation"].flow(Timings(), lambda _: None), Invitation)


def test_hears_where_to_go_again() -> None:
    said = called().presses("1").does(Play("details")).hears_out().after(8).does(Play("goodbye")).hears_out().does(HangUp())
    gone(said, Outcome.DELIVERED)


def test_asks_for_leave() -> None:
    said = called().presses("8").does(Play("confirm_leave")).presses("8").does(LEAVE)
    said.gets(Recorded()).does(Play("received_leave")).hears_out().does(HangUp())
    gone(said, Outcome.LEAVE_CONFIRMED)


def test_a_doubled_key_is_no_leave() -> None:
    said = called().presses("8").does(Play("confirm_leave")).after(0.2)
    said.gets(Digit("8", "confirm_leave")).does_nothing().after(1.5)
    said.gets(Digit("8", "confirm_leave")).does_nothing().presses("8").does(LEAVE)


def test_leave_can_be_taken_back_before_it_is_confirmed() -> None:
    said = called().presses("8").does(Play("confirm_leave")).presses("*").does(Play("call_back"))
    said.presses("1").does(Play("details"))


def test_silence_is_no_leave_and_that_is_said() -> None:
    said = called().presses("8").does(Play("confirm_leave")).hears_out().after(8).does(Play("confirm_leave"))
    said.hears_out().after(8).does(Play("leave_not_taken")).hears_out().does(HangUp())
    gone(said, Outcome.NO_KEY)


def test_wrong_keys_are_no_leave_and_that_is_said() -> None:
    said = called().presses("5", "5").does(Play("call_back"), Play("call_back")).presses("8").does(Play("confirm_leave"))
    said.presses("5").does(Play("leave_not_taken")).hears_out().does(HangUp())
    gone(said, Outcome.WRONG_KEYS)


def test_too_late_for_leave() -> None:
    said = called().presses("8").does(Play("confirm_leave")).presses("8").does(LEAVE)
    said.gets(Refused()).does(Play("leave_closed")).hears_out().does(HangUp())
    gone(said, Outcome.WITHDRAWN)


@pytest.mark.parametrize(
    ("key", "language"), [("1", Language.MANDARIN), ("2", Language.CANTONESE), ("3", Language.ENGLISH)]
)
@pytest.mark.parametrize("matter", list(Matter))
def test_chooses_a_language(matter: Matter, key: str, language: Language) -> None:
    said = called(matter).presses("7").does(Play("languages")).presses(key).does(Decide(LanguageChoice(language)))
    said.gets(Recorded()).does(Play("language_recorded")).hears_out().after(8).does(Play("goodbye"))
    gone(said.hears_out().does(HangUp()), Outcome.DELIVERED)


def test_leave_after_a_language() -> None:
    said = called().presses("7", "2").does(Play("languages"), Decide(LanguageChoice(Language.CANTONESE)))
    said.gets(Recorded()).does(Play("language_recorded")).presses("8", "8").does(Play("confirm_leave"), LEAVE)
    said.gets(Recorded()).does(Play("received_leave")).hears_out().does(HangUp())
    gone(said, Outcome.LEAVE_CONFIRMED)


def test_nothing_is_open() -> None:
    said = called(Matter.NOTHING).hears_out().after(8).does(Play("goodbye")).hears_out().does(HangUp())
    gone(said, Outcome.DELIVERED)


@pytest.mark.parametrize("key", ["1", "8"])
def test_keys_of_what_is_not_open_mean_nothing(key: str) -> None:
    said = called(Matter.NOTHING).presses(key).does(Play("call_back")).presses(key).does(Play("call_back"))
    said.presses(key).does(Play("goodbye"))


def test_a_machine_hears_nothing_that_matters() -> None:
    said = called().hears_out().after(8).does(Play("goodbye")).hears_out().does(HangUp())
    gone(said, Outcome.NO_KEY)


def test_hangs_up_early() -> None:
    called().gets(HungUp(16)).does(Finish(Outcome.HUNG_UP_EARLY))


def test_the_database_away() -> None:
    said = called().presses("8").does(Play("confirm_leave")).presses("8").does(LEAVE)
    said.gets(Unavailable()).does(Play("wait")).after(4).does(LEAVE).gets(Recorded()).does(Play("received_leave"))


# --- what is said ---------------------------------------------------------------------------------------------


APPOINTMENT = {
    "call_back", "language_recorded", "languages", "confirm_leave", "received_leave", "leave_not_taken", "leave_closed",
    "details", "wait", "promise_call", "goodbye",
}  # fmt: skip


def heard(name: str, facts: CallBackFacts) -> str:
    return "/".join(spoken_text(part) for part in prompts.call_back(facts)[name].spoken())


def test_the_prompts_that_the_flow_names_are_there() -> None:
    assert set(prompts.call_back(CallBackFacts(INVITATION, leave=True))) == APPOINTMENT
    leave = {"confirm_leave", "received_leave", "leave_not_taken", "leave_closed", "details"}
    assert set(prompts.call_back(CallBackFacts(None))) == APPOINTMENT - leave


def test_the_call_back_word_for_word() -> None:
    begin = "您好。/广东省综合评标评审专家库。/您刚才给我们打过电话，现在给您回电话。"
    end = "没有其他事项，可以挂机。/如果不是您打的，请直接挂机。"
    assert heard("call_back", CallBackFacts(INVITATION, leave=True)) == (
        f"{begin}/您已经同意参加一次评标。/听集合信息，请按一。/不能参加，需要请假，请按八。/选择语言，请按七。"
        f"/{end}"
    )
    assert "请假" not in heard("call_back", CallBackFacts(INVITATION, leave=False))
    assert heard("call_back", CallBackFacts(None)) == (
        f"{begin}/目前没有需要您办理的事项。/选择语言，请按七。/{end}"
    )


def test_before_a_key_nothing_is_said_of_where_and_when() -> None:
    facts = CallBackFacts(replace(INVITATION, address="越华路", district="越秀区"), leave=True)
    assert not any(word in heard("call_back", facts) for word in ("越", "二零二六", INVITATION.code))


def test_every_fixed_phrase_is_on_the_speakers_list() -> None:
    listed = {phrase for language in Language for phrase in prompts.fixed_phrases(language)}
    facts = CallBackFacts(INVITATION, leave=True), CallBackFacts(None)
    groups = [*map(prompts.call_back, facts), prompts.inbound(time(8), time(21))]
    for group in groups:
        for prompt in group.values():
            assert {part.text for part in prompt.parts if isinstance(part, Fixed)} <= listed
