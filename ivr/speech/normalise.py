"""From typed parts and free text to hanzi, before any engine sees them. Pure.

espeak-ng (and most small engines) reads 2026年, 138…, 3:45, 5%, ￥, A1B2 and 2人 wrongly. So nothing leaves
here but hanzi, Chinese punctuation and single capital letters: no figure, whatever the alphabet it was
written in.
"""

import re

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

from .free_text import free_text, phone, tidy
from .mandarin import clock, clock_range, counted, day, dictated, duration
from .written import fold

VERSION = "2"
"""Part of the cache's key: raise it with every change of what is said."""


def spoken_text(part: Spoken) -> str:
    """What a voice must say for this part, in hanzi."""
    match part:
        case Date(value, short=short):
            return day(value, short=short)
        case Time(value):
            return clock(value.hour, value.minute)
        case ClockRange(start, end):
            return clock_range(start, end)
        case Duration(value):
            return duration(value)
        case Count(number, measure):
            return counted(number, measure)
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


def dictation(text: str, group: int) -> str:
    """Figures and letters one by one, in groups of `group`; anything else in it is left out."""
    signs = [sign for sign in fold(text).upper() if sign.isascii() and sign.isalnum()]
    size = group or len(signs) or 1
    groups = (signs[start : start + size] for start in range(0, len(signs), size))
    return "，".join(tidy("".join(dictated(s) if s.isdigit() else f" {s} " for s in g)) for g in groups)


def room(text: str) -> str:
    """A room: bare figures of two or more are dictated (1203 → 幺二零三), the rest as free text."""
    folded = fold(text).strip()
    return dictated(folded) if re.fullmatch(r"\d{2,5}", folded) else free_text(folded)
