"""Dates and moments as people write them, with or without a date field in their browser (pure).

The year comes first and has four figures: 01/12/2026 would be read in two ways. A weekday beside the date must be its own.

>>> [understood_date(each).isoformat() for each in ("2025-06-30", "２０２５／６／３０", "2025年6月30日", "2025.6.30", "20250630")]
['2025-06-30', '2025-06-30', '2025-06-30', '2025-06-30', '2025-06-30']
>>> [understood_moment(each).isoformat() for each in ("2026-12-01T09:30", "2026年12月1日（周二）9：30", "2026/12/1 下午3点半")]
['2026-12-01T09:30:00', '2026-12-01T09:30:00', '2026-12-01T15:30:00']
>>> understood_moment("二〇二六年十二月三十一日下午三时零五分").isoformat(), understood_date("二○二六年十月廿三日").isoformat()
('2026-12-31T15:05:00', '2026-10-23')
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
_MORNING = frozenset({"凌晨", "早上", "早晨", "上午"})
_WEEK = "一二三四五六日"
_ZEROS = "Oo0"  # typed for 〇
_ONES = {sign: str(value) for value, signs in enumerate(("零〇○" + _ZEROS, *"一二三四五六七八九")) for sign in signs}
_TENS = {"十": "1", "廿": "2", "卅": "3"}
_FIGURES = "零〇○一二三四五六七八九十廿卅" + _ZEROS
_NUMERAL = re.compile(rf"[{_FIGURES}]+(?=\s*[年月日号时点分秒])|(?<=[时点分])[{_FIGURES}]+(?![\d刻])")
_OTHER_SIGNS = str.maketrans("時點號", "时点号")
_SAID_BESIDE = re.compile(r"\A公元|\(?北京时间\)?")


class NotUnderstood(ValueError):
    """What was written is no date, or no moment; says in Chinese what to write, without what was written."""


def understood_date(text: str) -> date:
    """A day of the calendar; a time of 00:00:00 behind it, as exports have, says nothing. Raises NotUnderstood."""
    plain = re.sub(r"[T\s]0{1,2}:00(:00(\.0+)?)?\Z", "", _plain(text))
    day, rest = _day(plain, DATE_EXAMPLE)
    if rest.strip():
        raise NotUnderstood(f"应为一个日期，例如 {DATE_EXAMPLE}")
    return day


def understood_moment(text: str) -> datetime:
    """A day and the time of day, without a zone unless one was written (ISO 8601). Raises NotUnderstood."""
    plain = _plain(text)
    if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", plain, re.ASCII):
        try:
            return datetime.fromisoformat(plain)
        except ValueError:
            pass  # what is wrong with it is said below
    day, rest = _day(plain, MOMENT_EXAMPLE)
    if not rest.strip():
        raise NotUnderstood(f"请在日期后写明时间，例如 {MOMENT_EXAMPLE}")
    return datetime.combine(day, _time_of_day(rest))


def _plain(text: str) -> str:
    """With Arabic figures, and without what says nothing here."""
    plain = _SAID_BESIDE.sub("", understood_figures(text).translate(_OTHER_SIGNS)).strip()
    return _NUMERAL.sub(lambda found: _arabic(found[0]), plain)


def _arabic(numeral: str) -> str:
    """A year sign by sign, or a number below 100; anything else stays as it is, and is understood by nobody.

    >>> [_arabic(each) for each in ("二〇二六", "二0二六", "十二", "三十", "三十一", "廿三", "零五", "09", "十十")]
    ['2026', '2026', '12', '30', '31', '23', '05', '09', '十十']
    """
    if numeral.isascii():
        return numeral
    if all(sign in _ONES for sign in numeral):
        return "".join(map(_ONES.__getitem__, numeral))
    tens, ten, ones = numeral.partition(next(sign for sign in numeral if sign in _TENS))
    if len(tens) > 1 or len(ones) > 1 or not {*tens, *ones} <= _ONES.keys() or (tens and ten != "十"):
        return numeral
    return (_ONES[tens] if tens else _TENS[ten]) + (_ONES[ones] if ones else "0")


def _day(plain: str, example: str) -> tuple[date, str]:
    """The date, its weekday checked, and what follows."""
    found = _DATE.match(plain)
    if found is None:
        if re.match(r"\d{1,2}\s*[-/.年月]", plain, re.ASCII):
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
    if found["half"] in _MORNING and hour > 12:
        raise NotUnderstood(f"“{found['half']}”与 {hour} 时不符，请核对")
    if (hour, minutes) == (24, 0) or (hour == 12 and found["half"] in ("傍晚", "晚上")):
        raise NotUnderstood("半夜十二点请写作次日 00:00，或当日 23:59")
    try:
        return time(hour, minutes, int(found["second"] or 0))
    except ValueError:
        raise NotUnderstood("没有这个时间：小时为 0 至 23，分钟为 0 至 59，请核对") from None
