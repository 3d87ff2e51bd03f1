"""The reference data: regions of Guangdong, specialties, and the lists of codes.

Read once from drawing/data/*.csv, frozen. Regions have GB/T 2260 codes (广东省 440000 > 广州市 440100 >
越秀区 440104); specialties those of 公共资源交易评标专家专业分类标准 (发改法规〔2018〕316号), where each code
begins with its parent's. Dissolved divisions (former_regions.csv, since 1988) are those of 民政部's yearly lists of codes
and notices of change (县级以上行政区划变更情况), their successors followed up to the regions of today.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

TITLES = "职称等级"
QUALIFICATIONS = "执业资格"
AUTHORITIES = "所属行业主管部门"
_ANY = "00"  # in a list: 全部, a choice in a condition but nobody's own title


@dataclass(frozen=True, slots=True)
class Region:
    """地区. `level` is province, city or county."""

    code: str
    name: str
    level: str
    parent: str


@dataclass(frozen=True, slots=True)
class FormerRegion:
    """A county-level division that was dissolved or got another code, until the year `until`. `now`: the codes of what it became,
    several where it was divided; `parts`: where smaller parts of it went. `code` is empty for a zone (功能区) that never had one.
    """

    code: str
    name: str
    until: int
    now: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Specialty:
    """专业. `level` 0 is a class (A 工程), 1 to 3 are 一级 to 三级类别."""

    code: str
    name: str
    parent: str
    level: int


@dataclass(frozen=True, slots=True)
class Reference:
    """All of it; the mappings are read-only."""

    regions: Mapping[str, Region]
    specialties: Mapping[str, Specialty]
    lists: Mapping[str, Mapping[str, str]]  # list -> code -> name
    adjacent: Mapping[str, frozenset[str]]  # city -> the cities whose land touches its own
    former: tuple[FormerRegion, ...] = ()

    def names(self, list_name: str) -> tuple[str, ...]:
        """The names that an expert can have (without 全部) in TITLES, QUALIFICATIONS or AUTHORITIES."""
        return tuple(name for code, name in self.lists[list_name].items() if code != _ANY)

    def region_path(self, code: str) -> str:
        """The region's full name, 广东省-广州市-越秀区. KeyError if unknown."""
        region = self.regions[code]
        return f"{self.region_path(region.parent)}-{region.name}" if region.parent else region.name

    def leaf_specialties(self) -> tuple[str, ...]:
        """The codes that have no finer ones below them."""
        parents = {specialty.parent for specialty in self.specialties.values()}
        return tuple(code for code in self.specialties if code not in parents)

    def residences(self) -> tuple[str, ...]:
        """Where a person can live: counties, and the cities that have none (东莞, 中山)."""
        parents = {region.parent for region in self.regions.values()}
        return tuple(code for code in self.regions if code not in parents)

    def cities(self) -> tuple[str, ...]:
        """The 21 cities."""
        return tuple(code for code, region in self.regions.items() if region.level == "city")


@cache
def reference() -> Reference:
    """The project's reference data."""
    return Reference(
        MappingProxyType({r["code"]: _region(r) for r in _rows("regions.csv")}),
        MappingProxyType({r["code"]: _specialty(r) for r in _rows("specialties.csv")}),
        _lists(_rows("codes.csv")),
        _adjacent((r["code_a"], r["code_b"]) for r in _rows("city_adjacency.csv")),
        tuple(map(_former, _rows("former_regions.csv"))),
    )


def _rows(file: str) -> Iterator[dict[str, str]]:
    with resources.files("drawing").joinpath("data", file).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _region(row: Mapping[str, str]) -> Region:
    return Region(row["code"], row["name"], row["level"], row["parent_code"])


def _former(row: Mapping[str, str]) -> FormerRegion:
    now, parts = (tuple(filter(None, row[column].split(";"))) for column in ("now", "parts"))
    return FormerRegion(row["code"], row["name"], int(row["until"]), now, parts)


def _specialty(row: Mapping[str, str]) -> Specialty:
    return Specialty(row["code"], row["name"], row["parent_code"], int(row["level"]))


def _lists(rows: Iterable[Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    lists: dict[str, dict[str, str]] = {}
    for row in rows:
        lists.setdefault(row["list"], {})[row["code"]] = row["name"]
    return MappingProxyType({name: MappingProxyType(codes) for name, codes in lists.items()})


def _adjacent(pairs: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    touching: dict[str, set[str]] = {}
    for one, other in pairs:
        touching.setdefault(one, set()).add(other)
        touching.setdefault(other, set()).add(one)
    return MappingProxyType({city: frozenset(others) for city, others in touching.items()})
