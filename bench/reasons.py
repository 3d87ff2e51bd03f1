"""What it costs to hear why calls end (ivr/hep): two nodes side by side, of which one copies its SIP, are called in turn.

    script/bench reasons [--calls 300] [--json]

A call is answered and ended at once by a telephone that says why (INVITE, 180, 200, ACK, BYE, 200), without sound. CPU of each node
is what the kernel says of its threads; the worker's share is measured around the reading of the socket. What else runs on the
machine is in both nodes alike. Exit status 1 when both together cost more than 0.3 ms a call, or a Reason was not heard.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import NodeSettings, Trunk
from ivr.ari.client import Client, Node
from ivr.ari.driver import Driver
from ivr.ari.line import Line, channel_id
from ivr.calls import Command, Decision, Dial, Event, Finish, HungUp, Outcome, Reason, Recorded, Started, Trail
from ivr.hep.receiver import Receiver

AIM_MS = 0.3
WARM_UP = 20
REASON = Reason("Q.850", 16)


class Telephone(asyncio.DatagramProtocol):
    """Answers each INVITE, and ends the call when the answer is confirmed."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: Any) -> None:
        assert self._transport is not None
        text = data.decode()
        method, said = text.partition(" ")[0], dict(line.split(": ", 1) for line in text.split("\r\n") if ": " in line)
        host, port = self._transport.get_extra_info("sockname")
        if method == "INVITE":
            sdp = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
            answers = (("180 Ringing", ""), ("200 OK", sdp))
            for status, body in answers:
                kept = [f"{name}: {said[name]}" for name in ("Via", "From", "Call-ID", "CSeq")]
                kind = ["Content-Type: application/sdp"] if body else []
                lines = [f"SIP/2.0 {status}", *kept, f"To: {said['To']};tag=t", f"Contact: <sip:t@{host}:{port}>", *kind]
                self._transport.sendto("\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode(), address)
        elif method == "ACK":
            lines = [
                f"BYE sip:us@{address[0]}:{address[1]} SIP/2.0", f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{uuid4().hex}",
                f"From: {said['To']}", f"To: {said['From']}", f"Call-ID: {said['Call-ID']}", "CSeq: 2 BYE",
                "Max-Forwards: 70", f"Reason: {REASON.protocol};cause={REASON.cause}", "Content-Length: 0", "", "",
            ]  # fmt: skip
            self._transport.sendto("\r\n".join(lines).encode(), address)


class Rings:
    """A call that only rings."""

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        match event:
            case Started():
                return (Dial(30.0),)
            case HungUp():
                return (Finish(Outcome.HUNG_UP_EARLY),)
            case _:
                return ()


class Measured(Receiver):
    """Knows how long it has read for, in seconds of CPU, and how many packets."""

    seconds, packets = 0.0, 0

    def read(self) -> None:
        began = time.thread_time()
        super().read()
        self.seconds += time.thread_time() - began

    def take(self, datagram: bytes) -> None:
        super().take(datagram)
        self.packets += 1


@dataclass(frozen=True)
class Side:
    """A node with whoever drives it."""

    instance: Instance[NodeSettings]
    driver: Driver
    hep: Measured | None

    @property
    def cpu(self) -> float:
        """Seconds that the node has computed for."""
        tasks = Path(f"/proc/{self.instance.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


@contextlib.asynccontextmanager
async def side(folder: Path, trunk: Trunk, copies: bool) -> AsyncIterator[Side]:
    settings = NodeSettings(
        folder=folder, sip_port=free_port(socket.SOCK_DGRAM), http_port=free_port(), rtp=free_range(), trunks=(trunk,),
        hep_port=free_port(socket.SOCK_DGRAM) if copies else None,
    )  # fmt: skip
    hep = Measured(settings.hep_port, settings.ari_password) if settings.hep_port else None
    if hep is not None and not hep.open():
        raise RuntimeError("the port for copies is taken")
    node = Node(settings.ari_url, settings.ari_user, settings.ari_password, "bench")
    try:
        async with Instance(settings) as instance, Client(node, hep=hep) as client:
            driver = Driver(client)
            listening = asyncio.create_task(client.listen(driver))
            await client.until_connected()
            yield Side(instance, driver, hep)
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            await driver.stop()
    finally:
        if hep is not None:
            hep.close()


async def call(on: Side, trunk: str) -> Trail:
    async def decide(decision: Decision, trail: Trail) -> Recorded:
        raise AssertionError("nothing is decided")

    line = Line(channel_id(uuid4().hex), "13800138000", trunk, "02083186888")
    _, trail = await on.driver.run(line, Rings(), {}, decide)
    return trail


async def measure(calls: int) -> dict[str, float]:
    """In ms a call, but for `packets` a call and `unheard` calls."""
    port = free_port(socket.SOCK_DGRAM, "127.0.0.2")
    telephone, _ = await asyncio.get_running_loop().create_datagram_endpoint(Telephone, local_addr=("127.0.0.2", port))
    trunk = Trunk("bench", "127.0.0.2", port)
    with tempfile.TemporaryDirectory(prefix="xl-") as name:
        async with side(Path(name) / "with", trunk, True) as copying, side(Path(name) / "without", trunk, False) as plain:
            for _ in range(WARM_UP):
                await call(copying, trunk.name)
                await call(plain, trunk.name)
            assert copying.hep is not None
            copying.hep.seconds, copying.hep.packets = 0.0, 0
            before, unheard = (copying.cpu, plain.cpu), 0
            for _ in range(calls):
                unheard += (await call(copying, trunk.name)).reason != REASON
                await call(plain, trunk.name)
            after = copying.cpu, plain.cpu
            with_copies, without = ((late - early) * 1000 / calls for early, late in zip(before, after, strict=True))
            found = {"node with copies": with_copies, "node without": without, "worker": copying.hep.seconds * 1000 / calls}
            found["in all"] = found["worker"] + with_copies - without
            found |= {"packets": copying.hep.packets / calls, "unheard": float(unheard)}
    telephone.close()
    return found


def main() -> int:
    """Exit status 1 when it costs more than it should, or a Reason was not heard."""
    parser = argparse.ArgumentParser(prog="script/bench reasons", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--calls", type=int, default=300, help="on each of the two nodes")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    found = asyncio.run(measure(given.calls))
    if given.json:
        print(json.dumps(found, indent=1))
    else:
        shown = Table(title=f"Hearing why calls end: ms of CPU a call (aim: {AIM_MS} in all)")
        for name in found:
            shown.add_column(name, justify="right")
        shown.add_row(*(f"{value:.3f}" for value in found.values()))
        Console(width=None if sys.stdout.isatty() else 120).print(shown)
    return 1 if found["in all"] > AIM_MS or found["unheard"] else 0


if __name__ == "__main__":
    sys.exit(main())
