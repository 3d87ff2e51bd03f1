import pytest

from ivr.calls import DialFailed, HungUp, Outcome, Reason
from ivr.outcomes import Trust, believed, classify, telling


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


@pytest.mark.parametrize(
    ("sip", "reason", "outcome"),
    [
        (503, Reason("Q.850", 17), Outcome.BUSY),
        (500, Reason("Q.850", 17), Outcome.BUSY),
        (480, Reason("Q.850", 19), Outcome.NO_ANSWER),
        (480, Reason("Q.850", 20), Outcome.UNREACHABLE),
        (480, Reason("Q.850", 17), Outcome.BUSY),
        (480, Reason("Q.850", 41), Outcome.TRUNK_FAILURE),
        (486, Reason("Q.850", 34), Outcome.TRUNK_FAILURE),
        (603, Reason("Q.850", 17), Outcome.BUSY),
        (603, Reason("Q.850", 21), Outcome.REJECTED),
        (404, Reason("Q.850", 1), Outcome.INVALID_NUMBER),
        (404, Reason("Q.850", 3), Outcome.TRUNK_FAILURE),
        (480, Reason("Q.850", 23), Outcome.REDIRECTED),
        (403, Reason("Q.850", 55), Outcome.UNREACHABLE),
        (502, Reason("Q.850", 27), Outcome.UNREACHABLE),
        (480, Reason("SIP", 486), Outcome.BUSY),
        (480, Reason("SIP", 302), Outcome.REDIRECTED),
        (480, Reason("SIP", 503), Outcome.TRUNK_FAILURE),
        (0, Reason("Q.850", 17), Outcome.BUSY),
        # says nothing: the status goes
        (486, Reason("Q.850", 16), Outcome.BUSY),
        (603, Reason("Q.850", 31), Outcome.REJECTED),
        (480, Reason("Q.850", 127), Outcome.UNREACHABLE),
        (408, Reason("Q.850", 102), Outcome.NO_ANSWER),
        (503, Reason("Q.850", 102), Outcome.TRUNK_FAILURE),
        (486, Reason("Q.850", 4), Outcome.BUSY),
        (404, Reason("SIP", 200), Outcome.INVALID_NUMBER),
        # a redirect is one, whatever is said of it
        (302, Reason("Q.850", 17), Outcome.REDIRECTED),
    ],
)
def test_the_reason_goes_before_the_status(sip: int, reason: Reason, outcome: Outcome) -> None:
    assert classify(HungUp(34, sip, reason=reason), answered=False, alerted=True) is outcome


def test_who_rang_without_a_180_rang() -> None:
    """The network says so (19); what our own Asterisk makes of a 480 says nothing."""
    assert classify(HungUp(19, 480, reason=Reason("Q.850", 19)), answered=False, alerted=False) is Outcome.NO_ANSWER
    assert classify(HungUp(19, 408), answered=False, alerted=False) is Outcome.TRUNK_FAILURE


@pytest.mark.parametrize(
    ("trust", "sip", "counts"),
    [
        ("reason", 486, True),
        ("reason", 503, True),
        ("reason", 0, True),
        ("status", 486, False),
        ("status", 404, False),
        ("status", 302, False),
        ("status", 503, True),
        ("status", 408, True),
        ("status", 0, True),
        ("status_only", 503, False),
        ("status_only", 0, False),
    ],
)
def test_the_order_of_trust(trust: Trust, sip: int, counts: bool) -> None:
    reason = Reason("Q.850", 20)
    assert believed(reason, sip, trust) == (reason if counts else None)
    assert believed(None, sip, trust) is None


def test_of_several_the_one_that_says_something() -> None:
    assert telling([]) is None
    assert telling([Reason("Q.850", 16)]) == Reason("Q.850", 16)
    assert telling([Reason("Q.850", 16), Reason("SIP", 486)]) == Reason("SIP", 486)
    assert telling([Reason("SIP", 486), Reason("Q.850", 20)]) == Reason("Q.850", 20)
    assert telling([Reason("Q.850", 20), Reason("Q.850", 17)]) == Reason("Q.850", 20)
