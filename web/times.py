"""The console's clock is China's."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))  # one time zone, no daylight saving since 1991


def today() -> date:
    """In China."""
    return datetime.now(CHINA).date()


def china_time(moment: datetime | None) -> str:
    """
    >>> from datetime import UTC
    >>> china_time(datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)), china_time(None)
    ('2026-11-23 09:02:03', '—')
    """
    return "—" if moment is None else moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
