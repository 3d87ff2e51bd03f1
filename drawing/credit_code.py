"""统一社会信用代码 (GB 32100-2015): 18 characters, digits and capitals without I, O, S, V, Z, the last one a check character.

>>> code_fault("91350100M000100Y43"), understood_code(" 91350100-m000100y43 ")
('', '91350100M000100Y43')
>>> code_fault("9135O100M000100Y43")
'第 5 个字符是字母“O”，应为数字 0：统一社会信用代码不用字母 I、O、S、V、Z'
"""

import re
import unicodedata

from drawing.normal_forms import tidy
from drawing.signs import UNSEEN

LENGTH = 18
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
_TAKEN_FOR = {"I": "数字 1", "O": "数字 0", "S": "数字 5", "V": "字母 U 或 Y", "Z": "数字 2"}
_OLD = {15: "15 位的是旧的营业执照注册号", 9: "9 位的是旧的组织机构代码", 10: "10 位的是旧的组织机构代码"}
LEGAL_PERSON = "1"
"""招标人类别 法人, whose code is checked; others (部队 …) may have a code of their own making."""


def understood_code(text: str) -> str:
    """As it is kept: half width, capitals, no blanks, hyphens or unseen signs."""
    return UNSEEN.sub("", unicodedata.normalize("NFKC", tidy(text))).upper().replace("-", "")


def code_fault(code: str) -> str:
    """What is wrong with an understood code, in Chinese, with the sign named; or nothing."""
    if len(code) != LENGTH:
        old = f"，{_OLD[len(code)]}，已停用" if len(code) in _OLD else ""
        return f"应为 18 位，现为 {len(code)} 位{old}：请填写营业执照或法人证书上的统一社会信用代码"
    for place, sign in enumerate(code, start=1):
        if sign in _TAKEN_FOR:
            return f"第 {place} 个字符是字母“{sign}”，应为{_TAKEN_FOR[sign]}：统一社会信用代码不用字母 I、O、S、V、Z"
        if sign not in _ALPHABET:
            return f"第 {place} 个字符（U+{ord(sign):04X}）不是数字或大写字母"
    if not re.fullmatch(r"\d{6}", code[2:8], re.ASCII):
        return "第 3 至 8 位是行政区划码，应为数字"
    if check_character(code[:-1]) != code[-1]:
        return "校验码（末位）不符，请逐位核对是否录错"
    return ""


def check_character(seventeen: str) -> str:
    """The 18th character of a code.

    >>> check_character("91350100M000100Y4")
    '3'
    """
    total = sum(_ALPHABET.index(sign) * weight for sign, weight in zip(seventeen, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]
