"""The worst of lines: telephones that a well-bred Asterisk can't play, all at once against one node.

Each is a SIPp scenario with RTP of its own (tests/asterisk/telephones.py); the node is ours, the driver and the invitation
too. One run of all of them is kept; the tests look at what became of each.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import DtmfMode, NodeSettings
from ivr.ari.line import Line, channel_id
from ivr.calls import Answer, Decision, EarlyMedia, Outcome, Ringing, Trail
from ivr.calls import Recorded as Written
from ivr.dialplans import Invitation, Timings
from tests.asterisk.exchange import Exchange, connected, patient, write_prompts
from tests.asterisk.telephones import COMFORT_NOISE, WAIT, Fault, Packet, Telephone, Watched

pytestmark = pytest.mark.telephone

LISTENING = patient(reply_seconds=10.0, key_guard=0.5)
"""Nobody is hurried: what a telephone does decides, never how busy the machine is."""
GIVING_UP = patient(ring_seconds=2.0)


@dataclass(frozen=True)
class Case:
    """A telephone, and what its call must come to."""

    outcome: Outcome
    scenario: str = "answers"
    keys: str = ""
    """Those that reach the evidence, each once."""
    fault: Fault | None = None
    """How the line delivers the keys of the telephone's RTP, which are 1 and 1; None: it presses none."""
    dtmf_mode: DtmfMode = "auto"
    timings: Timings = LISTENING
    sip: int = 0


CASES: Mapping[str, Case] = {
    # RFC 4733, as bad lines deliver it
    "rfc4733": Case(Outcome.ACCEPTED, keys="11", fault="none"),
    "two of three ends lost": Case(Outcome.ACCEPTED, keys="11", fault="ends lost"),
    "no end arrives": Case(Outcome.ACCEPTED, keys="11", fault="no end"),
    "every packet twice": Case(Outcome.ACCEPTED, keys="11", fault="doubled"),
    "out of order": Case(Outcome.ACCEPTED, keys="11", fault="reordered"),
    # keys in other ways
    "in-band": Case(Outcome.ACCEPTED, "answers_inband", "11", "in-band"),
    "info": Case(Outcome.ACCEPTED, "info", "11", dtmf_mode="info"),
    "info instead of tones": Case(Outcome.ACCEPTED, "info", "11", dtmf_mode="auto_info"),
    "rfc4733 and info": Case(Outcome.ACCEPTED, "info_too", "11", "none"),
    # before the answer
    "early media": Case(Outcome.ACCEPTED, "early_media", "11", "none"),
    "announcement": Case(Outcome.UNREACHABLE, "announcement", sip=480),
    "slow 100": Case(Outcome.ACCEPTED, "slow_100", "11", "none"),
    # the answer
    "ack lost": Case(Outcome.ACCEPTED, "ack_lost", "11", "none"),
    "all comes twice": Case(Outcome.ACCEPTED, "retransmits", "11", "none"),
    "hold": Case(Outcome.ACCEPTED, "hold", "11", "none"),
    # the end
    "given up": Case(Outcome.NO_ANSWER, "cancelled", timings=GIVING_UP),
    "487 lost": Case(Outcome.NO_ANSWER, "no_487", timings=GIVING_UP),
    "answers as we give up": Case(Outcome.NO_ANSWER, "answers_cancel", timings=GIVING_UP),
    "bye at once": Case(Outcome.HUNG_UP_EARLY, "bye_at_once"),
    "bye before ack": Case(Outcome.HUNG_UP_EARLY, "bye_before_ack"),
    "key and bye": Case(Outcome.ACCEPTED, "key_and_bye", "11", dtmf_mode="info"),
    "silent": Case(Outcome.NO_KEY, timings=patient(reply_seconds=8.0, silences=0)),
}


@dataclass(frozen=True)
class Made:
    """What became of one call."""

    outcome: Outcome
    trail: Trail
    flow: Watched
    decisions: list[Decision]
    packets: list[Packet]
    complaint: str
    """What SIPp says when its scenario did not go as written; empty when it did."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(tmp_path_factory: pytest.TempPathFactory, short_folder: Path) -> AsyncIterator[Mapping[str, Made]]:
    """All telephones at once."""
    assert shutil.which("sipp"), "script/setup test installs sip-tester"
    folder = tmp_path_factory.mktemp("sipp")
    phones = {
        name: await Telephone.at(number, name, case.dtmf_mode, folder)
        for number, (name, case) in enumerate(CASES.items(), start=1)
    }
    try:
        async with asyncio.timeout(WAIT):
            await asyncio.gather(*(phone.start(CASES[name].scenario) for name, phone in phones.items()))
            info = {name for name, case in CASES.items() if "info" in case.dtmf_mode}
            plain, other = await asyncio.gather(
                _through_a_node(short_folder / "lines", folder, {name: phones[name] for name in CASES.keys() - info}),
                _through_a_node(short_folder / "info", folder, {name: phones[name] for name in info}),
            )
        yield plain | other
    finally:
        await asyncio.gather(*(phone.stop() for phone in phones.values()))


async def _through_a_node(folder: Path, prompts: Path, phones: Mapping[str, Telephone]) -> dict[str, Made]:
    """Whose keys come by INFO have a node of their own: there INFO counts on every trunk."""
    settings = NodeSettings(
        folder=folder,
        sip_port=free_port(socket.SOCK_DGRAM),
        http_port=free_port(),
        rtp=free_range(),
        trunks=tuple(phone.trunk for phone in phones.values()),
    )
    async with Instance(settings), connected(settings, None, write_prompts(prompts)) as exchange:
        results = await asyncio.gather(*(_call(exchange, CASES[name], phone) for name, phone in phones.items()))
    return dict(zip(phones, results, strict=True))


async def _call(exchange: Exchange, case: Case, phone: Telephone) -> Made:
    flow, decisions = Watched(Invitation(case.timings)), list[Decision]()

    async def write(decision: Decision, trail: Trail) -> Written:
        decisions.append(decision)
        return Written()

    line = Line(channel_id(uuid4().hex), "13800138000", phone.trunk.name, "02012345678")
    pressing = asyncio.create_task(_press(flow, phone, case.fault))
    outcome, trail = await exchange.driver.run(line, flow, exchange.media, write)
    complaint = await phone.complaint()
    pressing.cancel()
    return Made(outcome, trail, flow, decisions, phone.rtp.came, complaint)


async def _press(flow: Watched, phone: Telephone, fault: Fault | None) -> None:
    """1 when the invitation sounds, 1 again when the question after it does."""
    if fault is None:
        return
    for prompt in ("invitation", "confirm_accept"):
        await flow.until(prompt)
        await phone.rtp.hears(25)
        await phone.rtp.press("1", fault)


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
