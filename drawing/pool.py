"""The pool of a draw: who could have been drawn, fixed before the seed, without saying who they are.

Each expert of the snapshot gives one record {"id", "facts_hash", "eligible", "excluded"}, ascending by id,
and the root of the Merkle tree over the records goes into the commit. All hashes here are keyed, by two
keys of 32 bytes: `activity` (ids, units, persons: the same in all draws of an activity, different in the
next) and `pool` (salts: another one for each draw). So who has seen one opened result recognises nobody in
the next, still sealed one.

`drawing.bulk` makes the same bytes for a million experts; this is the plain path that says what they are.
"""

import hmac
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from drawing import eligibility, merkle
from drawing.canonical import canon
from drawing.eligibility import Avoid, Condition, Exclusion, Facts
from drawing.normal_forms import normal_unit

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

ID_LENGTH = 20  # hex digits


class Expert(NamedTuple):
    """One raw row of the snapshot. Codes and names as stored; order and repetition don't matter."""

    number: int
    id_card_hash: bytes
    residence: str
    willing: Sequence[str]
    specialties: Sequence[str]
    title: str
    qualifications: Sequence[str]
    authorities: Sequence[str]
    units: Sequence[str]  # employers within the avoidance's years, by name
    asserted: Sequence[str]  # codes of eligibility.ASSERTED
    unit: str = ""  # 工作单位 now
    name_enc: bytes = b""  # name and 证件号, sealed as stored: `Identities` opens them
    id_card_enc: bytes = b""


class Identity(NamedTuple):
    """Who an expert was at the snapshot. Never shown in a message or log. A tuple, because a million are made."""

    name: str
    unit: str
    id_no: str

    def __repr__(self) -> str:
        return "<Identity>"


Identities = Callable[[Sequence[int], Sequence[bytes], Sequence[bytes]], tuple[list[str], list[str]]]
"""Opens sealed names and 证件号: from the numbers, `name_enc` and `id_card_enc` of raw rows to the names, and the 证件号."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The two secret keys; 32 random bytes each."""

    activity: bytes = field(repr=False)
    pool: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Member:
    """An expert in a pool: the public record, the facts and salt that open its hash, and who it is."""

    record: dict[str, Any]
    facts: Facts
    salt: bytes
    who: Identity | None = None  # None: facts of the older form, without `identity` and `id_no`

    def line(self, draw: int) -> bytes:
        """Its line of pool.jsonl in the supervisor's form, without newline."""
        opened = {"facts": self.facts.to_json(), "salt": self.salt.hex()}
        return canon({"draw": draw, "record": self.record} | opened)

    def name_line(self) -> bytes:
        """Its line of a block of names, without newline; only for a member whose identity is known."""
        assert self.who is not None
        return name_line(self.record["id"], self.who)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the commit says of the pool.

    eligible: condition → [tier 0, tier 1] of those who stand in its order; excluded: reason → how many.
    """

    eligible: dict[str, list[int]]
    excluded: dict[str, int]


def pool_id(activity_key: bytes, number: int) -> str:
    """The expert's id in one activity.

    The first 20 hex digits of HMAC-SHA-256(activity_key, the number in decimal).
    """
    return hmac.digest(activity_key, b"%d" % number, "sha256").hex()[:ID_LENGTH]


def person_hash(activity_key: bytes, id_card_hash: bytes) -> str:
    """The keyed hash of a person, from the stored hash of their 证件号."""
    return hmac.digest(activity_key, b"person:" + id_card_hash.hex().encode(), "sha256").hex()


def unit_hash(activity_key: bytes, name: str) -> str:
    """The keyed hash of a unit, from its name's normal form."""
    return hmac.digest(activity_key, b"unit:" + normal_unit(name).encode(), "sha256").hex()


def pads(key: bytes) -> "tuple[Hash, Hash]":
    """HMAC-SHA-256's two hashes (RFC 2104) under one key of at most 64 bytes: what goes before a message, and before that hash."""
    padded = key.ljust(64, b"\0")
    return sha256(bytes(b ^ 0x36 for b in padded)), sha256(bytes(b ^ 0x5C for b in padded))


