"""One member of a pool for `drawing.bulk`: from the bytes of a row to its line, its leaf and what its order needs.

The same bytes as `pool.member` gives, written without its objects: JSON of what repeats from row to row (codes, titles, units) is
made once, and each part of a condition is judged once for the values that it looks at.
"""

import marshal
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring

from drawing import eligibility, merkle, pool
from drawing.canonical import canon
from drawing.eligibility import Avoid, Condition, Exclusion, Mode

ID = 10
"""Bytes of a pool id, with which a row begins."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a snapshot depends on beside the experts; `picked`: pool ids picked before in this activity.

    identities: who the experts are, for worker processes too, so it must be picklable and hashable; without it facts have the
    older form.
    """

    keys: pool.Keys
    conditions: tuple[Condition, ...]
    avoid: Avoid
    draw: int
    picked: frozenset[str] = frozenset()
    identities: pool.Identities | None = None


Written = tuple[int, bytes, bytes, bytes, bytes, dict[str, int], tuple[str, ...]]
"""The expert's own number; line, leaf, line of names; the units' hashes in one; tiers by condition; why the expert is excluded."""


@lru_cache(maxsize=2)
def writer(setting: Setting) -> Callable[[bytes], Written]:
    """What turns a row into its member of the pool; keeps what repeats from row to row."""
    person, salted = pool.keyed(setting.keys.activity), pool.keyed(setting.keys.pool)
    judges = [_judge(condition) for condition in setting.conditions]
    names = [condition.id for condition in setting.conditions]
    bind = _binder(setting, salted)
    excluded_for = _excluder(setting)
    head = b'{"draw":%d,"facts":' % setting.draw

    @lru_cache(maxsize=65_536)
    def unit(name: str) -> str:
        return pool.unit_hash(setting.keys.activity, name)

    @lru_cache(maxsize=65_536)
    def employers(units: tuple[str, ...]) -> tuple[tuple[str, ...], bytes, bytes]:
        hashes = tuple(sorted({unit(name) for name in units}))
        return hashes, canon(list(hashes)), bytes.fromhex("".join(hashes))

    @lru_cache(maxsize=65_536)
    def tiers(levels: tuple[int | None, ...]) -> tuple[dict[str, int], bytes]:
        found = {name: level for name, level in zip(names, levels, strict=True) if level is not None}
        return found, canon(found)

    @lru_cache(maxsize=1_024)
    def reasons(excluded: tuple[str, ...]) -> bytes:
        return canon(list(excluded))

    def write(row: bytes) -> Written:
        expert = _loaded(row)
        identity = row[:ID].hex().encode()
        units, units_json, units_raw = employers(expert.units)
        who = person(b"person:" + expert.id_card_hash.hex().encode()).hex()
        bound, name = bind(identity, expert)
        opened = (
            b'{"authorities":%b,%b"person":"%b","qualifications":%b,"residence":%b,"specialties":%b,"title":%b,"units":%b,'
            b'"willing":%b}'
        ) % (
            _array(expert.authorities), bound, who.encode(), _array(expert.qualifications), _text(expert.residence),
            _array(expert.specialties), _text(expert.title), units_json, _array(expert.willing),
        )  # fmt: skip
        own_salt = salted(identity)[:16]
        eligible, eligible_json = tiers(tuple([judge(expert) for judge in judges]))
        excluded = excluded_for(identity, expert, who, units)
        record = b'{"eligible":%b,"excluded":%b,"facts_hash":"%b","id":"%b"}' % (
            eligible_json, reasons(excluded), sha256(own_salt + opened).hexdigest().encode(), identity,
        )  # fmt: skip
        line = b'%b%b,"record":%b,"salt":"%b"}' % (head, opened, record, own_salt.hex().encode())
        return expert.number, line, merkle.leaf_hash(record), name, units_raw, eligible, excluded

    return write


