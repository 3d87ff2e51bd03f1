"""What the end of a call means (呼叫结果): from Q.850 causes and SIP statuses to an Outcome.

Sources: ITU-T Q.850 (causes), RFC 3261 section 21 (statuses), RFC 3398 section 7.2.4.1 (how they map). The
SIP status is looked at first where there is one: a carrier's gateway writes it, while the cause is what
our Asterisk makes of it.
"""

from collections.abc import Mapping

from ivr.calls import DialFailed, HungUp, Outcome

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
    19: Outcome.NO_ANSWER,
}

_GIVEN_UP = frozenset({0, 408, 487})
"""SIP statuses of a call that was ended by a time-out or by our CANCEL, so that the far end decided
nothing.
"""

_NORMAL = frozenset({0, 16, 26, 31, 127})
"""Causes that only say that a call was cleared: none, normal clearing, ours (26), unspecified,
interworking.
"""


def classify(end: HungUp | DialFailed, *, answered: bool, alerted: bool) -> Outcome:
    """What `end` means for a call in which no outcome was reached before.

    answered: the channel was up; alerted: 180 or 183 had come, so the trunk had done its work and what
    follows is about the person. A hangup of our own choice is not for this function: the flow knows why it
    hung up; `by_us` here is the driver killing a call that it could not follow.
    """
    match end:
        case HungUp(lost=True) | HungUp(by_us=True):
            return Outcome.INTERRUPTED
        case HungUp(cause=cause) if answered:
            return Outcome.INTERRUPTED if _of_the_network(cause) else Outcome.HUNG_UP_EARLY
        case HungUp(cause=cause, sip=sip) | DialFailed(cause=cause, sip=sip):
            return _unanswered(cause, sip, alerted)


def _unanswered(cause: int, sip: int, alerted: bool) -> Outcome:
    if sip in _BY_SIP:
        return _BY_SIP[sip]
    if sip not in _GIVEN_UP:  # 5xx, and what a trunk refuses to us (401, 403, 407, 488 …)
        return Outcome.TRUNK_FAILURE
    if cause in _BY_CAUSE and not (sip and cause == 18):  # 18 beside 408 or 487 is Asterisk's word for its own time-out
        found = _BY_CAUSE[cause]
        return found if found is not Outcome.NO_ANSWER or alerted else Outcome.TRUNK_FAILURE
    if cause in _NORMAL or sip:
        return Outcome.NO_ANSWER if alerted else Outcome.TRUNK_FAILURE
    return Outcome.TRUNK_FAILURE


def _of_the_network(cause: int) -> bool:
    """Q.850 class 010 (no circuit, network out of order, temporary failure, congestion) and RTP
    time-out (44).
    """
    return 34 <= cause <= 47
