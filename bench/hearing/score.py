"""How far what was written down is from what was said: in characters, in pinyin, in pinyin with tone. Pure.

A recogniser writes figures where it hears numbers, and nobody can see how it heard them. So each run of figures is read in the way
that fits best what was said: as a quantity, one by one, with 幺 or 一 for 1, with 两 or 二 for 2.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivr.speech import mandarin
from ivr.speech.kokoro.pinyin import LETTERS, Unreadable, syllables

_RUN = re.compile(r"\d+(?:[:.-]\d+)*")
_MINUTES = re.compile(r"(?<=\d:\d\d)分")
"""9:30分 is said once."""
_KEPT = re.compile(r"[〇\u3400-\u9fffA-Z]")


@dataclass(frozen=True, slots=True)
class Errors:
    """Signs that are wrong, missing or too many, in characters, pinyin and pinyin with tone; and how many were said."""

    characters: int = 0
    pinyin: int = 0
    tones: int = 0
    said: int = 0

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.characters + other.characters, self.pinyin + other.pinyin, self.tones + other.tones, self.said + other.said
        )  # fmt: skip

    def percent(self) -> tuple[float, float, float]:
        """Of what was said."""
        return tuple(100 * each / max(1, self.said) for each in (self.characters, self.pinyin, self.tones))  # type: ignore[return-value]


def errors(said: str, written: str) -> Errors:
    """`said`: in hanzi, as a voice was given it; `written`: by the recogniser."""
    heard = as_heard(said, written)
    ours, theirs = sounds(said), sounds(heard)
    return Errors(
        distance(only(said), only(heard)), distance(toneless(ours), toneless(theirs)), distance(ours, theirs), len(ours)
    )


def wrong_figures(code: str, said: str, written: str) -> int:
    """How many figures of a 验证码 at the end of what was said were not understood, or heard where there was none."""
    ours, theirs = ([_ONE.get(each, each) for each in toneless(sounds(text))] for text in (said, as_heard(said, written)))
    before, figures = ours[: -len(code)], ours[-len(code) :]
    begins = min(
        range(len(theirs) + 1),
        key=lambda at: distance(before, theirs[:at]) + distance(figures, theirs[at:]),
    )
    return min(len(code), distance(figures, theirs[begins:]))


_ONE = {"yao": "yi"}
"""Both are 1."""


def as_heard(said: str, written: str) -> str:
    """What was written, with every run of figures read as fits best."""
    text = _MINUTES.sub("", unicodedata.normalize("NFKC", written).upper())
    runs = _RUN.findall(text)
    between = _RUN.split(text)
    chosen = [mandarin.dictated(re.sub(r"\D", "", run)) for run in runs]
    ours = sounds(said)
    for place, run in enumerate(runs):
        chosen[place] = min(
            _readings(run),
            key=lambda reading: distance(ours, sounds(_joined(between, [*chosen[:place], reading, *chosen[place + 1 :]]))),
        )  # fmt: skip
    return _joined(between, chosen)


def _joined(between: Sequence[str], chosen: Sequence[str]) -> str:
    return "".join(text + run for text, run in zip(between, [*chosen, ""], strict=True))


def _readings(run: str) -> Iterable[str]:
    """The ways in which a run of figures may have been said."""
    plain = re.sub(r"\D", "", run)
    yield mandarin.dictated(plain)
    yield mandarin.figures(plain)
    for way in (mandarin.cardinal, _with_two):
        yield "".join(way(int(each)) for each in re.findall(r"\d+", run))
    if (at := re.fullmatch(r"(\d{1,2}):(\d\d)", run)) and int(at[1]) < 24 and int(at[2]) < 60:
        yield mandarin.clock(int(at[1]), int(at[2]), with_period=False)


def _with_two(number: int) -> str:
    said = mandarin.cardinal(number)
    return "两" + said[1:] if said.startswith("二") else said


def only(text: str) -> list[str]:
    """Hanzi and letters, without what nobody hears."""
    return _KEPT.findall(text)


def sounds(text: str) -> list[str]:
    """Syllables with tones; a sign without a reading is one that nobody said."""
    signs = only(text)
    try:
        return syllables("".join(signs))
    except Unreadable:
        return syllables("".join(sign if _readable(sign) else "〇" for sign in signs))


def _readable(sign: str) -> bool:
    if sign in LETTERS:
        return True
    try:
        return bool(syllables(sign))
    except Unreadable:
        return False


def toneless(said: Iterable[str]) -> list[str]:
    """Pinyin alone."""
    return [each.rstrip("12345") for each in said]


def distance(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Least number of signs to change, to leave out or to put in."""
    row = list(range(len(theirs) + 1))
    for place, sign in enumerate(ours, 1):
        above, row = row, [place]
        for at, other in enumerate(theirs, 1):
            row.append(min(above[at - 1] + (sign != other), above[at] + 1, row[at - 1] + 1))
    return row[-1]
