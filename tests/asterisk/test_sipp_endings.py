"""Who ended an answered call, as a real node tells it: only what the person did is a try.

The telephones are SIPp's, as in test_sipp.py. Asterisk reads a Reason of Q.850 and of SIP alike (res_pjsip_rfc3326).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.calls import EndedBy, Outcome
from ivr.trunk_results import TrunkEnd, trunk_end
from tests.asterisk.exchange import patient
from tests.asterisk.lines import Case, Made, all_called, listens

pytestmark = pytest.mark.telephone

LISTENING = patient(reply_seconds=30.0, silences=0)


def byes(outcome: Outcome, *reasons: str) -> Case:
    return Case(outcome, "byes", hand=listens, timings=LISTENING, values={"reasons": reasons})


CASES: Mapping[str, Case] = {
    "nothing said": byes(Outcome.HUNG_UP_EARLY),
    **{f"Q.850 {n}": byes(Outcome.HUNG_UP_EARLY, f"Q.850;cause={n}") for n in (0, 16, 31)},
    "SIP 200": byes(Outcome.HUNG_UP_EARLY, 'SIP;cause=200;text="normal"'),
    "nonsense": byes(Outcome.HUNG_UP_EARLY, "Q.850;cause=x", "preemption;cause=1", ";;"),
    **{
        f"Q.850 {n}": byes(Outcome.LINE_DROPPED, f'Q.850;cause={n};text="release"')
        for n in (18, 19, 20, 26, 27, 34, 38, 41, 42, 44, 47, 102, 111, 127)
    },
    **{f"SIP {n}": byes(Outcome.LINE_DROPPED, f"SIP;cause={n}") for n in (408, 481, 500, 503, 504)},
    "SIP 408 and Q.850 102": byes(Outcome.LINE_DROPPED, "SIP;cause=408", 'Q.850;cause=102;text="timer"'),
    "no sound in the answer": Case(Outcome.LINE_DROPPED, "no_sdp", sip=406, timings=LISTENING),
    "we": Case(Outcome.NO_KEY, hand=listens, timings=patient(reply_seconds=2.0, silences=0)),
}
WHO = {Outcome.HUNG_UP_EARLY: EndedBy.PERSON, Outcome.LINE_DROPPED: EndedBy.NETWORK, Outcome.NO_KEY: EndedBy.US}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(tmp_path_factory: pytest.TempPathFactory, short_folder: Path) -> AsyncIterator[Mapping[str, Made]]:
    """All telephones at once."""
    async with all_called(CASES, tmp_path_factory.mktemp("sipp"), short_folder) as results:
        yield results


@pytest.mark.parametrize("name", CASES)
def test_who_ended_it(made: Mapping[str, Made], name: str) -> None:
    case, call = CASES[name], made[name]
    assert (call.outcome, call.complaint) == (case.outcome, "")
    assert call.trail.ended_by is WHO[case.outcome]
    assert call.trail.by_us is (name == "we")


@pytest.mark.parametrize(
    ("name", "end"),
    [("SIP 408", TrunkEnd.UNANSWERED), ("SIP 503", TrunkEnd.DROPPED), ("Q.850 41", TrunkEnd.DROPPED), ("Q.850 16", None)],
)
def test_how_the_network_ended_it(made: Mapping[str, Made], name: str, end: TrunkEnd | None) -> None:
    """A far side that waited in vain for an answer to a request is known also where nobody hears its Reason."""
    assert trunk_end(made[name].trail) is end
