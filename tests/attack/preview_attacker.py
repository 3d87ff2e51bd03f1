"""Who narrows the pool with 预览. They know this code, the rules and all that a clerk may enter, but neither the key nor the pool.

An attacker asks a `Look`: the service, or a model of it with the same arithmetic, over which many keys can be tried.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from math import log, pi, sqrt
from operator import or_
from statistics import mean

from drawing.bands import Band, band, normal_form, offset_of, rung, scale_of
from drawing.eligibility import Condition, Mode
from drawing.preview_rules import PreviewRule

Look = Callable[[Condition, frozenset[int]], Awaitable[Band]]
"""What a condition shows while these people (by place in the pool) are 回避人员."""
NOBODY: frozenset[int] = frozenset()
BUDGET = 1_000
MOST_SEATS = 9_999
CITY = "440100"
DISTRICTS = tuple(f"4401{n:02d}" for n in (3, 4, 5, 6, 11, 12, 13, 14, 15, 17, 18))
COMMON, RARE, HIS = ("A0801", "A0802", "A0803"), tuple(f"B{n:02d}" for n in range(1, 11)), "C01"
CONDITION = Condition("", Mode.RESIDENCE, (CITY,), COMMON, (), (), (), (), 1)


@dataclass(frozen=True)
class Person:
    """What conditions ask for."""

    district: str
    specialty: str


@dataclass(frozen=True)
class Pool:
    """Experts, and sets of them as numbers with a bit for each."""

    people: tuple[Person, ...]

    @cached_property
    def _having(self) -> dict[str, int]:
        found = dict.fromkeys((*DISTRICTS, *COMMON, *RARE, HIS), 0)
        for n, each in enumerate(self.people):
            for value in (each.district, each.specialty):
                found[value] |= 1 << n
        return found | {CITY: (1 << len(self.people)) - 1}

    def fitting(self, condition: Condition) -> int:
        """Who fits."""
        asked = (condition.regions, condition.main)
        regions, main = (reduce(or_, (self._having[each] for each in values), 0) for values in asked)
        return regions & main


def made(common: int, choose: random.Random, *, with_him: bool) -> Pool:
    """So many of the common specialties, one of each rare one, and perhaps him: the only one of his specialty."""
    found = [Person(choose.choice(DISTRICTS), choose.choice(COMMON)) for _ in range(common)]
    found += [Person(choose.choice(DISTRICTS), rare) for rare in RARE]
    return Pool((*found, *[Person(DISTRICTS[0], HIS)] * with_him))


@dataclass(frozen=True)
class Exact:
    """The preview as it was: an exact count, less the avoided persons, against the seats."""

    pool: Pool

    async def __call__(self, condition: Condition, avoided: frozenset[int] = NOBODY) -> Band:
        found = self.pool.fitting(condition) & ~sum(1 << n for n in avoided)
        return band(found.bit_count(), condition.seats, (1, 3, 10))


@dataclass(frozen=True)
class Model:
    """The preview as it is; `keyed` is the vault's hash."""

    pool: Pool
    rule: PreviewRule
    keyed: Callable[[str, str], bytes]

    async def __call__(self, condition: Condition, avoided: frozenset[int] = NOBODY) -> Band:
        found = self.pool.fitting(condition)
        offset = offset_of(self._secret(condition, found))
        return band(rung(found.bit_count(), self.rule, self._scale, offset), condition.seats, self.rule.bands)

    @cached_property
    def _scale(self) -> float:
        return scale_of(self.keyed("preview", "scale"), self.rule)

    def _secret(self, condition: Condition, found: int) -> bytes:
        return self.keyed("preview", f"offset {normal_form(condition)}")


class BySet(Model):
    """Not the preview: one whose offsets follow from who fits, so that equivalent conditions show the same."""

    def _secret(self, condition: Condition, found: int) -> bytes:
        return self.keyed("preview", f"set {found}")


class Spent(Exception):
    """All looks were used."""


