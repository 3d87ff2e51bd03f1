"""预览 in bands: what a condition asks for as index terms, and how a count becomes a word (pure).

An exact number, asked again and again, would let a clerk narrow the pool to one (requirements C2). So a count is shown on
a ladder: 0, `minimum`, `minimum` × `step`, `minimum` × `step`² …, and the seats are compared with what is shown. Whatever
seats are asked for, a set of experts gives one rung and no more. Where the rungs lie is secret in two ways:

- Each condition has an *offset* of its own, a keyed hash of its normal form: its edges lie higher by up to one step. The
  order in which something is listed, or what another entry covers already, changes nothing. It does not follow from who
  fits: two conditions that fit the same experts would then show the same, and two that differ by one demand would tell by
  that whether somebody meets it.
- The installation has one *scale*: all edges lie higher by this factor. The offsets of many conditions that fit nearly
  the same experts, or of the parts of a condition, average out; what is left then is the number in units that nobody
  outside knows.

Edges move upwards only: what is shown is never more than there are. docs/security.md says what this holds against, and
what not.

>>> condition = Condition("c1", Mode.RESIDENCE, ("440100",), ("A08",), ("A01",), ("正高级",), (), (), 2)
>>> terms(condition)
{'regions': ('r4401',), 'specialties': ('sA01', 'sA08'), 'titles': ('t正高级',)}
>>> split = Condition("c2", Mode.RESIDENCE, ("440104", "440100"), ("A0801", "A01"), ("A08",), ("正高级",), (), (), 9)
>>> normal_form(condition) == normal_form(split)
True
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from math import acos, ceil, pi

from drawing.eligibility import Condition, Mode
from drawing.preview_rules import PreviewRule


class Band(StrEnum):
    """可抽人数 against what is needed; never a number."""

    SHORT = "short"
    FEW = "few"
    ENOUGH = "enough"
    PLENTY = "plenty"


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
ASKED = {
    "regions": "抽取地区",
    "specialties": "专业",
    "titles": "职称等级",
    "qualifications": "执业资格",
    "authorities": "所属行业主管部门",
}
"""What a condition can ask for, in the form's words."""


def label(band: Band, multiples: Sequence[int]) -> str:
    """The words of a band; `multiples` are the rules' bands.

    >>> [label(each, (1, 3, 10)) for each in Band]
    ['不足', '不到所需人数的 3 倍', '所需人数的 3 至 10 倍', '所需人数的 10 倍以上']
    """
    _, few, enough = multiples
    return {
        Band.SHORT: "不足",
        Band.FEW: f"不到所需人数的 {few} 倍",
        Band.ENOUGH: f"所需人数的 {few} 至 {enough} 倍",
        Band.PLENTY: f"所需人数的 {enough} 倍以上",
    }[band]


def band(shown: int, seats: int, multiples: Sequence[int]) -> Band:
    """The band of what is shown of a count.

    >>> [str(band(shown, 2, (1, 3, 10))) for shown in (1, 2, 5, 6, 20, 21)]
    ['short', 'few', 'few', 'enough', 'enough', 'plenty']
    """
    lowest, few, enough = multiples
    if shown < seats * lowest:
        return Band.SHORT
    if shown < seats * few:
        return Band.FEW
    return Band.ENOUGH if shown <= seats * enough else Band.PLENTY


def rung(count: int, rule: PreviewRule, scale: float, offset: float) -> int:
    """What is shown of a count: the highest rung whose edge it reaches, or 0; `scale` from 1, `offset` from 0 to 1.

    >>> from drawing.rules import Rules
    >>> rule = Rules.load("gd-2").preview
    >>> [rung(count, rule, 1.0, 0.0) for count in (39, 40, 119, 120, 360)]
    [0, 40, 40, 120, 360]
    >>> [rung(count, rule, 2.0, 0.5) for count in (138, 139, 415, 416)]
    [0, 40, 40, 120]
    """
    edge, shown, next_one = rule.minimum * scale * rule.step**offset, 0, rule.minimum
    while count >= edge:
        edge, shown, next_one = edge * rule.step, next_one, next_one * rule.step
    return shown


