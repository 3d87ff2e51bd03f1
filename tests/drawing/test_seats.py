"""What follows after calls that decided nothing: when again, and when somebody counts as 未接通."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from drawing.rules import CallOutcome, Rules
from drawing.seats import Again, Try, Verdict, verdict

RULES = Rules.load("gd-1")
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("outcomes", "pause"),
    [
        *((["busy"] * n, 600) for n in (1, 2)),
        (["no_answer"], 600),
        (["no_key"], 300),
        (["trunk_failure"], 5),
        (["trunk_failure"] * 4, 40),
        (["trunk_failure"] * 30, 1800),
        (["interrupted"], 60),
        (["interrupted"] * 3, 240),
        (["interrupted", "trunk_failure"], 10),
        (["trunk_failure", "busy"], 600),
        (["busy", "trunk_failure"], 5),
        (["trunk_failure", "trunk_failure", "no_answer", "trunk_failure"], 5),
    ],
)
def test_when_again(outcomes: list[str], pause: int) -> None:
    tries = [Try(outcome, at(n / 100)) for n, outcome in enumerate(outcomes)]
    again = verdict(tries, at(1), RULES)
    assert again == Again(len(outcomes) + 1, tries[-1].ended_at + timedelta(seconds=pause))


@pytest.mark.parametrize(
    ("outcomes", "unreached"),
    [
        (["busy"] * 3, True),
        (["busy", "busy", "rejected", "no_answer"], False),
        (["busy", "busy", "rejected", "no_answer", "no_key"], True),
        (["rejected"] * 2, True),
        (["invalid_number"], True),
        (["wrong_person"], True),
        (["trunk_failure"] * 50, False),
        (["trunk_failure", "interrupted"] * 9, False),
    ],
)
def test_when_unreached(outcomes: list[str], unreached: bool) -> None:
    tries = [Try(outcome, at(0)) for outcome in outcomes]
    assert (verdict(tries, at(1), RULES) is Verdict.UNREACHED) is unreached


@pytest.mark.parametrize(
    ("minutes", "pauses", "unreached"),
    [
        (44, [], False),
        (46, [], True),
        (46, [(10, 20)], False),
        (54, [(10, 20)], False),
        (56, [(10, 20)], True),
        (46, [(-20, -5)], True),  # before the first call ended
        (46, [(-5, 10)], False),
        (56, [(-5, 10)], True),
        (100, [(1, 30), (40, 99)], False),
        (46, [(46, 50)], True),  # later
    ],
)
def test_a_pause_holds_no_seat(minutes: int, pauses: list[tuple[int, int]], unreached: bool) -> None:
    """The seat's time (2,700 s) is counted as the verifier counts it: without the pauses."""
    tries = [Try("busy", at(0))]
    found = verdict(tries, at(minutes), RULES, [(at(begin), at(end)) for begin, end in pauses])
    assert (found is Verdict.UNREACHED) is unreached


@pytest.mark.parametrize(
    ("outcomes", "minutes", "unreached"),
    [
        (["no_media"] * 9, 0, False),
        (["no_media"] * 10, 0, True),
        (["trunk_failure"] * 4 + ["line_dropped"] * 3 + ["no_media"] * 3, 0, True),
        (["no_media"], 46, True),
        (["no_media"], 44, False),
        (["interrupted"] * 50, 10_000, False),
    ],
)
def test_the_lines_faults_end_a_pick_too(outcomes: list[str], minutes: int, unreached: bool) -> None:
    tries = [Try(outcome, at(0)) for outcome in outcomes]
    assert (verdict(tries, at(minutes), Rules.load("gd-3")) is Verdict.UNREACHED) is unreached
    assert verdict(tries, at(minutes), RULES) is not Verdict.UNREACHED


def test_what_was_interrupted_before_the_first_fault_of_the_line_holds_no_seat() -> None:
    tries = [Try("interrupted", at(0)), Try("no_media", at(40))]
    assert verdict(tries, at(84), Rules.load("gd-3")) is not Verdict.UNREACHED
    assert verdict(tries, at(86), Rules.load("gd-3")) is Verdict.UNREACHED


@pytest.mark.parametrize("version", ["gd-1", "demo-1"])
def test_failures_of_ours_are_repeated_ever_more_slowly(version: str) -> None:
    calling = Rules.load(version).calling
    pauses = [calling.pause_after([CallOutcome.TRUNK_FAILURE] * n) for n in range(1, 60)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == calling.longest_pause_s
    day = sum(1 for n in range(1, 60) if sum(pauses[:n]) < 86_400)
    assert day < 60 if version == "gd-1" else calling.longest_pause_s <= 60
