"""Dates and moments as people write them, with or without a date field in their browser (pure).

The year comes first and has four figures: 01/12/2026 would be read in two ways. A weekday beside the date must be its own.

>>> [understood_date(each).isoformat() for each in ("2025-06-30", "２０２５／６／３０", "2025年6月30日", "2025.6.30", "20250630")]
['2025-06-30', '2025-06-30', '2025-06-30', '2025-06-30', '2025-06-30']
>>> [understood_moment(each).isoformat() for each in ("2026-12-01T09:30", "2026年12月1日（周二）9：30", "2026/12/1 下午3点半")]
['2026-12-01T09:30:00', '2026-12-01T09:30:00', '2026-12-01T15:30:00']
"""

from __future__ import annotations

import re
from datetime import date, datetime, time

from drawing.normal_forms import understood_figures

DATE_EXAMPLE, MOMENT_EXAMPLE = "2025-06-30", "2026-11-25 09:30"
_DATE = re.compile(
    r"(?P<y>\d{4})(?:(?P<m>\d\d)(?P<d>\d\d)(?!\d)|(?:(?P<mm>\d\d)(?P<dd>\d\d)(?=\d{4}\Z))"
    r"|\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?!\d)\s*[日号]?)",
    re.ASCII,
)
_WEEKDAY = re.compile(r"\s*,?\s*\(?\s*(?:周|星期|礼拜)([一二三四五六日天])\s*\)?")
_TIME = re.compile(
    r"[T\s,]*(?P<half>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上)?\s*"
    r"(?:(?P<h>\d\d)(?P<m>\d\d)|(?P<hour>\d{1,2})\s*(?:[:时点]\s*(?:(?P<minute>\d{1,2}|半|一刻|三刻)\s*分?)?|钟)"
    r"(?:\s*[:]?\s*(?P<second>\d\d)(?:\.0+)?\s*秒?)?)\s*(?P<meridiem>[AaPp]\.?[Mm]\.?)?\s*(?:整|正)?",
    re.ASCII,
)
_QUARTERS = {None: 0, "半": 30, "一刻": 15, "三刻": 45}
_AFTERNOON = frozenset({"中午", "下午", "傍晚", "晚上"})
_WEEK = "一二三四五六日"


class NotUnderstood(ValueError):
    """What was written is no date, or no moment; says in Chinese what to write, without what was written."""


def understood_date(text: str) -> date:
    """A day of the calendar; a time of 00:00:00 behind it, as exports have, says nothing. Raises NotUnderstood."""
    plain = re.sub(r"[T\s]0{1,2}:00(:00(\.0+)?)?\Z", "", understood_figures(text))
    day, rest = _day(plain, DATE_EXAMPLE)
    if rest.strip():
        raise NotUnderstood(f"应为一个日期，例如 {DATE_EXAMPLE}")
    return day


def understood_moment(text: str) -> datetime:
    """A day and the time of day, without a zone unless one was written (ISO 8601). Raises NotUnderstood."""
    plain = understood_figures(text)
    if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", plain, re.ASCII):
        try:
            return datetime.fromisoformat(plain)
        except ValueError:
            pass  # what is wrong with it is said below
    day, rest = _day(plain, MOMENT_EXAMPLE)
    if not rest.strip():
        raise NotUnderstood(f"请在日期后写明时间，例如 {MOMENT_EXAMPLE}")
    return datetime.combine(day, _time_of_day(rest))


def _day(plain: str, example: str) -> tuple[date, str]:
    """The date, its weekday checked, and what follows."""
    found = _DATE.match(plain)
    if found is None:
        if re.match(r"\d{1,2}\s*[-/.月]", plain, re.ASCII):
            raise NotUnderstood(f"请把四位数的年份写在最前面，例如 {example}")
        raise NotUnderstood(f"应为{'日期和时间' if example is MOMENT_EXAMPLE else '日期'}，例如 {example}")
    month, day = found["m"] or found["mm"] or found["month"], found["d"] or found["dd"] or found["day"]
    try:
        there = date(int(found["y"]), int(month), int(day))
    except ValueError:
        raise NotUnderstood(f"日历上没有 {int(found['y'])}年{int(month)}月{int(day)}日，请核对") from None
    rest = plain[found.end() :]
    if weekday := _WEEKDAY.match(rest):
        own = _WEEK[there.weekday()]
        if weekday[1].replace("天", "日") != own:
            raise NotUnderstood(f"{there.year}年{there.month}月{there.day}日是星期{own}，与所写的星期不符，请核对")
        rest = rest[weekday.end() :]
    return there, rest


def _time_of_day(rest: str) -> time:
    found = _TIME.fullmatch(rest.strip())
    if found is None:
        raise NotUnderstood(f"时间请按 24 小时制写，例如 {MOMENT_EXAMPLE}")
    hour, minute = int(found["h"] or found["hour"]), found["m"] or found["minute"]
    minutes = _QUARTERS[minute] if minute in _QUARTERS else int(minute)
    said = (found["meridiem"] or "").upper()[:1]
    if 1 <= hour < 12 and (said == "P" or found["half"] in _AFTERNOON) and not (found["half"] == "中午" and hour == 11):
        hour += 12
    elif hour == 12 and (said == "A" or found["half"] == "凌晨"):
        hour = 0
    try:
        return time(hour, minutes, int(found["second"] or 0))
    except ValueError:
        raise NotUnderstood("没有这个时间：小时为 0 至 23，分钟为 0 至 59，请核对") from None
