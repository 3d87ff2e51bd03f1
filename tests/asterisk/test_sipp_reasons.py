"""Why the other side's network ended a call: refusals, BYE and CANCEL with a Reason (RFC 3326), on a node that copies its SIP.

Each row of the table in docs/outcomes.md is a telephone; so is what a Reason may hold that nobody may keep.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast
from uuid import uuid4

import pytest
import pytest_asyncio

from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import NodeSettings, Trunk
from ivr.ari.line import Arrival, Line, channel_id
from ivr.calls import Command, Decision, Event, Finish, HangUp, HungUp, Outcome, Reason, Recorded, Trail
from ivr.dialplans import Invitation
from ivr.evidence import evidence
from ivr.hep.receiver import Receiver
from ivr.outcomes import Trust
from script.refusals import REFUSALS, Refusal
from tests.asterisk.exchange import Exchange, connected, listening, patient, write_prompts
from tests.asterisk.telephones import WAIT, Telephone, Watched

pytestmark = pytest.mark.telephone

MEANT: Sequence[Outcome] = (
    Outcome.BUSY, Outcome.BUSY, Outcome.NO_ANSWER, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNREACHABLE, Outcome.TRUNK_FAILURE,
    Outcome.REDIRECTED, Outcome.TRUNK_FAILURE, Outcome.BUSY, Outcome.REJECTED, Outcome.INVALID_NUMBER, Outcome.TRUNK_FAILURE,
    Outcome.UNREACHABLE, Outcome.UNREACHABLE, Outcome.TRUNK_FAILURE, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.REDIRECTED,
    Outcome.UNREACHABLE, Outcome.BUSY, Outcome.TRUNK_FAILURE, Outcome.REJECTED, Outcome.TRUNK_FAILURE, Outcome.TRUNK_FAILURE,
    Outcome.REDIRECTED,
)  # fmt: skip
"""What each of REFUSALS is, by somebody who has read it."""

SECRET = "13900139000"
BUSY = "Reason: Q.850;cause=17"
LATE = 20.0
"""Seconds that a busy machine may take for the copies; the product waits one."""


@dataclass(frozen=True)
class Case:
    """A telephone that refuses, and what its call must come to."""

    outcome: Outcome
    reason: Reason | None
    status: str = "480 Temporarily Unavailable"
    headers: str = ""
    early: str = ""
    early_headers: str = ""
    scenario: str = "refuse"
    trust: Trust = "reason"


OTHERS: Mapping[str, Case] = {
    "status first": Case(Outcome.UNREACHABLE, Reason("Q.850", 17), headers=BUSY, trust="status"),
    "status first, and it says nothing": Case(Outcome.BUSY, Reason("Q.850", 17), "503 Nope", BUSY, trust="status"),
    "status only": Case(Outcome.TRUNK_FAILURE, Reason("Q.850", 17), "503 Nope", BUSY, trust="status_only"),
    "an announcement had said it": Case(
        Outcome.BUSY, Reason("Q.850", 17), early="183 Session Progress", early_headers=BUSY
    ),
    "several headers": Case(Outcome.BUSY, Reason("Q.850", 17), headers=f"Reason: SIP;cause=404\n{BUSY}"),
    "a number in the text": Case(
        Outcome.BUSY, Reason("Q.850", 17), headers=f'{BUSY};text="busy, call {SECRET}@127.0.0.1"'
    ),
    "a number for a cause": Case(Outcome.UNREACHABLE, None, headers=f"Reason: Q.850;cause={SECRET}, {SECRET};cause=17"),
    "a text": Case(Outcome.BUSY, Reason("Q.850", 17, "User busy"), headers=f'{BUSY};text="User busy"'),
    "written oddly": Case(Outcome.BUSY, Reason("Q.850", 17), headers='REASON :  q.850 ;text="; cause=1" ; CAUSE="017"'),
    "quotes that never end": Case(Outcome.UNREACHABLE, None, headers='Reason: Q.850;text="cause=17;cause=17'),
    "a great many": Case(Outcome.BUSY, Reason("Q.850", 17), headers="\n".join([BUSY] * 60)),
    "given up": Case(Outcome.NO_ANSWER, None, scenario="cancelled"),
    "leaves with a reason": Case(
        Outcome.HUNG_UP_EARLY, Reason("Q.850", 16, "Normal call clearing"), scenario="bye_with_reason",
        headers='Reason: Q.850;cause=16;text="Normal call clearing"',
    ),
    "leaves without one": Case(Outcome.HUNG_UP_EARLY, None, scenario="bye_at_once"),
}  # fmt: skip


def case_of(row: Refusal, outcome: Outcome) -> Case:
    headers = f"Reason: {row.reason}" if row.reason else ""
    return Case(outcome, None, row.status, headers, row.early)


def name_of(row: Refusal) -> str:
    return " ".join(filter(None, (row.early[:3], row.status[:3], row.reason)))


ROWS = {name_of(row): case_of(row, outcome) for row, outcome in zip(REFUSALS, MEANT, strict=True)}
CASES = {**ROWS, **OTHERS}


@dataclass(frozen=True)
class Made:
    """What became of one call."""

    outcome: Outcome
    trail: Trail
    end: HungUp
    complaint: str


class Outsider(asyncio.DatagramProtocol):
    """Somebody who calls us, SIP message by SIP message."""

    def __init__(self, trunk: Trunk, node: NodeSettings) -> None:
        self._trunk, self._node = trunk, node
        self._call, self._to = f"{SECRET}-{uuid4().hex}@{trunk.host}", ""
        self._news, self._closed = asyncio.Event(), asyncio.Event()
        self._said: list[str] = []
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: object) -> None:
        text = data.decode(errors="replace")
        self._said.append(text.partition("\r\n")[0])
        if text.startswith("SIP/2.0 200") and " INVITE" in text:
            self._to = next(line for line in text.split("\r\n") if line.startswith("To:"))
        self._news.set()

    def send(self, method: str, *headers: str, number: int = 1) -> None:
        assert self._transport is not None
        host, port = self._trunk.host, self._trunk.port
        body = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 9000 RTP/AVP 8\r\n"
        head = (
            f"{method} sip:02012345678@{self._node.sip_host}:{self._node.sip_port} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-{number}",
            f"From: <sip:{SECRET}@{host}>;tag=outside",
            self._to or f"To: <sip:02012345678@{self._node.sip_host}>",
            f"Call-ID: {self._call}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:{SECRET}@{host}:{port}>",
            "Max-Forwards: 70",
            *headers,
            *(("Content-Type: application/sdp", f"Content-Length: {len(body)}") if method == "INVITE" else ("Content-Length: 0",)),
        )
        message = "\r\n".join(head) + "\r\n\r\n" + (body if method == "INVITE" else "")
        self._transport.sendto(message.encode(), (self._node.sip_host, self._node.sip_port))

    async def until(self, first: str) -> None:
        while not any(each.startswith(first) for each in self._said):
            self._news.clear()
            await self._news.wait()

    def connection_lost(self, error: Exception | None) -> None:
        self._closed.set()

    async def close(self) -> None:
        assert self._transport is not None
        self._transport.close()
        await self._closed.wait()


class Waits:
    """A call from outside that nobody picks up."""

    def __init__(self) -> None:
        self.started = asyncio.Event()

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        self.started.set()
        return (Finish(Outcome.CANCELLED),) if isinstance(event, HungUp) else ()


class HangsUp(Waits):
    """We leave at once when asked to."""

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        return super().receive(event, now) or (HangUp(),)


def node_of(folder: Path, *trunks: Trunk, hep: bool = True) -> NodeSettings:
    return NodeSettings(
        folder=folder, sip_port=free_port(socket.SOCK_DGRAM), http_port=free_port(), rtp=free_range(), trunks=trunks,
        inbound_app="reasons", hep_port=free_port(socket.SOCK_DGRAM) if hep else None,
    )  # fmt: skip


async def called(exchange: Exchange, phone: Telephone, trust: Trust = "reason", ring_seconds: float = 20.0) -> Made:
    async def decide(decision: Decision, trail: Trail) -> Recorded:
        raise AssertionError("nothing is decided")

    flow = Watched(Invitation(patient(ring_seconds=ring_seconds)))
    line = Line(channel_id(uuid4().hex), "13800138000", phone.trunk.name, "02012345678", trust=trust)
    outcome, trail = await exchange.driver.run(line, flow, exchange.media, decide)
    (end,) = [event for event in flow.events if isinstance(event, HungUp)]
    return Made(outcome, trail, end, await phone.complaint())


@contextlib.asynccontextmanager
async def telephones(cases: Mapping[str, Case], folder: Path) -> AsyncIterator[Mapping[str, Telephone]]:
    phones = {name: await Telephone.at(number, str(number), "auto", folder) for number, name in enumerate(cases, start=1)}
    try:
        async with asyncio.timeout(WAIT):
            for name, phone in phones.items():
                case = cases[name]
                values = {"status": case.status, "headers": case.headers, "early": case.early, "early_headers": case.early_headers}
                await phone.start(case.scenario, **values)
        yield phones
    finally:
        await asyncio.gather(*(phone.stop() for phone in phones.values()))


async def made_of(cases: Mapping[str, Case], phones: Mapping[str, Telephone], exchange: Exchange) -> Mapping[str, Made]:
    calls = (called(exchange, phone, cases[name].trust, 2.0 if name == "given up" else 20.0) for name, phone in phones.items())
    return dict(zip(phones, await asyncio.gather(*calls), strict=True))


@dataclass(frozen=True)
class Played:
    calls: Mapping[str, Made]
    logs: str
    followed: int
    """Calls that the receiver still listens for."""


@pytest.fixture(scope="module")
def patience() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(
    tmp_path_factory: pytest.TempPathFactory, short_folder: Path, patience: pytest.MonkeyPatch
) -> AsyncIterator[Played]:
    folder = tmp_path_factory.mktemp("reasons")
    async with telephones(CASES, folder) as phones:
        patience.setattr("ivr.hep.receiver.WAIT_SECONDS", LATE)
        node = node_of(short_folder / "reasons", *(phone.trunk for phone in phones.values()))
        with listening(node) as hep:
            async with Instance(node), connected(node, None, write_prompts(folder), hep=hep) as exchange:
                made = await made_of(CASES, phones, exchange)
            followed = len(hep._endings)
        logs = "".join(path.read_text(errors="replace") for path in (node.folder / "log").iterdir() if path.is_file())
        yield Played(made, logs, followed)


@pytest.mark.parametrize("name", CASES)
def test_the_outcome(played: Played, name: str) -> None:
    case, made = CASES[name], played.calls[name]
    assert (made.complaint, made.outcome) == ("", case.outcome)
    assert SECRET not in repr(made.trail)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_kept(played: Played, name: str) -> None:
    """In the evidence, whose hash stands in the transcript; whether or not it was believed."""
    trail, reason = played.calls[name].trail, OTHERS[name].reason
    assert trail.reason == reason
    kept = evidence(trail, activity="a", flow="invitation", who="x", attempt=1, outcome=Outcome.BUSY)
    assert kept["reason"] == (None if reason is None else dataclasses.asdict(reason))
    assert SECRET not in json.dumps(kept)


def test_what_the_flow_hears(played: Played) -> None:
    assert played.calls["status first"].end.reason is None
    assert played.calls["leaves with a reason"].end.reason == OTHERS["leaves with a reason"].reason


def test_nothing_is_left_behind(played: Played) -> None:
    assert played.followed == 0
    assert SECRET not in played.logs


@pytest.mark.parametrize("end", ["CANCEL", "BYE", "ours"])
async def test_a_call_from_outside(short_folder: Path, end: Literal["CANCEL", "BYE", "ours"]) -> None:
    """Its Call-ID, which is the caller's, has a number in it: nobody keeps that."""
    trunk = Trunk("outside", "127.0.1.200", free_port(socket.SOCK_DGRAM, "127.0.1.200"))
    node = node_of(short_folder / f"outside-{end.lower()}", trunk)
    arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
    with listening(node) as hep:
        async with (
            asyncio.timeout(WAIT),
            Instance(node),
            connected(node, None, {}, app="reasons", arrived=arrivals.put_nowait, hep=hep) as exchange,
        ):
            outsider = Outsider(trunk, node)
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: outsider, local_addr=(trunk.host, trunk.port))

            async def decide(decision: Decision, trail: Trail) -> Recorded:
                raise AssertionError("nothing is decided")

            try:
                outsider.send("INVITE")
                arrival = await arrivals.get()
                assert SECRET not in repr(arrival)
                flow = HangsUp() if end == "ours" else Waits()
                running = asyncio.create_task(exchange.driver.run(arrival, flow, {}, decide))
                await flow.started.wait()
                if end == "CANCEL":
                    outsider.send("CANCEL", 'Reason: SIP;cause=200;text="Call completed elsewhere"')
                elif end == "BYE":
                    reply = await exchange.client.request("POST", f"channels/{arrival.channel}/answer")
                    assert reply.status == 204
                    await outsider.until("SIP/2.0 200")
                    outsider.send("ACK")
                    outsider.send("BYE", BUSY, number=2)
                _, trail = await running
            finally:
                await outsider.close()
    expected = {"CANCEL": Reason("SIP", 200, "Call completed elsewhere"), "BYE": Reason("Q.850", 17), "ours": None}
    assert trail.reason == expected[end]


