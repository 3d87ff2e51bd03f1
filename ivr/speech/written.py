"""What was typed, before anybody says it: one form for each sign, and telephone numbers in their groups. Pure."""

import re
import unicodedata


def fold(text: str) -> str:
    """Full width, circled and foreign figures to ASCII, accents off Latin letters; everything else stays (NFKC)."""
    text = _AS_SAID.sub(lambda m: _BEFORE_FOLDING[m[0]], text)
    text = _FRACTION.sub(lambda m: ("又" if m[1] else "") + m[2], text)
    return "".join(_folded(sign) for sign in unicodedata.normalize("NFKC", text))


def _folded(sign: str) -> str:
    if sign.isascii():
        return sign
    base = unicodedata.normalize("NFKD", sign)[0]
    return base if base.isascii() and base.isalpha() else str(unicodedata.digit(sign, sign))


_BEFORE_FOLDING = {
    "№": "第", "㎡": "平方米", "m²": "平方米", "m³": "立方米", "²": "平方", "³": "立方", "‰": "‰", "‱": "",
}  # fmt: skip
"""What NFKC would turn into figures that mean something else (3² is not 32)."""
_AS_SAID = re.compile("|".join(_BEFORE_FOLDING))
_FRACTION = re.compile("(?<=([0-9]))?([\u00bc-\u00be\u2150-\u215e])")


def phone_groups(number: str) -> tuple[tuple[str, ...], str]:
    """The figures of a telephone number in the groups of custom, and its extension (分机; may be empty).

    3-4-4 for mobiles, area code and 4-4 for fixed lines, 3-3-4 for 400 and 800.

    >>> phone_groups("+86 138-0013-8000"), phone_groups("020-83812345转102"), phone_groups("95588")
    ((('138', '0013', '8000'), ''), (('020', '8381', '2345'), '102'), (('95588',), ''))
    """
    text = fold(number).strip()
    main, extension = (*re.split(r"(?:转|分机|ext\.?|x)\s*", text, maxsplit=1, flags=re.IGNORECASE), "")[:2]
    figures = re.sub(r"\D", "", main)
    if figures.startswith("86") and len(figures) in (12, 13) and main.startswith(("+", "86")):
        figures = figures.removeprefix("86")
        figures = figures if figures.startswith("1") else "0" + figures
    return _groups(figures), re.sub(r"\D", "", extension)


def _groups(number: str) -> tuple[str, ...]:
    if re.fullmatch(r"1[3-9]\d{9}", number):
        return number[:3], number[3:7], number[7:]
    if re.fullmatch(r"(?:400|800)\d{7}", number):
        return number[:3], number[3:6], number[6:]
    if found := re.fullmatch(r"(010|02\d|0[3-9]\d{2})(\d{7,8})", number):
        area, line = found.groups()
        return area, line[:-4], line[-4:]
    return tuple(number[at : at + 4] for at in range(0, len(number), 4)) if len(number) > 6 else (number,)
