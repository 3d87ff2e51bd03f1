"""What the end of a call means (呼叫结果): from Q.850 causes and SIP statuses to an Outcome.

Sources: ITU-T Q.850 (causes), RFC 3261 section 21 (statuses), RFC 3398 section 7.2.4.1 (how they map). The
SIP status is looked at first where there is one: a carrier's gateway writes it, while the cause is what
our Asterisk makes of it (it turns 480 into 19, seen on 22.10.1).
"""

from collections.abc import Mapping

from ivr.calls import DialFailed, HungUp, Outcome
from ivr.endings import answered_outcome

_BY_SIP: Mapping[int, Outcome] = {
    404: Outcome.INVALID_NUMBER,
    410: Outcome.INVALID_NUMBER,  # gone: number changed
    484: Outcome.INVALID_NUMBER,  # address incomplete
    604: Outcome.INVALID_NUMBER,
    480: Outcome.UNREACHABLE,
    430: Outcome.UNREACHABLE,
    486: Outcome.BUSY,
    600: Outcome.BUSY,
    603: Outcome.REJECTED,
    607: Outcome.REJECTED,  # unwanted
    608: Outcome.REJECTED,
}

_BY_CAUSE: Mapping[int, Outcome] = {
    1: Outcome.INVALID_NUMBER,  # unallocated
    22: Outcome.INVALID_NUMBER,  # number changed
    28: Outcome.INVALID_NUMBER,  # incomplete
    17: Outcome.BUSY,
    21: Outcome.REJECTED,
    18: Outcome.UNREACHABLE,  # no user responding
    20: Outcome.UNREACHABLE,  # subscriber absent
}

_TIMED_OUT_BY_SIP = frozenset({408, 487})
"""Request time-out; terminated by CANCEL."""

_TIMED_OUT_BY_CAUSE = frozenset({0, 16, 19, 26, 31, 102, 127})
"""No answer (19), recovery on timer (102), and what says no more than that the call was cleared."""


def classify(end: HungUp | DialFailed, *, answered: bool, alerted: bool) -> Outcome:
    """What `end` means for a call in which no outcome was reached before.

    answered: the channel was up; alerted: 180 or 183 had come, so the trunk had done its work and what
    follows is about the person. A hangup of our own choice is not for this function: the flow knows why it
    hung up; `by_us` here is the driver killing a call that it could not follow.
    """
    match end:
        case HungUp() if answered:
            return answered_outcome(end)
        case HungUp(lost=True) | HungUp(by_us=True):
            return Outcome.INTERRUPTED
        case HungUp(cause=cause, sip=sip) | DialFailed(cause=cause, sip=sip):
            return _unanswered(cause, sip, alerted)


def _unanswered(cause: int, sip: int, alerted: bool) -> Outcome:
    """A time-out before anything was alerted is the trunk's failure; so is 5xx and whatever it refuses
    to us. A redirect (3xx) is what the person's line does, and leads nowhere else.
    """
    timed_out = sip in _TIMED_OUT_BY_SIP if sip else cause in _TIMED_OUT_BY_CAUSE
    if timed_out and alerted:
        return Outcome.NO_ANSWER
    if 300 <= sip < 400:
        return Outcome.REDIRECTED
    found = _BY_SIP.get(sip) if sip else _BY_CAUSE.get(cause)
    return found or Outcome.TRUNK_FAILURE