WITHOUT: Mapping[str, Case] = {
    "503": Case(Outcome.TRUNK_FAILURE, None, "503 Nope", BUSY),
    "480": Case(Outcome.UNREACHABLE, None, headers="Reason: Q.850;cause=19", early="180 Ringing"),
    "486": Case(Outcome.BUSY, None, "486 Busy Here", "Reason: Q.850;cause=34"),
}


@pytest.mark.parametrize("how", ["nothing is copied", "nobody listens", "its password is another"])
async def test_without_copies_the_status_goes(
    tmp_path: Path, short_folder: Path, how: Literal["nothing is copied", "nobody listens", "its password is another"]
) -> None:
    """As before there were any; and no call waits for what can't come."""
    async with telephones(WITHOUT, tmp_path) as phones:
        node = node_of(
            short_folder / how[:3], *(phone.trunk for phone in phones.values()), hep=how != "nothing is copied"
        )
        with contextlib.ExitStack() as stack:
            hep: Receiver | None = None
            if how == "its password is another":
                hep = stack.enter_context(listening(dataclasses.replace(node, ari_password="another")))
            elif how == "nothing is copied":
                hep = stack.enter_context(listening(dataclasses.replace(node, hep_port=free_port(socket.SOCK_DGRAM))))
            async with Instance(node), connected(node, None, write_prompts(tmp_path), hep=hep) as exchange:
                made = await made_of(WITHOUT, phones, exchange)
    assert {name: (each.complaint, each.outcome, each.trail.reason) for name, each in made.items()} == {
        name: ("", case.outcome, None) for name, case in WITHOUT.items()
    }


async def test_a_node_that_starts_again_is_heard_again(
    tmp_path: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.hep.receiver.WAIT_SECONDS", LATE)
    case = {"busy": Case(Outcome.BUSY, Reason("Q.850", 17), "503 Nope", BUSY)}
    async with telephones(case, tmp_path) as phones:
        node = node_of(short_folder / "again", *(phone.trunk for phone in phones.values()))
        with listening(node) as hep:
            async with Instance(node):
                pass
            async with Instance(node), connected(node, None, write_prompts(tmp_path), hep=hep) as exchange:
                made = await made_of(case, phones, exchange)
    assert (made["busy"].outcome, made["busy"].trail.reason) == (Outcome.BUSY, Reason("Q.850", 17))
