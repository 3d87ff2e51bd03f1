"""Drawing lots so that anybody can repeat it: `expert-draw/1`.

Every expert gets a ticket, a pseudo-random number that nobody could know before the seed (Rivest's consistent
sampling): ticket = HMAC-SHA-256(seed, canon([condition, expert])). A condition's order is ascending by
(tier, ticket, id), so a replacement needs no second randomness, and removing one expert leaves the order of
all others as it was. The seed joins what the operator fixed (the commit and, through it, the system's
share) with what a witness adds afterwards:

    seed = SHA-256("expert-draw/1 seed\\n" ‖ commit hash ‖ system share ‖ canon(share))

A pick is a function of the chain alone: the first of the order who was not picked in this activity; somebody
is passed without being picked only while a colleague of the same unit has agreed or is being called.

>>> place = [Placed("a", frozenset({"u"})), Placed("b", frozenset({"v"}))]
>>> next_pick(place, picked={"z"}, engaged=[Placed("z", frozenset({"u"}))])
Pick(expert='b', rank=1, passed=(('a', 'same_unit', 'z'),))
"""

import hmac
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from drawing.canonical import canon

ALGORITHM = "expert-draw/1"
SAME_UNIT = "same_unit"
SHORTEST_SHARE, LONGEST_SHARE = 8, 12


class Lot(NamedTuple):
    """One place in a condition's order; its fields in sorting order."""

    tier: int
    ticket: bytes
    expert: str


class Placed(NamedTuple):
    """An expert and the keyed hashes of their units."""

    expert: str
    units: frozenset[str]


class Pick(NamedTuple):
    """Who is to be called next: their rank (from 0), and who was passed on the way."""

    expert: str
    rank: int
    passed: tuple[tuple[str, str, str], ...]


def seed(commit_hash: str, system_share: bytes, share: dict[str, Any] | None) -> bytes:
    """The seed of a draw; `share` is {"by", "value"}, or None where the rules allow a draw without."""
    fixed = f"{ALGORITHM} seed\n".encode() + bytes.fromhex(commit_hash) + system_share
    return sha256(fixed + canon(share)).digest()


def ticket(draw_seed: bytes, condition: str, expert: str) -> bytes:
    """The 32-byte ticket of an expert in a condition."""
    return hmac.digest(draw_seed, canon([condition, expert]), "sha256")


def order(draw_seed: bytes, condition: str, eligible: Iterable[tuple[str, int]]) -> list[Lot]:
    """The order of (expert, tier) pairs in a condition."""
    return sorted(Lot(tier, ticket(draw_seed, condition, expert), expert) for expert, tier in eligible)


def fingerprint(commit_hash: str) -> str:
    """What is read to the witness: the commit's hash mod 10^20, 20 digits in groups of four.

    >>> fingerprint("0c1aab2d6edee7c3e8efc6523c50fb653a246c80f49f8e59e9cbbbe05a7d7ae1")
    '4830 8909 6701 3139 9393'
    """
    digits = f"{int(commit_hash, 16) % 10**20:020d}"
    return " ".join(digits[at : at + 4] for at in range(0, 20, 4))


def next_pick(ordered: Iterable[Placed], picked: Collection[str], engaged: Sequence[Placed]) -> Pick | None:
    """The first of the order who may be picked now, or None if nobody is left.

    `picked` are all who were picked in this activity (but for those reopened); `engaged` those who have
    agreed or are being called, in the order of their picks: the first of them who shares a unit is named.
    Reads `ordered` only as far as it must, so that a stored order need not be loaded whole.
    """
    passed: list[tuple[str, str, str]] = []
    for rank, candidate in enumerate(ordered):
        if candidate.expert in picked:
            continue
        colleague = same_unit(candidate, engaged)
        if colleague is None:
            return Pick(candidate.expert, rank, tuple(passed))
        passed.append((candidate.expert, SAME_UNIT, colleague))
    return None


def same_unit(candidate: Placed, engaged: Iterable[Placed]) -> str | None:
    """The first of `engaged` who shares a unit with the candidate."""
    return next((other.expert for other in engaged if not candidate.units.isdisjoint(other.units)), None)


def weak_share(digits: str, used_before: Collection[str] = ()) -> str | None:
    """Why a witness's digits are refused, or None: what can be guessed can be prepared for.

    >>> [weak_share(digits) for digits in ("48291306", "20261123", "87654321", "1111111111")]
    [None, 'date', 'run', 'all_equal']
    """
    if not digits.isascii() or not digits.isdecimal():
        return "not_digits"
    if len(digits) < SHORTEST_SHARE:
        return "too_short"
    if len(digits) > LONGEST_SHARE:
        return "too_long"
    if len(set(digits)) == 1:
        return "all_equal"
    if _is_run(digits):
        return "run"
    if _is_date(digits):
        return "date"
    return "used_before" if digits in used_before else None


def _is_run(digits: str) -> bool:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    return steps in ({1}, {9})  # 890123… counts as a run too


def _is_date(digits: str) -> bool:
    if len(digits) != 8:  # yyyymmddhhmm and the like
        return len(digits) in (10, 12) and _is_date(digits[:8]) and _is_time(digits[8:])
    day_first, month_first = digits[4:] + digits[2:4] + digits[:2], digits[4:] + digits[:4]
    return any(_plausible(form) for form in (digits, day_first, month_first))


def _plausible(yyyymmdd: str) -> bool:
    try:
        day = date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:]))
    except ValueError:
        return False
    return 1900 <= day.year <= 2099


def _is_time(digits: str) -> bool:
    return int(digits[:2]) < 24 and int(digits[2:] or 0) < 60
