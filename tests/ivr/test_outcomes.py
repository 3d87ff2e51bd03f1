import pytest

from ivr.calls import DialFailed, HungUp, Outcome
from ivr.outcomes import classify


@pytest.mark.parametrize(
    ("cause", "sip", "alerted", "outcome"),
    [
        (17, 486, True, Outcome.BUSY),
        (17, 0, False, Outcome.BUSY),
        (0, 600, False, Outcome.BUSY),
        (21, 603, True, Outcome.REJECTED),
        (21, 0, False, Outcome.REJECTED),
        (19, 480, True, Outcome.UNREACHABLE),
        (18, 0, False, Outcome.UNREACHABLE),
        (20, 0, True, Outcome.UNREACHABLE),
        (1, 404, False, Outcome.INVALID_NUMBER),
        (28, 484, False, Outcome.INVALID_NUMBER),
        (1, 0, False, Outcome.INVALID_NUMBER),
        (19, 0, True, Outcome.NO_ANSWER),
        (16, 487, True, Outcome.NO_ANSWER),
        (18, 408, True, Outcome.NO_ANSWER),
        (19, 0, False, Outcome.TRUNK_FAILURE),
        (18, 408, False, Outcome.TRUNK_FAILURE),
        (34, 503, False, Outcome.TRUNK_FAILURE),
        (34, 503, True, Outcome.TRUNK_FAILURE),
        (34, 0, False, Outcome.TRUNK_FAILURE),
        (38, 0, False, Outcome.TRUNK_FAILURE),
        (42, 0, True, Outcome.TRUNK_FAILURE),
        (17, 500, True, Outcome.TRUNK_FAILURE),
        (21, 403, False, Outcome.TRUNK_FAILURE),
        (58, 488, False, Outcome.TRUNK_FAILURE),
    ],
)
def test_before_the_answer(cause: int, sip: int, alerted: bool, outcome: Outcome) -> None:
    assert classify(HungUp(cause, sip), answered=False, alerted=alerted) is outcome
    assert classify(DialFailed(cause, sip), answered=False, alerted=alerted) is outcome


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (HungUp(16), Outcome.HUNG_UP_EARLY),
        (HungUp(0), Outcome.HUNG_UP_EARLY),
        (HungUp(17), Outcome.HUNG_UP_EARLY),
        (HungUp(38), Outcome.LINE_DROPPED),
        (HungUp(44), Outcome.LINE_DROPPED),
        (HungUp(0, lost=True), Outcome.INTERRUPTED),
        (HungUp(16, by_us=True), Outcome.INTERRUPTED),
    ],
)
def test_after_the_answer(end: HungUp, outcome: Outcome) -> None:
    assert classify(end, answered=True, alerted=True) is outcome


def test_lost_is_interrupted_whenever() -> None:
    assert classify(HungUp(17, 486, lost=True), answered=False, alerted=False) is Outcome.INTERRUPTED
