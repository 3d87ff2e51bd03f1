"""Whether a row of `pick` is about whom the transcript names.

Rows can be changed by whoever has the database's password; the transcript's entries are signed, an expert's pool id is keyed by the
activity, and names are sealed with the pool. So a pick leads to a person only if its row agrees with all three.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from drawing.bodies import BadBody, check_shape
from drawing.pool import pool_id
from drawing.transcript import BrokenChain, Entry, EntryType, check_link, entry_hash

CODES_TRIED = 32  # with 20,000 of a million given, a new one is taken already in 1 of 50 cases
Check = Callable[[bytes, bytes], bool]
"""Whether (signature, message) is by the service's key."""


class Misfit(Enum):
    """What does not fit; the value is how 操作记录 says it."""

    CHAIN = "抽取记录链不完整，或有未经本系统签名的记录"
    MISSING = "抽取记录中的专家在数据库中没有对应的行"
    ACTIVITY = "呼叫与抽取不属于同一活动"
    NOT_PICKED = "抽取记录中没有这次抽取"
    EXPERT = "专家与抽取编号不符"
    SEAT = "抽取次序、条件、席位或名次与抽取记录不符"
    OUTCOME = "抽取结果与抽取记录不符"
    CODE = "验证码与抽取编号不符"
    UNREADABLE = "加密的数据不能打开"
    NAMES = "与专家池一并封存的名单与承诺不符"
    PERSON = "专家的证件号与专家池封存时不同"


class NotBound(Exception):
    """A pick's row does not fit what was committed: nobody may be rung, written to or named by it. Says nothing of a person."""

    def __init__(self, misfit: Misfit) -> None:
        super().__init__(misfit)
        self.misfit = misfit

    def __str__(self) -> str:
        return self.misfit.value


@dataclass(frozen=True, slots=True)
class PickRow:
    """A row of `pick`."""

    draw: int
    condition: str
    seat: int
    rank: int
    expert: int
    pseudonym: str
    outcome: str
    code: str


@dataclass(frozen=True, slots=True)
class PickRecord:
    """What the transcript says of a pick: where it stands in which draw, and its outcome so far."""

    draw: int
    condition: str
    seat: int
    rank: int
    outcome: str


@dataclass(slots=True)
class Transcript:
    """What a whole transcript says: commits, picks by pool id, draws that are sealed and opened, and whether it was force-ended."""

    commits: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    picks: dict[str, PickRecord] = field(default_factory=dict)
    sealed: set[int] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    nameless: set[int] = field(default_factory=set)  # opened after a forced end: for the evidence only
    ended: bool = False

    def agreed(self, draw: int) -> list[str]:
        """The pool ids of those who agreed in this draw, ascending."""
        return sorted(name for name, record in self.picks.items() if (record.draw, record.outcome) == (draw, "accepted"))


def codes(activity_key: bytes, pseudonym: str) -> list[str]:
    """The 验证码 that somebody may have in an activity, the first that is free first: six digits each, as unforeseeable as the
    key, so that a code can't be given to somebody else.

    >>> codes(b"k" * 32, "0123456789abcdef0123")[:2], len(codes(b"k" * 32, "0123456789abcdef0123"))
    (['387494', '452632'], 32)
    """
    text = pseudonym.encode()
    halves = (hmac.digest(activity_key, b"code:%d:" % half + text, "sha512") for half in range(2))
    stream = b"".join(halves)
    numbers = (int.from_bytes(stream[at : at + 4], "big") for at in range(0, 4 * CODES_TRIED, 4))
    return [f"{number % 1_000_000:06d}" for number in numbers]


def check_entry(entry: Entry, check: Check) -> None:
    """Raises NotBound unless the service's key signed exactly this entry."""
    try:
        check_shape(entry.type.value, entry.body)
        same = entry_hash(entry.seq, entry.at, entry.type, entry.body, entry.prev) == entry.hash
    except (BadBody, ValueError):
        raise NotBound(Misfit.CHAIN) from None
    if not same or not check(b64decode(entry.sig), bytes.fromhex(entry.hash)):
        raise NotBound(Misfit.CHAIN)


def read_chain(entries: Sequence[Entry], check: Check) -> Transcript:
    """What a whole transcript says, every link and signature checked; raises NotBound."""
    try:
        for before, entry in zip([None, *entries], entries, strict=False):
            check_link(before, entry)
            check_entry(entry, check)
    except BrokenChain:
        raise NotBound(Misfit.CHAIN) from None
    found = Transcript()
    for entry in entries:
        _take(found, entry)
    return found


def _take(chain: Transcript, entry: Entry) -> None:
    body, draw = entry.body, len(chain.commits)
    match entry.type:
        case EntryType.COMMIT:
            chain.commits[body["draw"]] = body
        case EntryType.PICK:
            chain.picks[body["expert"]] = pick_record(draw, body)
        case EntryType.OUTCOME:
            chain.picks[body["expert"]] = pick_record(draw, body, chain.picks.get(body["expert"]))
        case EntryType.SEAL:
            chain.sealed.add(draw)
        case EntryType.UNSEAL:  # of the older form it opens all that is sealed
            opened = {body["draw"]} if "draw" in body else chain.sealed - chain.opened
            chain.opened |= opened
            chain.nameless |= opened if chain.ended else set()
        case EntryType.FORCE_END:
            chain.ended = True


def pick_record(draw: int, body: Mapping[str, Any], before: PickRecord | None = None) -> PickRecord:
    """What a `pick` entry of this draw says, or an `outcome` entry after it; raises NotBound for an outcome without a pick."""
    if "outcome" not in body:
        return PickRecord(draw, body["condition"], body["seat"], body["rank"], "open")
    if before is None:
        raise NotBound(Misfit.CHAIN)
    return PickRecord(before.draw, before.condition, before.seat, before.rank, body["outcome"])


def check_pick(activity_key: bytes, row: PickRow, record: PickRecord | None, *, names_sealed: bool) -> None:
    """Raises NotBound unless the row is about the expert, and says what the transcript says. names_sealed: the draw's commit says
    `facts`; its codes are derived.
    """
    if not hmac.compare_digest(pool_id(activity_key, row.expert).encode(), row.pseudonym.encode()):
        raise NotBound(Misfit.EXPERT)
    if record is None:
        raise NotBound(Misfit.NOT_PICKED)
    if (row.draw, row.condition, row.seat, row.rank) != (record.draw, record.condition, record.seat, record.rank):
        raise NotBound(Misfit.SEAT)
    if row.outcome != record.outcome:
        raise NotBound(Misfit.OUTCOME)
    if names_sealed and row.code not in codes(activity_key, row.pseudonym):
        raise NotBound(Misfit.CODE)


def check_all(activity_key: bytes, rows: Iterable[PickRow], chain: Transcript) -> None:
    """Raises NotBound unless the rows of an activity are exactly the picks of its transcript."""
    seen = set[str]()
    for row in rows:
        sealed = "facts" in chain.commits.get(row.draw, {})
        check_pick(activity_key, row, chain.picks.get(row.pseudonym), names_sealed=sealed)
        seen.add(row.pseudonym)
    if seen != set(chain.picks):
        raise NotBound(Misfit.MISSING)
