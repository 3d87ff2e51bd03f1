"""Telephone numbers as people write them and as networks show them: one normal form for all, and why others are refused (pure).

The normal form is what is dialled within China, digits only: 13800138000, 02083186888, 4001234567, 12345. Whatever stores,
compares, hashes or rings a number goes by it, so that +86 20 8318 6888 on the line is 020-83186888 on file. Which numbers there
are is `drawing.numbering`; what was written is read here, because the library that knows them drops letters and extensions
instead of refusing them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import NoReturn

from drawing.numbering import Kind, PhoneNumber, classified, is_landline, mobiles
from drawing.signs import IGNORED, PUNCTUATION, SPACE, unescape

GENERAL = "电话号码不正确，请填写手机号码或带区号的固定电话，如 18080808080 或 020-83180000"
PERSONAL = frozenset({Kind.MOBILE, Kind.LANDLINE})
"""What is somebody's own and may be rung by the system: of staff, 经办人, supervisors."""
PUBLIC = PERSONAL | {Kind.SERVICE, Kind.HOTLINE}
"""What people are told to ring (联系方式): 400 numbers and hotlines (12345, 95xxx) too. The system rings none of them."""
MOBILE_ONLY = frozenset({Kind.MOBILE})


class NoNumber(ValueError):
    """What was written is no telephone number that can be used there; says why in Chinese, and never the number."""


def read(text: str) -> PhoneNumber:
    """The number that was written, of whatever kind. Raises NoNumber.

    >>> [read(each).digits for each in ("+86 (0)20 8318-6888", "００８６２０８３１８６８８８", "tel:+86-138-0013-8000")]
    ['02083186888', '02083186888', '13800138000']
    """
    if mobiles().fullmatch(text):  # most are: before anything is taken apart
        return PhoneNumber(Kind.MOBILE, text)
    if len(text) > _LONGEST or not any(map(str.isdigit, text)):
        raise NoNumber(GENERAL)
    plain = _plain(text)
    if cell := _CELL.fullmatch(plain):
        plain = text = (cell[1] or cell[2]).replace(",", "")
    return _found(plain) or _refuse(text, plain)


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
    return text if mobiles().fullmatch(text) else understood(text, MOBILE_ONLY).digits  # quick for a pool of a million


