"""What is taken apart into figures, and by which voice."""

import pytest

from ivr.prompts.parts import Code, Digits, Fixed, Part, Pause, Phone
from ivr.speech.figures import taken_apart
from ivr.speech.free_text import phone, tidy
from ivr.speech.normalise import spoken_text

NUMBERS = ("13800138000", "+86 138-0013-8000", "020-83812345", "02083186888", "400-830-2769", "95588", "0756-8130419")


def heard(part: Part) -> str:
    """As it is written for a voice: rests between groups are commas."""
    written = ""
    for each in taken_apart(part, natural=True):
        if isinstance(each, Pause):
            written += "，" if each.milliseconds > 200 else ""
        else:
            written += spoken_text(each)
    return written


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_the_same_figures_in_the_same_groups(number: str) -> None:
    assert heard(Phone(number)) == tidy(phone(number))


@pytest.mark.parametrize("number", NUMBERS)
def test_it_needs_no_sound_of_its_own(number: str) -> None:
    said = {each for each in taken_apart(Phone(number), natural=True) if not isinstance(each, Pause)}
    assert said <= {Digits(str(figure)) for figure in range(10)}


@pytest.mark.parametrize("part", [Phone("13800138000"), Phone(""), Fixed("您好。"), Digits("4829"), Pause(250)])
def test_other_voices_say_it_whole(part: Part) -> None:
    assert tuple(taken_apart(part, natural=False)) == (part,)


@pytest.mark.parametrize("part", [Phone("020-83812345转102"), Phone(""), Phone("见短信"), Fixed("您好。"), Pause(250)])
def test_an_extension_and_what_is_no_number_are_said_whole(part: Part) -> None:
    assert tuple(taken_apart(part, natural=True)) == (part,)


def test_the_pace_is_the_parts() -> None:
    assert {each.slow for each in taken_apart(Phone("95588", slow=False), natural=True) if isinstance(each, Digits)} == {False}


@pytest.mark.parametrize("natural", [True, False])
def test_a_code_is_two_groups_of_figures(natural: bool) -> None:
    rests = [each.milliseconds for each in taken_apart(Code("482913"), natural=natural) if isinstance(each, Pause)]
    assert rests == [80, 80, 450, 80, 80]
