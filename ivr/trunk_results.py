"""What an ended call shows of the trunk that carried it. Pure; stored with the call's end (`call.trunk_result`), so that alarms
need not open the evidence."""

from __future__ import annotations

from enum import Enum

from ivr.bridged import PairTrail
from ivr.calls import EndedBy, Outcome, Trail


class TrunkResult(Enum):
    """The values equal the SQL enum `trunk_result` (a test holds them together)."""

    FAILED = "failed"  # brought nowhere: neither 180 nor 183 came
    REACHED = "reached"  # unanswered, but something of the person's was reached
    NO_MEDIA = "no_media"  # answered, and no sound came through in a direction
    KEYLESS = "keyless"  # answered, asked for a key, and none came
    KEYED = "keyed"  # a key came
    ANSWERED = "answered"  # answered, which says nothing about keys: none was asked for, a machine answered, or it was cut off


class TrunkEnd(Enum):
    """How the network ended an answered call. The values equal the SQL enum `trunk_end`."""

    DROPPED = "dropped"
    UNANSWERED = "unanswered"  # a request within the call got no answer: one of the far side's, or a refresh of ours


_NOTHING_OF_KEYS = frozenset({Outcome.VOICEMAIL, Outcome.LINE_DROPPED})
_TIMED_OUT, _TIMED_OUT_CAUSE = 408, 18
"""SIP status in the Reason of a BYE: a request of the sender's timed out (RFC 3261 12.2.1.2); the cause that Asterisk makes of it,
where nobody hears the Reason itself, and where the far side left a refresh of the session unanswered (docs/outcomes.md)."""
_OURS = frozenset({Outcome.INTERRUPTED, Outcome.CANCELLED})


def trunk_result(outcome: Outcome, trail: Trail | PairTrail, *, asks: bool) -> TrunkResult | None:
    """None where the call says nothing: it was not dialled, or was broken off by us.

    asks: this kind of call asks for a key (ivr.dialplans). A key counts whenever it came, also in early media: it shows that the
    trunk brings keys. Both legs of a masked call go over the same trunk.
    """
    legs = _legs(trail)
    if outcome is Outcome.NO_MEDIA:
        return TrunkResult.NO_MEDIA
    if any(leg.pressed for leg in legs):
        return TrunkResult.KEYED
    if outcome in _OURS or all(leg.dialled is None for leg in legs):
        return None
    if outcome is Outcome.TRUNK_FAILURE:
        return TrunkResult.REACHED if trail.rang else TrunkResult.FAILED
    if all(leg.answered is None for leg in legs):
        return TrunkResult.REACHED
    return TrunkResult.KEYLESS if asks and outcome not in _NOTHING_OF_KEYS else TrunkResult.ANSWERED


def trunk_end(trail: Trail | PairTrail) -> TrunkEnd | None:
    """None unless the network ended the call, whatever had been decided before: also one that was cut off in the details."""
    for leg in _legs(trail):
        if leg.ended_by is EndedBy.NETWORK:
            return TrunkEnd.UNANSWERED if _timed_out(leg) else TrunkEnd.DROPPED
    return None


def _timed_out(leg: Trail) -> bool:
    if leg.reason is None:
        return leg.given_up or leg.cause == _TIMED_OUT_CAUSE
    return (leg.reason.protocol, leg.reason.cause) == ("SIP", _TIMED_OUT)


def _legs(trail: Trail | PairTrail) -> list[Trail]:
    return [trail] if isinstance(trail, Trail) else [leg for leg in (trail.staff, trail.expert) if leg is not None]