def subscriber(shown: str) -> str:
    """A caller's number as the network shows it, in the form in which numbers are on file; empty when it was withheld.

    What is none of China's numbers stays as it came, and is nobody's: without its +, a number abroad could be an expert's.

    >>> [subscriber(each) for each in ("+862083186888", "2083186888", "8613800138000;cpc=ordinary", "+13800138000", "anonymous")]
    ['02083186888', '02083186888', '13800138000', '+13800138000', '']
    """
    user = re.split("[;@]", _SCHEME.sub("", shown.strip()), maxsplit=1)[0].strip()
    if not any(map(str.isdigit, user)):
        return ""
    try:
        return read(user).digits
    except NoNumber:
        without_zero = classified(f"0{user}")
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
_SCHEME = re.compile(r"(?:tel|sips?)[:：] *", re.IGNORECASE)
_CELL = re.compile(r"(1\d{10})\.0{1,2}|(\d{2},\d{3},\d{3},\d{3})", re.ASCII)
"""A mobile number that a spreadsheet took for an amount."""
_BETWEEN = re.compile(r"[/\\|、&或和及\n]+|[,;](?=\D*\d{7})")
_EXTENSION = r"转接?|轉接?|到|总机|分机|分機|分|内线|内線|ext(?:ension|n)?[.]?|;ext="
_WORD = re.compile(
    rf"(.*\d\)?)[ ()]*(?:(?:{_EXTENSION})+|[x#*,;pw]+)[ .:()号]*(\d{{1,8}})[ )号#]*",
    re.IGNORECASE,
)
_SAID = re.compile(f"(?:{_EXTENSION})", re.IGNORECASE)
_TAIL = re.compile(r"(.*\d\)?) *[-( ] *(\d{1,6}) *\)?")
_HIDDEN = re.compile(r"[\d +()-]*\d[ -]*[*x#]{2,}[ -]*\d{0,4}", re.IGNORECASE)
_POWER = re.compile(r"\d(?:[.]\d+)?e[+]?\d\d", re.IGNORECASE)
_FILLING = re.compile(r"[-(). ·]+")
_PUBLISHED = re.compile(r"\+?\d{1,20}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_CHINA = re.compile(r"\A(?:\+0?86|0?86(?=\d{10}))")
"""The country code; 086 is how some write it (no area code begins so)."""
_LOOK_ALIKE = {
    **dict.fromkeys((*"oоο", *"〇零"), "0"), **dict.fromkeys((*"li|!", *"一幺"), "1"), "s": "5", "b": "8", "z": "2",
}  # fmt: skip
"""Small letters of Latin, Cyrillic and Greek, and what else is taken for a digit."""


def _plain(text: str) -> str:
    """One form for each sign: digits, brackets and dashes of whatever width, single spaces, nothing unseen, no `tel:` before."""
    folded = unicodedata.normalize("NFKC", unescape(text)).translate(PUNCTUATION).replace("ー", "-")
    return _SCHEME.sub("", SPACE.sub(" ", IGNORED.sub("", folded)).strip(), count=1).strip()


def _extended(plain: str) -> re.Match[str] | None:
    """A number and its extension: after a word or sign for it, or after a dash where the number is whole before it."""
    if (said := _WORD.fullmatch(plain)) and _found(re.sub("[^0-9]", "", plain)) is None:
        return said
    tail = _TAIL.fullmatch(plain)
    return tail if tail and _found(plain) is None and _found(tail[1]) is not None else None


def _refuse_more_than_a_number(plain: str) -> None:
    """Several numbers, or one with an extension."""
    if sum(sum(map(str.isdigit, part)) >= _SHORT for part in _BETWEEN.split(plain)) > 1 or _are_two(plain):
        raise NoNumber("只能填写一个电话号码")
    if _HIDDEN.fullmatch(plain):
        raise NoNumber("号码有一部分被符号遮盖，请填写完整的号码")
    word = _SAID.search(plain)
    if _extended(plain) or (word and _found(plain[: word.start()].rstrip(" (-"))):
        raise NoNumber("系统不能拨打分机，请填写能直接接通的号码，不带分机号")
    if _POWER.fullmatch(plain):
        raise NoNumber("号码在表格中变成了科学计数，请把这一列设为文本，再重新填写号码")


def _are_two(plain: str) -> bool:
    """Whole numbers with nothing but a blank or a comma between them."""
    places = [at.span() for at in re.finditer(r" *[ ,;] *", plain)]
    return any(_personal(plain[:end]) and _personal(plain[begin:]) for end, begin in places)


def _personal(plain: str) -> bool:
    found = _found(plain)
    return found is not None and found.kind in PERSONAL


def _refuse_signs(text: str) -> None:
    """The first sign that belongs to no number, and its place in what was written."""
    text = unescape(text)
    scheme = _SCHEME.match(text.lstrip())
    begins = len(text) - len(text.lstrip()) + scheme.end() if scheme else 0
    before = False  # whether a digit or a + has come
    for place, sign in enumerate(text[begins:], start=begins + 1):
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
    national = _CHINA.sub("", figures)
    if not _DIGITS.fullmatch(national):
        return None
    return classified(national) or (classified(f"0{national}") if national != figures else None)


def _figures(plain: str) -> str:
    """Without what only groups them; a + for whatever stands for it."""
    return re.sub(r"\A(?:\+(?:00)?|00)", "+", _FILLING.sub("", plain))


# --- why it is none ---------------------------------------------------------------------------------------------

_PREFIXED = re.compile(r"(?:179\d\d|12593|11808|10193)0?(?:1[3-9]\d{9}|[1-9]\d{9,10})", re.ASCII)
_WITH_AREA = re.compile(r"0(?:[12]\d|[3-9]\d\d)1[3-9]\d{9}", re.ASCII)
_NEARBY = {"852": "香港", "853": "澳门", "886": "台湾"}
_NEARBY_NUMBER = re.compile(r"(852|853)[2-9]\d{7}|(886)0?[1-9]\d{7,8}", re.ASCII)


def _refuse(text: str, plain: str) -> NoReturn:
    """What is most likely wrong with what was written."""
    _refuse_more_than_a_number(plain)
    _refuse_signs(text)
    figures = _figures(plain)
    nearby = _NEARBY_NUMBER.fullmatch(figures)
    if re.match(r"\+(?!86|0)", figures) or nearby:
        _refuse_abroad(f"+{figures.removeprefix('+')}")
    national = _CHINA.sub("", figures)
    if _PREFIXED.fullmatch(national):
        raise NoNumber("请去掉号码前面的拨号前缀（如 17951）")
    if _WITH_AREA.fullmatch(national):
        raise NoNumber("手机号码前面不要加区号")
    if re.fullmatch(r"1[0-2]\d{9}", national):
        raise NoNumber("手机号码应以 13 至 19 开头，请核对")
    if re.match("0?1[3-9]", national):
        raise NoNumber(f"手机号码应为 11 位，现为 {len(national.removeprefix('0'))} 位")
    if re.fullmatch(r"1[0-2]\d", national):
        raise NoNumber("不能填写紧急电话等短号码，请填写手机号码或带区号的固定电话")
    if _SHORTEST <= len(national) <= 8 and national[0] != "0":
        raise NoNumber("固定电话请加区号，如 020-83180000")
    if is_landline(f"0{national}"):
        raise NoNumber("区号请以 0 开头，如 020-83180000")
    if len(national) > _SHORTEST and re.match("0[1-9]", national if national == figures else f"0{national}"):
        raise NoNumber("固定电话的区号或位数不对，请核对，如 020-83180000")
    raise NoNumber(GENERAL)


def _refuse_abroad(number: str) -> NoReturn:
    if re.fullmatch(r"\+1[3-9]\d{9}", number):
        raise NoNumber("“+”之后应是国家代码 86；内地手机号码请直接填写 11 位数字")
    where = _NEARBY.get(number[1:4], "境外")
    raise NoNumber(f"不能填写{where}号码（国家或地区代码不是 86），请填写内地的手机号码或带区号的固定电话")
