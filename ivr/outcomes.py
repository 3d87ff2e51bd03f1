"""What the end of a call means (呼叫结果): from the network's Reason, SIP statuses and Q.850 causes to an Outcome.

Sources: ITU-T Q.850 (causes), RFC 3261 section 21 (statuses), RFC 3398 section 7.2.4.1 (how they map), RFC 3326 and 6432 (Reason).

The order of trust, before the answer: a redirect is one. Then the Reason, which is what the person's network said, where it says
something (a trunk's setting can put the status before it, see `believed`). Then the SIP status, which a carrier's gateway made of
that: it often writes 503 for a busy line. Last, where there is no status, the cause, which our Asterisk made of what it saw (it
turns 480 into 19, seen on 22.10.1).
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from ivr.calls import DialFailed, HungUp, Outcome, Reason
from ivr.endings import answered_outcome

Trust = Literal["reason", "status", "status_only"]
"""What goes first on a trunk whose refusals have both; see `believed`."""

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

_BY_REASON: Mapping[int, Outcome] = {
    **dict.fromkeys({*range(34, 127)} - {102}, Outcome.TRUNK_FAILURE),  # no resource, no such service, protocol errors
    2: Outcome.TRUNK_FAILURE,  # no route to the transit network
    3: Outcome.TRUNK_FAILURE,  # no route to the destination: often sent with 404, but the number may well exist
    25: Outcome.TRUNK_FAILURE,  # exchange routing error
    29: Outcome.TRUNK_FAILURE,  # facility rejected
    **_BY_CAUSE,
    19: Outcome.NO_ANSWER,  # user alerted, no answer: the network says that it rang
    23: Outcome.REDIRECTED,  # redirection to a new destination
    24: Outcome.REJECTED,  # by a feature at the destination (refuses unknown callers)
    27: Outcome.UNREACHABLE,  # destination out of order: the user's equipment is off
    54: Outcome.UNREACHABLE,  # incoming calls barred
    55: Outcome.UNREACHABLE,
}
"""Of Q.850 causes in a Reason: the other side's network knows more than our Asterisk, which concludes them from the status. Others
say nothing: 16, 26, 31 (cleared), 102 (a timer ran out), 127 (something that is not ISDN)."""

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
        case HungUp(cause=cause, sip=sip, reason=reason):
            return _unanswered(cause, sip, reason, alerted)
        case DialFailed(cause=cause, sip=sip):
            return _unanswered(cause, sip, None, alerted)


def telling(reasons: Sequence[Reason]) -> Reason | None:
    """Of several, the one to go by: the first of Q.850 that says something, then the first of SIP; else the first.

    >>> telling([Reason("SIP", 486), Reason("Q.850", 16), Reason("Q.850", 20)])
    Reason(protocol='Q.850', cause=20, text='')
    """
    told = [each for each in reasons if meaning(each) is not None]
    return next(iter([*(each for each in told if each.protocol == "Q.850"), *told, *reasons]), None)


def believed(reason: Reason | None, sip: int, trust: Trust) -> Reason | None:
    """The reason, where it counts on a trunk with that order of trust: ``reason`` always; ``status`` only where there is no SIP
    status, or it says no more than that the call failed (408, 487, 5xx and the like); ``status_only`` never.
    """
    if trust == "status_only" or (trust == "status" and (sip in _BY_SIP or 300 <= sip < 400)):
        return None
    return reason


def meaning(reason: Reason) -> Outcome | None:
    """What a reason means by itself, of a call that nobody answered; None where it says nothing about the person or the trunk."""
    if reason.protocol == "Q.850":
        return _BY_REASON.get(reason.cause)
    if 500 <= reason.cause < 600:
        return Outcome.TRUNK_FAILURE
    return Outcome.REDIRECTED if 300 <= reason.cause < 400 else _BY_SIP.get(reason.cause)


def _unanswered(cause: int, sip: int, reason: Reason | None, alerted: bool) -> Outcome:
    """A time-out before anything was alerted is the trunk's failure; so is 5xx and whatever it refuses
    to us. A redirect (3xx) is what the person's line does, and leads nowhere else.
    """
    if reason is not None and not 300 <= sip < 400 and (meant := meaning(reason)) is not None:
        return meant
    timed_out = sip in _TIMED_OUT_BY_SIP if sip else cause in _TIMED_OUT_BY_CAUSE
    if timed_out and alerted:
        return Outcome.NO_ANSWER
    if 300 <= sip < 400:
        return Outcome.REDIRECTED
    found = _BY_SIP.get(sip) if sip else _BY_CAUSE.get(cause)
    return found or Outcome.TRUNK_FAILURE
