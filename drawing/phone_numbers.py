"""Telephone numbers as people write them and as networks show them: one normal form for all, and why others are refused (pure).

The normal form is what is dialled within China, digits only: 13800138000, 02083186888, 4001234567, 12345. Whatever stores,
compares, hashes or rings a number goes by it, so that +86 20 8318 6888 on the line is 020-83186888 on file.

Which segments and area codes exist is the data of the library `phonenumbers` (Google's libphonenumber, region CN), with one
addition: INVENTED. What was written is read here, because the library drops letters and extensions instead of refusing them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import NoReturn

import phonenumbers

from drawing.signs import IGNORED, PUNCTUATION, SPACE, unescape

INVENTED = r"16[0134689]\d{8}"
"""Mobile segments that no operator has been given: tests, the demo and benchmarks have their people there (experts.generate)."""
GENERAL = "电话号码不正确，请填写手机号码或带区号的固定电话，如 18080808080 或 020-83180000"


class Kind(Enum):
    """What a number is, by its first digits and its length."""

    MOBILE = "手机号码"
    LANDLINE = "固定电话"
    SERVICE = " 400 号码"
    FREEPHONE = " 800 号码（手机打不通）"
    HOTLINE = "热线短号码"
    UNASSIGNED = "未分配给个人的号段"


PERSONAL = frozenset({Kind.MOBILE, Kind.LANDLINE})
"""What is somebody's own and may be rung by the system: of staff, 经办人, supervisors."""
PUBLIC = PERSONAL | {Kind.SERVICE, Kind.HOTLINE}
"""What people are told to ring (联系方式): 400 numbers and hotlines (12345, 95xxx) too. The system rings none of them."""
MOBILE_ONLY = frozenset({Kind.MOBILE})


class NoNumber(ValueError):
    """What was written is no telephone number that can be used there; says why in Chinese, and never the number."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that was understood. `digits`: the normal form."""

    kind: Kind
    digits: str = field(repr=False)

    @property
    def written(self) -> str:
        """As people read it: a landline with a hyphen after its area code.

        >>> read("+86 20 8318 6888").written, read("(0755)83186888").written, read("138 0013 8000").written
        ('020-83186888', '0755-83186888', '13800138000')
        """
        if self.kind is not Kind.LANDLINE:
            return self.digits
        area = 3 if self.digits[1] in "12" else 4
        return f"{self.digits[:area]}-{self.digits[area:]}"


def read(text: str) -> PhoneNumber:
    """The number that was written, of whatever kind. Raises NoNumber.

    >>> [read(each).digits for each in ("+86 (0)20 8318-6888", "００８６２０８３１８６８８８", "tel:+86-138-0013-8000")]
    ['02083186888', '02083186888', '13800138000']
    """
    if _mobile().fullmatch(text):  # most are: before anything is taken apart
        return PhoneNumber(Kind.MOBILE, text)
    if len(text) > _LONGEST or not any(map(str.isdigit, text)):
        raise NoNumber(GENERAL)
    plain = _plain(text)
    if sum(sum(map(str.isdigit, part)) >= _SHORT for part in _BETWEEN.split(plain)) > 1:
        raise NoNumber("只能填写一个电话号码")
    if _extended(plain):
        raise NoNumber("系统不能拨打分机，请填写能直接接通的号码，不带分机号")
    _refuse_signs(text.removeprefix("tel:"))
    return _found(plain) or _refuse(plain)


def understood(text: str, kinds: Collection[Kind] = PERSONAL) -> PhoneNumber:
    """The same where only some kinds will do. Raises NoNumber.

    >>> understood("14600138000")
    Traceback (most recent call last):
    drawing.phone_numbers.NoNumber: 以 146 开头的不是个人手机号码（物联网、数据卡或未分配的号段），请核对
    """
    number = read(text)
    if number.kind in kinds:
        return number
    if number.kind is Kind.UNASSIGNED:
        raise NoNumber(f"以 {number.digits[:3]} 开头的不是个人手机号码（物联网、数据卡或未分配的号段），请核对")
    wanted = "手机号码或带区号的固定电话" if Kind.LANDLINE in kinds else "手机号码"
    raise NoNumber(f"不能填写{number.kind.value}，请填写{wanted}")


def mobile(text: str) -> str:
    """The normal form of a person's mobile number of the mainland. Raises NoNumber.

    >>> mobile("+86 138-0013-8000")
    '13800138000'
    """
    return text if _mobile().fullmatch(text) else understood(text, MOBILE_ONLY).digits  # quick for a pool of a million


