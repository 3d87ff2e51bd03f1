"""Numbers that are redirected (呼叫转移): nobody else is rung, and nothing keeps the number that the call was sent to.

A telephone answers 3xx with a Contact of its choice: another number, or a technology and a trunk of Asterisk's.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import NodeSettings, Trunk
from ivr.ari.line import Arrival, Line, channel_id
from ivr.calls import Decision, Outcome, Recorded, Trail
from ivr.dialplans import Invitation
from tests.asterisk.exchange import connected, patient, write_prompts
from tests.asterisk.telephones import WAIT, Telephone, Watched

pytestmark = pytest.mark.telephone

ELSEWHERE = "13900139000"
TO_A_NUMBER = f"sip:{ELSEWHERE}@127.0.2.1"
CASES: Mapping[str, tuple[str, str]] = {
    "300": ("300 Multiple Choices", TO_A_NUMBER),
    "301": ("301 Moved Permanently", TO_A_NUMBER),
    "302": ("302 Moved Temporarily", TO_A_NUMBER),
    "305": ("305 Use Proxy", TO_A_NUMBER),
    "380": ("380 Alternative Service", TO_A_NUMBER),
    "to a trunk of ours": ("302 Moved Temporarily", f"sip:PJSIP%2f{ELSEWHERE}%40elsewhere@127.0.2.1"),
    "to our dialplan": ("302 Moved Temporarily", f"sip:Local%2f{ELSEWHERE}%40inbound@127.0.2.1"),
    "to nobody": ("302 Moved Temporarily", "sip:127.0.2.1"),
}


class Bystander(asyncio.DatagramProtocol):
    """A telephone that nobody may ring; what comes to it all the same."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    def datagram_received(self, data: bytes, address: object) -> None:
        first = data.decode(errors="replace").partition("\r\n")[0]
        if not first.startswith("OPTIONS"):
            self.rung.append(first)


@dataclass(frozen=True)
class Made:
    """What became of one call."""

    outcome: Outcome
    trail: Trail
    messages: str
    complaint: str


@dataclass(frozen=True)
class Played:
    """What became of all of them."""

    calls: Mapping[str, Made]
    rung: list[str]
    arrived: list[Arrival]
    logs: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(tmp_path_factory: pytest.TempPathFactory, short_folder: Path) -> AsyncIterator[Played]:
    folder = tmp_path_factory.mktemp("redirects")
    phones = {name: await Telephone.at(number, name, "auto", folder) for number, name in enumerate(CASES, start=1)}
    loop, bystander, port = asyncio.get_running_loop(), Bystander(), free_port(socket.SOCK_DGRAM, "127.0.2.1")
    transport, _ = await loop.create_datagram_endpoint(lambda: bystander, local_addr=("127.0.2.1", port))
    node = NodeSettings(
        folder=short_folder / "redirects", sip_port=free_port(socket.SOCK_DGRAM), http_port=free_port(), rtp=free_range(),
        trunks=(*(phone.trunk for phone in phones.values()), Trunk("elsewhere", "127.0.2.1", port)), inbound_app="redirects",
    )  # fmt: skip
    arrived: list[Arrival] = []
    try:
        async with asyncio.timeout(WAIT):
            for name, phone in phones.items():
                status, contact = CASES[name]
                await phone.start("redirect", status=status, contact=contact)
        prompts = write_prompts(folder)
        async with (
            Instance(node),
            connected(node, None, prompts, app="redirects", arrived=arrived.append) as exchange,
        ):

            async def decide(decision: Decision, trail: Trail) -> Recorded:
                raise AssertionError("nothing is decided")

            async def call(phone: Telephone) -> Made:
                line = Line(channel_id(uuid4().hex), "13800138000", phone.trunk.name, "02012345678")
                outcome, trail = await exchange.driver.run(line, Watched(Invitation(patient())), exchange.media, decide)
                complaint = await phone.complaint()
                return Made(outcome, trail, phone.messages.read_text(errors="replace"), complaint)

            made = dict(zip(phones, await asyncio.gather(*map(call, phones.values())), strict=True))
        logs = "".join(path.read_text(errors="replace") for path in (node.folder / "log").iterdir() if path.is_file())
        yield Played(made, bystander.rung, arrived, logs)
    finally:
        transport.close()
        await asyncio.gather(*(phone.stop() for phone in phones.values()))


@pytest.mark.parametrize("name", CASES)
def test_it_is_no_failure_of_the_trunk(played: Played, name: str) -> None:
    made = played.calls[name]
    assert (made.complaint, made.outcome, made.trail.sip) == ("", Outcome.REDIRECTED, int(CASES[name][0][:3]))
    assert made.messages.count("INVITE sip:") == 1
    assert ELSEWHERE not in repr(made.trail)


def test_nobody_else_is_rung(played: Played) -> None:
    assert (played.rung, played.arrived) == ([], [])


def test_no_log_has_the_number(played: Played) -> None:
    assert ELSEWHERE not in played.logs
