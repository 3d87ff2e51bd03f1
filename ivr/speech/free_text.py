"""Any text that a person typed, as a Chinese reader says it. Pure.

The rules are tried in order at each place of the text, the first that fits wins.
"""

import re
import unicodedata
from collections.abc import Callable

from .mandarin import (
    WEEKDAYS,
    cardinal,
    clock,
    counted,
    decimal,
    dictated,
    figures,
    grouped,
    money,
)
from .written import fold, phone_groups

Match = re.Match[str]


def phone(number: str) -> str:
    """A telephone number in the groups of custom, 分机 after 转."""
    groups, extension = phone_groups(number)
    spoken = "，".join(map(dictated, groups))
    return f"{spoken}，转{dictated(extension)}" if extension else spoken


def unspoken(text: str) -> tuple[str, ...]:
    """Signs that no voice here can say and that are left out, each once, with the reason: for who typed them.

    >>> unspoken("请进😀\a, été 2人 カ")
    ('😀（表情或符号）', 'U+0007（控制字符）', 'カ（不能朗读的文字）')
    """
    return tuple(dict.fromkeys(filter(None, map(_reason, text))))


def _reason(sign: str) -> str:
    if sign in "\n\r\t" or free_text(f"一{sign}一") != "一一":
        return ""
    kind = unicodedata.category(sign)
    if kind in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return f"U+{ord(sign):04X}（控制字符）"
    if kind[0] == "S":
        return f"{sign}（表情或符号）"
    return f"{sign}（不能朗读的文字）" if kind[0] in "LN" else ""  # quotes, dots and spaces are no loss


def free_text(text: str) -> str:
    """Any text a person typed, figures and signs turned into what a Chinese reader says."""
    folded = re.sub(r"[^\S\n]+", " ", fold(text))
    return tidy(_RULES.sub(_apply, folded))


_DOTS, _STOP = re.compile(r"\.{2,}"), re.compile(r"(?<!\.)\.(?=\s|$)")
_PUNCTUATION = str.maketrans(
    {",": "，", ";": "；", ":": "：", "!": "！", "?": "？", "\n": "。", "\t": " "} | dict.fromkeys("()[]{}|…—", "，")
)


def tidy(text: str) -> str:
    """Only hanzi, Chinese punctuation and capital letters with spaces around them remain."""
    text = _DOTS.sub("，", _STOP.sub("。", text)).translate(_PUNCTUATION).upper()
    text = re.sub(r"[A-Z]", r" \g<0> ", text)
    text = "".join(c for c in text if c in " ，。；：！？、" or (c.isascii() and c.isalpha()) or _is_hanzi(c))
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?([，。；：！？、]) ?", r"\1", text)
    return re.sub(r"([，；：、])[，；：、]+", r"\1", text).strip(" ，；、")


def _is_hanzi(sign: str) -> bool:
    return sign == "〇" or unicodedata.name(sign, "").startswith("CJK UNIFIED IDEOGRAPH")


_PERIODS = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里"
_MEASURES = (
    "个半|个|只|双|对|人|名|位|次|份|本|张|件|条|台|套|家|间|辆|支|瓶|盒|包|天|小时|分钟|秒|周|倍|种|项|遍|点钟|公里|千米|米|厘米"
    "|平方米|公斤|千克|克|吨|轮|场|把|块|杯|顿|餐|年(?!级|代)"
)
_UNITS = {
    "m2": "平方米", "m3": "立方米", "km": "公里", "m": "米", "cm": "厘米", "kg": "公斤", "g": "克", "h": "小时",
    "min": "分钟",
}  # fmt: skip
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"


def _plain(number: str) -> str:
    return number.replace(",", "")


def _ymd(m: Match) -> str:
    return f"{figures(m['y'])}年{cardinal(int(m['mo']))}月{cardinal(int(m['d']))}日"


