"""Whatever a network says of third persons: it rings nobody, moves no call and is kept nowhere.

A call that was forwarded on its way (181), and beside it requests that would transfer, replace or divert calls if Asterisk obeyed
them. Played at a node, and at one with a SIP front.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from asterisk.front import TRUNK_HEADER
from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import NodeSettings, Trunk
from ivr.ari.line import Arrival, Line, channel_id
from ivr.calls import Decision, Outcome, Recorded, Trail
from ivr.dialplans import Invitation
from tests.asterisk.exchange import Exchange, connected, write_prompts
from tests.asterisk.lines import LISTENING, free_front, twice
from tests.asterisk.sip import SDP, Outside, ask, invite
from tests.asterisk.telephones import WAIT, Invite, Request, Telephone, Watched
from tests.asterisk.test_sipp_redirects import Bystander
from tests.system.wiretap import all_variables, every_event

pytestmark = pytest.mark.telephone

ELSEWHERE = "13900139000"
THIRD = (
    f"P-Asserted-Identity: <sip:{ELSEWHERE}@127.0.2.1>",
    f"Remote-Party-ID: <sip:{ELSEWHERE}@127.0.2.1>;party=called",
    f"Diversion: <sip:{ELSEWHERE}@127.0.2.1>;reason=unconditional;counter=1",
    f"History-Info: <sip:{ELSEWHERE}@127.0.2.1>;index=1, <sip:{ELSEWHERE}@127.0.2.1;cause=302>;index=1.1",
    f"Referred-By: <sip:{ELSEWHERE}@127.0.2.1>",
    f"Call-Info: <sip:{ELSEWHERE}@127.0.2.1>",
    f"Subject: {ELSEWHERE}",
)
STRANGER, TRUNK, OTHER = "127.0.1.200", "127.0.1.1", "127.0.1.2"


@dataclass
class Played:
    """What became of all of it."""

    front: bool
    answers: dict[str, int] = field(default_factory=dict)
    arrived: list[Arrival] = field(default_factory=list)
    rung: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    trails: list[Trail] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    channels: list[set[str]] = field(default_factory=list)
    """Those of the node before and after everything that was asked of it."""
    events: list[dict[str, Any]] = field(default_factory=list)
    variables: str = ""
    logs: str = ""


def naming(call: Invite) -> list[str]:
    """Replaces, for a live call of the node's, with its tags either way round."""
    tags = (call.them.partition("tag=")[2], "1telephone")
    return [f"Replaces: {call.call};to-tag={to};from-tag={by}" for to, by in (tags, tags[::-1])]


async def disturbs(played: Played, first: Telephone, second: Telephone) -> None:
    """All that could move a call, or make one, while two are up."""
    calls = [await phone.invite() for phone in (first, second)]
    node, answers = calls[0].node, played.answers
    for number, replaces in enumerate(naming(calls[1])):
        answers[f"INVITE, Replaces {number}"] = await ask(TRUNK, node, invite(TRUNK, replaces, *THIRD))
        session = SDP.format(host=first.trunk.host, port=first.media)
        headers = ("Content-Type: application/sdp", replaces, *THIRD)
        await first.ask(Request(f"re-INVITE, Replaces {number}", "INVITE", headers, session))
    answers["INVITE"] = await ask(TRUNK, node, invite(TRUNK, *THIRD))
    answers["INVITE, forged"] = await ask(TRUNK, node, invite(TRUNK, f"{TRUNK_HEADER}: phone-2"))
    answers["INVITE, requires"] = await ask(TRUNK, node, invite(TRUNK, "Require: replaces", naming(calls[1])[0]))
    for method in ("REFER", "SUBSCRIBE", "NOTIFY", "PUBLISH", "REGISTER", "FOO", "OPTIONS"):
        headers = (f"Refer-To: <sip:{ELSEWHERE}@127.0.2.1>", "Event: refer", *THIRD)
        answers[method] = await ask(TRUNK, node, Outside(method, headers))
    for method in ("INVITE", "OPTIONS", "REGISTER", "MESSAGE", "REFER", "BYE"):
        answers[f"stranger's {method}"] = await ask(
            STRANGER, node, Outside(method, (f"{TRUNK_HEADER}: phone-1", *THIRD))
        )
    played.answers |= first.answers


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[False, True], ids=["node", "front"])
async def played(
    tmp_path_factory: pytest.TempPathFactory, short_folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Played]:
    folder, played = tmp_path_factory.mktemp("diversions"), Played(front=request.param)
    phones = [await Telephone.at(number, f"phone {number}", "auto", folder) for number in (1, 2)]
    loop, bystander, port = asyncio.get_running_loop(), Bystander(), free_port(socket.SOCK_DGRAM, "127.0.2.1")
    transport, _ = await loop.create_datagram_endpoint(lambda: bystander, local_addr=("127.0.2.1", port))
    sip_port = free_port(socket.SOCK_DGRAM)
    settings = NodeSettings(
        folder=short_folder / f"diversions{'-front' * played.front}", sip_port=sip_port, http_port=free_port(),
        rtp=free_range(), inbound_app="diversions", front=free_front(sip_port) if played.front else None,
        trunks=(*(phone.trunk for phone in phones), Trunk("elsewhere", "127.0.2.1", port)),
    )  # fmt: skip
    exchange: Exchange | None = None

    def arrived(arrival: Arrival) -> None:
        assert exchange is not None
        played.arrived.append(arrival)
        exchange.driver.turn_away(arrival.channel, "busy")

    try:
        async with asyncio.timeout(WAIT):
            for phone in phones:
                await phone.start("diverted", telling="\n".join(THIRD))
            async with (
                Instance(settings) as node,
                every_event(node) as events,
                connected(settings, None, write_prompts(folder), app="diversions", arrived=arrived) as exchange,
            ):
                await both_called(played, exchange, node, phones)
            played.events = events
        played.rung = bystander.rung
        logs = [path for path in (settings.folder / "log").iterdir() if path.is_file()]
        played.logs = "".join(path.read_text(errors="replace") for path in logs)
        yield played
    finally:
        transport.close()
        await asyncio.gather(*(phone.stop() for phone in phones))


