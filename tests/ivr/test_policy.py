import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing.rules import Calling
from drawing.rules import Rules as LoadedRules
from ivr.calls import Outcome
from ivr.policy import (
    CHINA,
    Hindrance,
    Rule,
    TokenBucket,
    Tried,
    TrunkLoad,
    budget_spent,
    choose_trunk,
    hindrance,
    next_try,
    opening,
    tried,
)
from ivr.settings import Trunk as TrunkSettings
from ivr.trunks import Trunks


@dataclass(frozen=True)
class Rules:
    hours_from: time = time(8)
    hours_until: time | None = time(21)
    per_minute: int = 1
    per_hour: int = 5
    per_day: int = 20
    calls_per_second: int = 2
    channels: int = 3
    daily_ceiling: int = 100
    allowed_numbers: tuple[re.Pattern[str], ...] = field(default=(re.compile(r"1[3-9]\d{9}"),))


RULES = Rules()
NUMBER = "13800138000"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=CHINA)
TICK = 1_000_000.0
"""A monotonic clock, in seconds."""


def local(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA)


def ago(**distance: float) -> datetime:
    return NOON - timedelta(**distance)


@pytest.mark.parametrize(
    ("begin", "end", "at", "opens"),
    [
        (time(8), time(21), local(8), local(8)),
        (time(8), time(21), local(20, 59), local(20, 59)),
        (time(8), time(21), local(21), local(8, day=24)),
        (time(8), time(21), local(7, 59), local(8)),
        (time(8), time(21), local(0), local(8)),
        (time(0), None, local(23, 59), local(23, 59)),
        (time(8), None, local(3), local(8)),
        (time(20), time(2), local(1), local(1)),
        (time(20), time(2), local(2), local(20)),
        (time(20), time(2), local(23), local(23)),
    ],
)
def test_hours(begin: time, end: time | None, at: datetime, opens: datetime) -> None:
    rules = Rules(hours_from=begin, hours_until=end)
    assert opening(rules, at) == opens
    assert opening(rules, at.astimezone(UTC)) == opens


@pytest.mark.parametrize(
    ("ended", "pause", "again"),
    [
        (local(12), 600, local(12, 10)),
        (local(20, 55), 600, local(8, day=24)),
        (local(12), 0, local(12)),
        (local(12), None, None),
    ],
)
def test_the_next_try(ended: datetime, pause: float | None, again: datetime | None) -> None:
    assert next_try(RULES, ended, pause) == again


@pytest.mark.parametrize(
    ("calls", "rule", "until"),
    [
        ([], None, None),
        ([ago(seconds=61)], None, None),
        ([ago(seconds=20)], Rule.PERSON_PER_MINUTE, NOON + timedelta(seconds=40)),
        ([ago(minutes=each) for each in (10, 20, 30, 40)], None, None),
        (
            [ago(minutes=each) for each in (10, 20, 30, 40, 50)],
            Rule.PERSON_PER_HOUR,
            NOON + timedelta(minutes=10),
        ),
        (
            [ago(minutes=each) for each in (0.5, 20, 30, 40, 50)],
            Rule.PERSON_PER_HOUR,
            NOON + timedelta(minutes=10),
        ),
        ([ago(hours=1 + each) for each in range(20)], Rule.PERSON_PER_DAY, NOON + timedelta(hours=4)),
        ([ago(hours=24 + each) for each in range(20)], None, None),
    ],
)
def test_a_person_s_budget(calls: list[datetime], rule: Rule | None, until: datetime | None) -> None:
    spent = budget_spent(RULES, NOON, calls)
    assert (spent and spent.rule, spent and spent.until) == (rule, until)


FREE = TrunkLoad(TokenBucket.full(2, TICK), 0)
EMPTY = TokenBucket(2, 0.0, TICK)


@pytest.mark.parametrize(
    ("now", "number", "today", "trunk", "rule", "until"),
    [
        (NOON, NUMBER, 0, FREE, None, None),
        (NOON, "0085213800138000", 0, FREE, Rule.ALLOWED_NUMBERS, None),
        (NOON, NUMBER + "0", 0, FREE, Rule.ALLOWED_NUMBERS, None),
        (local(22), NUMBER, 0, FREE, Rule.HOURS, local(8, day=24)),
        (NOON, NUMBER, 100, FREE, Rule.DAILY_CEILING, local(0, day=24)),
        (NOON, NUMBER, 99, FREE, None, None),
        (NOON, NUMBER, 0, replace(FREE, channels=3), Rule.CHANNELS, None),
        (NOON, NUMBER, 0, replace(FREE, channels=2), None, None),
        (NOON, NUMBER, 0, TrunkLoad(EMPTY, 0), Rule.CALLS_PER_SECOND, None),
    ],
)
def test_what_stands_against_a_call(
    now: datetime, number: str, today: int, trunk: TrunkLoad, rule: Rule | None, until: datetime | None
) -> None:
    found = hindrance(RULES, now, number, [], today, trunk)
    assert (found and found.rule, found and found.until) == (rule, until)
    assert (found.wait_s if found else None) == (approx(0.5) if rule is Rule.CALLS_PER_SECOND else None)


