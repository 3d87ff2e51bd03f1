"""From typed parts and free text to English words. Pure.

Nothing leaves here but Latin letters and plain punctuation: no figure. Text in hanzi is not for this voice
(ivr.speech.saying). Dates are British (the twenty-third of November), telephone numbers and codes figure by figure.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta

from ivr.prompts.parts import (
    Address,
    ClockRange,
    Code,
    Count,
    Date,
    Digits,
    Duration,
    Fixed,
    Name,
    Phone,
    Room,
    Spoken,
    Text,
    Time,
)

from .written import fold, phone_groups

VERSION = "1"
"""Part of the cache's key: raise it with every change of what is said."""

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_THOUSANDS = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def spoken_text(part: Spoken) -> str:
    """What an English voice must say for this part."""
    match part:
        case Date(value, short=short):
            return _day_of_month(value.month, value.day) if short else day(value)
        case Time(value):
            return clock(value.hour, value.minute)
        case ClockRange(start, end):
            return clock_range(start, end)
        case Duration(value):
            return duration(value)
        case Count(number):
            return cardinal(number)
        case Phone(number):
            return phone(number)
        case Code(text):
            return dictation(text, 3)
        case Digits(text, group):
            return dictation(text, group)
        case Room(text):
            return room(text)
        case Fixed(text) | Address(text) | Name(text) | Text(text):
            return free_text(text)


def cardinal(number: int) -> str:
    """A whole number as a quantity, below 10^12; figures one by one beyond.

    >>> cardinal(0), cardinal(21), cardinal(385), cardinal(20_005), cardinal(-3)
    ('zero', 'twenty-one', 'three hundred and eighty-five', 'twenty thousand and five', 'minus three')
    """
    if number < 0:
        return "minus " + cardinal(-number)
    if number >= 10**12:
        return dictated(str(number))
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, one = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[one]}" if one else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_ONES[hundreds]} hundred" + (f" and {cardinal(rest)}" if rest else "")
    size, name = next(each for each in _THOUSANDS if number >= each[0])
    many, rest = divmod(number, size)
    link = " and " if rest < 100 else " "
    return f"{cardinal(many)} {name}" + (link + cardinal(rest) if rest else "")


def ordinal(number: int) -> str:
    """A place in an order.

    >>> ordinal(1), ordinal(23), ordinal(30), ordinal(12)
    ('first', 'twenty-third', 'thirtieth', 'twelfth')
    """
    before, hyphen, last = re.fullmatch(r"(.*?)([- ]?)([a-z]+)", cardinal(number)).groups()  # type: ignore[union-attr]
    changed = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{before}{hyphen}{changed}"


def dictated(text: str) -> str:
    """Figures one by one.

    >>> dictated("1203")
    'one two zero three'
    """
    return " ".join(_ONES[int(figure)] for figure in text)


def year(number: int) -> str:
    """A year in pairs, as it is said.

    >>> year(2026), year(2005), year(1999), year(2100), year(1905)
    ('twenty twenty-six', 'two thousand and five', 'nineteen ninety-nine', 'twenty-one hundred', 'nineteen oh five')
    """
    century, rest = divmod(number, 100)
    if century % 10 == 0 and rest < 10:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def day(value: date) -> str:
    """A date with weekday and year.

    >>> day(date(2026, 11, 23))
    'Monday, the twenty-third of November, twenty twenty-six'
    """
    return f"{_WEEKDAYS[value.weekday()]}, {_date(value.year, value.month, value.day)}"


def _date(years: int, month: int, days: int) -> str:
    return f"{_day_of_month(month, days)}, {year(years)}"


def _day_of_month(month: int, days: int) -> str:
    return f"the {ordinal(days)} of {_MONTHS[month - 1]}"


def clock(hour: int, minute: int) -> str:
    """A time of day, from 24-hour input; no two of a day sound alike.

    >>> clock(9, 30), clock(14, 0), clock(9, 5), clock(0, 0), clock(12, 0), clock(24, 0)
    ('nine thirty in the morning', "two o'clock in the afternoon", 'nine oh five in the morning', 'midnight', 'noon', \
'midnight at the end of the day')
    """
    if (hour % 12, minute) == (0, 0):
        return {0: "midnight", 12: "noon", 24: "midnight at the end of the day"}[hour]
    part = "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"
    minutes = "o'clock" if not minute else f"{'oh ' if minute < 10 else ''}{cardinal(minute)}"
    return f"{cardinal(hour % 12 or 12)} {minutes} {part if hour else 'after midnight'}"


def clock_range(start: time, end: time) -> str:
    """From one time to another.

    >>> clock_range(time(9), time(11, 30))
    "from nine o'clock in the morning to eleven thirty in the morning"
    """
    return f"from {clock(start.hour, start.minute)} to {clock(end.hour, end.minute)}"


