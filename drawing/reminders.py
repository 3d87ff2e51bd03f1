"""Who has agreed is reminded before the gathering: in the evening before, and some hours before (rules, [reminder]).

Nothing is scheduled ahead: a sweep asks for the calls whose moment has come and that were never asked for. So a
crash loses none, and a changed 集合时间 needs no care: the moments are counted from the time that holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from db.pool import Database, Transaction
from drawing import notices
from drawing.chain import Q
from drawing.rules import Rules

KIND = "reminder"
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Moment:
    """When to remind, and which of the two reminders it is."""

    which: str
    at: datetime


def last_moment(rules: Rules, gather_at: datetime, now: datetime) -> Moment | None:
    """The last of the two moments that has come, if one has; None too once they have gathered.

    >>> at = datetime(2026, 11, 24, 9, tzinfo=CHINA)
    >>> [last_moment(Rules.load("gd-1"), at, at - timedelta(hours=h)) for h in (15, 0)]
    [None, None]
    >>> [last_moment(Rules.load("gd-1"), at, at - timedelta(hours=h)).which for h in (14, 3, 2)]
    ['evening', 'evening', 'hours']
    """
    day_before = gather_at.astimezone(CHINA).date() - timedelta(days=1)
    moments = (
        Moment("evening", datetime.combine(day_before, rules.reminder_evening, CHINA)),
        Moment("hours", gather_at - timedelta(seconds=rules.reminder_before_s)),
    )
    come = [each for each in moments if each.at <= now < gather_at]
    return max(come, key=lambda each: each.at, default=None)


async def gatherings(db: Database) -> list[Any]:
    """Gatherings of the next days for which somebody has agreed."""
    return await db.all(Q.gatherings)


async def remind(tx: Transaction, gathering: Any) -> int:
    """Have those called whom it is time to remind; how many. An activity that another transaction holds waits."""
    moment = last_moment(Rules.load(gathering.rules), gathering.gather_at, gathering.now)
    if moment is None:
        return 0
    matter = {"gather_at": gathering.gather_at.astimezone(CHINA).isoformat(), "which": moment.which}
    values = {"activity": gathering.activity, "notice": gathering.notice, "since": moment.at, "matter": matter}
    values["ends"] = list(notices.ENDS)
    if not await tx.all(Q.to_remind, values):  # as nearly always: then nobody is kept waiting by the lock
        return 0
    if await tx.one(Q.try_lock_activity, {"activity": gathering.activity}) is None:
        return 0
    picks = [row.id for row in await tx.all(Q.to_remind, values)]
    return len(await notices.ask(tx, KIND, gathering.activity, picks, matter))