def _loaded(row: bytes) -> pool.Expert:
    """The row's expert; lists, as the database gives them, become tuples, which can be looked up."""
    values = marshal.loads(row[ID:])  # noqa: S302  # our own bytes, never stored
    number, card, residence, willing, specialties, title, qualifications, authorities, units, asserted, *rest = values
    return pool.Expert(
        number, card, residence, tuple(willing), tuple(specialties), title, tuple(qualifications), tuple(authorities),
        tuple(units), asserted, *rest,
    )  # fmt: skip


@lru_cache(maxsize=65_536)
def _array(values: tuple[str, ...]) -> bytes:
    return canon(sorted(set(values)))


@lru_cache(maxsize=65_536)
def _text(value: str) -> bytes:
    return canon(value)


def _judge(condition: Condition) -> Callable[[pool.Expert], int | None]:
    """`eligibility.tier` for rows, which repeat in each of its parts and hardly ever in all of them."""
    at_home = condition.mode is Mode.RESIDENCE

    @lru_cache(maxsize=65_536)
    def in_place(places: tuple[str, ...] | str) -> bool:
        return eligibility.any_place_fits(condition.regions, (places,) if isinstance(places, str) else places)

    @lru_cache(maxsize=65_536)
    def suits(title: str, qualifications: tuple[str, ...], authorities: tuple[str, ...]) -> bool:
        return (
            eligibility.shares(condition.titles, (title,))
            and eligibility.shares(condition.qualifications, qualifications)
            and eligibility.shares(condition.authorities, authorities)
        )

    @lru_cache(maxsize=65_536)
    def level(specialties: tuple[str, ...]) -> int | None:
        return eligibility.specialty_tier(condition.main, condition.backup, specialties)

    def judge(expert: pool.Expert) -> int | None:
        if not in_place(expert.residence if at_home else expert.willing):
            return None
        return level(expert.specialties) if suits(expert.title, expert.qualifications, expert.authorities) else None

    return judge


def _excluder(setting: Setting) -> Callable[[bytes, pool.Expert, str, tuple[str, ...]], tuple[str, ...]]:
    """By pool id, row, keyed hash of the person and of the units: the codes of why an expert is excluded, sorted."""
    persons, units = setting.avoid.sets()
    picked = {identity.encode() for identity in setting.picked}

    def excluded(identity: bytes, expert: pool.Expert, person: str, own: tuple[str, ...]) -> tuple[str, ...]:
        found = [Exclusion(code).value for code in expert.asserted] if expert.asserted else []
        if person in persons:
            found.append(Exclusion.AVOIDED_PERSON.value)
        if not units.isdisjoint(own):
            found.append(Exclusion.AVOIDED_UNIT.value)
        if identity in picked:
            found.append(Exclusion.PICKED_BEFORE.value)
        return tuple(sorted(set(found))) if found else ()

    return excluded


def _binder(setting: Setting, salted: Callable[[bytes], bytes]) -> Callable[[bytes, pool.Expert], tuple[bytes, bytes]]:
    """By pool id and row: `id_no` and `identity` within the facts, and the line of the block of names."""
    identities = setting.identities
    if identities is None:
        return lambda identity, expert: (b"", b"")

    def bind(identity: bytes, expert: pool.Expert) -> tuple[bytes, bytes]:
        name, employer, id_no = identities(expert)
        named = b'"name":%b,"unit":%b}' % (encode_basestring(name).encode(), _text(employer))
        name_bound = sha256(salted(b"identity" + identity)[:16] + b"{" + named).hexdigest()
        id_no_bound = sha256(salted(b"id_no" + identity)[:16] + id_no.encode()).hexdigest()
        line = b'{"id":"%b","id_no":%b,%b' % (identity, encode_basestring(id_no).encode(), named)
        return b'"id_no":"%b","identity":"%b",' % (id_no_bound.encode(), name_bound.encode()), line

    return bind