async def both_called(
    played: Played, exchange: Exchange, node: Instance[NodeSettings], phones: list[Telephone]
) -> None:
    """Both are up; then everything is asked; then both press their keys."""

    async def decide(decision: Decision, trail: Trail) -> Recorded:
        return Recorded()

    flows = [Watched(Invitation(LISTENING)) for _ in phones]
    lines = [Line(channel_id(uuid4().hex), "13800138000", phone.trunk.name, "02012345678") for phone in phones]
    running = [
        asyncio.create_task(exchange.driver.run(line, flow, exchange.media, decide))
        for line, flow in zip(lines, flows, strict=True)
    ]
    for flow in flows:
        await flow.until("invitation")
    played.channels.append({each.id for each in await exchange.client.channels()})
    await disturbs(played, *phones)
    while len(left := {each.id for each in await exchange.client.channels()}) > len(phones):
        await asyncio.sleep(0.02)
    played.channels.append(left)
    played.variables = "".join([await all_variables(node, line.channel) for line in lines])
    await asyncio.gather(*(twice("none")(flow, phone) for flow, phone in zip(flows, phones, strict=True)))
    for task in running:
        outcome, trail = await task
        played.outcomes.append(outcome)
        played.trails.append(trail)
    played.complaints = [await phone.complaint() for phone in phones]


def test_no_call_is_moved(played: Played) -> None:
    """Both are where they were, and come to what their own telephones decide."""
    assert played.channels[0] == played.channels[1]
    assert (played.outcomes, played.complaints) == ([Outcome.ACCEPTED] * 2, ["", ""])


def test_nobody_else_is_rung(played: Played) -> None:
    assert played.rung == []


def test_a_call_from_outside_is_what_a_trunk_sent(played: Played) -> None:
    """Of its own trunk, whatever it writes; nothing of a third person is taken for its caller."""
    assert {each.trunk for each in played.arrived} == {"phone-1"}
    assert {each.number for each in played.arrived} == {"13700137000"}
    assert len(played.arrived) == 4


def test_what_was_asked_got_its_answer(played: Played) -> None:
    answers = played.answers
    assert {answers[name] for name in answers if name.startswith("INVITE") and "requires" not in name} == {486}
    assert {answers[name] for name in answers if name.startswith("re-INVITE")} == {200}
    assert answers["INVITE, requires"] == 420
    assert answers["OPTIONS"] == 200
    for method in ("REFER", "SUBSCRIBE", "NOTIFY", "PUBLISH", "REGISTER", "FOO"):
        assert answers[method] in ((603, 405) if played.front else (501, 489, 603))
    refused = {answers[name] for name in answers if name.startswith("stranger's")}
    assert refused <= ({403} if played.front else {401, 403, 481})


def test_nothing_keeps_a_third_number(played: Played) -> None:
    """In the evidence, ARI's events, a channel's variables and every log; that the called number is found shows that the search
    finds one."""
    assert "13800138000" in json.dumps(played.events)
    for text in (repr(played.trails), json.dumps(played.events), played.variables, played.logs):
        assert ELSEWHERE not in text
