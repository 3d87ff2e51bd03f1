import pytest

from ivr.calls import (
    Answer,
    Answered,
    Cancelled,
    Decide,
    Dial,
    DialFailed,
    Digit,
    EarlyMedia,
    Finish,
    HangUp,
    HungUp,
    Outcome,
    Play,
    PlayFailed,
    Recorded,
    Refused,
    Ringing,
    Started,
    Unavailable,
)
from ivr.dialplans import Invitation, Timings
from tests.ivr.dialogue import Script, script

ACCEPT, DECLINE = Decide(Answer(Outcome.ACCEPTED)), Decide(Answer(Outcome.DECLINED))


def dialled() -> Script:
    return script(Invitation(Timings())).gets(Started()).does(Dial(30.0))


def answered() -> Script:
    return dialled().gets(Ringing(), Answered()).does(Play("invitation"))


def accepting() -> Script:
    return answered().presses("1").does(Play("confirm_accept")).presses("1").does(ACCEPT)


def accepted() -> Script:
    return accepting().gets(Recorded()).does(Play("received_accept"))


def gone(said: Script, outcome: Outcome, end: HungUp | None = None) -> None:
    """Leave is taken: the channel goes, and the call has come to `outcome`."""
    said.gets(end or HungUp(16, by_us=True)).does(Finish(outcome)).after(1000).does_nothing()


def test_accepts_and_hears_the_details() -> None:
    said = accepted().hears_out().does(Play("details")).hears_out().after(5).does(Play("goodbye"))
    gone(said.hears_out().does(HangUp()), Outcome.ACCEPTED)


def test_the_details_can_be_heard_twice_more() -> None:
    said = accepted().hears_out().does(Play("details"))
    said.presses("3").does(Play("details")).presses("*").does(Play("details")).presses("3").does_nothing()


def test_declines() -> None:
    said = answered().presses("2").does(Play("confirm_decline")).presses("2").does(DECLINE)
    said.gets(Recorded()).does(Play("received_decline")).hears_out().does(HangUp())
    gone(said, Outcome.DECLINED)


def test_a_wrong_person_decides_nothing() -> None:
    said = answered().presses("9").does(Play("confirm_wrong_person"))
    said.presses("9").does(Play("received_wrong_person")).hears_out().does(HangUp())
    gone(said, Outcome.WRONG_PERSON)


def test_another_choice_in_the_confirm_step_switches() -> None:
    said = answered().presses("1").does(Play("confirm_accept")).presses("2").does(Play("confirm_decline"))
    said.presses("1").does(Play("confirm_accept")).presses("1").does(ACCEPT)


@pytest.mark.parametrize("key", ["3", "*"])
def test_again_plays_the_invitation_and_forgets_the_choice(key: str) -> None:
    said = answered().presses("1").does(Play("confirm_accept")).presses(key).does(Play("invitation"))
    said.presses("1").does(Play("confirm_accept"))


def test_again_is_limited() -> None:
    said = answered()
    for _ in range(3):
        said.presses("3").does(Play("invitation"))
    said.presses("3").does_nothing()


def test_wrong_keys_end_the_call() -> None:
    said = answered()
    for key in "57":
        said.presses(key).does(Play("wrong_key"))
    gone(said.presses("#").does(Play("goodbye_no_key")).hears_out().does(HangUp()), Outcome.WRONG_KEYS)


def test_silence_is_answered_once() -> None:
    said = answered().hears_out().after(8).does(Play("no_key")).hears_out().after(8)
    gone(said.does(Play("goodbye_no_key")).hears_out().does(HangUp()), Outcome.NO_KEY)


def test_silence_is_no_consent_to_a_choice() -> None:
    said = answered().presses("1").does(Play("confirm_accept")).hears_out().after(8)
    said.does(Play("confirm_accept")).hears_out().after(8).does(Play("goodbye_no_key"))
    gone(said.hears_out().does(HangUp()), Outcome.NO_KEY)


def test_a_key_of_an_older_step_answers_nothing() -> None:
    answered().presses("1").does(Play("confirm_accept")).presses("1", step="invitation").does_nothing()


def test_a_key_doubled_by_the_line_confirms_nothing() -> None:
    said = answered().presses("1").does(Play("confirm_accept"))
    said.after(0.2).gets(Digit("1", "confirm_accept")).does_nothing()
    said.after(1.7).gets(Digit("1", "confirm_accept")).does_nothing()  # nobody has heard the question yet
    said.after(0.6).gets(Digit("1", "confirm_accept")).does(ACCEPT)


def test_a_key_held_in_the_question_is_the_press_that_led_there() -> None:
    """A bouncing key: a short contact, then one that is held for as long as somebody likes."""
    said = answered().presses("1").does(Play("confirm_accept"))
    said.after(5.0).gets(Digit("1", "confirm_accept", held_ms=4_900)).does_nothing()
    said.after(4.1).gets(Digit("1", "confirm_accept", held_ms=4_000)).does_nothing()  # it has slipped, and is held again
    said.after(1.0).gets(Digit("1", "confirm_accept", held_ms=150)).does(ACCEPT)


def test_the_question_asked_again_is_answered_by_one_key() -> None:
    said = answered().presses("1").does(Play("confirm_accept")).hears_out().after(8).does(Play("confirm_accept"))
    said.after(0.1).gets(Digit("1", "confirm_accept", held_ms=80)).does(ACCEPT)


def test_another_key_needs_no_pause() -> None:
    said = answered().presses("1").does(Play("confirm_accept"))
    said.after(0.1).gets(Digit("2", "confirm_accept")).does(Play("confirm_decline"))