def subscriber(shown: str) -> str:
    """A caller's number as the network shows it, in the form in which numbers are on file; empty when it was withheld.

    What is none of China's numbers stays as it came, and is nobody's: without its +, a number abroad could be an expert's.

    >>> [subscriber(each) for each in ("+862083186888", "2083186888", "8613800138000;cpc=ordinary", "+13800138000", "anonymous")]
    ['02083186888', '02083186888', '13800138000', '+13800138000', '']
    """
    user = re.split("[;@]", shown.strip().removeprefix("tel:").removeprefix("sip:"), maxsplit=1)[0].strip()
    if not any(map(str.isdigit, user)):
        return ""
    try:
        return read(user).digits
    except NoNumber:
        without_zero = _classified(f"0{user}")
        return without_zero.digits if without_zero else user.casefold()


def published(text: str) -> str:
    """The number that experts see, as its operator wrote it in the settings: digits, after a + where the carrier wants one.

    Whether it begins with +86 or 0 is the carrier's affair, and some lend short numbers; so it is no more than tidied.
    Raises ValueError.

    >>> published("+86 20 8318-6888"), published("（020）83186888"), published("12345")
    ('+862083186888', '02083186888', '12345')
    """
    tidied = _FILLING.sub("", _plain(text))
    if not _PUBLISHED.fullmatch(tidied):
        raise ValueError("digits, perhaps after a +, without an extension, e.g. 02083186888")
    return tidied


def normal(text: str) -> str:
    """The normal form of a number on file, however it was written when it was taken; what can't be read is left as its digits.

    >>> normal("+86 139-0000-0000"), normal("(020) 83180000"), normal("+86 20 83180000转8001"), normal("83180000")
    ('13900000000', '02083180000', '020831800008001', '83180000')
    """
    plain = _plain(text)
    if extended := _extended(plain):
        return normal(extended[1]) + extended[2]
    try:
        return read(plain).digits
    except NoNumber:
        return re.sub("[^0-9]", "", plain)


def same(one: str, other: str) -> bool:
    """Whether both ring the same telephone; also with an extension behind, a carrier's prefix or no area code before.

    >>> same("02083180000", "83180000"), same("020-83180000-8001", "02083180000"), same("17951 139 0000 0000", "13900000000")
    (True, True, True)
    >>> same("13900000000", "13900000001"), same("13983180000", "83180000"), same("", "")
    (False, False, False)
    """
    short, long = sorted((normal(one), normal(other)), key=len)
    if len(short) < _SHORTEST:
        return False
    if len(short) < _WHOLE:  # a local number: what precedes it must be an area code
        return long == short or (long.startswith("0") and long.endswith(short))
    return long.startswith(short) or long.endswith(short)


# --- what was written -------------------------------------------------------------------------------------------

_LONGEST = 100
"""Signs of what is read at all."""
_SHORT = 5
"""Digits of a hotline; an area code has fewer."""
_SHORTEST = 7
"""Digits of a local number without its area code."""
_WHOLE = 10
"""Digits from which a number is one of its own anywhere in China; what follows it is an extension, what precedes it a prefix."""
_BETWEEN = re.compile(r"[/|、或和及\n]+|[,;](?=\D*\d{7})")
_WORD = re.compile(
    r"(.*\d)[ ()]*(?:转|轉|分机|分機|内线|内線|ext(?:ension|n)?[.]?|;ext=|[x#*,;pw]+)[ :()号]*(\d{1,8})[ )号]*",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(.*\d\)?) *[-( ] *(\d{1,6}) *\)?")
