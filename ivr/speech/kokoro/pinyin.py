"""From what `ivr.speech.normalise` writes to pinyin, word by word. Pure; pypinyin is loaded when it is first needed.

pypinyin comes with `script/setup voice`: nothing else reads hanzi here.
"""

import re
from collections.abc import Iterator

from .readings import known

VERSION = 2
"""Part of the engine's identity, and so of the cache's key: raise it with every change of a reading."""

LETTERS = {
    "A": "ei1", "B": "bi4", "C": "xi1", "D": "di4", "E": "yi4", "F": "ai2 fu5", "G": "ji4", "H": "ei2 chi5", "I": "ai4",
    "J": "jie4", "K": "kei4", "L": "ai2 lu5", "M": "ai2 mu5", "N": "en1", "O": "ou1", "P": "pi4", "Q": "kiu4", "R": "a2 er5",
    "S": "ai2 si5", "T": "ti4", "U": "you1", "V": "wei1", "W": "da2 bu5 liu5", "X": "ai2 ke5 si5", "Y": "wai4", "Z": "zei4",
}  # fmt: skip
"""Latin letters as a speaker of Mandarin names them."""
R_COLOUR = ("er5",)
"""儿化: the end of the syllable before it."""
STOPS = "，。；：！？、"

_HANZI = "〇\u3400-\u9fff\U00020000-\U0003ffff"
_PIECES = re.compile(f"[{_HANZI}]+|[A-Z]|[{STOPS}]|[^\\s]")

Word = tuple[str, ...]


class Unreadable(ValueError):
    """A sign has no reading here. The message names the sign's number only: the text may be a person's name."""


def read(text: str) -> Iterator[Word | str]:
    """Words as syllables with tones (`nin2`; 5: no tone), and stops as they are.

    >>> list(read("广东。B座"))
    [('guang3', 'dong1'), '。', ('bi4',), ('zuo4',)]
    """
    for piece in _PIECES.findall(text):
        if piece in STOPS:
            yield piece
        elif piece in LETTERS:
            yield tuple(LETTERS[piece].split())
        else:
            yield from _words(piece)


def syllables(text: str) -> list[str]:
    """All syllables in order, without the stops."""
    return [syllable for word in read(text) if not isinstance(word, str) for syllable in word]


def _words(run: str) -> Iterator[Word]:
    """A run of hanzi. Words are only where the model breathes; the readings are those of the whole run."""
    from pypinyin.contrib import mmseg

    readings, start = _readings(run), 0
    last: Word = ()
    for word in mmseg.seg.cut(run):
        said = tuple(readings[start : start + len(word)])
        start += len(word)
        if last and said[:1] == R_COLOUR:  # 点儿 is one word, whatever the dictionary says
            last, said = (*last, *R_COLOUR), said[1:]
        if last and said:
            yield last
        last = said or last
    if last:
        yield last


def _readings(run: str) -> list[str]:
    from pypinyin import Style, lazy_pinyin

    readings = lazy_pinyin(run, style=Style.TONE3, neutral_tone_with_five=True, errors=_unreadable)
    if len(readings) != len(run):
        raise Unreadable("a run of hanzi has another number of readings than of signs")
    for start, ours in known(run):
        readings[start : start + len(ours)] = ours
    return readings


def _unreadable(signs: str) -> str:
    raise Unreadable(f"no reading for U+{ord(signs[0]):04X}")