def enough_to_count(seats: int, rule: PreviewRule, scale: float) -> int:
    """From so many on the highest band is certain, whatever the offset: nobody counts further.

    >>> from drawing.rules import Rules
    >>> enough_to_count(3, Rules.load("gd-2").preview, 1.0), enough_to_count(5, Rules.load("gd-2").preview, 2.0)
    (121, 721)
    """
    shown = rule.minimum
    while band(shown, seats, rule.bands) is not Band.PLENTY:
        shown *= rule.step
    return ceil(shown * rule.step * scale) + 1  # one more: a float may lie just below its edge


def offset_of(secret: bytes) -> float:
    """A condition's offset, from 0 to 1, out of its keyed hash: 0 and 1 are rare, in such a way (the distribution function is
    sin²(πt/2)) that an answer tells the same amount wherever between two edges the number lies: no place is worth looking for.

    >>> [round(offset_of(bytes([byte]) + bytes(7)), 2) for byte in (0, 64, 128, 192)], round(offset_of(b"\\xff" * 8), 2)
    ([0.0, 0.33, 0.5, 0.67], 1.0)
    """
    return acos(1 - 2 * fraction(secret)) / pi


def scale_of(secret: bytes, rule: PreviewRule) -> float:
    """The installation's scale out of a keyed hash: from 1 to the rules' `scale`, each factor as likely as any other."""
    return float(rule.scale ** fraction(secret))


def fraction(secret: bytes) -> float:
    """The first 8 bytes as a number from 0 up to 1."""
    return int.from_bytes(secret[:8]) / 2**64


def advice(condition: Condition) -> str:
    """Which demands can be eased, of what the condition says alone: which of them would help would be another count.

    >>> advice(Condition("c1", Mode.RESIDENCE, ("440100",), ("A08",), (), ("正高级",), (), (), 2))
    '可放宽的要求：抽取地区、专业、职称等级；也可增加备选专业'
    """
    eased = "、".join(ASKED[what] for what in terms(condition))
    return f"可放宽的要求：{eased}" + ("" if condition.backup else "；也可增加备选专业")


def normal_form(condition: Condition) -> str:
    """What it asks for, but for the seats; conditions that ask for the same in other words have the same one."""
    return _JSON.encode(terms(condition))


def terms(condition: Condition) -> dict[str, tuple[str, ...]]:
    """What is asked → the terms (of the SQL function `expert_terms`) of which an expert must have at least one; nothing asked, no
    entry.
    """
    wanted = {
        "regions": _places(condition),
        "specialties": _widest(f"s{code}" for code in (*condition.main, *condition.backup)),
        "titles": _each("t", condition.titles),
        "qualifications": _each("q", condition.qualifications),
        "authorities": _each("a", condition.authorities),
    }
    return {what: words for what, words in wanted.items() if words}


def _places(condition: Condition) -> tuple[str, ...]:
    """A province is everybody who lives (or is willing) anywhere: the pool has one province."""
    letter = "r" if condition.mode is Mode.RESIDENCE else "w"
    if any(region.endswith("0000") for region in condition.regions):
        return () if condition.mode is Mode.RESIDENCE else ("w",)
    return _widest(letter + (region[:4] if region.endswith("00") else region) for region in condition.regions)


def _widest(codes: Iterable[str]) -> tuple[str, ...]:
    """Without those that lie below another: codes are hierarchical.

    >>> _widest(["sA0801", "sB01", "sA08", "sB01"])
    ('sA08', 'sB01')
    """
    found: list[str] = []
    for each in sorted(set(codes)):  # whatever lies below a code stands right behind it
        if not found or not each.startswith(found[-1]):
            found.append(each)
    return tuple(found)


def _each(letter: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({f"{letter}{name}" for name in names}))