def test_a_person_called_a_moment_ago_waits() -> None:
    found = hindrance(RULES, NOON, NUMBER, [ago(seconds=1)], 0, FREE)
    assert found is not None
    assert found.rule is Rule.PERSON_PER_MINUTE


FULL = TokenBucket.full(2, TICK)
A, B, C = (TrunkLoad(FULL, 0, name) for name in "abc")
RANG = Tried("a", failed=False)
FAILED_A, FAILED_B = Tried("a", failed=True), Tried("b", failed=True)


@pytest.mark.parametrize(
    ("trunks", "before", "chosen"),
    [
        ([A, B], [], "a"),
        ([B, A], [], "b"),
        ([A, B], [RANG], "a"),
        ([A, B], [FAILED_A], "b"),
        ([A, B], [FAILED_A, Tried("b", failed=False)], "a"),  # what came between was about the person
        ([A, B], [RANG, FAILED_A], "b"),
        ([A, B], [FAILED_A, FAILED_B], "a"),  # all have failed: the one of longest ago
        ([A, B], [FAILED_A, FAILED_B, FAILED_A], "b"),
        ([A, B], [FAILED_A, FAILED_B, FAILED_A, FAILED_B], "a"),
        ([A, B, C], [FAILED_A, FAILED_B], "c"),
        ([A], [FAILED_A] * 3, "a"),
        ([replace(A, failing=True), B], [], "b"),
        ([replace(A, failing=True), B], [FAILED_B], "a"),
        ([replace(A, failing=True), replace(B, failing=True)], [], "a"),
        ([replace(A, channels=5, most=5), B], [], "b"),
        ([replace(A, channels=4, most=5), B], [], "a"),
        ([replace(A, bucket=EMPTY), B], [], "b"),
        ([A, replace(B, channels=1, most=1)], [FAILED_A], Rule.TRUNK_CHANNELS),  # it waits rather than fail again
        ([replace(A, channels=9, most=5)], [], Rule.TRUNK_CHANNELS),
        ([replace(A, channels=9, most=5), replace(B, bucket=EMPTY)], [], Rule.TRUNK_CALLS_PER_SECOND),
    ],
)
def test_which_trunk(trunks: list[TrunkLoad], before: list[Tried], chosen: str | Rule) -> None:
    found = choose_trunk(trunks, before, TICK)
    assert (found.rule if isinstance(found, Hindrance) else found.name) == chosen


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("rang", [False, True])
def test_another_trunk_only_after_a_failure_of_the_trunk(outcome: Outcome, rang: bool) -> None:
    """Never after ringing, early media, 486 or 603; after what the line did to an answered call always."""
    elsewhere = choose_trunk([A, B], [tried("a", outcome, rang=rang)], TICK) == B
    answered = outcome in (Outcome.NO_MEDIA, Outcome.LINE_DROPPED)
    assert elsewhere == (answered or (outcome is Outcome.TRUNK_FAILURE and not rang))


def test_trunks_keep_their_own_limits_and_the_common_one() -> None:
    channels = Counter[str]()
    own = [TrunkSettings(name="a", caller_id="100000", channels=1), TrunkSettings(name="b", caller_id="100000")]
    trunks = Trunks(own, demo_rules(), channels.__getitem__, TICK)
    assert trunks.take([], TICK) == "a"
    assert trunks.take([], TICK) == "b"  # the first one's channel is reserved
    trunks.give_back("a")
    assert trunks.take([], TICK) == "a"
    trunks.begun("a")
    channels["a"] += 1
    assert trunks.take([], TICK) == "b"
    assert trunks.together(1, TICK).channels == 3
    channels["a"] -= 1
    assert trunks.take([], TICK) == "a"


def test_a_call_with_two_legs_needs_two_channels_of_one_trunk() -> None:
    own = [TrunkSettings(name="a", caller_id="100000", channels=3), TrunkSettings(name="b", caller_id="100000", channels=3)]
    trunks = Trunks(own, demo_rules(), lambda _: 0, TICK)
    taken = [trunks.take([], TICK, legs) for legs in (2, 2, 1, 1)]
    assert taken == ["a", "b", "a", "b"]
    assert trunks.together(0, TICK).channels == 6
    assert trunks.take([], TICK) == Hindrance(Rule.TRUNK_CHANNELS)
    trunks.give_back("b", 2)
    assert trunks.take([], TICK, 2) == "b"


