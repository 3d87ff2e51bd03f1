"""Members of a pool for `drawing.bulk`: from the bytes of many rows to their lines, their leaves and what their orders need.

The same bytes as `pool.member` gives, written without its objects and in columns: each step is done for all rows of a block before
the next one, so that little of Python is left between two hashes. JSON of what repeats from row to row (codes, titles, units) is
made once, together with what the conditions say of it.
"""

import marshal
from binascii import hexlify
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from drawing import pool
from drawing.blocks import HASH, POOL_ID, SALT
from drawing.bulk_parts import REMEMBERED, Texts, employers_of, excluder_of, judges_of
from drawing.canonical import canon
from drawing.eligibility import Avoid, Condition
from drawing.normal_forms import normal_name

ID = 10
"""Bytes of a pool id, with which a row begins."""
_IDENTITY = b'"id_no":"%b","identity":"%b",'
_FACTS = (
    b'{"authorities":%b,%b"person":"%b","qualifications":%b,"residence":%b,"specialties":%b,"title":%b,"units":%b,"willing":%b}'
)
_RECORD = b'{"eligible":%b,"excluded":%b,"facts_hash":"%b","id":"%b"}'


@dataclass(frozen=True, slots=True)
class Setting:
    """What a snapshot depends on beside the experts; `picked`: pool ids picked before in this activity.

    identities: who the experts are, for worker processes too, so it must be picklable and hashable; without it facts have the
    older form. same_names: normal forms of the names of 回避人员 who stand for everybody of that name; with identities, MissedName
    is raised for an expert of such a name whom `avoid` does not hold.
    """

    keys: pool.Keys
    conditions: tuple[Condition, ...]
    avoid: Avoid
    draw: int
    picked: frozenset[str] = frozenset()
    identities: pool.Identities | None = None
    same_names: frozenset[str] = frozenset()


class MissedName(Exception):
    """An expert has the name of a 回避人员 and was not found by it: the keyed hash of one of the two names was changed.

    The message names the expert by their number in the pool, which says nothing outside of the database.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return f"expert {self.number} has the name of an avoided person, and the hash of another one"


class Written(NamedTuple):
    """The members of some rows, each column in the rows' order.

    numbers: the experts' own; lines and hashes: for `blocks.pack_hashed`; names: lines of blocks of names, none without identities;
    units: the bytes of the units' hashes, in one; tiers by condition; reasons: why an expert is excluded.
    """

    numbers: Sequence[int]
    lines: list[bytes]
    hashes: bytes
    leaves: list[bytes]
    names: list[bytes]
    units: list[bytes]
    tiers: list[dict[str, int]]
    reasons: list[Texts]


class _Bound(NamedTuple):
    """`id_no` and `identity` as they stand in facts; the bytes of both hashes, in one; lines of a block of names."""

    facts: list[bytes]
    hashes: list[bytes]
    names: list[bytes]


@lru_cache(maxsize=2)
def writer(setting: Setting) -> Callable[[Sequence[bytes]], Written]:
    """What turns rows into members of the pool; keeps what repeats from row to row."""
    person, salt = _keyed(setting.keys.activity, b"person:"), _keyed(setting.keys.pool)
    judge, bind = judges_of(setting.conditions), _binder(setting)
    employers = employers_of(setting.keys.activity, setting.avoid)
    exclude = excluder_of(setting.avoid, setting.picked)
    line = _line(setting)

    def write(rows: Sequence[bytes]) -> Written:
        number, card, residence, willing, specialties, title, qualifications, authorities, units, asserted, *who = _columns(rows)
        raw_ids = [row[:ID] for row in rows]
        ids = [one.hex().encode() for one in raw_ids]
        persons = person([one.hex().encode() for one in card])
        people = _hexed(persons)
        judged = judge(residence, willing, specialties, title, qualifications, authorities)
        employed = list(map(employers, map(tuple, units)))
        bound = bind(ids, people, number, *who)
        facts = [
            _FACTS % (said.authorities, identity, one, said.qualifications, home, skills, said.title, unit.json, places)
            for said, home, places, skills, identity, one, unit in zip(
                judged.rest, judged.home, judged.places, judged.skills, bound.facts, people, employed, strict=True
            )
        ]
        salts = [digest[:16] for digest in salt(ids)]
        hashes = [sha256(own + opened).digest() for own, opened in zip(salts, facts, strict=True)]
        excluded = exclude(ids, asserted, people, [unit.avoided for unit in employed])
        records = [
            _RECORD % (eligible, reasons, hashed, one)
            for (_, eligible), (_, reasons), hashed, one in zip(judged.tiers, excluded, _hexed(hashes), ids, strict=True)
        ]
        lines = [
            line % (said.authorities, said.qualifications, home, skills, said.title, unit.marks, places, eligible, reasons)
            for said, home, places, skills, unit, (_, eligible), (_, reasons) in zip(
                judged.rest, judged.home, judged.places, judged.skills, employed, judged.tiers, excluded, strict=True
            )
        ]
        raw_units = [unit.raw for unit in employed]
        in_line = zip(bound.hashes, persons, raw_units, hashes, raw_ids, salts, strict=True)
        return Written(
            number,
            lines,
            b"".join(chain.from_iterable(in_line)),
            [sha256(b"\0" + record).digest() for record in records],  # as merkle.leaf_hash
            bound.names,
            raw_units,
            [tiers for tiers, _ in judged.tiers],
            [reasons for reasons, _ in excluded],
        )

    return write


def _columns(rows: Sequence[bytes]) -> tuple[Sequence[Any], ...]:
    """The rows' experts, a sequence for each field of `pool.Expert`. Lists, as the database gives them, are lists still."""
    one_list = b"[%b%b" % (len(rows).to_bytes(4, "little"), b"".join([row[ID:] for row in rows]))
    return tuple(zip(*marshal.loads(one_list), strict=True))  # noqa: S302  # our own bytes, never stored


