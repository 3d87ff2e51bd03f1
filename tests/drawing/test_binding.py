"""Rows of `pick` against the transcript: whatever is changed in either is found, and what is true passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing import binding
from drawing.binding import Misfit, NotBound, PickRow
from drawing.pool import pool_id
from drawing.signature import checker, public_pem
from drawing.transcript import EntryType
from tests.drawing.simulator import ACTIVITY_KEY, SERVICE, Activity, whole_activity

PEOPLE = 60
BY_OURS = checker(public_pem(SERVICE.public_key().public_bytes_raw()))
ANOTHER: dict[str, Any] = {
    "draw": 9, "condition": "c9", "seat": 99, "rank": 999, "expert": PEOPLE + 1, "pseudonym": "00" * 10, "outcome": "cancelled",
}  # fmt: skip


@cache
def activity_of(seed: int) -> Activity:
    """Nobody changes it."""
    return whole_activity(seed, PEOPLE)


@cache
def rows_of(seed: int) -> tuple[binding.Transcript, Sequence[PickRow]]:
    """A simulated activity with a supplement and reopened picks, and its rows as they should be."""
    assert BY_OURS is not None
    transcript = binding.read_chain(activity_of(seed).chain, BY_OURS)
    numbers = {pool_id(ACTIVITY_KEY, number): number for number in range(1, PEOPLE + 1)}
    codes = {who: binding.codes(ACTIVITY_KEY, who)[0] for who in transcript.picks}
    rows = [
        PickRow(each.draw, each.condition, each.seat, each.rank, numbers[who], who, each.outcome, codes[who])
        for who, each in transcript.picks.items()
    ]
    return transcript, rows


@given(st.integers(0, 50))
def test_true_rows_pass_in_any_order(seed: int) -> None:
    transcript, rows = rows_of(seed)
    binding.check_all(ACTIVITY_KEY, reversed(rows), transcript)
    activity = activity_of(seed)
    agreed = sorted(who for who, pick in activity.picked.items() if pick["outcome"] == "accepted")
    assert sorted(who for draw in transcript.commits for who in transcript.agreed(draw)) == agreed
    assert transcript.opened == transcript.sealed == set(transcript.commits)


@given(st.integers(0, 50), st.integers(0, 1000), st.sampled_from(sorted(ANOTHER)))
def test_one_changed_field_is_found(seed: int, place: int, name: str) -> None:
    transcript, rows = rows_of(seed)
    place %= len(rows)
    changed = replace(rows[place], **{name: ANOTHER[name]})
    with pytest.raises(NotBound):
        binding.check_all(ACTIVITY_KEY, [*rows[:place], changed, *rows[place + 1 :]], transcript)


@given(st.integers(0, 50), st.integers(0, 1000))
def test_a_missing_row_and_another_key_are_found(seed: int, place: int) -> None:
    transcript, rows = rows_of(seed)
    place %= len(rows)
    with pytest.raises(NotBound) as missing:
        binding.check_all(ACTIVITY_KEY, [*rows[:place], *rows[place + 1 :]], transcript)
    assert missing.value.misfit is Misfit.MISSING
    with pytest.raises(NotBound):
        binding.check_all(b"b" * 32, rows, transcript)


@given(st.integers(0, 20), st.integers(0, 1000), st.sampled_from(["at", "body", "prev", "hash", "sig", "seq", "gone", "twice"]))
def test_a_changed_transcript_is_found(seed: int, place: int, what: str) -> None:
    assert BY_OURS is not None
    chain = list(activity_of(seed).chain)
    place %= len(chain) - 1
    entry, following = chain[place], chain[place + 1]
    changed: dict[str, list[Any]] = {
        "at": [replace(entry, at=following.at, type=EntryType.PRINT)], "body": [replace(entry, body=following.body)],
        "prev": [replace(entry, prev="0f" * 32)], "hash": [replace(entry, hash=following.hash)],
        "sig": [replace(entry, sig=following.sig)], "seq": [replace(entry, seq=entry.seq + 1)], "gone": [],
        "twice": [entry, entry],
    }  # fmt: skip
    with pytest.raises(NotBound) as found:
        binding.read_chain([*chain[:place], *changed[what], *chain[place + 1 :]], BY_OURS)
    assert found.value.misfit is Misfit.CHAIN


def test_a_code_is_one_of_the_experts_own() -> None:
    who = pool_id(ACTIVITY_KEY, 7)
    own = binding.codes(ACTIVITY_KEY, who)
    assert len(own) == binding.CODES_TRIED
    assert all(len(code) == 6 and code.isdigit() for code in own)
    assert own != binding.codes(ACTIVITY_KEY, pool_id(ACTIVITY_KEY, 8))
    assert own != binding.codes(b"b" * 32, who)
    row = PickRow(1, "c1", 1, 0, 7, who, "open", own[3])
    record = binding.PickRecord(1, "c1", 1, 0, "open")
    binding.check_pick(ACTIVITY_KEY, row, record, names_sealed=True)
    with pytest.raises(NotBound) as found:
        binding.check_pick(ACTIVITY_KEY, replace(row, code="x"), record, names_sealed=True)
    assert found.value.misfit is Misfit.CODE
    binding.check_pick(ACTIVITY_KEY, replace(row, code="x"), record, names_sealed=False)  # of before they were derived
