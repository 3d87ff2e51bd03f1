"""That a clock was set is told from what two clocks show; slow answers and a disciplined clock (NTP) are not taken for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing.clock import STEP_SECONDS, Offset, Reading, as_of_now

NINE = datetime(2026, 11, 30, 9, tzinfo=UTC).timestamp()
LOOKS = st.lists(
    st.tuples(
        st.floats(0.01, 3600),  # seconds since the look before
        st.floats(0, 30),  # how long the answer took
        st.floats(0, 1),  # at which part of that the clock was read
        st.floats(-0.0005, 0.0005),  # how much faster it ran since, as NTP corrects it
    ),
    min_size=1,
    max_size=40,
)


class Clocks:
    """A clock and a monotonic one, as a process sees them."""

    def __init__(self) -> None:
        self.tick, self.wall = 1_000.0, NINE

    def pass_by(self, seconds: float, faster: float = 0.0) -> None:
        self.tick += seconds
        self.wall += seconds * (1 + faster)

    def read(self, took: float = 0.0, part: float = 0.5, faster: float = 0.0) -> Offset:
        asked = self.tick
        self.pass_by(took * part, faster)
        shown = self.wall
        self.pass_by(took * (1 - part), faster)
        return Offset.read(shown, asked, self.tick)


@given(LOOKS)
def test_slow_answers_and_a_disciplined_clock_are_no_step(looks: list[tuple[float, float, float, float]]) -> None:
    clocks = Clocks()
    last = clocks.read()
    for seconds, took, part, faster in looks:
        clocks.pass_by(seconds, faster)
        seen = clocks.read(took, part, faster)
        assert last.step_to(seen) == 0.0
        last = last.then(seen)


@given(LOOKS, st.floats(1.1, 10**8), st.booleans(), st.floats(0, 30), st.floats(0, 1))
def test_a_step_is_noticed_whatever_came_before(
    looks: list[tuple[float, float, float, float]], size: float, back: bool, took: float, part: float
) -> None:
    """At once where the answer is quick against it; its size is as exact as the answers were quick."""
    clocks = Clocks()
    last = clocks.read()
    for seconds, slow, where, faster in looks:
        clocks.pass_by(seconds, faster)
        last = last.then(clocks.read(slow, where, faster))
    step = -size if back else size
    clocks.wall += step
    seen = clocks.read(took, part)
    unsure = (last.most - last.least) + took
    if size > 2 * unsure + 1.2:
        assert last.step_to(seen) == pytest.approx(step, abs=unsure + 0.2)
    last = last.then(seen)
    assert last.step_to(seen.less(last.step_to(seen))) == 0.0


@given(st.lists(st.floats(0.3, 0.9), min_size=4, max_size=30))
def test_many_small_steps_add_up_to_one_that_is_noticed(steps: list[float]) -> None:
    clocks = Clocks()
    last, noticed = clocks.read(), 0.0
    for step in steps:
        clocks.wall += step
        clocks.pass_by(2)
        seen = clocks.read()
        found = last.step_to(seen.less(noticed))
        noticed += found
        last = seen.less(noticed) if found else last.then(seen.less(noticed))
    assert abs(sum(steps) - noticed) < STEP_SECONDS + 0.2


@given(st.integers(-(10**7), 10**7), st.integers(0, 10**6))
def test_an_entry_is_as_long_ago_as_the_monotonic_clock_says(step: int, seconds: int) -> None:
    at, then = datetime(2026, 11, 30, 9, tzinfo=UTC), Reading("b", 5)
    now = at + timedelta(seconds=seconds + step)
    found = as_of_now(at, then, now, Reading("b", 5 + seconds * 10**9))
    assert now - found == timedelta(seconds=seconds)
    assert as_of_now(at, then, now, Reading("another boot", 5)) == at
