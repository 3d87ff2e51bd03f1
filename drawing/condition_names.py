"""What an 抽取条件 is called wherever one is named: by its 专业 and 地区, never by the place it happens to have.

>>> from drawing.reference import reference
>>> names = condition_names([Asked("c1", "residence", ("440100",), ("A08",))], reference())
>>> names["c1"]
'(A08)工程施工 · 广州市'
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from drawing.reference import Reference

MODES: Mapping[str, str] = {"residence": "常驻地", "willing": "意愿评标区"}
SHOWN = 2
"""Of a list so many are named, then how many there are; all of them where two conditions would be called the same."""


class Condition(Protocol):
    """A row of the table, or the commit's."""

    @property
    def id(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def regions(self) -> Sequence[str]: ...
    @property
    def main(self) -> Sequence[str]: ...
    @property
    def backup(self) -> Sequence[str]: ...
    @property
    def titles(self) -> Sequence[str]: ...
    @property
    def qualifications(self) -> Sequence[str]: ...
    @property
    def authorities(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition as its clerk asks for it."""

    id: str
    mode: str
    regions: Sequence[str]
    main: Sequence[str]
    backup: Sequence[str] = ()
    titles: Sequence[str] = ()
    qualifications: Sequence[str] = ()
    authorities: Sequence[str] = ()


_Said = Callable[[Condition], str]


def condition_names(conditions: Sequence[Condition], known: Reference) -> Mapping[str, str]:
    """Name by id, each another one: those that would be called the same get what tells them apart, in this order: 地区模式,
    职称等级, 执业资格, 所属行业主管部门, the whole lists, 备选专业, and at last their place.
    """
    names = {each.id: _short(each, known) for each in conditions}
    for detail in _details(known):
        alike = _alike(names)
        told = {each.id: detail(each) for each in conditions if each.id in alike}
        groups: dict[str, set[str]] = {}
        for number, text in told.items():
            groups.setdefault(names[number], set()).add(text)
        names |= {n: f"{names[n]} · {text}" for n, text in told.items() if text and len(groups[names[n]]) > 1}
    last = _alike(names)
    places = enumerate(names.items(), start=1)
    return {number: f"{name}（第 {n} 条）" if number in last else name for n, (number, name) in places}


def _details(known: Reference) -> Sequence[_Said]:
    return (
        lambda each: MODES[each.mode],
        lambda each: "、".join(each.titles),
        lambda each: "、".join(each.qualifications),
        lambda each: "、".join(each.authorities),
        lambda each: _places(each.regions, known, None) if len(each.regions) > SHOWN else "",
        lambda each: _kinds(each.main, known, None) if len(each.main) > SHOWN else "",
        lambda each: f"备选{_kinds(each.backup, known, None)}" if each.backup else "",
    )


def _alike(names: Mapping[str, str]) -> set[str]:
    often = Counter(names.values())
    return {number for number, name in names.items() if often[name] > 1}


def _short(each: Condition, known: Reference) -> str:
    return f"{_kinds(each.main, known, SHOWN)} · {_places(each.regions, known, SHOWN)}"


def _kinds(codes: Sequence[str], known: Reference, shown: int | None) -> str:
    names = [f"({code}){known.specialties[code].name if code in known.specialties else ''}" for code in codes]
    return _listed(names, shown, "个专业")


def _places(codes: Sequence[str], known: Reference, shown: int | None) -> str:
    names = [known.regions[code].name if code in known.regions else code for code in codes]
    return _listed(names, shown, "个地区")


def _listed(names: Sequence[str], shown: int | None, unit: str) -> str:
    if shown is None or len(names) <= shown:
        return "、".join(names)
    return f"{'、'.join(names[:shown])}等 {len(names)} {unit}"
