"""Amounts of money and counts as people write them (pure).

A comma groups three figures, and the decimal sign is a point; full-width signs are the usual ones. Scientific notation is refused:
nobody writes it by hand, and a spreadsheet that writes it has lost figures.

>>> [str(understood_amount(each)) for each in ("1，500.50", "￥1,234,567", "１５００ 万元", "1 500.5", "0", ".5")]
['1500.50', '1234567', '1500', '1500.5', '0', '0.5']
>>> understood_count("５人"), understood_count("1,000")
(5, 1000)
"""

from __future__ import annotations

import re
from decimal import Decimal

from drawing.normal_forms import understood_figures

_CURRENCY = re.compile(r"\A(?:¥|RMB|CNY|人民币)\s*", re.IGNORECASE)
_UNIT = re.compile(r"\s*万(?:元(?:[整正])?)?\Z")
_OTHER_UNIT = re.compile(r"(?<=[\d.])\s*(?:[亿千百]万?元?|元|圆)(?:整|正)?\Z", re.ASCII)
_COUNTED = re.compile(r"\s*[人位名个]\Z")
_GROUPED = re.compile(r"([+-]?)(\d{1,3}(?:([, ])\d{3}(?:\3\d{3})*)|\d*)(\.\d*)?", re.ASCII)
_CHINESE = re.compile("[零〇一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟]")


MOST_SIGNS = 60


class NoAmount(ValueError):
    """What was written is no amount, or no count; says why in Chinese, behind the field's name."""


class NoFigures(NoAmount):
    """There is no number in it."""


def understood_amount(text: str) -> Decimal:
    """An amount in 万元. Raises NoAmount."""
    plain = _UNIT.sub("", _CURRENCY.sub("", understood_figures(text)))
    if _OTHER_UNIT.search(plain):
        raise NoAmount("以万元为单位，请换算后只填数字，例如 1200.5")
    return Decimal(_figures(plain, "1200.5"))


def understood_count(text: str) -> int:
    """A whole number. Raises NoAmount."""
    try:
        figures = Decimal(_figures(_COUNTED.sub("", understood_figures(text)), "5"))
    except NoFigures:
        raise NoAmount("应为整数，例如 5") from None
    if figures != figures.to_integral_value():
        raise NoAmount("应为整数，例如 5")
    return int(figures)


def _figures(plain: str, example: str) -> str:
    """Without grouping, as Decimal reads it."""
    if len(plain) > MOST_SIGNS:
        raise NoAmount("的数字过大")
    found = _GROUPED.fullmatch(plain)
    if found and any(map(str.isdigit, plain)):
        return f"{found[1]}{re.sub('[, ]', '', found[2]) or '0'}{found[4] or ''}"
    if re.fullmatch(r"[+-]?[\d.,]+[eE][+-]?\d+", plain, re.ASCII):
        raise NoAmount(f"不能用科学计数法，请写出全部数字，例如 {example}")
    if re.fullmatch(r"[+-]?[\d., ]+", plain, re.ASCII):
        raise NoAmount("中的逗号或空格只能每三位隔开一组，小数点用“.”，例如 1,200.5")
    if _CHINESE.search(plain):
        raise NoFigures(f"请用阿拉伯数字填写，例如 {example}")
    raise NoFigures(f"应为数字，例如 {example}")
