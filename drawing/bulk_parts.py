"""What repeats from row to row in a pool, for `drawing.bulk_member`: looked at once for each value, not once for each expert.

Conditions are bits: a condition that the residence, the other places, the specialties and the rest all fit stands in the record.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from drawing import eligibility, pool
from drawing.blocks import HASH
from drawing.canonical import canon
from drawing.eligibility import Avoid, Condition, Exclusion, Mode

REMEMBERED = 65_536
"""Different values that are remembered of each kind."""
Texts = tuple[str, ...]
Tiers = tuple[dict[str, int], bytes]
"""Tiers by condition, and the same as JSON."""


class Rest(NamedTuple):
    """Title, qualifications and authorities as JSON, and the conditions that they fit."""

    title: bytes
    qualifications: bytes
    authorities: bytes
    fits: int


class Judged(NamedTuple):
    """Columns of facts as JSON, and what the conditions say of the whole rows."""

    home: list[bytes]
    places: list[bytes]
    skills: list[bytes]
    rest: list[Rest]
    tiers: list[Tiers]


class Employers(NamedTuple):
    """The units of one expert: their hashes as JSON, the same with marks (`blocks.HASH`), the hashes' bytes in one, and whether
    a unit is avoided.
    """

    json: bytes
    marks: bytes
    raw: bytes
    avoided: bool


def _array(values: Texts) -> bytes:
    return canon(sorted(set(values)))


def judges_of(conditions: Sequence[Condition]) -> Callable[..., Judged]:
    """`eligibility.eligible` for columns: residence, willing, specialties, title, qualifications, authorities."""
    bits = {1 << place: condition for place, condition in enumerate(conditions)}

    def where(fits: Callable[[Condition], bool]) -> int:
        return sum(bit for bit, condition in bits.items() if fits(condition))

    @lru_cache(maxsize=REMEMBERED)
    def home(place: str) -> tuple[int, bytes]:
        fits = where(lambda one: one.mode is Mode.RESIDENCE and eligibility.any_place_fits(one.regions, (place,)))
        return fits, canon(place)

    @lru_cache(maxsize=REMEMBERED)
    def away(places: Texts) -> tuple[int, bytes]:
        fits = where(lambda one: one.mode is Mode.WILLING and eligibility.any_place_fits(one.regions, places))
        return fits, _array(places)

    @lru_cache(maxsize=REMEMBERED)
    def skill(specialties: Texts) -> tuple[tuple[int, int], bytes]:
        levels = [eligibility.specialty_tier(one.main, one.backup, specialties) for one in conditions]
        first, second = (sum(bit for bit, level in zip(bits, levels, strict=True) if level == tier) for tier in (0, 1))
        return (first, second), _array(specialties)

    @lru_cache(maxsize=REMEMBERED)
    def rest(title: str, qualifications: Texts, authorities: Texts) -> Rest:
        fits = where(
            lambda one: eligibility.shares(one.titles, (title,))
            and eligibility.shares(one.qualifications, qualifications)
            and eligibility.shares(one.authorities, authorities)
        )
        return Rest(canon(title), _array(qualifications), _array(authorities), fits)

    @lru_cache(maxsize=REMEMBERED)
    def tiers(fits: int, levels: tuple[int, int]) -> Tiers:
        found = {one.id: tier for bit, one in bits.items() for tier in (0, 1) if fits & levels[tier] & bit}
        return found, canon(found)

    def judge(
        residence: Iterable[str],
        willing: Iterable[Sequence[str]],
        specialties: Iterable[Sequence[str]],
        title: Iterable[str],
        qualifications: Iterable[Sequence[str]],
        authorities: Iterable[Sequence[str]],
    ) -> Judged:
        homes, places = list(map(home, residence)), list(map(away, map(tuple, willing)))
        skills = list(map(skill, map(tuple, specialties)))
        others = list(map(rest, title, map(tuple, qualifications), map(tuple, authorities)))
        found = [
            tiers((at_home | elsewhere) & other.fits, levels)
            for (at_home, _), (elsewhere, _), other, (levels, _) in zip(homes, places, others, skills, strict=True)
        ]
        return Judged([one for _, one in homes], [one for _, one in places], [one for _, one in skills], others, found)

    return judge


def employers_of(activity_key: bytes, avoid: Avoid) -> Callable[[Texts], Employers]:
    """By the names of an expert's units."""
    _, avoided = avoid.sets()

    @lru_cache(maxsize=REMEMBERED)
    def unit(name: str) -> str:
        return pool.unit_hash(activity_key, name)

    @lru_cache(maxsize=REMEMBERED)
    def employers(units: Texts) -> Employers:
        hashes = sorted({unit(name) for name in units})
        marks = b"[%b]" % b",".join([b'"%b"' % HASH] * len(hashes))
        return Employers(canon(hashes), marks, bytes.fromhex("".join(hashes)), not avoided.isdisjoint(hashes))

    return employers


def excluder_of(avoid: Avoid, picked: Iterable[str]) -> Callable[..., list[tuple[Texts, bytes]]]:
    """By pool ids, asserted reasons, hashes of persons (hex digits), and whether a unit is avoided: the codes of why experts
    are excluded, sorted, and the same as JSON.
    """
    persons, before = {one.encode() for one in avoid.persons}, {one.encode() for one in picked}

    @lru_cache(maxsize=1_024)
    def reasons(asserted: Texts, person: bool, unit: bool, picked_before: bool) -> tuple[Texts, bytes]:
        derived = {
            Exclusion.AVOIDED_PERSON: person, Exclusion.AVOIDED_UNIT: unit, Exclusion.PICKED_BEFORE: picked_before
        }  # fmt: skip
        codes = {Exclusion(code).value for code in asserted} | {reason.value for reason, holds in derived.items() if holds}
        return tuple(sorted(codes)), canon(sorted(codes))

    def excluded(
        ids: Iterable[bytes], asserted: Iterable[Sequence[str]], people: Iterable[bytes], units: Iterable[bool]
    ) -> list[tuple[Texts, bytes]]:
        columns = map(tuple, asserted), map(persons.__contains__, people), units, map(before.__contains__, ids)
        return list(map(reasons, *columns))

    return excluded