def test_too_late_the_flow_apologises() -> None:
    said = accepting().gets(Refused()).does(Play("apology_taken")).hears_out().does(HangUp())
    gone(said, Outcome.WITHDRAWN)


def test_the_database_away_for_a_while() -> None:
    said = accepting().gets(Unavailable()).does(Play("wait")).after(4).does(ACCEPT)
    said.gets(Unavailable()).does_nothing().after(4).does(ACCEPT)
    said.gets(Recorded()).does(Play("received_accept"))


def test_the_database_away_for_too_long() -> None:
    said = accepting().gets(Unavailable()).does(Play("wait"))
    for _ in range(2):
        said.after(4).does(ACCEPT).gets(Unavailable())
    said.after(4).does(ACCEPT).gets(Unavailable()).does(Play("promise_call")).hears_out().does(HangUp())
    gone(said, Outcome.INTERRUPTED)


def test_a_database_that_never_answers_counts_as_away() -> None:
    accepting().after(10).does(Play("wait")).after(4).does(ACCEPT)


def test_what_is_recorded_stands_even_after_the_promise() -> None:
    said = accepting().gets(Unavailable()).does(Play("wait"))
    for _ in range(3):
        said.after(4).does(ACCEPT).gets(Unavailable())
    said.does(Play("promise_call")).gets(Recorded()).hears_out().does(HangUp())
    gone(said, Outcome.ACCEPTED)


def test_a_hangup_after_the_record_is_an_acceptance() -> None:
    gone(accepted(), Outcome.ACCEPTED, HungUp(16))


def test_a_hangup_while_it_is_written_waits_for_the_answer() -> None:
    accepting().gets(HungUp(16)).does_nothing().gets(Recorded()).does(Finish(Outcome.ACCEPTED))
    accepting().gets(HungUp(16)).does_nothing().gets(Refused()).does(Finish(Outcome.WITHDRAWN))
    said = accepting().gets(HungUp(16), Unavailable()).does_nothing().after(4).does(ACCEPT)
    said.gets(Unavailable()).after(4).does(ACCEPT).gets(Recorded()).does(Finish(Outcome.ACCEPTED))


def test_a_hangup_and_no_database_is_interrupted() -> None:
    said = accepting().gets(HungUp(16)).after(1000)
    said.does(ACCEPT, ACCEPT, ACCEPT, Finish(Outcome.INTERRUPTED))


def test_a_hangup_in_the_prompt() -> None:
    answered().gets(HungUp(16)).does(Finish(Outcome.HUNG_UP_EARLY))
    answered().presses("1").gets(HungUp(16)).does(Play("confirm_accept"), Finish(Outcome.HUNG_UP_EARLY))


def test_nobody_hung_up_that_we_know_of() -> None:
    answered().gets(HungUp(0, lost=True)).does(Finish(Outcome.INTERRUPTED))


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (HungUp(17, 486), Outcome.BUSY),
        (HungUp(21, 603), Outcome.REJECTED),
        (HungUp(19, 480), Outcome.UNREACHABLE),
        (HungUp(1, 404), Outcome.INVALID_NUMBER),
        (HungUp(34, 503), Outcome.TRUNK_FAILURE),
        (HungUp(19), Outcome.TRUNK_FAILURE),
        (DialFailed(38), Outcome.TRUNK_FAILURE),
    ],
)
def test_not_answered(end: HungUp | DialFailed, outcome: Outcome) -> None:
    dialled().gets(end).does(Finish(outcome))


@pytest.mark.parametrize("alerting", [Ringing(), EarlyMedia()])
def test_rings_until_our_time_out(alerting: Ringing | EarlyMedia) -> None:
    dialled().gets(alerting, HungUp(19)).does(Finish(Outcome.NO_ANSWER))


def test_asterisk_forgets_the_time_out() -> None:
    said = dialled().gets(Ringing()).after(40).does(HangUp()).after(5).does(HangUp())
    gone(said, Outcome.NO_ANSWER)


def test_cancelled_while_it_rings() -> None:
    gone(dialled().gets(Ringing(), Cancelled()).does(HangUp()), Outcome.CANCELLED)


def test_cancelled_before_the_start() -> None:
    script(Invitation(Timings())).gets(Cancelled()).does(Finish(Outcome.CANCELLED)).gets(Started()).does_nothing()


def test_cancelled_after_the_answer_runs_on() -> None:
    answered().gets(Cancelled()).does_nothing().presses("1").does(Play("confirm_accept"))


def test_the_question_that_can_t_be_played() -> None:
    gone(answered().gets(PlayFailed("invitation")).does(HangUp()), Outcome.INTERRUPTED)


def test_details_that_can_t_be_played_leave_the_acceptance() -> None:
    said = accepted().gets(PlayFailed("received_accept")).does(Play("details")).gets(PlayFailed("details"))
    said.after(5).does(Play("goodbye")).gets(PlayFailed("goodbye")).does(HangUp())
    gone(said, Outcome.ACCEPTED)


def test_the_end_of_a_prompt_that_is_never_told() -> None:
    answered().after(Timings().longest_prompt).does(Play("no_key"))


def test_nobody_talks_for_ever() -> None:
    said = answered()
    for _ in range(400):
        said.presses("1", "2")
    assert said.done.count(HangUp()) > 1
    said.gets(HungUp(16, by_us=True))
    assert said.done[-1] == Finish(Outcome.NO_KEY)
