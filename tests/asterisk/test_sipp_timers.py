"""Session timers (RFC 4028): no call of ours ends because somebody did not refresh it, unless a trunk's carrier insists on timers.

The shortest timer there is takes 90 s, and so does this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.calls import EndedBy, Outcome
from tests.asterisk.exchange import patient
from tests.asterisk.lines import Case, Made, all_called, listens

pytestmark = pytest.mark.telephone

WAITING = patient(reply_seconds=95.0, silences=0, longest_prompt=200.0)
"""Longer than a timer of 90 s."""
SECONDS = 240.0
SIPP = ("-timeout", "200")


def timed(outcome: Outcome, who: str, *, refreshed: bool = False, session_timers: bool = False) -> Case:
    values = {"expires": f"90;refresher={who}", "refreshed": refreshed}
    return Case(outcome, "timed", hand=listens, timings=WAITING, options=SIPP, values=values, session_timers=session_timers)


def refuses(status: str) -> Case:
    """They know nothing of the call any more when we refresh it."""
    values = {"expires": "90", "refused": status}
    return Case(
        Outcome.LINE_DROPPED, "timer_refused", hand=listens, timings=WAITING, options=SIPP, values=values, session_timers=True
    )


CASES: Mapping[str, Case] = {
    "they promise to refresh": timed(Outcome.NO_KEY, "uas"),
    "they want us to": timed(Outcome.NO_KEY, "uac"),
    "they promise, and we keep a timer": timed(Outcome.LINE_DROPPED, "uas", session_timers=True),
    "they want us to, and we do": timed(Outcome.NO_KEY, "uac", refreshed=True, session_timers=True),
    "481": refuses("481 Call/Transaction Does Not Exist"),
    "408": refuses("408 Request Timeout"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(tmp_path_factory: pytest.TempPathFactory, short_folder: Path) -> AsyncIterator[Mapping[str, Made]]:
    """All telephones at once."""
    async with all_called(CASES, tmp_path_factory.mktemp("sipp"), short_folder, SECONDS) as results:
        yield results


@pytest.mark.parametrize("name", CASES)
def test_the_line_holds_or_it_was_the_lines_doing(made: Mapping[str, Made], name: str) -> None:
    case, call = CASES[name], made[name]
    assert call.outcome is case.outcome
    assert call.trail.ended_by is (EndedBy.US if case.outcome is Outcome.NO_KEY else EndedBy.NETWORK)
    if case.outcome is Outcome.NO_KEY:
        assert call.complaint == ""
