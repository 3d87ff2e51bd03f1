"""How long a 短信 is, and what the network makes of it (3GPP TS 23.038, 23.040). Pure.

A text in the GSM 7-bit alphabet has 160 characters in one part; any other is UCS-2 with 70. A longer one is sent in parts with a
header each: 153 and 67. The telephone puts them together; each part is paid for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

TRUNK_BYTES = 1_023
"""Of UTF-8, in one SIP MESSAGE: 341 hanzi. Asterisk 22 takes more and sends nothing."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # two places each


class Encoding(Enum):
    """Characters in a single part, and in each of several."""

    GSM7 = (160, 153)
    UCS2 = (70, 67)


@dataclass(frozen=True, slots=True)
class Size:
    """What a text takes. units: septets or UTF-16 units; bytes: of UTF-8."""

    encoding: Encoding
    units: int
    parts: int
    bytes: int


def size(text: str) -> Size:
    """Its length as the network counts.

    >>> size("参" * 71).parts, size("a" * 160).parts, size("[" * 80).units
    (2, 1, 160)
    """
    encoding = encoding_of(text)
    return Size(encoding, sum(_units(each, encoding) for each in text), len(split(text)), len(text.encode()))


def encoding_of(text: str) -> Encoding:
    """GSM 7-bit if every character is in its alphabet."""
    return Encoding.GSM7 if all(each in _BASIC or each in _EXTENDED for each in text) else Encoding.UCS2


def split(text: str) -> tuple[str, ...]:
    """The parts in turn; no character (an escape with what it escapes, a surrogate pair) is cut in two."""
    encoding = encoding_of(text)
    single, several = encoding.value
    if sum(_units(each, encoding) for each in text) <= single:
        return (text,)
    return tuple(_cut(text, encoding, several))


def _cut(text: str, encoding: Encoding, room: int) -> Iterator[str]:
    start = used = 0
    for n, each in enumerate(text):
        units = _units(each, encoding)
        if used + units > room:
            yield text[start:n]
            start, used = n, 0
        used += units
    yield text[start:]


def _units(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def too_long(text: str, limit: int = TRUNK_BYTES) -> str | None:
    """Why a text can't be sent as one message, or None."""
    found = size(text)
    if found.bytes <= limit:
        return None
    allowed = f"最多 {limit} 字节（约 {limit // 3} 个汉字）"
    return f"短信过长：{found.units} 字，{found.bytes} 字节，{allowed}。请缩短语音通知的地址或注意事项。"
