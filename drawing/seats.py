"""What comes next in a draw, from rows alone (pure).

`advance` reads rows into these values, asks the functions here, and writes what they answer. Nothing here waits, reads a
clock or draws a lot; asking twice gives the same answer, so that a worker killed between any two steps changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from drawing.rules import CallOutcome, Rules


class PickOutcome(Enum):
    """What became of a pick; the values equal the SQL enum `pick_outcome`."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNREACHED = "unreached"
    UNAVAILABLE = "unavailable"
    CANCELLED = "cancelled"


HOLDS_SEAT = frozenset({PickOutcome.OPEN, PickOutcome.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Try:
    """One ended call of a pick: what it came to and when."""

    outcome: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Again:
    """Call once more, not before that moment."""

    attempt: int
    not_before: datetime


class Verdict(Enum):
    UNREACHED = "unreached"  # 未接通, final for this activity


def verdict(
    tries: Sequence[Try], now: datetime, rules: Rules, pauses: Sequence[tuple[datetime, datetime]] = ()
) -> Again | Verdict:
    """What follows for an open pick whose last call has ended without a decision (requirements D9, K2).

    A retry holds its seat from the end of the first call on, and for the rules' time at most; `pauses` (from, until) don't count.
    """
    if not tries:
        return Again(1, now)
    # A second less than it seems: the verifier counts from transcript entry to transcript entry, a little later.
    last, first = tries[-1], tries[0].ended_at
    held = (now - first - _overlap(pauses, first, now)).total_seconds() - 1
    if rules.unreached_after([each.outcome for each in tries], held):
        return Verdict.UNREACHED
    pause = rules.calling.pause_s.get(CallOutcome(last.outcome), 0)
    return Again(len(tries) + 1, last.ended_at + timedelta(seconds=pause))


def _overlap(pauses: Sequence[tuple[datetime, datetime]], since: datetime, until: datetime) -> timedelta:
    """How much of the time between the two was pause.

    >>> from datetime import UTC
    >>> noon, minute = datetime(2026, 11, 23, 12, tzinfo=UTC), timedelta(minutes=1)
    >>> _overlap([(noon - minute, noon + minute), (noon + 3 * minute, noon + 4 * minute)], noon, noon + 10 * minute) // minute
    2
    """
    within = (min(end, until) - max(begin, since) for begin, end in pauses)
    return sum((each for each in within if each > timedelta()), timedelta())


@dataclass(frozen=True, slots=True)
class Seat:
    """A numbered seat of a condition: 1, 2 … up to its 条件计划抽取人数."""

    condition: str
    number: int


def open_seats(seats: Mapping[str, int], taken: frozenset[Seat]) -> Iterator[Seat]:
    """Seats nobody holds, in the commit's order of conditions, lowest number first."""
    for condition, planned in seats.items():
        for number in range(1, planned + 1):
            seat = Seat(condition, number)
            if seat not in taken:
                yield seat


class End(Enum):
    """How a draw stands once no seat can be filled any more."""

    COMPLETE = "complete"  # 抽取完成: all seats agreed
    SHORT = "short"  # 待补抽: the eligible are used up


def ending(planned: int, accepted: int, pending: int) -> End | None:
    """COMPLETE when all have agreed, SHORT when nobody is left to ask, None while somebody is being asked."""
    if accepted >= planned:
        return End.COMPLETE
    return None if pending else End.SHORT
