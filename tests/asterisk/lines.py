"""Calls of one node to telephones on the worst of lines, all at once, and what became of each.

Each is a SIPp scenario with RTP of its own (tests/asterisk/telephones.py); the node is ours, the driver and the invitation
too.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import DtmfMode, NodeSettings
from ivr.ari.line import Line, channel_id
from ivr.calls import Decision, Outcome, Recorded, Trail
from ivr.dialplans import Invitation, Timings
from tests.asterisk.exchange import Exchange, connected, patient, write_prompts
from tests.asterisk.rtp import Fault, Packet
from tests.asterisk.telephones import WAIT, Telephone, Watched

LISTENING = patient(reply_seconds=10.0, key_guard=0.5, confirm_seconds=0.5)
"""Nobody is hurried: what a telephone does decides, never how busy the machine is."""


Hand = Callable[[Watched, Telephone], Coroutine[Any, Any, None]]
"""What a telephone presses, while its call lasts."""


def presses(*faults: Fault) -> Hand:
    """1 when the invitation sounds, 1 again when the question after it does; how the line delivers each."""

    async def press(flow: Watched, phone: Telephone) -> None:
        for prompt, fault in zip(("invitation", "confirm_accept")[: len(faults)], faults, strict=True):
            await flow.until(prompt)
            await phone.rtp.hears(25)
            await phone.rtp.press("1", fault)

    return press


def twice(fault: Fault) -> Hand:
    return presses(fault, fault)


async def nothing(flow: Watched, phone: Telephone) -> None:
    """It presses none, and sends nothing at all."""


async def listens(flow: Watched, phone: Telephone) -> None:
    """It presses none; its line sends the silence around it, as networks do."""
    await phone.invite()
    while True:
        await phone.rtp.quiet(25)


@dataclass(frozen=True)
class Case:
    """A telephone, and what its call must come to."""

    outcome: Outcome
    scenario: str = "answers"
    keys: str = ""
    """Those that reach the evidence, each once."""
    hand: Hand = nothing
    """The keys of its RTP."""
    dtmf_mode: DtmfMode = "auto"
    timings: Timings = LISTENING
    sip: int = 0
    options: tuple[str, ...] = ()
    """SIPp's."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The scenario's."""
    session_timers: bool = False


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


@asynccontextmanager
async def all_called(
    cases: Mapping[str, Case], folder: Path, sockets: Path, seconds: float = WAIT
) -> AsyncIterator[Mapping[str, Made]]:
    """Every telephone, at the same time; `sockets` is a folder with a short path; seconds: for all of it."""
    assert shutil.which("sipp"), "script/setup test installs sip-tester"
    phones = {
        name: await Telephone.at(number, name, case.dtmf_mode, folder)
        for number, (name, case) in enumerate(cases.items(), start=1)
    }
    for name, phone in phones.items():
        phone.trunk = replace(phone.trunk, session_timers=cases[name].session_timers)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(_start(phone, cases[name]) for name, phone in phones.items()))
            groups: dict[bool, dict[str, Telephone]] = {}
            for name, phone in phones.items():
                groups.setdefault("info" in cases[name].dtmf_mode, {})[name] = phone
            results = await asyncio.gather(
                *(
                    _through_a_node(sockets / ("info" if info else "lines"), folder, cases, group)
                    for info, group in groups.items()
                )
            )
        yield {name: made for result in results for name, made in result.items()}
    finally:
        await asyncio.gather(*(phone.stop() for phone in phones.values()))


async def _start(phone: Telephone, case: Case) -> None:
    await phone.start(case.scenario, *case.options, **case.values)


async def _through_a_node(
    folder: Path, prompts: Path, cases: Mapping[str, Case], phones: Mapping[str, Telephone]
) -> dict[str, Made]:
    """Whose keys come by INFO have a node of their own: there INFO counts on every trunk."""
    settings = NodeSettings(
        folder=folder,
        sip_port=free_port(socket.SOCK_DGRAM),
        http_port=free_port(),
        rtp=free_range(),
        trunks=tuple(phone.trunk for phone in phones.values()),
    )
    async with Instance(settings), connected(settings, None, write_prompts(prompts)) as exchange:
        results = await asyncio.gather(*(_call(exchange, cases[name], phone) for name, phone in phones.items()))
    return dict(zip(phones, results, strict=True))


async def _call(exchange: Exchange, case: Case, phone: Telephone) -> Made:
    flow, decisions = Watched(Invitation(case.timings)), list[Decision]()

    async def write(decision: Decision, trail: Trail) -> Recorded:
        decisions.append(decision)
        return Recorded()

    line = Line(channel_id(uuid4().hex), "13800138000", phone.trunk.name, "02012345678")
    pressing = asyncio.create_task(case.hand(flow, phone))
    outcome, trail = await exchange.driver.run(line, flow, exchange.media, write)
    complaint = await phone.complaint()
    pressing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await pressing
    return Made(outcome, trail, flow, decisions, phone.rtp.came, complaint)
