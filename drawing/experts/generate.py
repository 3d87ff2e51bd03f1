"""A realistic pool of any size for tests, the demo and benchmarks: the same seed gives the same pool.

Nobody real is in it. The phones begin with 160, 161, 163, 164, 168 or 169, which (as far as is
published) no operator has been given; the region part of each 证件号 ends in 99, which no county has:
both are well-formed, neither is anyone's. Cities weigh as their population does (2020 census),
specialties come in clusters, units have several experts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, Generic, Protocol, TypeVar

from drawing.experts import namebook
from drawing.experts.identity import check_character
from drawing.experts.row import SEPARATOR
from drawing.reference import Reference

T = TypeVar("T")
_PHONE_PREFIXES = ("160", "161", "163", "164", "168", "169")
_EXPERTS_PER_UNIT = 8
_FIRST_BIRTH = date(1960, 1, 1)
_BIRTH_DAYS = 36 * 365
_LAST_LEAVING = date(2026, 10, 31)


class Randomness(Protocol):
    """What is needed of a random.Random; given by the caller, so that nothing here is random by itself."""

    def random(self) -> float: ...
    def randrange(self, start: int, /) -> int: ...
    def choice(self, seq: Sequence[T], /) -> T: ...
    def choices(self, population: Sequence[T], *, cum_weights: Sequence[float], k: int = 1) -> list[T]: ...
    def sample(self, population: Sequence[T], k: int) -> list[T]: ...


@dataclass(frozen=True)
class Weighted(Generic[T]):
    """Values with weights, drawn in logarithmic time."""

    values: Sequence[T]
    cumulative: Sequence[float] = field(repr=False)

    def draw(self, randomness: Randomness) -> T:
        return randomness.choices(self.values, cum_weights=self.cumulative)[0]


def weighted(weights: Mapping[T, float]) -> Weighted[T]:
    """From value -> weight. ValueError if nothing can be drawn."""
    if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
        raise ValueError("weights must not be negative, and not all be 0")
    return Weighted(tuple(weights), tuple(accumulate(weights.values())))


def generate(
    count: int, randomness: Randomness, data: Reference, suffixes: Mapping[str, float] | None = None
) -> Iterator[tuple[str, ...]]:
    """`count` rows in the order of ExpertRow.header().

    `suffixes`: last two digits of the phones -> weight, so that a far end whose phones behave by their
    last digits shows what is wanted; None: any digits.
    """
    people = _People(randomness, None if suffixes is None else weighted(_checked(suffixes)))
    work = _Work(randomness, data, count)
    for _ in range(count):
        yield _row(randomness, people, work)


def _checked(suffixes: Mapping[str, float]) -> Mapping[str, float]:
    for suffix in suffixes:
        if len(suffix) != 2 or not (suffix.isascii() and suffix.isdigit()):
            raise ValueError(f"a suffix has two digits: {suffix!r}")
    return suffixes


def _row(randomness: Randomness, people: _People, work: _Work) -> tuple[str, ...]:
    name, id_card = people.person()
    city, residence = work.home()
    specialties = work.specialties()
    kind = specialties[0][0]
    return (
        name,
        id_card,
        people.phone(),
        residence,
        SEPARATOR.join(work.willing(city)),
        SEPARATOR.join(specialties),
        work.title(),
        SEPARATOR.join(work.qualifications(kind)),
        work.authority(kind),
        work.unit(city),
        work.former_unit(city),
        "是" if randomness.random() < 0.01 else "否",
    )


class _People:
    """Names, 证件号 and phones, each number once."""

    def __init__(self, randomness: Randomness, suffixes: Weighted[str] | None) -> None:
        self._randomness = randomness
        self._suffixes = suffixes
        self._surnames = weighted(namebook.SURNAMES)
        self._areas = weighted(namebook.CITY_WEIGHTS)
        self._phones: set[int] = set()
        self._cards: set[int] = set()

    def person(self) -> tuple[str, str]:
        randomness = self._randomness
        woman = randomness.random() < 0.32
        surname = self._surnames.draw(randomness)
        given = namebook.WOMEN if woman else namebook.MEN
        length = 2 if randomness.random() < 0.85 else 1
        name = surname + "".join(randomness.choice(given) for _ in range(length))
        return name, self._id_card(woman)

    def _id_card(self, woman: bool) -> str:
        while True:
            area = self._areas.draw(self._randomness)[:4] + "99"
            born = _FIRST_BIRTH + timedelta(days=self._randomness.randrange(_BIRTH_DAYS))
            serial = 2 * self._randomness.randrange(500) + (0 if woman else 1)  # GB 11643: odd for men
            seventeen = f"{area}{born:%Y%m%d}{serial:03d}"
            if int(seventeen) not in self._cards:
                self._cards.add(int(seventeen))
                return seventeen + check_character(seventeen)

    def phone(self) -> str:
        randomness = self._randomness
        while True:
            body = f"{randomness.choice(_PHONE_PREFIXES)}{randomness.randrange(10**6):06d}"
            end = self._suffixes.draw(randomness) if self._suffixes else f"{randomness.randrange(100):02d}"
            number = int(body + end)
            if number not in self._phones:
                self._phones.add(number)
                return body + end


class _Work:
    """Where somebody lives and works, and on what."""

    def __init__(self, randomness: Randomness, data: Reference, count: int) -> None:
        self._randomness = randomness
        self._data = data
        self._cities = weighted(namebook.CITY_WEIGHTS)
        self._homes = _grouped(data.residences(), lambda code: code[:4] + "00")
        self._leaves = _grouped(data.leaf_specialties(), lambda code: code[:3])
        self._fields = weighted({level1: namebook.FIELD_WEIGHTS.get(level1, 1.0) for level1 in self._leaves})
        self._titles = weighted(namebook.TITLE_WEIGHTS)
        total = sum(namebook.CITY_WEIGHTS.values())
        self._units = {
            city: self._name_units(city, max(3, round(count * weight / total / _EXPERTS_PER_UNIT)))
            for city, weight in namebook.CITY_WEIGHTS.items()
        }

    def _name_units(self, city: str, number: int) -> list[str]:
        place, choice = self._data.regions[city].name, self._randomness.choice
        names = {
            f"{place}{choice(namebook.BRANDS_1)}{choice(namebook.BRANDS_2)}"
            f"{choice(namebook.TRADES)}{choice(namebook.FORMS)}"
            for _ in range(number)
        }
        return sorted(names)

    def home(self) -> tuple[str, str]:
        """(city, residence)"""
        city = self._cities.draw(self._randomness)
        return city, self._randomness.choice(self._homes[city])

    def willing(self, city: str) -> list[str]:
        near = sorted(self._data.adjacent.get(city, ()))
        return [city, *(other for other in near if self._randomness.random() < 0.35)]

    def specialties(self) -> list[str]:
        """One to five, close together in the classification."""
        leaves = self._leaves[self._fields.draw(self._randomness)]
        wanted = min(1 + self._randomness.randrange(5), len(leaves))
        start = self._randomness.randrange(max(len(leaves) - 20, 1))
        window = leaves[start : start + 20]
        return sorted(self._randomness.sample(window, min(wanted, len(window))))

    def title(self) -> str:
        return self._titles.draw(self._randomness)

    def qualifications(self, field_class: str) -> list[str]:
        if self._randomness.random() < 0.55:
            return []
        choices = namebook.QUALIFICATIONS[field_class]
        return sorted(self._randomness.sample(choices, 1 + (self._randomness.random() < 0.2)))

    def authority(self, field_class: str) -> str:
        return self._randomness.choice(namebook.AUTHORITIES[field_class])

    def unit(self, city: str) -> str:
        """Big units have many experts: the place in the list falls off towards its end."""
        units = self._units[city]
        return units[int(len(units) * self._randomness.random() ** 1.7)]

    def former_unit(self, city: str) -> str:
        if self._randomness.random() >= 0.1:
            return ""
        return f"{self.unit(city)}@{_LAST_LEAVING - timedelta(days=self._randomness.randrange(2000))}"


def _grouped(codes: Sequence[str], key: Any) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for code in codes:
        groups.setdefault(key(code), []).append(code)
    return groups
