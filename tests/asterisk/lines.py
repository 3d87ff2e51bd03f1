"""Calls of one node to telephones on the worst of lines, all at once, and what became of each.

Each is a SIPp scenario with RTP of its own (tests/asterisk/telephones.py); the node is ours, the driver and the invitation
too.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import DtmfMode, FrontPorts, NodeSettings, Transport
from ivr.ari.line import Line, channel_id
from ivr.calls import (
    Answered,
    Command,
    Decision,
    Dial,
    Event,
    Finish,
    HungUp,
    Outcome,
    Play,
    Recorded,
    Started,
    Trail,
)
from ivr.dialplans import Invitation, Timings
from tests.asterisk.exchange import Exchange, connected, listening, patient, write_prompts
from tests.asterisk.rtp import Fault, Packet
from tests.asterisk.telephones import WAIT, Telephone, Watched

LISTENING = patient(reply_seconds=10.0, key_guard=0.5, confirm_seconds=0.5)
"""Nobody is hurried: what a telephone does decides, never how busy the machine is."""


Clock = Callable[[], datetime]
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


class Listener:
    """A flow that dials, and listens to keys until the other side hangs up."""

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        match event:
            case Started():
                return [Dial(20.0)]
            case Answered():
                return [Play("invitation")]
            case HungUp():
                return [Finish(Outcome.HUNG_UP_EARLY)]
            case _:
                return []


STARVED_ROUNDS = 3
"""So often a telephone is called at most, whose sound a busy machine lost."""


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
    transport: Transport = "udp"
    listens: bool = False
    """The flow only takes keys in (`Listener`), until the telephone hangs up."""


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
    answers: Mapping[str, int]
    """To what the telephone asked."""
    messages: str
    """All SIP that SIPp saw and sent."""
    logs: str
    """What its node and the front have written."""


def free_front(sip_port: int) -> FrontPorts:
    """Ports for the SIP front of a node that nobody has."""
    found: set[int] = set()
    while len(found) < 2:
        found |= {free_port(socket.SOCK_DGRAM)} - {sip_port}
    return FrontPorts(*found)


@asynccontextmanager
async def all_called(
    cases: Mapping[str, Case],
    folder: Path,
    sockets: Path,
    seconds: float = WAIT,
    *,
    front: bool = False,
    copies: bool = False,
    clock: Clock = lambda: datetime.now(UTC),
) -> AsyncIterator[Mapping[str, Made]]:
    """Every telephone, at the same time; `sockets` is a folder with a short path; seconds: for all of it; front: through a SIP
    front; copies: of the node's SIP are heard (ivr.hep); clock: the driver's wall clock."""
    assert shutil.which("sipp"), "script/setup test installs sip-tester"
    made: dict[str, Made] = {}
    for attempt in range(STARVED_ROUNDS):
        again = {name: case for name, case in cases.items() if name not in made or _starved(made[name], case)}
        if again:
            its_folder, its_sockets = (place / str(attempt) for place in (folder, sockets))
            its_folder.mkdir()
            its_sockets.mkdir(parents=True, exist_ok=True)  # with and without a front they are the same
            async with asyncio.timeout(seconds):
                made |= await _round(again, its_folder, its_sockets, clock, front=front, copies=copies)
    yield made


def _starved(made: Made, case: Case) -> bool:
    """By the count of its packets no sound came through, where nothing of the case does that: a machine with too much to do. The
    worker would call again, and so do we."""
    return made.outcome is Outcome.NO_MEDIA is not case.outcome


async def _round(
    cases: Mapping[str, Case], folder: Path, sockets: Path, clock: Clock, *, front: bool, copies: bool
) -> dict[str, Made]:
    phones = {
        name: await Telephone.at(number, name, case.dtmf_mode, folder)
        for number, (name, case) in enumerate(cases.items(), start=1)
    }
    for name, phone in phones.items():
        case = cases[name]
        phone.trunk = replace(phone.trunk, session_timers=case.session_timers, transport=case.transport)
    groups: dict[bool, dict[str, Telephone]] = {}
    for name, phone in phones.items():
        groups.setdefault("info" in cases[name].dtmf_mode, {})[name] = phone
    try:
        await asyncio.gather(*(_start(phone, cases[name]) for name, phone in phones.items()))
        results = await asyncio.gather(
            *(
                _through_a_node(
                    sockets / f"{'info' if info else 'lines'}{'-front' * front}", folder, cases, group, clock,
                    front=front, copies=copies,
                )
                for info, group in groups.items()
            )
        )  # fmt: skip
        return {name: made for result in results for name, made in result.items()}
    finally:
        await asyncio.gather(*(phone.stop() for phone in phones.values()))


async def _start(phone: Telephone, case: Case) -> None:
    await phone.start(case.scenario, *case.options, **case.values)


async def _through_a_node(
    folder: Path,
    prompts: Path,
    cases: Mapping[str, Case],
    phones: Mapping[str, Telephone],
    clock: Clock,
    *,
    front: bool,
    copies: bool,
) -> dict[str, Made]:
    """Whose keys come by INFO have a node of their own: there INFO counts on every trunk."""
    sip_port = free_port(socket.SOCK_DGRAM)
    settings = NodeSettings(
        folder=folder,
        sip_port=sip_port,
        http_port=free_port(),
        rtp=free_range(),
        trunks=tuple(phone.trunk for phone in phones.values()),
        front=free_front(sip_port) if front else None,
        hep_port=free_port(socket.SOCK_DGRAM) if copies else None,
    )
    async with AsyncExitStack() as stack:
        hep = stack.enter_context(listening(settings)) if copies else None
        await stack.enter_async_context(Instance(settings))
        exchange = await stack.enter_async_context(connected(settings, None, write_prompts(prompts), hep=hep, clock=clock))
        results = await asyncio.gather(*(_call(exchange, cases[name], phone) for name, phone in phones.items()))
    logs = "".join(path.read_text(errors="replace") for path in (folder / "log").iterdir() if path.is_file())
    return {name: replace(made, logs=logs) for name, made in zip(phones, results, strict=True)}


async def _call(exchange: Exchange, case: Case, phone: Telephone) -> Made:
    flow, decisions = Watched(Listener() if case.listens else Invitation(case.timings)), list[Decision]()

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
    messages = phone.messages.read_text(errors="replace")
    return Made(outcome, trail, flow, decisions, phone.rtp.came, complaint, phone.answers, messages, logs="")
