"""What comes next in a draw, from rows alone (pure).

`advance` reads rows into these values, asks the functions here, and writes what they answer. Nothing here waits, reads a
clock or draws a lot; asking twice gives the same answer, so that a worker killed between any two steps changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from drawing.rules import Rules


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


Pause = tuple[datetime, datetime]
"""From when to when a draw was paused."""


def held_seconds(since: datetime, until: datetime, pauses: Iterable[Pause]) -> float:
    """How long a retry has held its seat: pauses don't count (D5). The worker obeys it, the verifier judges by it.

    >>> at = [datetime(2026, 11, 23, 9, minute) for minute in range(60)]
    >>> held_seconds(at[10], at[20], [(at[0], at[5]), (at[8], at[11]), (at[15], at[18])])
    360.0
    """
    within = (min(end, until) - max(begin, since) for begin, end in pauses)
    return (until - since - sum((each for each in within if each > timedelta()), timedelta())).total_seconds()


def verdict(tries: Sequence[Try], now: datetime, rules: Rules, pauses: Iterable[Pause] = ()) -> Again | Verdict:
    """What follows for an open pick whose last call has ended without a decision (requirements D9, K2).

    A retry holds its seat from the end of the call that `Rules.hold_from` names, and for the rules' time at most; `pauses` (from,
    until) don't count.
    """
    if not tries:
        return Again(1, now)
    # A second less than it seems: the verifier counts from transcript entry to transcript entry, a little later.
    last, outcomes = tries[-1], [each.outcome for each in tries]
    since = rules.hold_from(outcomes)
    held = 0.0 if since is None else held_seconds(tries[since].ended_at, now, pauses) - 1
    if rules.unreached_after(outcomes, held):
        return Verdict.UNREACHED
    return Again(len(tries) + 1, last.ended_at + timedelta(seconds=rules.calling.pause_after(outcomes)))


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
