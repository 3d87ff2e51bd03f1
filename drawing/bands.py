"""预览 in bands: what a condition asks for as index terms, and how a count becomes a word (pure).

An exact number, asked again and again, would let a clerk narrow the pool to one; so nobody counts further than the
highest band needs, and only the band leaves (requirements C2). Terms are those of the SQL function `expert_terms`.

>>> condition = Condition("c1", Mode.RESIDENCE, ("440100",), ("A08",), ("A01",), ("正高级",), (), (), 2)
>>> terms(condition)
{'regions': ('r4401',), 'specialties': ('sA01', 'sA08'), 'titles': ('t正高级',)}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from drawing.eligibility import Condition, Mode


class Band(StrEnum):
    """可抽人数 against what is needed; never a number."""

    SHORT = "short"
    FEW = "few"
    ENOUGH = "enough"
    PLENTY = "plenty"


ASKED = {
    "regions": "抽取地区",
    "specialties": "主专业、备选专业",
    "titles": "职称等级",
    "qualifications": "执业资格",
    "authorities": "所属行业主管部门",
}
"""What a condition can ask for, in the form's words."""

_LEVELS = tuple(Band)


def label(band: Band, multiples: Sequence[int]) -> str:
    """The words of a band; `multiples` are the rules' preview_bands.

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


def count_to(seats: int, multiples: Sequence[int]) -> int:
    """How far to count at most: one more than the highest band's threshold."""
    return seats * multiples[-1] + 1


def band(count: int, seats: int, multiples: Sequence[int]) -> Band:
    """The band of a count.

    >>> [str(band(count, 2, (1, 3, 10))) for count in (1, 2, 5, 6, 20, 21)]
    ['short', 'few', 'few', 'enough', 'enough', 'plenty']
    """
    lowest, few, enough = multiples
    if count < seats * lowest:
        return Band.SHORT
    if count < seats * few:
        return Band.FEW
    return Band.ENOUGH if count <= seats * enough else Band.PLENTY


def higher(one: Band, other: Band) -> bool:
    """Whether `one` says more people than `other`."""
    return _LEVELS.index(one) > _LEVELS.index(other)


def terms(condition: Condition) -> dict[str, tuple[str, ...]]:
    """What is asked → the terms of which an expert must have at least one; nothing asked, no entry."""
    wanted = {
        "regions": _places(condition),
        "specialties": tuple(sorted(f"s{code}" for code in {*condition.main, *condition.backup})),
        "titles": tuple(f"t{name}" for name in condition.titles),
        "qualifications": tuple(f"q{name}" for name in condition.qualifications),
        "authorities": tuple(f"a{name}" for name in condition.authorities),
    }
    return {what: words for what, words in wanted.items() if words}


def without(wanted: Mapping[str, tuple[str, ...]], what: str) -> dict[str, tuple[str, ...]]:
    """The same terms, one demand less."""
    return {key: words for key, words in wanted.items() if key != what}


def only_main(condition: Condition) -> Condition:
    """The condition before 备选专业 come in."""
    return replace(condition, backup=())


def _places(condition: Condition) -> tuple[str, ...]:
    """A province is everybody who lives (or is willing) anywhere: the pool has one province."""
    letter = "r" if condition.mode is Mode.RESIDENCE else "w"
    if any(region.endswith("0000") for region in condition.regions):
        return () if condition.mode is Mode.RESIDENCE else ("w",)
    return tuple(sorted({letter + (region[:4] if region.endswith("00") else region) for region in condition.regions}))
