"""Who stands in a condition's order: the only rule, and the only reasons to be left out.

A place fits a region if the codes are equal, or the region ends 0000 (a province) and 2 digits agree, or
ends 00 (a city) and 4 agree. An expert is eligible in a condition if the place fits (常驻地: the residence;
意愿评标区: any of the willing), each of titles, qualifications and authorities that is not empty shares an
element with theirs, and a specialty starts with a code of main (tier 0) or else of backup (tier 1; 备选专业
come only when the 主专业 is used up).

>>> condition = Condition("c1", Mode.RESIDENCE, ("440000",), ("A08",), ("A01",), (), (), (), 2)
>>> tier(condition, Facts("440106", ("440100",), ("A0801",), "高级", (), (), (), ""))
0
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from typing import Any, Self


class Mode(StrEnum):
    """抽取地区模式."""

    RESIDENCE = "residence"  # 常驻地
    WILLING = "willing"  # 意愿评标区


class Exclusion(StrEnum):
    """Why somebody who may be eligible stands in no order; the first three can be derived."""

    AVOIDED_UNIT = "avoided_unit"  # 回避单位
    AVOIDED_PERSON = "avoided_person"  # 回避人员
    PICKED_BEFORE = "picked_before"  # in this activity
    SUSPENDED = "suspended"
    APPOINTMENT = "appointment"  # evaluates elsewhere at that time
    NO_NUMBER = "no_number"


ASSERTED = frozenset({Exclusion.SUSPENDED, Exclusion.APPOINTMENT, Exclusion.NO_NUMBER})


class _Record:
    """To and from canonical JSON: a field of tuples is an array of strings."""

    def to_json(self) -> dict[str, Any]:
        """The object that is hashed."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))  # type: ignore[arg-type]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From exactly the object that `to_json` writes; raises ValueError."""
        expected = {field.name: field.type for field in fields(cls)}  # type: ignore[arg-type]
        optional = {field.name for field in fields(cls) if field.default is None}  # type: ignore[arg-type]
        if set(value) not in (set(expected), set(expected) - optional):
            raise ValueError(f"{cls.__name__} needs exactly the keys {', '.join(sorted(expected))}")
        return cls(**{key: _typed(cls.__name__, key, expected[key], item) for key, item in value.items()})


def _typed(owner: str, key: str, kind: Any, value: Any) -> Any:
    if kind is Mode:
        return Mode(value)
    if kind in (str, str | None) and isinstance(value, str):
        return value
    if kind is int and type(value) is int:
        return value
    if kind not in (str, int, str | None) and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError(f"{owner}.{key} is not as it should be: {value!r}")


@dataclass(frozen=True, slots=True)
class Condition(_Record):
    """抽取条件. Empty titles, qualifications or authorities ask for nothing."""

    id: str
    mode: Mode
    regions: tuple[str, ...]
    main: tuple[str, ...]
    backup: tuple[str, ...]
    titles: tuple[str, ...]
    qualifications: tuple[str, ...]
    authorities: tuple[str, ...]
    seats: int


@dataclass(frozen=True, slots=True)
class Facts(_Record):
    """What a draw knows of an expert. units and person are keyed hashes (drawing.pool), useless elsewhere.

    identity and id_no bind the name and the 证件号 without showing them; commits without `facts` have neither.
    """

    residence: str
    willing: tuple[str, ...]
    specialties: tuple[str, ...]
    title: str
    qualifications: tuple[str, ...]
    authorities: tuple[str, ...]
    units: tuple[str, ...]
    person: str
    identity: str | None = None
    id_no: str | None = None


@dataclass(frozen=True, slots=True)
class Avoid(_Record):
    """回避: keyed hashes of persons and units, as `Facts` has them."""

    persons: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def sets(self) -> tuple[frozenset[str], frozenset[str]]:
        """Persons and units, made for looking up."""
        return frozenset(self.persons), frozenset(self.units)


def place_fits(region: str, code: str) -> bool:
    """Whether the place `code` lies in `region` (GB/T 2260 codes of six digits)."""
    if region.endswith("0000"):
        return code[:2] == region[:2]
    if region.endswith("00"):
        return code[:4] == region[:4]
    return code == region


@lru_cache(maxsize=65_536)
def any_place_fits(regions: tuple[str, ...], codes: tuple[str, ...]) -> bool:
    """Whether any of the places lies in any of the regions."""
    return any(place_fits(region, code) for region in regions for code in codes)


@lru_cache(maxsize=65_536)
def specialty_tier(main: tuple[str, ...], backup: tuple[str, ...], specialties: tuple[str, ...]) -> int | None:
    """0 if a specialty starts with a code of main, else 1 if with one of backup, else None."""
    if any(code.startswith(main) for code in specialties):
        return 0
    return 1 if any(code.startswith(backup) for code in specialties) else None


def shares(wanted: Sequence[str], having: Sequence[str]) -> bool:
    """Nothing wanted, or something in common."""
    return not wanted or not set(wanted).isdisjoint(having)


def tier(condition: Condition, facts: Facts) -> int | None:
    """The expert's tier in the condition (0 main, 1 backup), or None: not eligible."""
    places = (facts.residence,) if condition.mode is Mode.RESIDENCE else facts.willing
    if not any_place_fits(condition.regions, places):
        return None
    if not shares(condition.titles, (facts.title,)):
        return None
    if not shares(condition.qualifications, facts.qualifications):
        return None
    if not shares(condition.authorities, facts.authorities):
        return None
    return specialty_tier(condition.main, condition.backup, facts.specialties)


def eligible(conditions: Iterable[Condition], facts: Facts) -> dict[str, int]:
    """Condition id → tier, for the conditions where the expert is eligible."""
    found = ((condition.id, tier(condition, facts)) for condition in conditions)
    return {name: level for name, level in found if level is not None}


def derived_exclusions(persons: Set[str], units: Set[str], facts: Facts) -> list[Exclusion]:
    """The exclusions by avoidance (`Avoid.sets`), which anyone who has the facts can derive again."""
    found = [Exclusion.AVOIDED_PERSON] if facts.person in persons else []
    return found if not any(unit in units for unit in facts.units) else [*found, Exclusion.AVOIDED_UNIT]