def _clock(m: Match) -> str:
    hour, minute, half = int(m["h"]), int(m["mi"]), (m["half"] or "").lower()
    if half and 1 <= hour <= 12:
        return clock(hour % 12 + (12 if half == "p" else 0), minute)
    return (m["p"] or "") + clock(hour, minute, with_period=not m["p"])


def _clocks(m: Match) -> str:
    first = (m["rp"] or "") + clock(int(m["h1"]), int(m["m1"]), with_period=not m["rp"])
    return f"{first}至{clock(int(m['h2']), int(m['m2']), with_period=not m['rp'])}"


def _yuan(m: Match) -> str:
    number, scale = _plain(m["yuan"] or m["yuan2"]), m["scale"] or m["scale2"]
    return decimal(number, scale + "元") if scale else money(number)


def _span(m: Match) -> str:
    return f"{decimal(m['from'])}至{decimal(m['to'], m['spanunit'])}"


def _after_letters(number: str) -> str:
    return dictated(number) if len(number) > 1 else cardinal(int(number))


def _lone(m: Match) -> str:
    """A number without anything that says what it is: short ones are quantities, long ones are dictated."""
    text = _plain(m["lone"])
    if "." in text and text.count(".") == 1:
        return decimal(text) if len(text.partition(".")[0]) < 9 else dictated(text.replace(".", ""))
    if len(text) <= 4 and not (len(text) > 1 and text.startswith("0")):
        return cardinal(int(text))
    return grouped(text, (4,)) if len(text) > 6 else dictated(text)


