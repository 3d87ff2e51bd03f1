"""When a call may be made, and when again: hours, pauses, budgets, rates, ceilings, the allowlist. Pure.

Two clocks: what people count by (hours, days, budgets) is a datetime, `now`; a rate goes by a monotonic clock, `tick` in seconds,
so that setting the machine's clock neither stops the calls nor lets more of them out.

The numbers are rules (requirement G4) and come from drawing.rules.Calling; each refusal names its rule,
and says from when on it no longer holds, where time alone heals it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone
from enum import Enum
from itertools import takewhile
from typing import Protocol

from ivr.calls import Outcome

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Calling hours are local; China has one zone and no summer time."""


class Calling(Protocol):
    """The rules of calling, as drawing.rules.Calling has them. Hours are local; until 24:00 is None."""

    @property
    def hours_from(self) -> time: ...
    @property
    def hours_until(self) -> time | None: ...
    @property
    def per_minute(self) -> int: ...
    @property
    def per_hour(self) -> int: ...
    @property
    def per_day(self) -> int: ...
    @property
    def calls_per_second(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def daily_ceiling(self) -> int: ...
    @property
    def allowed_numbers(self) -> Sequence[re.Pattern[str]]: ...


class Rule(Enum):
    """What can stand against a call."""

    ALLOWED_NUMBERS = "allowed_numbers"
    HOURS = "hours"
    PERSON_PER_MINUTE = "per_minute"
    PERSON_PER_HOUR = "per_hour"
    PERSON_PER_DAY = "per_day"
    DAILY_CEILING = "daily_ceiling"
    CHANNELS = "channels"
    CALLS_PER_SECOND = "calls_per_second"
    TRUNK_CHANNELS = "trunk.channels"
    TRUNK_CALLS_PER_SECOND = "trunk.calls_per_second"


BY_WALL = frozenset({Rule.HOURS, Rule.DAILY_CEILING})
"""Over at a time of day, whatever the clock showed before; the others after a time that has to pass."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a call may not begin now. until: from then on this rule allows it; wait_s: so many seconds from now; both None when
    that is not a matter of time.
    """

    rule: Rule
    until: datetime | None = None
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """So many calls may begin at once, and as many a second come back: a value, each step makes a new one. Times are those of one
    monotonic clock, in seconds.
    """

    rate: float
    """Tokens a second; at most one second's worth is kept, never less than one."""
    tokens: float
    """Negative while calls that are owed still wait."""
    at: float

    @classmethod
    def full(cls, rate: float, tick: float) -> "TokenBucket":
        return cls(rate, max(1.0, rate), tick)

    def filled(self, tick: float) -> "TokenBucket":
        """As it stands at `tick`."""
        gained = max(0.0, tick - self.at) * self.rate
        return replace(self, tokens=min(max(1.0, self.rate), self.tokens + gained), at=max(tick, self.at))

    def take(self, tick: float) -> "TokenBucket":
        """One call begins. Raises ValueError when `free_at` is still to come."""
        filled = self.filled(tick)
        if filled.tokens < 1.0:
            raise ValueError("no call may begin yet")
        return replace(filled, tokens=filled.tokens - 1.0)

    def owe(self, tick: float) -> "TokenBucket":
        """One begins at `free_at` in any case: nobody else does before it."""
        filled = self.filled(tick)
        return replace(filled, tokens=filled.tokens - 1.0)

    def give_back(self) -> "TokenBucket":
        """What was taken was not used after all."""
        return replace(self, tokens=min(max(1.0, self.rate), self.tokens + 1.0))

    def free_at(self, tick: float) -> float:
        """From when on a call may begin (`tick` if at once)."""
        missing = 1.0 - self.filled(tick).tokens
        # A microsecond more, so that rounding never makes the moment too early.
        return tick if missing <= 0 else tick + missing / self.rate + 1e-6


@dataclass(frozen=True, slots=True)
class TrunkLoad:
    """How a trunk stands, or all together: its bucket, and its live channels as counted from reconciled channels."""

    bucket: TokenBucket
    channels: int
    name: str = ""
    most: int | None = None
    """How many channels the carrier gives; None: only the rules' limit for all together holds."""
    failing: bool = False
    """Its last calls all failed, or it has another alarm (ivr.trunk_alarms): it is taken only where no other is left."""


_LINE_FAULTS = frozenset({Outcome.NO_MEDIA, Outcome.LINE_DROPPED})
"""Of the line, though somebody had answered: another trunk may do better."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An earlier call about the same matter: on which trunk, and whether it failed by the trunk's fault."""

    trunk: str
    failed: bool


def tried(trunk: str, outcome: Outcome, *, rang: bool) -> Tried:
    """rang: 180 or 183 had come. Then an INVITE that failed was no failure of the trunk alone, whatever came after: who heard
    it ring is not rung again over another trunk at once. What the line did to an answered call is its own fault.
    """
    return Tried(trunk, outcome in _LINE_FAULTS or (outcome is Outcome.TRUNK_FAILURE and not rang))


def choose_trunk(trunks: Sequence[TrunkLoad], before: Sequence[Tried], tick: float) -> TrunkLoad | Hindrance:
    """The first trunk with room, in the order of the settings.

    before: the calls about this matter so far, in turn. Only trunks that failed in the last of them, in a row, are passed
    over for another one; when all have failed, the one that failed longest ago is next.
    """
    failed = _failed_of_late(before)
    fresh = [each for each in trunks if each.name not in failed]
    if not fresh:
        fresh = [max(trunks, key=lambda each: failed.index(each.name))]
    against = []
    for trunk in sorted(fresh, key=lambda each: each.failing):
        found = _full(trunk, tick)
        if found is None:
            return trunk
        against.append(found)
    return min(against, key=lambda each: (each.wait_s is None, each.wait_s or 0.0))


def _failed_of_late(before: Sequence[Tried]) -> list[str]:
    """The latest first."""
    failures = takewhile(lambda each: each.failed, reversed(before))
    return list(dict.fromkeys(each.trunk for each in failures))


def _full(trunk: TrunkLoad, tick: float) -> Hindrance | None:
    if trunk.most is not None and trunk.channels >= trunk.most:
        return Hindrance(Rule.TRUNK_CHANNELS)
    free = trunk.bucket.free_at(tick)
    return Hindrance(Rule.TRUNK_CALLS_PER_SECOND, wait_s=free - tick) if free > tick else None


def hindrance(
    calling: Calling,
    now: datetime,
    number: str,
    person_calls: Sequence[datetime],
    calls_today: int,
    trunk: TrunkLoad,
) -> Hindrance | None:
    """What stands against calling `number` now, or None.

    person_calls: when this person was called, in all flows, within the last day at least. What only a
    person can heal is looked at first, then what lasts longest.
    """
    if not any(pattern.fullmatch(number) for pattern in calling.allowed_numbers):
        return Hindrance(Rule.ALLOWED_NUMBERS)
    if (opens := opening(calling, now)) > now:
        return Hindrance(Rule.HOURS, opens)
    if calls_today >= calling.daily_ceiling:
        return Hindrance(Rule.DAILY_CEILING, _tomorrow(now))
    if spent := budget_spent(calling, now, person_calls):
        return spent
    if trunk.channels >= calling.channels:
        return Hindrance(Rule.CHANNELS)
    if (free := trunk.bucket.free_at(trunk.bucket.at)) > trunk.bucket.at:
        return Hindrance(Rule.CALLS_PER_SECOND, wait_s=free - trunk.bucket.at)
    return None


def budget_spent(calling: Calling, now: datetime, person_calls: Sequence[datetime]) -> Hindrance | None:
    """The per-person budget across all flows: the limit that holds longest, or None. A call that seems to be still to come, because
    the clock was set back and nobody was there to notice, counts as made now: no limit holds longer than its window.
    """
    limits = (
        (Rule.PERSON_PER_DAY, calling.per_day, timedelta(days=1)),
        (Rule.PERSON_PER_HOUR, calling.per_hour, timedelta(hours=1)),
        (Rule.PERSON_PER_MINUTE, calling.per_minute, timedelta(minutes=1)),
    )
    spent = [
        Hindrance(rule, recent[-limit] + window)
        for rule, limit, window in limits
        if limit > 0 and len(recent := sorted(min(each, now) for each in person_calls if each > now - window)) >= limit
    ]
    return max(spent, key=lambda each: each.until or now, default=None)


def next_try(calling: Calling, ended: datetime, pause_s: float | None) -> datetime | None:
    """When who was not reached is called again: after the outcome's pause, within hours. None: not again."""
    return None if pause_s is None else opening(calling, ended + timedelta(seconds=pause_s))


def opening(calling: Calling, at: datetime) -> datetime:
    """`at` itself within calling hours, else the next time they begin. Hours may go past midnight."""
    local = at.astimezone(CHINA)
    if _within(calling.hours_from, calling.hours_until, local.time()):
        return at
    begins = datetime.combine(local.date(), calling.hours_from, CHINA)
    return (begins if begins > local else begins + timedelta(days=1)).astimezone(at.tzinfo or UTC)


def _within(begin: time, end: time | None, at: time) -> bool:
    if end is None:
        return at >= begin
    return begin <= at < end if begin < end else at >= begin or at < end


def _tomorrow(now: datetime) -> datetime:
    local = now.astimezone(CHINA)
    return datetime.combine(local.date() + timedelta(days=1), time(), CHINA).astimezone(now.tzinfo or UTC)
