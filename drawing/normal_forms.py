"""One grammar and one normal form for people's names and for units' names, wherever one is matched against another: the pool's
import, 回避单位 and 回避人员 (form and workbook), the names that a notice may not hold, and looking for a person.

What is typed is *understood* (`understood_name`, `understood_unit`: what is kept and shown), or refused when it could match nobody:
the sign is named by its code and place, never the name. Two names are the same exactly if their normal forms are equal
(`normal_name`, `normal_unit`). The form of a unit's name (the specification of a unit's keyed hash refers to this):

1. Unicode NFKC;
2. radicals and private signs to ideographs, each kind of dots, dashes, quotes and brackets to one sign, capitals to small letters
   (`drawing.signs.FOLD`);
3. `_xHHHH_` undone;
4. white space and signs that nobody sees removed;

again and again until nothing changes. The same in SQL: function normal_unit.

>>> normal_unit("广州（ＡＢ）咨询 有限公司_x000D_") == normal_unit("广州(ab)咨询有限公司")
True
>>> understood_name("阿卜杜拉•买买提"), understood_name("张　三"), understood_name("⻢超")
('阿卜杜拉·买买提', '张三', '马超')
"""

import re
import unicodedata
from contextlib import suppress

from drawing.signs import (
    DOTS,
    FOLD,
    FULL_STOPS,
    IDEOGRAPHS,
    IGNORED,
    LINE_END,
    PUNCTUATION,
    SPACE,
    UNSEEN,
    unescape,
)

