from ivr.calls import (
    Answered,
    Decide,
    Dial,
    Digit,
    Finish,
    HangUp,
    HungUp,
    Outcome,
    Play,
    PlayFailed,
    Recorded,
    Refused,
    Share,
    Speak,
    Started,
    StopPlay,
    Unavailable,
)
from ivr.dialplans import Timings, Witness
from tests.ivr.dialogue import Script, script


def weak(digits: str) -> str | None:
    """As short as a test needs it."""
    if len(digits) < 8:
        return "witness_weak_length"
    return "witness_weak" if len(set(digits)) == 1 else None


def answered() -> Script:
    said = script(Witness(Timings(), weak)).gets(Started()).does(Dial(30.0))
    return said.gets(Answered()).does(Play("witness_receipt"))


def asked() -> Script:
    return answered().hears_out().presses("1").does(Play("witness_ask"))


def read_back(digits: str = "48291306") -> Script:
    return asked().presses(*digits, "#").does(StopPlay(), Speak("witness_readback", digits))


def test_gives_its_share() -> None:
    said = read_back().after(3).presses("1").does(Decide(Share("48291306")))
    said.gets(Recorded()).does(Play("witness_received")).hears_out().does(HangUp())
    said.gets(HungUp(16, by_us=True)).does(Finish(Outcome.SHARE_GIVEN))


def test_the_receipt_is_heard_whole_before_anything_is_asked() -> None:
    said = answered().presses(*"4829506", "#").does_nothing()
    said.hears_out().does_nothing().presses("1").does(Play("witness_ask"))


def test_a_hasty_one_goes_on_at_the_receipt_s_end() -> None:
    answered().presses("1").does_nothing().hears_out().does(Play("witness_ask"))


def test_who_is_silent_after_the_receipt_is_asked() -> None:
    answered().hears_out().after(8).does(Play("witness_ask"))


def test_the_receipt_again() -> None:
    said = answered().presses("3").does(Play("witness_receipt")).hears_out()
    said.presses("*").does(Play("witness_receipt")).presses("1").does(Play("witness_ask"))


def test_who_has_the_receipt_hears_its_end_and_by_a_key_the_whole() -> None:
    said = script(Witness(Timings(), weak, sent=True)).gets(Started()).does(Dial(30.0))
    said = said.gets(Answered()).does(Play("witness_receipt_sent"))
    said.presses("4").does_nothing().presses("3").does(Play("witness_receipt")).presses("1").does_nothing()
    said.hears_out().does(Play("witness_ask"))


def test_who_has_the_receipt_goes_on_once_its_end_was_heard() -> None:
    said = script(Witness(Timings(), weak, sent=True)).gets(Started()).does(Dial(30.0))
    said.gets(Answered()).does(Play("witness_receipt_sent")).hears_out().presses("1").does(Play("witness_ask"))


def test_the_key_that_led_to_the_question_is_no_digit() -> None:
    said = asked().after(0.1).gets(Digit("1", "witness_ask")).does_nothing()
    said.presses("4", step="witness_receipt").does_nothing()
    said.presses(*"48291306", "#").does(StopPlay(), Speak("witness_readback", "48291306"))


def test_equal_digits_in_quick_succession_all_count() -> None:
    said = asked().presses("4")
    for _ in range(3):
        said.after(0.15).gets(Digit("4", "witness_ask"))
    said.presses(*"1306", "#").does(StopPlay(), Speak("witness_readback", "44441306"))


def test_twelve_digits_are_complete() -> None:
    said = asked().presses(*"482913065771").does(StopPlay(), Speak("witness_readback", "482913065771"))
    said.presses("#").does_nothing()


def test_a_long_pause_ends_the_number() -> None:
    asked().presses(*"48291306").after(10).does(StopPlay(), Speak("witness_readback", "48291306"))


def test_a_star_starts_over() -> None:
    said = asked().presses(*"482").does(StopPlay()).presses("*").does(Play("witness_ask"))
    said.presses(*"91306577", "#").does(StopPlay(), Speak("witness_readback", "91306577"))


def test_weak_digits_are_refused_with_the_reason() -> None:
    said = asked().presses(*"123", "#").does(StopPlay(), Play("witness_weak_length"))
    said.presses(*"77777777", "#").does(StopPlay(), Play("witness_weak"))
    said.presses(*"48291306", "#").does(StopPlay(), Speak("witness_readback", "48291306"))


def test_weak_digits_are_not_refused_for_ever() -> None:
    said = asked()
    for _ in range(4):
        said.presses("#").does(Play("witness_weak_length"))
    said.presses("#").does(Play("witness_goodbye")).hears_out().does(HangUp())
    said.gets(HungUp(16, by_us=True)).does(Finish(Outcome.WRONG_KEYS))


def test_no_digits() -> None:
    said = asked().hears_out().after(8).does(Play("witness_no_key")).hears_out().after(8)
    said.does(Play("witness_goodbye")).gets(HungUp(16)).does(Finish(Outcome.NO_KEY))


def test_the_read_back_is_denied() -> None:
    said = read_back().after(3).presses("*").does(Play("witness_ask"))
    said.presses(*"91306577", "#").does(StopPlay(), Speak("witness_readback", "91306577"))


def test_a_digit_that_is_keyed_twice_quickly_is_two_also_if_the_same_key_led_there() -> None:
    said = asked().after(0.5)
    for key in "11830572":
        said.after(0.3).gets(Digit(key, "witness_ask", held_ms=80))
    said.presses("#").does(StopPlay(), Speak("witness_readback", "11830572"))


def test_a_thirteenth_digit_confirms_nothing() -> None:
    read_back().after(0.5).gets(Digit("1", "witness_readback")).does_nothing()
    read_back().after(4.0).gets(Digit("1", "witness_readback", held_ms=3_600)).does_nothing()


def test_a_wrong_key_at_the_read_back() -> None:
    said = read_back().after(3).presses("7").does(Play("witness_wrong_key")).after(3).presses("1")
    said.does(Decide(Share("48291306")))


def test_silence_at_the_read_back() -> None:
    said = read_back().hears_out().after(8).does(Speak("witness_readback", "48291306")).hears_out().after(8)
    said.does(Play("witness_goodbye")).gets(HungUp(16)).does(Finish(Outcome.NO_KEY))


def test_the_share_comes_too_late() -> None:
    said = read_back().after(3).presses("1").does(Decide(Share("48291306"))).gets(Refused())
    said.does(Play("witness_refused")).gets(HungUp(16)).does(Finish(Outcome.WITHDRAWN))


def test_the_database_is_away() -> None:
    said = read_back().after(3).presses("1").does(Decide(Share("48291306"))).gets(Unavailable())
    said.does(Play("wait")).after(4).does(Decide(Share("48291306"))).gets(HungUp(16), Recorded())
    said.does(Finish(Outcome.SHARE_GIVEN))


def test_a_receipt_that_can_t_be_played_asks_nothing() -> None:
    answered().gets(PlayFailed("witness_receipt")).does(HangUp())
    answered().after(Timings().longest_prompt).does(HangUp())
