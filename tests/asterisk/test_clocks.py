"""Whatever the machine's clock is set to while a call runs, and however often: the call decides as if it were never touched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.calls import Answer, Outcome
from tests.asterisk.lines import Case, Clock, Made, all_called, twice
from tests.asterisk.test_sipp_keys import ONE_PRESS, OTHERS

pytestmark = pytest.mark.telephone
CASES: Mapping[str, Case] = {
    **{name: ONE_PRESS[name] for name in ("late end", "late update", "bounced", "in pieces", "lagging", "info comes late")},
    "then on purpose": OTHERS["then on purpose"],
    "accepts": Case(Outcome.ACCEPTED, hand=twice("none")),
}


def set_forward() -> Clock:
    """By an hour more at each look."""
    hours = count()
    return lambda: datetime.now(UTC) + timedelta(hours=next(hours))


def set_back() -> Clock:
    hours = count()
    return lambda: datetime.now(UTC) - timedelta(hours=next(hours))


def set_to_and_fro() -> Clock:
    """By seconds, years, and back."""
    steps = cycle([0, 2, -2, 3600, -3600, 10**8, -(10**8), 0.6, -0.6])
    return lambda: datetime.now(UTC) + timedelta(seconds=next(steps))


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[set_forward, set_back, set_to_and_fro])
async def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, short_folder: Path
) -> AsyncIterator[Mapping[str, Made]]:
    """All telephones at once, under one clock."""
    clock: Callable[[], Clock] = request.param
    sockets = short_folder / clock.__name__
    sockets.mkdir()
    async with all_called(CASES, tmp_path_factory.mktemp("sipp"), sockets, clock=clock()) as results:
        yield results


@pytest.mark.parametrize("name", CASES)
def test_a_clock_that_is_set_decides_nothing(made: Mapping[str, Made], name: str) -> None:
    call, outcome = made[name], CASES[name].outcome
    assert (call.outcome, call.decisions) == (outcome, [Answer(outcome)] if outcome is Outcome.ACCEPTED else [])
    assert (call.complaint, call.flow.finishes) == ("", 1)


@pytest.mark.parametrize("name", CASES)
def test_the_evidence_of_one_call_is_in_order(made: Mapping[str, Made], name: str) -> None:
    """Its stamps have the distances that its ticks have."""
    trail = made[name].trail
    assert trail.dialled is not None
    assert trail.answered is not None
    assert trail.ended is not None
    assert trail.dialled <= trail.answered <= trail.ended
    last = max([each.at_ms + each.for_ms for each in trail.heard] + [each.at_ms for each in trail.pressed])
    lasted = (trail.ended - trail.answered).total_seconds() * 1000
    assert last - 1000 <= lasted <= last + 60_000