_FILLING = re.compile(r"[-(). ·]+")
_PUBLISHED = re.compile(r"\+?\d{1,20}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_LOOK_ALIKE = {"o": "0", "〇": "0", "零": "0", "l": "1", "i": "1", "一": "1", "幺": "1"}


def _plain(text: str) -> str:
    """One form for each sign: digits, brackets and dashes of whatever width, single spaces, nothing unseen, no `tel:` before."""
    folded = unicodedata.normalize("NFKC", unescape(text)).translate(PUNCTUATION).replace("ー", "-")
    return SPACE.sub(" ", IGNORED.sub("", folded)).strip().removeprefix("tel:").strip()


def _extended(plain: str) -> re.Match[str] | None:
    """A number and its extension: after a word or sign for it, or after a dash where the number is whole before it."""
    if said := _WORD.fullmatch(plain):
        return said
    tail = _TAIL.fullmatch(plain)
    return tail if tail and _found(plain) is None and _found(tail[1]) is not None else None


def _refuse_signs(text: str) -> None:
    """The first sign that belongs to no number, and its place in what was written."""
    before = False  # whether a digit or a + has come
    for place, sign in enumerate(unescape(text), start=1):
        for each in _plain(sign):
            if (each.isascii() and each.isdigit()) or (each == "+" and not before):
                before = True
            elif not _FILLING.fullmatch(each):
                raise NoNumber(_refused_sign(sign, place))


def _refused_sign(sign: str, place: int) -> str:
    """An ideograph is not repeated, nor told by its code: where columns are shifted it is somebody's name."""
    if meant := _LOOK_ALIKE.get(sign.lower()):
        return f"第 {place} 个字符“{sign}”（U+{ord(sign):04X}）不属于电话号码，请核对是否应为数字 {meant}"
    if unicodedata.category(sign) == "Lo":
        return f"第 {place} 个字符是汉字等文字，不属于电话号码，请只填写数字"
    return f"第 {place} 个字符“{sign}”（U+{ord(sign):04X}）不属于电话号码，请只填写数字"


def _found(plain: str) -> PhoneNumber | None:
    """A number within China by its digits, with or without the country code."""
    figures = _figures(plain)
    national = re.sub(r"\A(?:\+86|86(?=\d{10}))", "", figures)
    if not _DIGITS.fullmatch(national):
        return None
    return _classified(national) or (_classified(f"0{national}") if national != figures else None)


def _figures(plain: str) -> str:
    """Without what only groups them; a + for whatever stands for it."""
    return re.sub(r"\A(?:\+(?:00)?|00)", "+", _FILLING.sub("", plain))


def _classified(national: str) -> PhoneNumber | None:
    """What a number within China is, an area code with its 0."""
    if found := _PORTABLE.fullmatch(national):
        return PhoneNumber(Kind.MOBILE if _mobile().fullmatch(found[1]) else Kind.UNASSIGNED, found[1])
    if _is_landline(national):
        return PhoneNumber(Kind.LANDLINE, national)
    return next((PhoneNumber(kind, national) for kind, shape in _SHAPES if shape.fullmatch(national)), None)


# --- which numbers there are ------------------------------------------------------------------------------------

_PORTABLE = re.compile(r"0?(1[3-9]\d{9})", re.ASCII)
_AREA = re.compile(r"0[1-9]\d{9,10}", re.ASCII)
"""Area code and seven or eight digits: behind an area code there are short numbers too, which are nobody's own."""
_SHAPES = (
    (Kind.SERVICE, re.compile(r"400\d{7}", re.ASCII)),
    (Kind.FREEPHONE, re.compile(r"800\d{7}", re.ASCII)),
    (Kind.HOTLINE, re.compile(r"1[0-2]\d{3}|9[56]\d{3,6}", re.ASCII)),
)
_PREFIXED = re.compile(r"(?:179\d\d|12593|11808|10193)0?(?:1[3-9]\d{9}|[1-9]\d{9,10})", re.ASCII)
_NEARBY = {"+852": "香港", "+853": "澳门", "+886": "台湾"}


@cache
def _mobile() -> re.Pattern[str]:
    """The segments of persons' mobile numbers: without those of machines (140, 146 …), which are of the same length."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region("CN")
    assert metadata is not None
    assert metadata.mobile is not None
    return re.compile(f"(?:{metadata.mobile.national_number_pattern}|{INVENTED})", re.ASCII)


def _is_landline(national: str) -> bool:
    if not _AREA.fullmatch(national):
        return False
    number = phonenumbers.PhoneNumber(country_code=86, national_number=int(national))
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE


def _refuse(plain: str) -> NoReturn:
    """For digits that are no number: what is most likely wrong with them."""
    figures = _figures(plain)
    if figures.startswith("+") and not figures.startswith("+86"):
        _refuse_abroad(figures)
    national = re.sub(r"\A(?:\+86|86(?=\d{10}))", "", figures)
    if _PREFIXED.fullmatch(national):
        raise NoNumber("请去掉号码前面的拨号前缀（如 17951）")
    if re.fullmatch(r"1[0-2]\d{9}", national):
        raise NoNumber("手机号码应以 13 至 19 开头，请核对")
    if re.match("0?1[3-9]", national):
        raise NoNumber(f"手机号码应为 11 位，现为 {len(national.removeprefix('0'))} 位")
    if _SHORTEST <= len(national) <= 8 and national[0] != "0":
        raise NoNumber("固定电话请加区号，如 020-83180000")
    if _is_landline(f"0{national}"):
        raise NoNumber("区号请以 0 开头，如 020-83180000")
    if national.startswith("0") and len(national) > _SHORTEST:
        raise NoNumber("固定电话的区号或位数不对，请核对，如 020-83180000")
    raise NoNumber(GENERAL)


def _refuse_abroad(number: str) -> NoReturn:
    if re.fullmatch(r"\+1[3-9]\d{9}", number):
        raise NoNumber("“+”之后应是国家代码 86；内地手机号码请直接填写 11 位数字")
    where = next((name for code, name in _NEARBY.items() if number.startswith(code)), "境外")
    raise NoNumber(f"不能填写{where}号码（国家或地区代码不是 86），请填写内地的手机号码或带区号的固定电话")