def test_both_legs_of_a_call_count_in_the_rate_each_when_it_is_dialled() -> None:
    """No second has more than two beginnings; the second leg, whose person waits on the line, goes before new calls."""
    own = [TrunkSettings(name="a", caller_id="100000", calls_per_second=2), TrunkSettings(name="b", caller_id="100000")]
    trunks = Trunks(own, demo_rules(), lambda _: 0, TICK)
    assert trunks.take([], TICK, 2) == "a"
    assert trunks.turn("a", TICK) == TICK  # staff has pressed at once
    mine, next_one = trunks.turn("a", TICK), trunks.turn("a", TICK)
    assert (mine - TICK, next_one - TICK) == (approx(0.5), approx(1.0))
    assert trunks.take([], TICK) == "b"
    assert trunks.take([], next_one) == "b"  # what comes back until then is owed
    assert trunks.take([], next_one + 0.6) == "a"


def test_what_is_owed_leaves_no_room_and_takes_none_from_other_trunks() -> None:
    own = [TrunkSettings(name=name, caller_id="100000", calls_per_second=1) for name in "ab"]
    trunks = Trunks(own, demo_rules(), lambda _: 0, TICK)
    assert trunks.room(TICK) == 2
    for _ in range(3):
        trunks.turn("a", TICK)
    assert trunks.room(TICK) == 1
    assert trunks.opens(TICK) == TICK


def test_a_call_waits_where_a_second_leg_took_the_turn_of_all_meanwhile() -> None:
    """Between what is due and its trunk lie statements, and in that time somebody may press the key that has the expert rung."""
    own = [TrunkSettings(name=name, caller_id="100000") for name in "ab"]
    trunks = Trunks(own, demo_rules(), lambda _: 0, TICK)
    while trunks.opens(TICK) == TICK:
        trunks.turn("a", TICK)
    found = trunks.take([], TICK)
    assert isinstance(found, Hindrance)
    assert found.rule is Rule.CALLS_PER_SECOND
    assert found.wait_s is not None
    assert trunks.take([], TICK + found.wait_s) == "a"


def approx(seconds: float) -> Any:
    """TokenBucket adds a microsecond, so that rounding never makes a moment too early."""
    return pytest.approx(seconds, abs=2e-6)


def test_a_trunk_that_fails_is_left_for_last_at_once() -> None:
    own = [TrunkSettings(name=name, caller_id="100000") for name in "ab"]
    trunks = Trunks(own, demo_rules(), lambda _: 0, TICK)
    for outcome, rang in [(Outcome.TRUNK_FAILURE, False)] * 4 + [
        (Outcome.INTERRUPTED, False),
        (Outcome.CANCELLED, False),
    ]:
        trunks.ended("a", outcome, rang=rang)
    assert trunks.take([], TICK) == "a"
    trunks.ended("a", Outcome.TRUNK_FAILURE, rang=False)
    assert trunks.take([], TICK) == "b"
    trunks.ended("a", Outcome.BUSY, rang=False)
    assert trunks.take([], TICK) == "a"


def test_a_trunk_with_an_alarm_is_left_for_last_until_it_is_lifted() -> None:
    trunks = Trunks([TrunkSettings(name=name, caller_id="100000") for name in "ab"], demo_rules(), lambda _: 0, TICK)
    trunks.avoid({"a"})
    assert trunks.take([], TICK) == "b"
    trunks.avoid(["a", "b"])
    assert trunks.take([], TICK) == "a"  # none is better than the other
    trunks.avoid([])
    assert trunks.take([], TICK) == "a"


def test_a_trunk_that_failed_is_taken_in_its_turn_once_somebody_had_it_mended() -> None:
    trunks = Trunks([TrunkSettings(name=name, caller_id="100000") for name in "ab"], demo_rules(), lambda _: 0, TICK)
    for _ in range(5):
        trunks.ended("a", Outcome.TRUNK_FAILURE, rang=False)
    trunks.avoid({"a"})
    assert trunks.take([], TICK) == "b"
    trunks.avoid(())
    assert trunks.take([], TICK) == "a"


def demo_rules() -> Calling:
    return LoadedRules.load("demo-1").calling


@given(
    rate=st.floats(0.1, 50),
    pauses=st.lists(st.floats(-1, 3), min_size=1, max_size=60),
)
def test_never_more_calls_than_the_rate(rate: float, pauses: list[float]) -> None:
    """In any window no more begin than one second's worth and what came back meanwhile."""
    bucket, now, begun = TokenBucket.full(rate, TICK), TICK, []
    for pause in pauses:
        now += pause
        if bucket.free_at(now) <= now:
            bucket = bucket.take(now)
            begun.append(max(now, TICK))
        else:
            with pytest.raises(ValueError, match="yet"):
                bucket.take(now)
    latest = max([TICK, *begun])
    assert len(begun) <= max(1.0, rate) + (latest - TICK) * rate + 1e-6


@given(rate=st.floats(0.1, 50), tokens=st.floats(0, 1))
def test_the_time_that_is_promised_holds(rate: float, tokens: float) -> None:
    bucket = TokenBucket(rate, tokens, TICK)
    free = bucket.free_at(TICK)
    assert bucket.take(free + 1e-6).tokens >= 0