def _line(setting: Setting) -> bytes:
    """A line of pool.jsonl with marks for its hashes, and %b for everything else."""
    other = b"%b"
    identity = b"" if setting.identities is None else _IDENTITY % (HASH, HASH)
    facts = _FACTS % (other, identity, HASH, other, other, other, other, other, other)
    record = _RECORD % (other, other, HASH, POOL_ID)
    return b'{"draw":%d,"facts":%b,"record":%b,"salt":"%b"}' % (setting.draw, facts, record, SALT)


def _hexed(values: Sequence[bytes]) -> list[bytes]:
    """The hex digits of values of one length."""
    digits, length = hexlify(b"".join(values)), 2 * len(values[0])
    return [digits[at : at + length] for at in range(0, len(digits), length)]


def _keyed(key: bytes, before: bytes = b"") -> Callable[[Iterable[bytes]], list[bytes]]:
    """`pool.keyed` for many messages, each with `before` in front of it."""
    inner, outer = pool.pads(key)
    inner.update(before)

    def digests(messages: Iterable[bytes]) -> list[bytes]:
        first_of, second_of, found = inner.copy, outer.copy, []
        for message in messages:
            first, second = first_of(), second_of()
            first.update(message)
            second.update(first.digest())
            found.append(second.digest())
        return found

    return digests


def _binder(setting: Setting) -> Callable[..., _Bound]:
    """By pool ids, hashes of persons, numbers, units, sealed names and 证件号: what binds those persons."""
    identities = setting.identities
    if identities is None:
        return lambda ids, *_: _Bound([b""] * len(ids), [b""] * len(ids), [])
    salt1, salt2 = _keyed(setting.keys.pool, b"identity"), _keyed(setting.keys.pool, b"id_no")
    employer = lru_cache(maxsize=REMEMBERED)(canon)
    avoided = {one.encode() for one in setting.avoid.persons}

    def bind(
        ids: list[bytes], people: list[bytes], numbers: Sequence[int], units: Sequence[str], names: Sequence[bytes],
        cards: Sequence[bytes],
    ) -> _Bound:  # fmt: skip
        opened, id_nos = identities(numbers, names, cards)
        if setting.same_names:
            for number, person, name in zip(numbers, people, opened, strict=True):
                if person not in avoided and normal_name(name) in setting.same_names:
                    raise MissedName(number)
        named = [
            b'"name":%b,"unit":%b}' % (encode_basestring(name).encode(), unit)
            for name, unit in zip(opened, map(employer, units), strict=True)
        ]
        whole = [sha256(salt[:16] + b"{" + one).digest() for salt, one in zip(salt1(ids), named, strict=True)]
        numbered = [sha256(salt[:16] + id_no.encode()).digest() for salt, id_no in zip(salt2(ids), id_nos, strict=True)]
        return _Bound(
            [_IDENTITY % both for both in zip(_hexed(numbered), _hexed(whole), strict=True)],
            list(map(bytes.__add__, numbered, whole)),
            [
                b'{"id":"%b","id_no":%b,%b' % (one, encode_basestring(id_no).encode(), who)
                for one, id_no, who in zip(ids, id_nos, named, strict=True)
            ],
        )

    return bind
