"""预览 in bands: what a condition asks for as index terms, and how a count becomes a word (pure).

An exact number, asked again and again, would let a clerk narrow the pool to one (requirements C2). So a count is shown on
a ladder: 0, `minimum`, `minimum` × `step`, `minimum` × `step`² …, and the seats are compared with what is shown. Whatever
seats are asked for, a set of experts gives one rung and no more. Where the rungs lie is secret in two ways:

- Each set of experts has an *offset* of its own: its edges lie higher by up to one step. It follows from who is in the
  set; which conditions describe it, and in which order, changes nothing. One expert more or less is another set with
  another offset, so that a rung says nothing about one expert.
- The installation has one *scale*: all edges lie higher by this factor. The offsets of many sets that are nearly the
  same, or of the parts of a set, average out; what is left then is the number in units that nobody outside knows.

Edges move upwards only: what is shown is never more than there are. docs/security.md says what this holds against, and
what not.

>>> condition = Condition("c1", Mode.RESIDENCE, ("440100",), ("A08",), ("A01",), ("正高级",), (), (), 2)
>>> terms(condition)
{'regions': ('r4401',), 'specialties': ('sA01', 'sA08'), 'titles': ('t正高级',)}
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """From so many on the highest band is certain, whatever the set's offset: nobody counts further.

    >>> from drawing.rules import Rules
    >>> enough_to_count(3, Rules.load("gd-2").preview, 1.0), enough_to_count(5, Rules.load("gd-2").preview, 2.0)
    (121, 721)
    """
    shown = rule.minimum
    while band(shown, seats, rule.bands) is not Band.PLENTY:
        shown *= rule.step
    return ceil(shown * rule.step * scale) + 1  # one more: a float may lie just below its edge


def offset_of(secret: bytes) -> float:
    """A set's offset, from 0 to 1, out of its keyed hash: 0 and 1 are rare, in such a way (the distribution function is
    sin²(πt/2)) that a set tells the same amount about its size wherever between two edges it lies: none is worth looking for.

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


def terms(condition: Condition) -> dict[str, tuple[str, ...]]:
    """What is asked → the terms (of the SQL function `expert_terms`) of which an expert must have at least one; nothing asked, no
    entry.
    """
    wanted = {
        "regions": _places(condition),
        "specialties": tuple(sorted(f"s{code}" for code in {*condition.main, *condition.backup})),
        "titles": tuple(f"t{name}" for name in condition.titles),
        "qualifications": tuple(f"q{name}" for name in condition.qualifications),
        "authorities": tuple(f"a{name}" for name in condition.authorities),
    }
    return {what: words for what, words in wanted.items() if words}


def _places(condition: Condition) -> tuple[str, ...]:
    """A province is everybody who lives (or is willing) anywhere: the pool has one province."""
    letter = "r" if condition.mode is Mode.RESIDENCE else "w"
    if any(region.endswith("0000") for region in condition.regions):
        return () if condition.mode is Mode.RESIDENCE else ("w",)
    return tuple(sorted({letter + (region[:4] if region.endswith("00") else region) for region in condition.regions}))
