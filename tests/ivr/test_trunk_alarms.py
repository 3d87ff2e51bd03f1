"""What a call shows of its trunk, and when that makes an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.bridged import PairTrail
from ivr.calls import EndedBy, Outcome, Pressed, Reason, Trail
from ivr.dialplans import EVERY_KIND, KINDS, Timings
from ivr.dialplans.notice import Notice
from ivr.trunk_alarms import Limits, Moments, TrunkAlarm, alarms
from ivr.trunk_results import TrunkEnd, TrunkResult, trunk_end, trunk_result

AT = datetime(2026, 11, 30, 1, tzinfo=UTC)
LIMITS = Limits(keyless=3, no_media=2, failing=4, dropping=2, dropping_of=5)
R = TrunkResult


def trail(*, dialled: bool = True, rang: bool = False, answered: bool = False, keys: str = "") -> Trail:
    return Trail(
        "el" + "0" * 32,
        "carrier",
        dialled=AT if dialled else None,
        ringing=AT if rang else None,
        answered=AT if answered else None,
        pressed=tuple(Pressed(key, 900, 100, "invitation") for key in keys),
    )


ANSWERED = trail(rang=True, answered=True)
SHOWN = [
    (Outcome.TRUNK_FAILURE, trail(), R.FAILED),
    (Outcome.TRUNK_FAILURE, trail(rang=True), R.REACHED),
    (Outcome.BUSY, trail(), R.REACHED),
    (Outcome.REDIRECTED, trail(rang=True), R.REACHED),
    (Outcome.INVALID_NUMBER, trail(), R.REACHED),
    (Outcome.INVALID_NUMBER, trail(dialled=False), None),  # the allowlist: never dialled
    (Outcome.NO_ANSWER, trail(rang=True), R.REACHED),
    (Outcome.NO_ANSWER, trail(rang=True, keys="1"), R.KEYED),  # in early media: keys come through
    (Outcome.NO_KEY, ANSWERED, R.KEYLESS),
    (Outcome.HUNG_UP_EARLY, ANSWERED, R.KEYLESS),
    (Outcome.HUNG_UP_EARLY, trail(answered=True, keys="5"), R.KEYED),
    (Outcome.WRONG_KEYS, trail(answered=True, keys="57"), R.KEYED),
    (Outcome.VOICEMAIL, ANSWERED, R.ANSWERED),  # a machine presses nothing
    (Outcome.ACCEPTED, trail(answered=True, keys="11"), R.KEYED),
    (Outcome.WRONG_PERSON, trail(answered=True, keys="99"), R.KEYED),
    (Outcome.INTERRUPTED, ANSWERED, None),  # we broke it off
    (Outcome.INTERRUPTED, trail(answered=True, keys="1"), R.KEYED),
    (Outcome.CANCELLED, trail(rang=True), None),
    (Outcome.NO_MEDIA, ANSWERED, R.NO_MEDIA),
    (Outcome.LINE_DROPPED, trail(answered=True, keys="1"), R.KEYED),
    (Outcome.LINE_DROPPED, ANSWERED, R.ANSWERED),  # perhaps the key would have come
    (Outcome.CANCELLED, trail(dialled=False), None),
]


@pytest.mark.parametrize(("outcome", "of", "shown"), SHOWN)
def test_what_a_call_shows(outcome: Outcome, of: Trail, shown: TrunkResult | None) -> None:
    assert trunk_result(outcome, of, asks=True) is shown


def test_a_notice_says_nothing_about_keys() -> None:
    assert trunk_result(Outcome.DELIVERED, ANSWERED, asks=False) is R.ANSWERED
    assert trunk_result(Outcome.HUNG_UP_EARLY, ANSWERED, asks=False) is R.ANSWERED


def test_both_legs_of_a_masked_call_speak_for_the_trunk() -> None:
    pressed = trail(answered=True, keys="1")
    assert trunk_result(Outcome.CONNECTED, PairTrail(pressed, pressed), asks=True) is R.KEYED
    assert trunk_result(Outcome.NO_KEY, PairTrail(pressed, ANSWERED), asks=True) is R.KEYED
    assert trunk_result(Outcome.NO_KEY, PairTrail(ANSWERED), asks=True) is R.KEYLESS
    assert trunk_result(Outcome.TRUNK_FAILURE, PairTrail(pressed, trail()), asks=True) is R.KEYED
    assert trunk_result(Outcome.TRUNK_FAILURE, PairTrail(trail()), asks=True) is R.FAILED


def test_the_kinds_that_ask_for_no_key_are_the_notices() -> None:
    told = {name for name, kind in KINDS.items() if isinstance(kind.flow(Timings(), lambda digits: None), Notice)}
    assert {name for name, kind in EVERY_KIND.items() if not kind.asks} == told


# --- alarms -------------------------------------------------------------------------------------------------------


Shown = TrunkResult | tuple[TrunkResult, TrunkEnd]
KEYED_DROPPED: Shown = (R.KEYED, TrunkEnd.DROPPED)
UNANSWERED: Shown = (R.KEYED, TrunkEnd.UNANSWERED)


def moments(calls: Sequence[Shown], depth: int = 20) -> Moments:
    """As the database gives them; `calls` in turn, each with what it showed."""
    found: dict[TrunkResult | TrunkEnd, list[datetime]] = {}
    for n, call in enumerate(calls):
        for each in call if isinstance(call, tuple) else (call,):
            found.setdefault(each, []).insert(0, AT + timedelta(seconds=n))
    return {each: times[:depth] for each, times in found.items()}


def raised(*results: Shown) -> set[TrunkAlarm]:
    return set(alarms(moments(results, LIMITS.depth), LIMITS))


def test_no_call_no_alarm() -> None:
    assert raised() == set()


def test_calls_without_a_key_in_a_row() -> None:
    assert raised(R.KEYLESS, R.KEYLESS) == set()
    assert raised(R.KEYLESS, R.KEYLESS, R.KEYLESS) == {TrunkAlarm.KEYLESS}
    assert raised(R.KEYED, R.KEYLESS, R.REACHED, R.KEYLESS, R.ANSWERED, R.FAILED, R.KEYLESS) == {TrunkAlarm.KEYLESS}
    assert raised(R.KEYLESS, R.KEYLESS, R.KEYED, R.KEYLESS) == set()
    assert raised(R.KEYLESS, R.KEYLESS, R.KEYLESS, R.KEYED) == set()


def test_calls_without_sound_in_a_row() -> None:
    assert raised(R.NO_MEDIA, R.REACHED, R.NO_MEDIA) == {TrunkAlarm.NO_MEDIA}
    assert raised(R.NO_MEDIA, R.ANSWERED, R.NO_MEDIA) == set()
    assert raised(R.NO_MEDIA, R.NO_MEDIA, R.KEYED) == set()


def test_failures_in_a_row() -> None:
    assert raised(*[R.FAILED] * 4) == {TrunkAlarm.FAILING}
    assert raised(*[R.FAILED] * 4, R.REACHED) == set()
    assert raised(*[R.FAILED] * 3) == set()


CUTS: list[tuple[EndedBy | None, Reason | None, TrunkEnd | None]] = [
    (None, None, None),
    (EndedBy.PERSON, Reason("Q.850", 16), None),
    (EndedBy.US, Reason("SIP", 408), None),
    (EndedBy.NETWORK, None, TrunkEnd.DROPPED),
    (EndedBy.NETWORK, Reason("Q.850", 41), TrunkEnd.DROPPED),
    (EndedBy.NETWORK, Reason("SIP", 408), TrunkEnd.UNANSWERED),
]


@pytest.mark.parametrize(("ended_by", "reason", "end"), CUTS)
def test_how_the_network_ended_it(ended_by: EndedBy | None, reason: Reason | None, end: TrunkEnd | None) -> None:
    leg = replace(ANSWERED, ended_by=ended_by, reason=reason)
    assert trunk_end(leg) is end
    assert trunk_end(PairTrail(ANSWERED, leg)) is end


def test_the_cause_tells_it_where_nobody_heard_the_reason() -> None:
    leg = replace(ANSWERED, ended_by=EndedBy.NETWORK, cause=18)
    assert trunk_end(leg) is TrunkEnd.UNANSWERED
    assert trunk_end(replace(leg, reason=Reason("Q.850", 18))) is TrunkEnd.DROPPED


def test_dropped_calls_need_not_follow_each_other() -> None:
    assert raised(KEYED_DROPPED, R.KEYED, R.REACHED, R.FAILED, KEYED_DROPPED) == {TrunkAlarm.DROPPING}
    assert raised(KEYED_DROPPED, *[R.KEYED] * 4, KEYED_DROPPED) == set()
    assert raised(KEYED_DROPPED, KEYED_DROPPED, *[R.KEYED] * 4) == set()


def test_one_end_for_want_of_an_answer_is_told_until_enough_went_well() -> None:
    assert raised(R.KEYED, UNANSWERED) == {TrunkAlarm.UNANSWERED}
    assert raised(R.KEYED, UNANSWERED, *[R.KEYED] * 4) == {TrunkAlarm.UNANSWERED}
    assert raised(R.KEYED, UNANSWERED, *[R.KEYED] * 5) == set()
    assert raised(UNANSWERED, UNANSWERED) == {TrunkAlarm.UNANSWERED, TrunkAlarm.DROPPING}


@given(st.lists(st.tuples(st.sampled_from(R), st.sampled_from([None, *TrunkEnd])), max_size=60))
def test_what_is_looked_at_is_enough(calls: list[tuple[TrunkResult, TrunkEnd | None]]) -> None:
    """However many calls there were, the last of each kind tell the same as all of them, told the plain way."""
    answered = {R.NO_MEDIA, R.KEYLESS, R.KEYED, R.ANSWERED}
    calls = [(result, end if result in answered else None) for result, end in calls]
    results = [result for result, _ in calls]
    plain = set()
    if _tail(results, R.KEYLESS, {R.KEYED}) >= 3:
        plain.add(TrunkAlarm.KEYLESS)
    if _tail(results, R.NO_MEDIA, {R.KEYED, R.KEYLESS, R.ANSWERED}) >= 2:
        plain.add(TrunkAlarm.NO_MEDIA)
    if _tail(results, R.FAILED, set(R) - {R.FAILED}) >= 4:
        plain.add(TrunkAlarm.FAILING)
    ends = [end for result, end in calls if result in answered][-5:]
    if sum(end is not None for end in ends) >= 2:
        plain.add(TrunkAlarm.DROPPING)
    if TrunkEnd.UNANSWERED in ends:
        plain.add(TrunkAlarm.UNANSWERED)
    assert raised(*[result if end is None else (result, end) for result, end in calls]) == plain


def _tail(results: list[TrunkResult], counted: TrunkResult, breaking: set[TrunkResult]) -> int:
    number = 0
    for each in reversed(results):
        if each in breaking:
            break
        number += each is counted
    return number
