"""Whether two 标段 may be one and the same, drawn for twice (requirement A2): a normal form of projects' and 标段 names and codes.

Names and short codes are compared within one project, long codes everywhere. Two records are one project by their own number, by
name and 招标人, or by a long 招标项目编号. 第, 标段, 标, 包 … say nothing, and figures are figures however they are written:

>>> [name_key(each) for each in ("一标段", "1标段", "第1标段", "标段一", " 01 标段", "第一包", "Ⅰ标段")] == ["1"] * 7
True
>>> name_key("施工（第十二标段）"), name_key("1-1标段"), name_key("11标段"), name_key("施工标段")
('施工|12', '1|1', '11', '施工')
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from drawing.normal_forms import normal_unit

LONG_CODE = 10
"""Characters from which a code is taken to be another's nowhere; shorter ones (1, A-02) are common."""
NO_CODE = frozenset(("", "无", "NA", "NONE", "NULL", "暂无", "没有", "无编号"))
"""What people write where there is no code, as letters and figures alone."""
_DIGITS = {sign: str(value) for value, signs in enumerate(
    ("零〇", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")) for sign in signs}  # fmt: skip
_POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_NUMERAL = re.compile(f"[{''.join(_DIGITS)}{''.join(_POWERS)}]+")
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10}
_WORD = "标段|标包|包件|包组|分包|子包|合同段|合同包|批次|标|包|段|批|号"
_NUMBERED = re.compile(rf"第(?=\d)|(?<=\d)(?:{_WORD})|(?:{_WORD})(?=\d)")
_ENDING = re.compile("标段|标包|包件|包组|合同段|合同包|批次|[标包]+$")
_AGAIN = re.compile(r"第?\d+次(?:招标)?|重新招标|重新采购|再次招标|重招|重新")
_TOKEN = re.compile(r"\d+|[A-Z]+|[^\W\dA-Z_]+")


class Sameness(Enum):
    """What comparing two 标段 says."""

    SAME = "same"  # the same project, the same name, no other code: drawn for anew only by 重新抽取
    LIKELY = "likely"  # a person has to look


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What a 标段 is known by; `project_id` None for one that was entered without a project. `whole`: the project itself."""

    id: str
    name: str
    code: str
    whole: bool
    project_id: int | None
    project: str
    project_code: str
    tenderer: str


def compare(one: LotFacts, other: LotFacts) -> Sameness | None:
    """What a new 标段 (`one`) is to another; None: nothing says that they are the same.

    A code that the other does not have may tell them apart; to leave out the code that the other has does not.
    """
    codes = own_code(one), own_code(other)
    same_code = codes[0] == codes[1] != ""
    if not set(project_keys(one)) & set(project_keys(other)):
        return Sameness.LIKELY if same_code and len(codes[0]) >= LONG_CODE else None
    if one.whole != other.whole:
        return Sameness.LIKELY
    names = lot_key(one), lot_key(other)
    if names[0] == names[1] and _one_project(one, other) and (same_code or not codes[0]):
        return Sameness.SAME
    loosely = _loose(names[0]) == _loose(names[1])
    return Sameness.LIKELY if same_code or loosely else None


def project_keys(lot: LotFacts) -> tuple[str, ...]:
    """What a 标段's project is known by; two of one project share one. A second tender (二次招标) has the key of the first."""
    own = [] if lot.project_id is None else [f"id:{lot.project_id}"]
    named = f"name:{_loose(name_key(lot.project))}/{normal_unit(lot.tenderer)}"
    code = code_key(lot.project_code)
    return (*own, named, *([f"code:{code}"] if len(code) >= LONG_CODE else []))


def lot_key(lot: LotFacts) -> str:
    """The 标段's name without its project's name before it."""
    project, name = name_key(lot.project), name_key(lot.name)
    return name.removeprefix(project).strip("|") or name


def own_code(lot: LotFacts) -> str:
    """The code, unless it is only its project's, as many give it to each 标段."""
    code = code_key(lot.code)
    return "" if code == code_key(lot.project_code) and not lot.whole else code


def name_key(name: str) -> str:
    """The normal form of a 标段's or a project's name: its words and figures.

    >>> name_key("某某大桥二期工程（施工）第二批次"), name_key("标段")
    ('某某大桥|2|期工程|施工|2', '标段')
    """
    plain = _figures(unicodedata.normalize("NFKC", normal_unit(name)).upper())
    bare = _ENDING.sub("|", _NUMBERED.sub("|", plain))
    return "|".join(_numbers(_TOKEN.findall(bare))) or plain


def code_key(code: str) -> str:
    """The normal form of a code: letters and figures alone.

    >>> code_key("gd-2026（0617）_01"), code_key("无"), code_key("/")
    ('GD2026061701', '', '')
    """
    bare = "".join(each for each in normal_unit(code).upper() if each.isalnum())
    return "" if bare in NO_CODE else bare


def _one_project(one: LotFacts, other: LotFacts) -> bool:
    """The very same, or named so; a second tender of it is another."""
    if one.project_id is not None and one.project_id == other.project_id:
        return True
    return name_key(one.project) == name_key(other.project)


def _loose(key: str) -> str:
    """A key without what says that it is tendered again."""
    return "|".join(filter(None, _AGAIN.sub("|", key.replace("|次", "次")).split("|"))) or key


def _figures(text: str) -> str:
    """Chinese numerals as figures, none with a zero before it.

    >>> _figures("第二十三标段、〇七包、一百零五"), _figures("三水")
    ('第23标段、7包、105', '3水')
    """
    return re.sub(r"(?<!\d)0+(?=\d)", "", _NUMERAL.sub(lambda found: _value(found[0]), text))


def _value(numeral: str) -> str:
    if not any(sign in _POWERS for sign in numeral):
        return "".join(_DIGITS[sign] for sign in numeral)
    total, digit = 0, 0
    for sign in numeral:
        if sign in _POWERS:
            total, digit = total + (digit or 1) * _POWERS[sign], 0
        else:
            digit = int(_DIGITS[sign])
    return str(total + digit)


def _numbers(tokens: Iterable[str]) -> Iterable[str]:
    return (str(_ROMAN.get(token, token)) for token in tokens)
