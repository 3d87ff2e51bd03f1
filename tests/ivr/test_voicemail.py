"""Who talked how long, and what that makes of a call without a key: a machine, or in doubt what the flow found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls import Answered, Finish, HangUp, HungUp, Outcome, Play, Pressed, Started, Talked, Trail
from ivr.dialplans import KINDS, Kind, Timings, Whom
from ivr.voicemail import concluded
from tests.ivr.dialogue import script

ANSWERED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GREETING = (Talked(200, 3100), Talked(4000, 2700), Talked(7400, 2500))
BEEP = Talked(10_800, 500)
HELLO = Talked(300, 1200)
KEY = Pressed("1", 12_000, 120, "invitation")


def trail(*talked: Talked, seconds: float = 50) -> Trail:
    return Trail("el", "carrier", answered=ANSWERED, ended=ANSWERED + timedelta(seconds=seconds), talked=talked)


@pytest.mark.parametrize(
    ("talked", "machine"),
    [
        ((*GREETING, BEEP), True),
        (GREETING, True),
        ((Talked(300, 5000),), True),
        ((Talked(2800, 9000), Talked(13_000, 500)), True),  # a late one
        ((Talked(300, 26_000), Talked(27_000, 500)), True),
        ((), False),  # silent
        ((HELLO,), False),
        ((Talked(300, 4900),), False),
        ((HELLO, Talked(4000, 800), Talked(8000, 700)), False),  # 喂, and again
        (tuple(Talked(n * 1600, 400) for n in range(9)), False),  # 喂, 喂, 喂 …
        ((Talked(3500, 9000),), False),  # had listened before
        ((HELLO, Talked(4500, 9000)), False),
        ((*GREETING, BEEP, Talked(20_000, 3000)), False),  # talks later on: a person, or a machine that converses
        ((Talked(200, 18_000), Talked(30_000, 9000)), False),  # an echo of our prompts
        ((Talked(200, 47_000),), False),  # a television
        ((*GREETING, Talked(11_000, 39_000, whole=False)), False),  # the same, with pauses at first
        ((Talked(200, 49_800, whole=False),), False),  # a line that sends nothing in silence
    ],
)
@pytest.mark.parametrize("outcome", [Outcome.NO_KEY, Outcome.DELIVERED])
def test_a_call_that_runs_its_course(talked: tuple[Talked, ...], machine: bool, outcome: Outcome) -> None:
    assert concluded(outcome, trail(*talked)) is (Outcome.VOICEMAIL if machine else outcome)


@pytest.mark.parametrize(
    ("talked", "seconds", "machine"),
    [
        (GREETING, 10.5, True),  # in mid-greeting
        ((*GREETING, Talked(10_800, 700, whole=False)), 11.5, True),
        ((HELLO, Talked(2000, 9500, whole=False)), 11.5, False),
        ((Talked(200, 8000),), 8.3, True),
        ((*GREETING, BEEP), 30, True),  # its time for messages is over
        ((Talked(200, 5000),), 12, True),
        ((Talked(200, 5000),), 8, False),  # somebody scolds and hangs up
        ((Talked(200, 3100), Talked(4000, 2700)), 8, False),
        ((HELLO,), 12, False),
        ((), 12, False),
    ],
)
def test_hung_up_on(talked: tuple[Talked, ...], seconds: float, machine: bool) -> None:
    found = concluded(Outcome.HUNG_UP_EARLY, trail(*talked, seconds=seconds))
    assert found is (Outcome.VOICEMAIL if machine else Outcome.HUNG_UP_EARLY)


@pytest.mark.parametrize("outcome", Outcome)
def test_nobody_else_is_a_machine(outcome: Outcome) -> None:
    """A key is a person's, and whatever says more than "no key" stands."""
    greeted = trail(*GREETING, BEEP)
    assert concluded(outcome, replace(greeted, pressed=(KEY,))) is outcome
    doubtful = outcome in (Outcome.NO_KEY, Outcome.HUNG_UP_EARLY, Outcome.DELIVERED)
    assert concluded(outcome, greeted) is (Outcome.VOICEMAIL if doubtful else outcome)


@pytest.mark.parametrize(
    "known", [replace(trail(*GREETING), answered=None), replace(trail(*GREETING), ended=None)], ids=["no answer", "no end"]
)
def test_a_call_of_which_too_little_is_known(known: Trail) -> None:
    assert concluded(Outcome.NO_KEY, known) is Outcome.NO_KEY


stretches = st.lists(st.builds(Talked, st.integers(0, 60_000), st.integers(1, 60_000), st.booleans()), max_size=20)


@given(stretches, st.sampled_from(list(Outcome)), st.booleans(), st.floats(0, 600))
def test_it_never_decides(talked: list[Talked], outcome: Outcome, pressed: bool, seconds: float) -> None:
    """Whatever was talked: what the flow found or voicemail, and with a key the former."""
    call = replace(trail(*talked, seconds=seconds), pressed=(KEY,) if pressed else ())
    found = concluded(outcome, call)
    assert found in ({outcome} if pressed else {outcome, Outcome.VOICEMAIL})


@pytest.mark.parametrize("kind", [each for each in KINDS.values() if each.whom is Whom.EXPERT], ids=lambda each: each.name)
def test_a_machine_hears_every_kind_of_call_to_its_end(kind: Kind) -> None:
    """It lets everything be said and presses nothing; then nobody was told anything."""
    said = script(kind.flow(Timings(), lambda _: None)).gets(Started(), Answered())
    while HangUp() not in said.done:
        before = len(said.done)
        said.hears_out()
        if len(said.done) == before:
            said.after(10)
    assert any(isinstance(each, Play) for each in said.done)
    said.gets(HungUp(16, by_us=True))
    (end,) = (each for each in said.done if isinstance(each, Finish))
    assert end.outcome in (Outcome.NO_KEY, Outcome.DELIVERED)
    assert concluded(end.outcome, trail(*GREETING, BEEP)) is Outcome.VOICEMAIL
    assert concluded(end.outcome, trail(HELLO)) is end.outcome
