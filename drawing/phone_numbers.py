"""When two telephone numbers, as people write them, ring the same telephone (pure).

Numbers are compared to keep somebody from standing in two places: a clerk as the witness of their own draw. Whoever wants to get
around that writes the number differently, so everything that is dialled the same is the same.
"""

from __future__ import annotations

import re
import unicodedata

SHORTEST = 7
"""Digits of a local number without its area code."""
WHOLE = 10
"""Digits from which a number is one of its own anywhere in China; what follows it is an extension, what precedes it a prefix."""
_MOBILE = re.compile(r"(?:\+86|0086|86)?0?(1[3-9]\d{9})")
_ABROAD = re.compile(r"(?:\+|00)86(\d+)")


def normal(text: str) -> str:
    """The digits that are dialled within China: full-width forms, signs, +86 and the 0 before a mobile number make no difference.

    >>> normal("+86 139-0000-0000"), normal("０13900000000"), normal("(020) 83180000"), normal("+86 20 83180000")
    ('13900000000', '13900000000', '02083180000', '02083180000')
    """
    kept = "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign in "+0123456789")
    if mobile := _MOBILE.fullmatch(kept):
        return mobile[1]
    if landline := _ABROAD.fullmatch(kept):
        return f"0{landline[1].lstrip('0')}"
    return kept.replace("+", "")


def same(one: str, other: str) -> bool:
    """Whether both ring the same telephone; also with an extension behind, a carrier's prefix or no area code before.

    >>> same("02083180000", "83180000"), same("020-83180000-8001", "02083180000"), same("17951 139 0000 0000", "13900000000")
    (True, True, True)
    >>> same("13900000000", "13900000001"), same("13983180000", "83180000"), same("", "")
    (False, False, False)
    """
    short, long = sorted((normal(one), normal(other)), key=len)
    if len(short) < SHORTEST:
        return False
    if len(short) < WHOLE:  # a local number: what precedes it must be an area code
        return long == short or (long.startswith("0") and long.endswith(short))
    return long.startswith(short) or long.endswith(short)
