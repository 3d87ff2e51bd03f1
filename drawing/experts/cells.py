"""A cell's text without what programs leave in it: `_xHHHH_`, private signs of old Chinese systems, ways to keep digits (pure).

>>> cleaned("某某公司_x000D_\\n"), unwrapped('="440104198001011234"'), unwrapped("\\t'13800138000")
('某某公司', '440104198001011234', '13800138000')
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from drawing.signs import IDEOGRAPHS, IGNORED, unescape

_ODD = re.compile("[\ue815-\ue864\u200b-\u200f\u2060\ufeff\xad]|_(?=[xX])|\n[='’‘]")
_FORMULA_OF_TEXT = re.compile('=\\s*"([^"]*)"')
_TEXT_MARK = re.compile("['’‘](?=[0-9])")  # as a Chinese keyboard types it, too


def _old_gbk() -> Iterator[tuple[str, str]]:
    """U+E815 … U+E864, where Windows' code page 936 has FE50 … FEA0, and the ideographs that GB 18030 has there."""
    trails = [trail for trail in range(0x50, 0xA1) if trail != 0x7F]
    for code, trail in enumerate(trails, start=0xE815):
        sign = bytes((0xFE, trail)).decode("gb18030")
        yield chr(code), sign.translate(IDEOGRAPHS)


_MARKS = frozenset("'’‘")
_OLD_GBK = str.maketrans(dict(_old_gbk()))


def cleaned(text: str) -> str:
    """As it was typed, without what nobody sees, and without blanks around it."""
    if _ODD.search(text):
        text = IGNORED.sub("", unescape(text)).translate(_OLD_GBK)
    return text.strip()


def unwrapped(text: str) -> str:
    """A cell's text without `="…"` and `'` before digits, which keep a spreadsheet from taking them for a number."""
    text = cleaned(text)
    if found := _FORMULA_OF_TEXT.fullmatch(text):
        return found[1].strip()
    return _TEXT_MARK.sub("", text, count=1) if text[:1] in _MARKS else text


def unwrapped_row(row: Iterable[str]) -> list[str]:
    """The cells of a csv row. Most have nothing to take off: one look decides for the whole row."""
    cells = list(map(str.strip, row))
    return list(map(unwrapped, cells)) if _ODD.search("\n" + "\n".join(cells)) else cells
