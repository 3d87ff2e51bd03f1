"""Who ended an answered call: the person, the network, or we. Only the first costs the person a try.

Sources: ITU-T Q.850 (causes), RFC 3261 section 21 (statuses), RFC 3326 (Reason), RFC 4028 (session timers). Three things may say
why: the other side's Reason, the SIP status and the cause that our Asterisk has. A person hangs up with 16, 31 or nothing at all;
whatever else any of the three says was done by something on the way. So was the end of a call whose other side has waited 32 s for
an answer to a request (ivr.hep.ending), where no Reason says that it was the person. In doubt it was not the person.
"""

from ivr.calls import EndedBy, HungUp, Outcome, Reason

PERSONS_CAUSES = frozenset({0, 16, 17, 21, 31})
"""Q.850: none told; normal clearing; user busy and call rejected, which are keys of a telephone; normal, unspecified."""
PERSONS_STATUSES = frozenset({0, 200, 480, 486, 487, 600, 603, 607, 608})
"""SIP: none; done; and what Asterisk makes of the causes above."""
_REJECTED = 21, 403
"""What it makes of a BYE with 21, or with a status that means the same (603)."""


def who_ended(end: HungUp) -> EndedBy:
    """For a call that had been answered.

    A channel that was lost (Asterisk died, or nobody could look) is our doing: we know of nobody else's.
    """
    if end.by_us or end.lost:
        return EndedBy.US
    if end.given_up and end.reason is None:
        return EndedBy.NETWORK
    by_person = (end.cause in PERSONS_CAUSES and end.sip in PERSONS_STATUSES) or (end.cause, end.sip) == _REJECTED
    by_person = by_person and _may_be_persons(end.reason)
    return EndedBy.PERSON if by_person else EndedBy.NETWORK


def answered_outcome(end: HungUp) -> Outcome:
    """What the end of an answered call means, in which nothing was decided and no other outcome was found before."""
    match who_ended(end):
        case EndedBy.PERSON:
            return Outcome.HUNG_UP_EARLY
        case EndedBy.NETWORK:
            return Outcome.LINE_DROPPED
        case EndedBy.US:
            return Outcome.INTERRUPTED


def _may_be_persons(reason: Reason | None) -> bool:
    """Also where it says nothing, or in a protocol of its own."""
    match reason:
        case Reason("Q.850", cause):
            return cause in PERSONS_CAUSES
        case Reason("SIP", status):
            return status in PERSONS_STATUSES
        case _:
            return True