_TABLE: tuple[tuple[str, str, Callable[[Match], str]], ...] = (
    ("date", r"(?P<y>(?:19|20)\d\d)\s*[-/.年]\s*(?P<mo>0?[1-9]|1[0-2])\s*[-/.月]\s*"
     r"(?P<d>3[01]|[12]\d|0?[1-9])(?!\d)[日号]?", _ymd),
    ("clocks", rf"(?P<rp>{_PERIODS})?(?<!\d)(?P<h1>[01]?\d|2[0-3]):(?P<m1>[0-5]\d)\s*[-~至到—–]+\s*"
     r"(?P<h2>[01]?\d|2[0-3]|24(?=:00)):(?P<m2>[0-5]\d)(?![\d:])", _clocks),
    ("clock", rf"(?P<p>{_PERIODS})?\s*(?<!\d)(?P<h>[01]?\d|2[0-3]|24(?=[:点时]00))(?::|点|时(?!间))(?P<mi>[0-5]\d|(?<!:)\d(?=分))"
     r"(?!\d)(?::[0-5]\d)?分?(?:\s*(?P<half>[AaPp])\.?[Mm]\b\.?)?", _clock),
    ("weekday", r"(?P<week>周|星期|礼拜)(?P<wd>[1-7])(?!\d)",
     lambda m: m["week"] + WEEKDAYS[int(m["wd"]) - 1]),
    ("item", r"(?:^|(?<=[\s；;。,，]))(?P<item>\d{1,2})[.](?=[^\d\s.])",
     lambda m: cardinal(int(m["item"])) + "、"),
    ("number", r"(?<![A-Za-z])[Nn][Oo]\.?\s*(?=\d)", lambda m: "第"),
    ("fraction", r"(?P<over>\d+)\u2044(?P<under>\d+)",
     lambda m: f"{cardinal(int(m['under']))}分之{cardinal(int(m['over']))}"),
    ("code", r"(?P<codeword>(?:验证码|密码|编号|代码|证件号|证号|账号|QQ|微信)[是为:号 ]{0,3})"
     r"(?P<codefig>\d+)(?!\d)",
     lambda m: m["codeword"] + grouped(m["codefig"], (3,) if len(m["codefig"]) == 6 else (4,))),
    ("abroad", r"\+86[- ]?\(?(?P<area>0?(?:10|2\d|[3-9]\d{2}))\)?[- ]?(?P<line>\d{7,8})(?!\d)",
     lambda m: phone(f"0{m['area'].removeprefix('0')}{m['line']}")),
    ("mobile", r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)(?:转\d{1,6})?",
     lambda m: phone(m[0])),
    ("fixedline", r"(?<!\d)\(?0\d{2,3}\)?[- ]?\d{4}[- ]?\d{3,4}(?!\d)(?:(?:转|-)\d{1,6}(?!\d))?",
     lambda m: phone(re.sub(r"-(\d{1,6})$", r"转\1", m[0]) if m[0].count("-") > 1 else m[0])),
    ("service", r"(?<!\d)[48]00-?\d{3}-?\d{4}(?!\d)", lambda m: phone(m[0])),
    ("hotline", r"(?P<hotword>(?:电话|拨打?|热线|致电|手机|总机|分机|转)[是为:号 ]{0,3})"
     r"(?P<hot>\d[\d-]*\d(?:转\d{1,6})?|\d)",
     lambda m: m["hotword"] + phone(m["hot"])),
    ("solid", r"(?<![\dA-Za-z])(?P<sy>20\d\d)(?P<smo>0[1-9]|1[0-2])(?P<sd>0[1-9]|[12]\d|3[01])(?!\d)",
     lambda m: f"{figures(m['sy'])}年{cardinal(int(m['smo']))}月{cardinal(int(m['sd']))}日"),
    ("year", r"(?<!\d)(?P<year>\d{4}|\d{2}(?=年\s*\d{1,2}月))(?P<era>年|届|级|版)",
     lambda m: figures(m["year"]) + m["era"]),
    ("percents", rf"(?P<low>{_NUMBER})\s*%?\s*[-~至到—–]+\s*(?P<high>{_NUMBER})\s*%",
     lambda m: f"百分之{decimal(_plain(m['low']))}至百分之{decimal(_plain(m['high']))}"),
    ("permille", rf"(?P<permille>{_NUMBER})\s*‰", lambda m: "千分之" + decimal(_plain(m["permille"]))),
    ("percent", rf"(?P<percent>{_NUMBER})\s*%", lambda m: "百分之" + decimal(_plain(m["percent"]))),
    ("yuan", rf"(?:[¥￥]|RMB)\s*(?P<yuan>{_NUMBER})\s*(?P<scale>[百千万亿]*)元?"
     rf"|(?P<yuan2>{_NUMBER})\s*(?P<scale2>[百千万亿]*)元", _yuan),
    ("celsius", rf"(?P<cold>-)?(?P<celsius>{_NUMBER})\s*°C",
     lambda m: ("零下" if m["cold"] else "") + decimal(_plain(m["celsius"])) + "摄氏度"),
    ("ordinals", r"第\s*(?P<first>\d{1,4})\s*[-~至到—–]+\s*第?(?P<last>\d{1,4})(?!\d)",
     lambda m: f"第{cardinal(int(m['first']))}至{cardinal(int(m['last']))}"),
    ("ordinal", r"第\s*(?P<ordinal>\d{1,9})(?!\d)", lambda m: "第" + cardinal(int(m["ordinal"]))),
    ("basement", r"-(?P<basement>\d)(?=[楼层])", lambda m: "负" + cardinal(int(m["basement"]))),
    ("room", r"(?<!\d)(?P<room>\d{3,5})\s*(?=(?:[、,和及/]\s*\d{3,5}\s*){0,9}"
     "号?(?:室|房|会议室|评标室|开标室|评标厅|办公室|机房|教室))",
     lambda m: dictated(m["room"])),
    ("rooms", r"(?<=[楼层栋幢座元])\s*(?P<rooms>\d{3,4}(?:-\d{3,4})?)(?!\d)",
     lambda m: "至".join(map(dictated, m["rooms"].split("-")))),
    ("span", r"(?<!\d)(?P<from>\d+(?:\.\d+)?)\s*[-~—–]+\s*(?P<to>\d+(?:\.\d+)?)\s*"
     rf"(?P<spanunit>{_MEASURES}|点|月|日|号楼|楼|层)", _span),
    ("hours", r"(?<![A-Za-z\d])(?P<hours>\d{1,3})\s*h\s*(?P<minutes>\d{1,2})\s*min(?![A-Za-z])",
     lambda m: counted(int(m["hours"]), "小时") + counted(int(m["minutes"]), "分钟")),
    ("unit", rf"(?<![A-Za-z\d])(?P<amount>{_NUMBER})\s*(?P<unit>km|cm|kg|min|m2|m3|m|g|h)(?![A-Za-z\d])",
     lambda m: decimal(_plain(m["amount"]), _UNITS[m["unit"]])),
    ("count", rf"(?<![A-Za-z\d])(?P<count>{_NUMBER})\s*(?P<measure>{_MEASURES})",
     lambda m: decimal(_plain(m["count"]), m["measure"])),
    ("oclock", rf"(?P<op>{_PERIODS})?\s*(?<!\d)(?P<oclock>[01]?\d|2[0-4])点(?P<rest>整|半)?(?!\d)",
     lambda m: (m["op"] or "") + counted(int(m["oclock"]), "点") + (m["rest"] or "")),
    ("wholes", r"(?<![A-Za-z\d-])(?P<whole>\d{1,4})"
     r"(?=号|楼|层|栋|幢|座|月|日|单元|期|村|队|组|巷|弄|街|路|区|级|年级|线)",
     lambda m: cardinal(int(m["whole"]))),
    ("hash", r"(?<![A-Za-z\d-])(?P<hash>\d{1,5})#",
     lambda m: (cardinal(int(m["hash"])) if len(m["hash"]) < 3 else dictated(m["hash"])) + "号"),
    ("lettered", r"(?<![A-Za-z])(?P<letters>[A-Za-z]{1,40})-?(?P<lettered>\d+)",
     lambda m: f"{m['letters']} {_after_letters(m['lettered'])}"),
    ("dash", r"(?<=\d)\s*[-–]+\s*(?=\d)", lambda m: "杠"),
    ("ratio", r"(?<=\d):(?=\d)", lambda m: "比"),
    ("per", r"(?<=[元个份次])/(?=[人天次个份项周月])", lambda m: "每"),
    ("about", r"(?:^|(?<=[\s，。；：、,;:(]))~{1,3}\s?(?=\d)", lambda m: "约"),
    ("range", rf"\s?~{{1,3}}\s?(?=\d)|(?<=[日号月年点分整半时楼层室栋座人名元%])\s*[-~—–]+\s*(?=\d|第|{_PERIODS})"
     r"|(?<=[周期拜][一二三四五六日天1-7])\s*[-~—–]+\s*(?=周|星期|礼拜)", lambda m: "至"),
    ("point", r"(?<=[A-Za-z\d])\.(?=[A-Za-z])", lambda m: "点"),
    ("lone", rf"(?P<lone>{_NUMBER})", _lone),
    ("sign", r"[&+@#*%=°¥￥/×÷±<>≤≥‰]", lambda m: _SIGNS[m[0]]),
)  # fmt: skip

_SIGNS: dict[str, str] = {
    "&": "和", "+": "加", "@": "艾特", "#": "井号", "*": "星号", "%": "百分号", "=": "等于", "°": "度",
    "¥": "元", "￥": "元", "/": "、", "×": "乘", "÷": "除以", "±": "正负", "<": "小于", ">": "大于", "≤": "小于等于",
    "≥": "大于等于", "‰": "千分号",
}  # fmt: skip
_RULES = re.compile("|".join(f"(?P<r_{name}>{pattern})" for name, pattern, _ in _TABLE))
_SAY = {f"r_{name}": say for name, _, say in _TABLE}


def _apply(m: Match) -> str:
    rule = next(name for name in _SAY if m[name] is not None)
    return _SAY[rule](m)