@dataclass
class Attacker:
    """With a number of looks, and dice."""

    look: Look
    rule: PreviewRule
    choose: random.Random
    looks: int = BUDGET
    seen: dict[tuple[Condition, frozenset[int]], Band] = field(default_factory=dict)

    async def sees(self, condition: Condition, avoided: frozenset[int] = NOBODY) -> Band:
        """Asks once what it has not asked before."""
        if (condition, avoided) not in self.seen:
            if self.looks == 0:
                raise Spent
            self.looks -= 1
            self.seen[condition, avoided] = await self.look(condition, avoided)
        return self.seen[condition, avoided]

    async def enough(self, condition: Condition, seats: int, avoided: frozenset[int] = NOBODY) -> bool:
        """Whether it is not 不足 for so many seats."""
        asked = condition if condition.seats == seats else replace(condition, seats=seats)
        return await self.sees(asked, avoided) is not Band.SHORT

    async def by_seats(self, condition: Condition, avoided: frozenset[int] = NOBODY) -> int:
        """Binary search over the seats: the most that are not 不足."""
        low, high = 0, MOST_SEATS
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if await self.enough(condition, middle, avoided) else (low, middle - 1)
        return low

    async def is_in_by_avoiding(self, condition: Condition, him: int) -> bool:
        """回避人员: does one person more change the number?"""
        return await self.by_seats(condition) != await self.by_seats(condition, frozenset({him}))

    async def by_many_sets(self, sets: Iterable[Condition]) -> float:
        """The number in any of these sets, which are nearly the same, from how often they reach which rung: their own offsets
        average out. What stays unknown is the scale, for which its median is taken.
        """
        reached = [await self._rungs(each) for each in sets]
        return sqrt(self.rule.scale) * self._inverted(mean(reached))

    async def _rungs(self, condition: Condition) -> int:
        """How many rungs the set reaches: the ladder is known."""
        rungs = 0
        while await self.enough(condition, self.rule.minimum * self.rule.step**rungs):
            rungs += 1
        return rungs

    def _inverted(self, average: float) -> float:
        """The size, in units of the scale, of which so many rungs are reached on average."""
        whole, part = divmod(average, 1)
        return float(self.rule.minimum * self.rule.step ** (whole + offset_of(int(part * (2**64 - 1)).to_bytes(8))))

    async def by_parts(self, parts: Sequence[Sequence[Condition]]) -> float:
        """The same for each part, added up."""
        return sum([await self.by_many_sets(each) for each in parts])

    async def evidence_of_him(self) -> tuple[float, int]:
        """Compares as many sets about an edge with the same and him as there are looks: by how many standard deviations more often
        those with him reach it, and how many pairs differ.
        """
        districts, pairs = await self._about_the_edge(), []
        for _ in range(20 * BUDGET):  # sets may run out before the looks
            if self.looks < 2:
                break
            without = self._some(districts)
            if (without, NOBODY) not in self.seen:
                both = (replace(without, main=(*without.main, HIS)), without)
                pairs.append([await self.enough(each, self.rule.minimum) for each in both])
        more = sum(one - other for one, other in pairs)
        differ = sum(one != other for one, other in pairs)
        return more / sqrt(differ or 1), differ

    async def _about_the_edge(self) -> int:
        """With how many districts (of so many people as possible few) sets reach the first rung half the time."""
        for districts in range(1, len(DISTRICTS) + 1):
            reach = mean([await self.enough(self._some(districts), self.rule.minimum) for _ in range(12)])
            if reach >= 0.25:
                return districts
        return len(DISTRICTS)

    def _some(self, districts: int) -> Condition:
        """A set with his district in it and not him, asked for as many seats as the first rung has."""
        others = self.choose.sample(DISTRICTS[1:], districts - 1)
        rare = self.choose.sample(RARE, self.choose.randrange(len(RARE) + 1))
        regions, main = (DISTRICTS[0], *sorted(others)), (*COMMON, *sorted(rare))
        return replace(CONDITION, regions=regions, main=main, seats=self.rule.minimum)

    def nearly(self, condition: Condition, sets: int) -> list[Condition]:
        """Conditions that differ by a few people of rare specialties."""
        return [
            replace(condition, main=(*condition.main, *sorted(self.choose.sample(RARE, self.choose.randrange(4)))))
            for _ in range(sets)
        ]


def told_apart(step: int, size: float, pairs: int) -> float:
    """Of how many standard deviations the evidence is by theory, for sets of this size."""
    return sqrt(pairs / 2) * pi / (log(step) * size)