def keyed(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA-256 under one key of at most 64 bytes, its first blocks hashed once: twice as fast."""
    inner, outer = pads(key)

    def digest(message: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second.digest()

    return digest


def salt(pool_key: bytes, expert: str) -> bytes:
    """16 bytes that keep a facts_hash from being guessed; `expert` is the pool id."""
    return hmac.digest(pool_key, expert.encode(), "sha256")[:16]


def identity_salt(pool_key: bytes, expert: str) -> bytes:
    """salt1: 16 bytes that keep a name from being guessed from its hash."""
    return hmac.digest(pool_key, b"identity" + expert.encode(), "sha256")[:16]


def id_no_salt(pool_key: bytes, expert: str) -> bytes:
    """salt2: 16 bytes that keep a 证件号 from being guessed from its hash."""
    return hmac.digest(pool_key, b"id_no" + expert.encode(), "sha256")[:16]


def identity_hash(salt1: bytes, name: str, unit: str) -> str:
    """`identity` of the facts: hex SHA-256(salt1 ‖ canon({"name", "unit"}))."""
    return sha256(salt1 + canon({"name": name, "unit": unit})).hexdigest()


def id_no_hash(salt2: bytes, id_no: str) -> str:
    """`id_no` of the facts: hex SHA-256(salt2 ‖ the 证件号 in UTF-8)."""
    return sha256(salt2 + id_no.encode()).hexdigest()


def name_line(expert: str, who: Identity) -> bytes:
    """How a block of names has one expert, by pool id."""
    return canon({"id": expert, "id_no": who.id_no, "name": who.name, "unit": who.unit})


def bound(pool_key: bytes, expert: str, who: Identity) -> tuple[str, str]:
    """`identity` and `id_no` of the facts, which bind this identity to the commit."""
    return (
        identity_hash(identity_salt(pool_key, expert), who.name, who.unit),
        id_no_hash(id_no_salt(pool_key, expert), who.id_no),
    )


def facts_hash(facts_salt: bytes, facts: Facts) -> str:
    """hex SHA-256(salt ‖ canon(facts))."""
    return sha256(facts_salt + canon(facts.to_json())).hexdigest()


def facts_of(activity_key: bytes, expert: Expert) -> Facts:
    """The facts of a raw row; every list sorted and without repetition."""
    return Facts(
        residence=expert.residence,
        willing=_set(expert.willing),
        specialties=_set(expert.specialties),
        title=expert.title,
        qualifications=_set(expert.qualifications),
        authorities=_set(expert.authorities),
        units=_set(unit_hash(activity_key, name) for name in expert.units),
        person=person_hash(activity_key, expert.id_card_hash),
    )


def member(
    keys: Keys,
    conditions: Sequence[Condition],
    avoid: Avoid,
    picked: Collection[str],
    expert: Expert,
    who: Identity | None = None,
) -> Member:
    """The expert's place in the pool; `picked` are the pool ids picked before in this activity. Without `who` the facts have the
    older form.
    """
    identity, facts = pool_id(keys.activity, expert.number), facts_of(keys.activity, expert)
    if who is not None:
        name_bound, id_no_bound = bound(keys.pool, identity, who)
        facts = replace(facts, identity=name_bound, id_no=id_no_bound)
    own_salt = salt(keys.pool, identity)
    reasons = {Exclusion(code).value for code in expert.asserted}
    reasons |= {reason.value for reason in eligibility.derived_exclusions(*avoid.sets(), facts)}
    if identity in picked:
        reasons.add(Exclusion.PICKED_BEFORE.value)
    return Member(
        {
            "id": identity,
            "facts_hash": facts_hash(own_salt, facts),
            "eligible": eligibility.eligible(conditions, facts),
            "excluded": sorted(reasons),
        },
        facts,
        own_salt,
        who,
    )


def members(
    experts: Iterable[Expert],
    keys: Keys,
    conditions: Sequence[Condition],
    avoid: Avoid,
    picked: Collection[str] = (),
    identities: Identities | None = None,
) -> list[Member]:
    """The whole pool, ascending by id."""
    found = (member(keys, conditions, avoid, picked, expert, _who(expert, identities)) for expert in experts)
    return sorted(found, key=lambda each: str(each.record["id"]))


def _who(expert: Expert, identities: Identities | None) -> Identity | None:
    if identities is None:
        return None
    (name,), (id_no,) = identities([expert.number], [expert.name_enc], [expert.id_card_enc])
    return Identity(name, expert.unit, id_no)


def leaf(record: Mapping[str, Any]) -> bytes:
    """The Merkle leaf of a record."""
    return merkle.leaf_hash(canon(record))


def root(records: Iterable[Mapping[str, Any]]) -> str:
    """pool_root, hex, over records ascending by id."""
    return merkle.root([leaf(record) for record in records]).hex()


def count(conditions: Sequence[Condition], records: Iterable[Mapping[str, Any]]) -> Counts:
    """The numbers that the commit states and the witness hears."""
    eligible = {condition.id: [0, 0] for condition in conditions}
    excluded: Counter[str] = Counter()
    for record in records:
        excluded.update(record["excluded"])
        if not record["excluded"]:
            for name, level in record["eligible"].items():
                eligible[name][level] += 1
    return Counts(eligible, dict(excluded))


def standing(records: Iterable[Mapping[str, Any]], condition: str) -> list[tuple[str, int]]:
    """(id, tier) of those who stand in the condition's order: eligible there, and excluded by nothing."""
    found = (each for each in records if not each["excluded"] and condition in each["eligible"])
    return [(each["id"], each["eligible"][condition]) for each in found]


def _set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
