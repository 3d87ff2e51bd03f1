"""When a trunk needs a person: decided from what its last calls showed (ivr.trunk_results), and from nothing else, so that it is
the same after a restart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ivr.trunk_results import TrunkEnd, TrunkResult

Moments = Mapping[TrunkResult | TrunkEnd, Sequence[datetime]]
"""When the last calls of a trunk ended, by what they showed; the newest first, `Limits.depth` of each at most."""


class TrunkAlarm(Enum):
    """The values equal the SQL enum `trunk_alarm_kind` (a test holds them together)."""

    FAILING = "failing"  # so many calls in a row were brought nowhere
    NO_MEDIA = "no_media"  # so many answered calls in a row without sound in a direction
    KEYLESS = "keyless"  # so many answered calls in a row that asked for a key, and none came
    DROPPING = "dropping"  # so many of the last answered calls were ended by the network
    UNANSWERED = "unanswered"  # one of the last answered calls was, because a request within it got no answer


FAILING = 5
"""So many calls in a row that a trunk brought nowhere; ivr.trunks takes it last at once, without waiting for the alarm."""


@dataclass(frozen=True, slots=True)
class Limits:
    """After how many calls an alarm is raised. `keyless` and `no_media` are the rules' (drawing.line_rules.LinesRule)."""

    keyless: int
    no_media: int
    failing: int = FAILING
    dropping: int = 3
    dropping_of: int = 20

    @property
    def depth(self) -> int:
        """How many of the last calls must be looked at, of each result."""
        return max(self.keyless, self.no_media, self.failing, self.dropping_of)


_R = TrunkResult
_ANSWERED = frozenset({_R.NO_MEDIA, _R.KEYLESS, _R.KEYED, _R.ANSWERED})


def alarms(moments: Moments, limits: Limits) -> dict[TrunkAlarm, int]:
    """The alarms that hold now, each with how many calls show it (up to `Limits.depth`).

    A run has no limit in time: on a node with few calls it is as long as on a busy one. Results that say nothing of a matter
    neither lengthen nor break its run: between two calls without a key there may be any number of busy ones.

    >>> from datetime import UTC, timedelta
    >>> at = [datetime(2026, 11, 30, 9, tzinfo=UTC) - timedelta(minutes=n) for n in range(9)]
    >>> alarms({_R.KEYLESS: at[:3], _R.KEYED: at[3:]}, Limits(keyless=3, no_media=3))
    {<TrunkAlarm.KEYLESS: 'keyless'>: 3}
    >>> alarms({_R.KEYLESS: at[1:], _R.KEYED: at[:1]}, Limits(keyless=3, no_media=3))
    {}
    """
    found = {
        TrunkAlarm.FAILING: (_run(moments, _R.FAILED, frozenset(_R) - {_R.FAILED}), limits.failing),
        TrunkAlarm.NO_MEDIA: (_run(moments, _R.NO_MEDIA, _ANSWERED - {_R.NO_MEDIA}), limits.no_media),
        TrunkAlarm.KEYLESS: (_run(moments, _R.KEYLESS, frozenset({_R.KEYED})), limits.keyless),
        TrunkAlarm.DROPPING: (_cut_off(moments, limits.dropping_of, TrunkEnd), limits.dropping),
        TrunkAlarm.UNANSWERED: (_cut_off(moments, limits.dropping_of, (TrunkEnd.UNANSWERED,)), 1),
    }
    return {alarm: calls for alarm, (calls, limit) in found.items() if calls >= limit}


def _run(moments: Moments, counted: TrunkResult, breaking: frozenset[TrunkResult]) -> int:
    """How many calls with this result ended since the last one that breaks the run."""
    broken = max((at for result in breaking for at in moments.get(result, ())), default=None)
    return sum(broken is None or at > broken for at in moments.get(counted, ()))


def _cut_off(moments: Moments, last: int, ends: Iterable[TrunkEnd]) -> int:
    """How many of the last answered calls were ended so."""
    answered = sorted((at for result in _ANSWERED for at in moments.get(result, ())), reverse=True)[:last]
    return sum(at >= answered[-1] for end in ends for at in moments.get(end, ())) if answered else 0
