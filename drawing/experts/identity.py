"""证件号 (GB 11643-1999: 17 digits and a check character); and how little of it and of a 手机号码 may be shown.

>>> check_character("11010519491231002")
'X'
>>> id_card_fault("11010519491231002X") is None
True
>>> understood_id_card(" １１０１０５-19491231-００２× ")
'11010519491231002X'
>>> mask("13800138000"), mask("11010519491231002X")
('138******00', '110*************2X')
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from operator import mul

from drawing.normal_forms import tidy
from drawing.signs import PUNCTUATION

_ID_CARD = re.compile(r"\d{17}[\dX]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643: 2 ** (18 - i) mod 11
_CHECKS = "10X98765432"
_LENGTH, _OLD_LENGTH = 18, 15
_SCIENTIFIC = re.compile(r"[\d.]+E\+?\d{1,2}", re.ASCII)
_TAKEN_FOR = {"O": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2"}
_ZERO = ord("0") * sum(_WEIGHTS)  # the sum is over the digits' ASCII codes
_FILLING = re.compile(r"[-\s·.]+")
_FOR_X = str.maketrans("×✕✖ХхΧχ", "XXXXXXX")  # what stands for the X where none is at hand, Cyrillic and Greek letters
ADULT = 18
"""Years: nobody is an expert before."""
_LONG_NUMBER = re.compile(r"[0-9０-９][0-9０-９Xx*\- ]{5,}[0-9０-９Xx]")
# GB/T 2260: the province, 71 台湾, 81 香港, 82 澳门, 83 台湾居民居住证
_PROVINCES = frozenset(
    f"{code}" for code in (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55),
                           *range(61, 66), 71, 81, 82, 83)
)  # fmt: skip


def check_character(seventeen: str) -> str:
    """The 18th character of a 证件号 (ISO 7064, MOD 11-2)."""
    return _CHECKS[(sum(map(mul, seventeen.encode("ascii"), _WEIGHTS)) - _ZERO) % 11]


def understood_id_card(text: str) -> str:
    """As it is kept and compared: half width, capitals, without blanks, hyphens and unseen signs. Whether it is a number, the
    faults below say.
    """
    if _ID_CARD.fullmatch(text):  # most are: before anything is taken apart
        return text
    plain = unicodedata.normalize("NFKC", tidy(text)).translate(PUNCTUATION).translate(_FOR_X)
    return _FILLING.sub("", plain).upper()


def birth_date(number: str) -> date:
    """Of a 证件号 without fault."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def birth_fault(number: str, today: date, least: int = 0) -> str | None:
    """What is wrong with the birth date of a 证件号 that has no other fault; `least`: full years that the person must have.

    >>> birth_fault("440104209901011234", date(2026, 12, 1)), birth_fault("44010420081201123X", date(2026, 11, 30), ADULT)
    ('出生日期（第 7 至 14 位）在将来', '出生日期（第 7 至 14 位）有误：未满 18 周岁')
    """
    born = number[6:14]
    if born <= f"{today.year - least}{today.month:02}{today.day:02}":
        return None
    if born > f"{today:%Y%m%d}":
        return "出生日期（第 7 至 14 位）在将来"
    return f"出生日期（第 7 至 14 位）有误：未满 {least} 周岁"


def id_card_fault(number: str) -> str | None:
    """What is wrong with a 证件号, in Chinese and without the number itself; None if nothing is."""
    if not _ID_CARD.fullmatch(number):
        return _shape_fault(number)
    if number[:2] not in _PROVINCES:
        return "前两位不是有效的省级行政区划代码"
    if not _is_birth_date(number[6:14]):
        return "第 7 至 14 位不是有效的出生日期"
    if check_character(number[:17]) != number[17]:
        return "校验码（末位）不符，请核对是否录错"
    return None


def _shape_fault(number: str) -> str:
    """Which sign is none of a 证件号, or how many there are. An ideograph is not told by its code: it may be of a name.

    >>> _shape_fault("4401O4198001011234"), _shape_fault("4.40104E+17")[:8]
    ('应为 18 位（前 17 位是数字，末位是数字或 X），第 5 个字符（U+004F）不是数字，请核对是否应为数字 0', '是科学计数法，末')
    """
    should = "应为 18 位（前 17 位是数字，末位是数字或 X）"
    if _SCIENTIFIC.fullmatch(number):
        return "是科学计数法，末几位已丢失：请把整列的单元格格式设为“文本”，再按原件重新录入号码"
    for place, sign in enumerate(number, start=1):
        if not (sign.isascii() and sign.isdigit()) and not (sign == "X" and place >= len(number) >= _LENGTH):
            if unicodedata.category(sign) == "Lo":
                return f"{should}，第 {place} 个字符是汉字等文字"
            meant = f"，请核对是否应为数字 {_TAKEN_FOR[sign]}" if sign in _TAKEN_FOR else ""
            return f"{should}，第 {place} 个字符（U+{ord(sign):04X}）不是数字{meant}"
    old = "：15 位的是旧号码，请填写现在的 18 位号码" if len(number) == _OLD_LENGTH else ""
    return f"{should}，现为 {len(number)} 个字符{old}"


def _is_birth_date(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1900
    except ValueError:
        return False


def mask(number: str) -> str:
    """The first three and the last two characters: enough to find a row again, not enough to call or name
    anyone.
    """
    return number[:3] + "*" * max(len(number) - 5, 1) + number[-2:] if len(number) > 7 else "*" * len(number)


def shown(text: str) -> str:
    """A wrong value as it may stand in a message: short, on one line, and whatever looks like a number
    masked.
    """
    plain = _LONG_NUMBER.sub(lambda found: mask(found[0]), text)
    short = plain if len(plain) <= 30 else plain[:30] + "…"
    return "“" + "".join(c if c.isprintable() else "�" for c in short) + "”"
