"""The worst of lines: telephones that a well-bred Asterisk can't play, all at once against one node.

One run of all of them is kept (tests/asterisk/lines.py); the tests look at what became of each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.calls import Answer, EarlyMedia, Outcome, Ringing
from tests.asterisk.exchange import patient
from tests.asterisk.lines import Case, Made, all_called, listens, twice
from tests.asterisk.rtp import COMFORT_NOISE

pytestmark = pytest.mark.telephone

GIVING_UP = patient(ring_seconds=2.0)

CASES: Mapping[str, Case] = {
    # RFC 4733, as bad lines deliver it
    "rfc4733": Case(Outcome.ACCEPTED, keys="11", hand=twice("none")),
    "two of three ends lost": Case(Outcome.ACCEPTED, keys="11", hand=twice("ends lost")),
    "no end arrives": Case(Outcome.ACCEPTED, keys="11", hand=twice("no end")),
    "every packet twice": Case(Outcome.ACCEPTED, keys="11", hand=twice("doubled")),
    "out of order": Case(Outcome.ACCEPTED, keys="11", hand=twice("reordered")),
    # keys in other ways
    "in-band": Case(Outcome.ACCEPTED, "answers_inband", "11", twice("in-band")),
    "info": Case(Outcome.ACCEPTED, "info", "11", dtmf_mode="info"),
    "info instead of tones": Case(Outcome.ACCEPTED, "info", "11", dtmf_mode="auto_info"),
    "rfc4733 and info": Case(Outcome.ACCEPTED, "info_too", "11", twice("none")),
    # before the answer
    "early media": Case(Outcome.ACCEPTED, "early_media", "11", twice("none")),
    "announcement": Case(Outcome.UNREACHABLE, "announcement", sip=480),
    "slow 100": Case(Outcome.ACCEPTED, "slow_100", "11", twice("none")),
    # the answer
    "ack lost": Case(Outcome.ACCEPTED, "ack_lost", "11", twice("none")),
    "all comes twice": Case(Outcome.ACCEPTED, "retransmits", "11", twice("none")),
    "hold": Case(Outcome.ACCEPTED, "hold", "11", twice("none")),
    # the end
    "given up": Case(Outcome.NO_ANSWER, "cancelled", timings=GIVING_UP),
    "487 lost": Case(Outcome.NO_ANSWER, "no_487", timings=GIVING_UP),
    "answers as we give up": Case(Outcome.NO_ANSWER, "answers_cancel", timings=GIVING_UP),
    "bye at once": Case(Outcome.HUNG_UP_EARLY, "bye_at_once"),
    "bye before ack": Case(Outcome.HUNG_UP_EARLY, "bye_before_ack"),
    "key and bye": Case(Outcome.ACCEPTED, "key_and_bye", "11", dtmf_mode="info"),
    "silent": Case(Outcome.NO_KEY, hand=listens, timings=patient(reply_seconds=8.0, silences=0)),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[False, True], ids=["node", "front"])
async def made(
    tmp_path_factory: pytest.TempPathFactory, short_folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Mapping[str, Made]]:
    """All telephones at once: at a node, and at one with a SIP front."""
    async with all_called(CASES, tmp_path_factory.mktemp("sipp"), short_folder, front=request.param) as results:
        yield results


@pytest.mark.parametrize("name", CASES)
def test_the_outcome(made: Mapping[str, Made], name: str) -> None:
    case, call = CASES[name], made[name]
    assert (call.outcome, call.complaint) == (case.outcome, "")
    assert call.flow.finishes == 1
    assert "".join(each.key for each in call.trail.pressed) == case.keys
    assert call.decisions == ([Answer(Outcome.ACCEPTED)] if case.outcome is Outcome.ACCEPTED else [])
    assert call.trail.ended is not None
    assert call.trail.sip == case.sip


def test_what_came_before_the_answer(made: Mapping[str, Made]) -> None:
    early = made["early media"].flow.events
    assert early.index(Ringing()) < early.index(EarlyMedia())
    assert EarlyMedia() in made["announcement"].flow.events


def test_while_we_wait_something_is_sent(made: Mapping[str, Made]) -> None:
    """Comfort noise every second or two: a carrier's media timer finds a live line."""
    packets = made["silent"].packets
    longest = max(after.at - before.at for before, after in pairwise(packets))
    assert longest < 6.0, "of eight seconds of waiting"
    assert any(packet.kind == COMFORT_NOISE for packet in packets)
