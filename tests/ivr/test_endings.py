"""Who ended an answered call: in doubt it was not the person."""

from __future__ import annotations

import pytest

from ivr.calls import EndedBy, HungUp, Outcome, Reason
from ivr.endings import answered_outcome, who_ended
from ivr.outcomes import classify


@pytest.mark.parametrize(
    "end",
    [
        HungUp(16),
        HungUp(0),
        HungUp(31, 480),
        HungUp(17, 486),
        HungUp(21, 603),
        HungUp(21, 403),
        HungUp(21, 403, reason=Reason("SIP", 603)),
        HungUp(16, reason=Reason("Q.850", 16)),
        HungUp(16, reason=Reason("SIP", 200)),
        HungUp(16, reason=Reason("X.nobody-knows", 3)),
    ],
)
def test_a_person_hangs_up(end: HungUp) -> None:
    assert who_ended(end) is EndedBy.PERSON
    assert answered_outcome(end) is Outcome.HUNG_UP_EARLY
    assert classify(end, answered=True, alerted=True) is Outcome.HUNG_UP_EARLY


@pytest.mark.parametrize("cause", [1, 3, 18, 19, 20, 22, 26, 27, *range(34, 48), 58, 88, 102, 111, 127])
def test_other_causes_are_the_networks(cause: int) -> None:
    for end in (HungUp(cause), HungUp(cause, 500), HungUp(16, reason=Reason("Q.850", cause))):
        assert who_ended(end) is EndedBy.NETWORK
        assert classify(end, answered=True, alerted=True) is Outcome.LINE_DROPPED


@pytest.mark.parametrize("status", [406, 408, 481, 488, 491, 500, 503, 504, 580])
def test_other_statuses_are_the_networks(status: int) -> None:
    """Also beside a cause that says nothing: 481 and 408 of a request within the call, a session timer."""
    for end in (HungUp(16, status), HungUp(0, status), HungUp(16, reason=Reason("SIP", status))):
        assert who_ended(end) is EndedBy.NETWORK
        assert answered_outcome(end) is Outcome.LINE_DROPPED


@pytest.mark.parametrize("end", [HungUp(102, 408, by_us=True), HungUp(0, lost=True), HungUp(16, by_us=True)])
def test_what_we_did_or_lost_is_ours(end: HungUp) -> None:
    assert who_ended(end) is EndedBy.US
    assert answered_outcome(end) is Outcome.INTERRUPTED