NAME_LENGTHS, UNIT_LENGTHS = range(2, 31), range(2, 101)
# CJK unified ideographs with extensions A to J, 〇, and the twelve of the compatibility block that are unified ones.
_HAN = re.compile("[〇㐀-䶿一-鿿\ufa0e\ufa0f\ufa11\ufa13\ufa14\ufa1f\ufa21\ufa23\ufa24\ufa27-\ufa29\U00020000-\U0003347f]")
_COMPATIBLE = re.compile("[\u2e80-\u2fdf\uf900-\ufaff\U0002f800-\U0002fa1f]")
_FOREIGN = re.compile(r"[A-Za-z][A-Za-z .'\-]+")
# What most names consist of, and what is its own normal form: a million of them are read in one import.
_WIDE = {code: code - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for code in range(ord(first), ord(last) + 1)}
_PLAIN_NAME = re.compile("[〇㐀-䶿一-鿿]{2,30}")
_GROUPING = str.maketrans("", "", "-_/.·,:#()")
_PLAIN_UNIT = re.compile("[〇㐀-䶿一-鿿a-z0-9()]*")
_USUAL_UNIT = re.compile("[〇㐀-䶿一-鿿A-Za-z0-9]{2}[〇㐀-䶿一-鿿A-Za-z0-9()（）]{0,98}")
_USUAL = str.maketrans(
    {"（": "(", "）": ")"} | {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
)
_BETWEEN_NAMES = frozenset("、，,；;/／|｜＋+＆&")
_BRACKETS = frozenset("()（）[]【】〔〕{}<>《》“”\"'‘’")
_LOST = frozenset("?？*＊\ufffd\ufffc")
_BETWEEN_UNITS = re.compile("[、，,/／|｜＋+＆&]")
_ORGANISATION = re.compile(
    "(公司|集团|厂|院|所|局|厅|处|中心|大学|学院|学校|医院|银行|委员会|事务所|协会|学会|研究会|合作社|部|站|馆|办公室|政府)[)）]?$"
)

_TWO_COMPANIES = re.compile(r".{2,}公司[)）]?(?:[和及与]| +)(?!.*分公司[)）]?$).{2,}公司[)）]?")
_STRAY = frozenset("。，、：！,:!")
_TITLE = "先生|女士|小姐|教授|老师|总工|工程师|总监|经理|主任|院长|处长|科长|局长"
_TITLED = re.compile(f".+(?:{_TITLE})|(?:{_TITLE}).+|..+高工")
_SURNAMES = (  # the hundred most frequent
    "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭"
    "廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_TWO_PEOPLE = re.compile(f"[{_SURNAMES}].{{1,2}}[和及与][{_SURNAMES}].{{1,2}}")


class Unmatchable(ValueError):
    """What was typed can match nobody; says why in Chinese, without the name."""


def tidy(text: str) -> str:
    r"""As people see it: nothing unseen, radicals as ideographs, `_xHHHH_` undone; inner white space stays.

    >>> tidy(" ⻄⽔\u200b公司_x000D_\n")
    '西水公司'
    """
    shown = IGNORED.sub("", unescape(text)).translate(IDEOGRAPHS)
    return SPACE.sub(_space, _COMPATIBLE.sub(lambda each: unicodedata.normalize("NFKC", each[0]), shown)).strip()


def understood_text(text: str) -> str:
    r"""Free text as it is kept: `tidy` line by line, with letters and digits of the usual width. Punctuation stays as it is typed.

    >>> understood_text("ＸＸ路８８号（３楼），\u3000联系　ｍａ ")
    'XX路88号（3楼）， 联系 ma'
    """
    while (usual := _usual_text(text)) != text:
        text = usual
    return text


def understood_number(text: str) -> str:
    """A number or code (编号) as it is kept: every sign of the usual width, one kind of hyphen, no blanks around it.

    >>> understood_number(" ＧＤ２０２６－０６１７—０１（Ａ） ")
    'GD2026-0617-01(A)'
    """
    while (usual := _usual_number(text)) != text:
        text = usual
    return text


def understood_figures(text: str) -> str:
    """A date or an amount before it is read: every sign of the usual width, also a full stop for a point.

    >>> understood_figures(" ２０２６。１２。１，９：００ ")
    '2026.12.1,9:00'
    """
    return unicodedata.normalize("NFKC", tidy(text)).translate(PUNCTUATION).replace("。", ".").strip()


def normal_unit(name: str) -> str:
    """A unit's name without what typists and programs vary; see the module.

    >>> normal_unit("某某设计院（广州）"), normal_unit("⻄⽔—“研究”所")
    ('某某设计院(广州)', '西水-"研究"所')
    """
    if _PLAIN_UNIT.fullmatch(name):
        return name
    usual = name.translate(_USUAL)
    if _PLAIN_UNIT.fullmatch(usual):
        return usual
    while (folded := _folded(name)) != name:
        name = folded
    return name


def code_form(code: str) -> str:
    """What a number or code is looked for and compared by: letters and digits, not what groups them. The same in SQL.

    >>> code_form(" ＧＤ２０２６－０６１７—０１（Ａ） "), code_form("—")
    ('gd2026061701a', '')
    """
    return normal_unit(code).translate(_GROUPING)


def normal_name(name: str) -> str:
    """What a person's name is compared and hashed by.

    >>> normal_name("张 三"), normal_name("John  SMITH"), normal_name("张三（总工）")
    ('张三', 'johnsmith', '张三(总工)')
    """
    if _PLAIN_NAME.fullmatch(name):
        return name
    with suppress(Unmatchable):  # one from before there was a grammar matches its like; the page says that it matches no expert
        name = understood_name(name)
    return normal_unit(name)


def understood_name(text: str) -> str:
    """A person's name: ideographs, `·` between the parts of a minority's name; or a foreign one. Raises Unmatchable."""
    if _PLAIN_NAME.fullmatch(text):
        return _one_person(text)
    name = tidy(text)
    if not name:
        raise Unmatchable("不能为空")
    if LINE_END.search(name):
        raise Unmatchable("有换行：一条只填一个人")
    han = any(_HAN.match(each) for each in name)
    name = _one_person(_joined(_chinese(name))) if han else _foreign(name)
    if len(name) not in NAME_LENGTHS:
        raise Unmatchable(f"应为 2 至 30 个字，现为 {len(name)} 个")
    return name


def understood_unit(text: str) -> str:
    """A unit's full name. Raises Unmatchable for what no unit of the pool can be called."""
    if _TWO_COMPANIES.fullmatch(text):
        raise Unmatchable("看来填了 2 个单位：一条只填一个单位")
    if _USUAL_UNIT.fullmatch(text):
        return text
    name = tidy(text)
    if not name:
        raise Unmatchable("不能为空")
    if LINE_END.search(name):
        raise Unmatchable("有换行：一条只填一个单位")
    for place, sign in enumerate(name, start=1):
        if fault := _unit_sign(sign):
            raise Unmatchable(f"{_named(sign, place)}{fault}")
    if len(name) not in UNIT_LENGTHS or sum(bool(_HAN.match(each)) or each.isalnum() for each in name) < 2:
        raise Unmatchable(f"应为 2 至 100 个字的单位全称，现为 {len(name)} 个")
    for place in (1, len(name)):
        if name[place - 1] in _STRAY:
            raise Unmatchable(f"{_named(name[place - 1], place)}是多出的标点：请删去")
    if _TWO_COMPANIES.fullmatch(name):
        raise Unmatchable("看来填了 2 个单位：一条只填一个单位")
    parts = _BETWEEN_UNITS.split(name)
    if len(parts) > 1 and all(len(part) > 3 and _ORGANISATION.search(part.strip()) for part in parts):
        raise Unmatchable(f"看来填了 {len(parts)} 个单位：一条只填一个单位")
    return name


def _one_person(name: str) -> str:
    """The same, unless it is a name with a title, or two names in one, which nobody in the pool is called."""
    if _TITLED.fullmatch(name):
        raise Unmatchable("看来带有称谓或职务：请只填姓名")
    if _TWO_PEOPLE.fullmatch(name):
        raise Unmatchable("看来填了两个人：一条只填一个人")
    return name


def _usual_text(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tidied = (tidy(line.translate(_WIDE)).replace("\n", " ") for line in lines)
    return unicodedata.normalize("NFC", "\n".join(tidied)).strip()


def _usual_number(text: str) -> str:
    known = tidy(text).replace("\n", " ").translate(PUNCTUATION)  # before NFKC takes some of it apart
    return unicodedata.normalize("NFKC", known).translate(PUNCTUATION)


def _folded(text: str) -> str:
    # FULL_STOPS and DOTS that NFKC would take apart are folded before it.
    known = text.translate(PUNCTUATION)
    return UNSEEN.sub("", unescape(unicodedata.normalize("NFKC", known).translate(FOLD)))


def _space(found: re.Match[str]) -> str:
    return "\n" if LINE_END.search(found[0]) else " "


def _chinese(name: str) -> str:
    """Its ideographs, dots and blanks. Raises Unmatchable at the first other sign."""
    signs = []
    for place, sign in enumerate(name, start=1):
        if sign in DOTS or sign in FULL_STOPS or sign == "·":
            signs.append("·")
        elif _HAN.match(sign) or sign == " ":
            signs.append(sign)
        else:
            raise Unmatchable(f"{_named(sign, place)}{_name_sign(sign)}")
    return re.sub(" ?· ?", "·", "".join(signs))


def _joined(name: str) -> str:
    """Without the blanks of a name that was spread out (张 三); Unmatchable where they may stand between two names."""
    parts = name.split(" ")
    if len(parts) > 3 or sum(len(part) > 1 for part in parts) > 1:
        raise Unmatchable("有空格，可能是两个人：一条只填一个人；如是一个人，请去掉空格（少数民族姓名中间用“·”）")
    joined = "".join(parts)
    if joined.startswith("·") or joined.endswith("·") or "··" in joined:
        raise Unmatchable("“·”只能在名字之间，不能在首尾或连用")
    return joined


def _foreign(name: str) -> str:
    plain = SPACE.sub(" ", unicodedata.normalize("NFKC", name.translate(PUNCTUATION)))
    for place, sign in enumerate(plain, start=1):
        if not re.match(r"[A-Za-z .'\-]", sign):
            raise Unmatchable(f"{_named(sign, place)}{_name_sign(sign)}")
    if not _FOREIGN.fullmatch(plain):
        raise Unmatchable("应为 2 至 30 个汉字，或以字母开头的外文姓名")
    return plain


def _named(sign: str, place: int) -> str:
    """A sign by its place and code; itself only if it is no letter, which might be a part of somebody's name."""
    seen = f"“{sign}”" if unicodedata.category(sign)[0] in "PSN" else ""
    return f"第 {place} 个字符{seen}（U+{ord(sign):04X}）"


def _name_sign(sign: str) -> str:
    if sign in _BETWEEN_NAMES:
        return "像是隔开两个人：一条只填一个人"
    if sign in _BRACKETS:
        return "不属于姓名：请删去括号及其中的说明，只填姓名"
    if unicodedata.category(sign)[0] == "N":
        return "是数字：姓名中不能有数字"
    return "不能出现在姓名中（应为汉字，少数民族姓名中间用“·”；或外文姓名）"


def _unit_sign(sign: str) -> str:
    if sign in "；;":
        return "像是隔开两个单位：一条只填一个单位"
    if sign in _LOST:
        return "是丢失的字或通配符：请填写完整的单位全称"
    category = "Lo" if _HAN.match(sign) else unicodedata.category(sign)  # newer ideographs than this Python knows
    if category[0] == "C" or category in ("So", "Sk"):
        return "不能出现在单位名称中：请重新输入这个字"
    return ""
