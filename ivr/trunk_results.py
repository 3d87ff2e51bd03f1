"""What an ended call shows of the trunk that carried it. Pure; stored with the call's end (`call.trunk_result`), so that alarms
need not open the evidence."""

from __future__ import annotations

from enum import Enum

from ivr.bridged import PairTrail
from ivr.calls import Outcome, Trail


class TrunkResult(Enum):
    """The values equal the SQL enum `trunk_result` (a test holds them together)."""

    FAILED = "failed"  # brought nowhere: neither 180 nor 183 came
    REACHED = "reached"  # unanswered, but something of the person's was reached
    NO_MEDIA = "no_media"  # answered, and no sound came through in a direction
    DROPPED = "dropped"  # answered, and ended by the network
    KEYLESS = "keyless"  # answered, asked for a key, and none came
    KEYED = "keyed"  # a key came
    ANSWERED = "answered"  # answered, which says nothing about keys: none was asked for, or a machine answered


_LINE_FAULTS = {Outcome.NO_MEDIA: TrunkResult.NO_MEDIA, Outcome.LINE_DROPPED: TrunkResult.DROPPED}
_OURS = frozenset({Outcome.INTERRUPTED, Outcome.CANCELLED})


def trunk_result(outcome: Outcome, trail: Trail | PairTrail, *, asks: bool) -> TrunkResult | None:
    """None where the call says nothing: it was not dialled, or was broken off by us.

    asks: this kind of call asks for a key (ivr.dialplans). A key counts whenever it came, also in early media: it shows that the
    trunk brings keys. Both legs of a masked call go over the same trunk.
    """
    legs = [trail] if isinstance(trail, Trail) else [leg for leg in (trail.staff, trail.expert) if leg is not None]
    if outcome in _LINE_FAULTS:
        return _LINE_FAULTS[outcome]
    if any(leg.pressed for leg in legs):
        return TrunkResult.KEYED
    if outcome in _OURS or all(leg.dialled is None for leg in legs):
        return None
    if outcome is Outcome.TRUNK_FAILURE:
        return TrunkResult.REACHED if trail.rang else TrunkResult.FAILED
    if all(leg.answered is None for leg in legs):
        return TrunkResult.REACHED
    return TrunkResult.KEYLESS if asks and outcome is not Outcome.VOICEMAIL else TrunkResult.ANSWERED