def duration(value: timedelta) -> str:
    """A length of time to the minute.

    >>> [duration(timedelta(minutes=m)) for m in (30, 60, 150, 140, 1440, 0)]
    ['half an hour', 'one hour', 'two and a half hours', 'two hours and twenty minutes', 'one day', 'zero minutes']
    """
    minutes = round(value.total_seconds() / 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    said = [_many(days, "day")] if days else []
    if minutes == 30:
        said.append(f"{cardinal(hours)} and a half hours" if hours else "half an hour")
    else:
        said += [_many(hours, "hour")] if hours else []
        said += [_many(minutes, "minute")] if minutes or not said else []
    return " and ".join(said)


def _many(number: int, thing: str) -> str:
    return f"{cardinal(number)} {thing}{'' if number == 1 else 's'}"


def phone(number: str) -> str:
    """A telephone number figure by figure, in the groups of custom in China.

    >>> phone("13586695785"), phone("020-83812345转102")
    ('one three five, eight six six nine, five seven eight five', \
'zero two zero, eight three eight one, two three four five, extension one zero two')
    """
    groups, extension = phone_groups(number)
    said = ", ".join(map(dictated, groups))
    return f"{said}, extension {dictated(extension)}" if extension else said


def dictation(text: str, group: int) -> str:
    """Figures and letters one by one, in groups of `group` (0: one group).

    >>> dictation("12a4", 3)
    'one two A, four'
    """
    signs = [sign for sign in fold(text).upper() if sign.isascii() and sign.isalnum()]
    size = group or len(signs) or 1
    groups = (signs[start : start + size] for start in range(0, len(signs), size))
    return ", ".join(" ".join(_ONES[int(s)] if s.isdigit() else s for s in each) for each in groups)


def room(text: str) -> str:
    """A room: 1203 figure by figure, the rest as free text."""
    folded = fold(text).strip()
    return dictated(folded) if re.fullmatch(r"\d{2,5}", folded) else free_text(folded)


def free_text(text: str) -> str:
    """Latin text with its figures and signs as words; pinyin stays as it is, what is no Latin letter is left out.

    >>> free_text("Room 1203, 385 Tianhe Road, 14:30 on 2026-11-23, CA key, 5%")
    'Room one two zero three, three hundred and eighty-five Tianhe Road, two thirty in the afternoon on the twenty-third \
of November, twenty twenty-six, C A key, five percent'
    """
    said = _RULES.sub(lambda m: f" {_SAY[m.lastgroup or ''](m[0])} ", fold(text))
    said = re.sub(r"\b[A-Z]{2,5}\b", lambda m: " ".join(m[0]), said.translate(_PUNCTUATION))
    said = re.sub(r"[^A-Za-z ,.;:!?'-]", " ", said)
    said = re.sub(r"(?<![A-Za-z])['-]+|['-]+(?![A-Za-z])", " ", said)
    said = re.sub(r"\s+(?=[,.;:!?])", "", re.sub(r"\s+", " ", said))
    return re.sub(r"[,;:.]+(?=[,.;:!?])", "", said).strip(" ,;:.") + ("." if text.rstrip().endswith(".") else "")


_PUNCTUATION = str.maketrans({"，": ",", "。": ".", "、": ",", "；": ";", "：": ":", "！": "!", "？": "?", "\n": "."}
                             | dict.fromkeys("()[]{}|…—/", ","))  # fmt: skip


def _number(text: str) -> str:
    """Without anything that says what it is: short ones are quantities, long ones are dictated."""
    plain = text.replace(",", "")
    whole, _, fraction = plain.partition(".")
    if fraction:
        return f"{cardinal(int(whole))} point {dictated(fraction)}"
    return cardinal(int(plain)) if len(plain) <= 4 and (plain == "0" or plain[0] != "0") else _in_fours(plain)


def _in_fours(figures: str) -> str:
    size = 4 if len(figures) > 6 else len(figures)
    return ", ".join(dictated(figures[at : at + size]) for at in range(0, len(figures), size))


_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"
_SIGNS: Mapping[str, str] = {
    "&": "and", "+": "plus", "@": "at", "#": "number", "*": "star", "%": "percent", "=": "equals", "°": "degrees",
    "¥": "yuan", "￥": "yuan", "<": "less than", ">": "more than",
}  # fmt: skip
_TABLE: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("date", r"(?<!\d)(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:3[01]|[12]\d|0?[1-9])(?!\d)",
     lambda t: _date(*map(int, re.split("[-/.]", t)))),
    ("clock", r"(?<!\d)(?:[01]?\d|2[0-3]|24(?=:00)):[0-5]\d(?![\d:])",
     lambda t: clock(*map(int, t.split(":")))),
    ("mobile", r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"
     r"|(?<!\d)[48]00-?\d{3}-?\d{4}(?!\d)", phone),
    ("percent", rf"(?:{_NUMBER})\s*%", lambda t: _number(t.rstrip("% ")) + " percent"),
    ("yuan", rf"[¥￥]\s*(?:{_NUMBER})", lambda t: _number(t[1:].strip()) + " yuan"),
    ("rank", r"(?<![A-Za-z\d])\d{1,4}(?:st|nd|rd|th)\b", lambda t: ordinal(int(t[:-2]))),
    ("room", r"(?i:(?<=room )|(?<=room))\d{3,5}(?!\d)", dictated),
    ("after", r"(?<=[A-Za-z])-?\d{1,8}(?!\d)", lambda t: dictated(t.lstrip("-"))),
    ("number", _NUMBER, _number),
    ("sign", r"[&+@#*%=°¥￥<>]", lambda t: _SIGNS[t]),
)  # fmt: skip
_RULES = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern, _ in _TABLE))  # no other groups: lastgroup
_SAY: Mapping[str, Callable[[str], str]] = {name: say for name, _, say in _TABLE}
