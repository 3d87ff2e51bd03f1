"""How one call ended, as far as rules ask, and which outcomes count for what."""

from collections.abc import Sequence
from enum import StrEnum


class CallOutcome(StrEnum):
    """How one call ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_KEY = "no_key"
    WRONG_KEYS = "wrong_keys"
    HUNG_UP_EARLY = "hung_up_early"
    WRONG_PERSON = "wrong_person"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    REDIRECTED = "redirected"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    INVALID_NUMBER = "invalid_number"
    TRUNK_FAILURE = "trunk_failure"
    NO_MEDIA = "no_media"
    LINE_DROPPED = "line_dropped"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"


DECISIONS = frozenset({CallOutcome.ACCEPTED, CallOutcome.DECLINED})
LINE_FAULTS = frozenset({CallOutcome.TRUNK_FAILURE, CallOutcome.NO_MEDIA, CallOutcome.LINE_DROPPED})
"""The network's doing (线路原因): it brought the call nowhere, carried no sound, or ended it after the answer."""
OUR_FAILURES = LINE_FAULTS | {CallOutcome.INTERRUPTED, CallOutcome.CANCELLED}
"""Not the expert's doing but the line's or our own: such a call is no try."""
TRIES = frozenset(CallOutcome) - DECISIONS - OUR_FAILURES
RETRIED = frozenset(CallOutcome) - DECISIONS - {CallOutcome.CANCELLED}
ADDED = {
    CallOutcome.REDIRECTED: CallOutcome.UNREACHABLE,
    CallOutcome.NO_MEDIA: CallOutcome.INTERRUPTED,
    CallOutcome.LINE_DROPPED: CallOutcome.INTERRUPTED,
}
"""Outcomes that came later than the first rules: a version that does not name one takes the other's number for it."""
HEARD = frozenset({"delivered", "still_comes", "cant_come", "leave_confirmed", "leave_denied", "withdrawn"})
"""What a call about an agreement is to come to (ivr.calls.Outcome); such a call is not repeated."""


def failures_in_a_row(outcomes: Sequence[str]) -> int:
    """How many of the last calls failed by the line's fault or our own.

    >>> failures_in_a_row(["trunk_failure", "busy", "interrupted", "no_media"])
    2
    """
    return next((n for n, outcome in enumerate(reversed(outcomes)) if outcome not in OUR_FAILURES), len(outcomes))
