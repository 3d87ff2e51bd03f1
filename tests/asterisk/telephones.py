"""Telephones on the worst of lines: their SIP is a SIPp scenario (tests/asterisk/sipp), their RTP is here.

The second Asterisk is well-bred: it can't send half a key, answer a CANCEL with 200 or lose an ACK. Each of these telephones is
one SIPp on an address of its own (127.0.1.N), so that the node knows it as a trunk of its own.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

import jinja2

from asterisk.ports import free_port
from asterisk.settings import DtmfMode, Trunk
from ivr.calls import Command, Event, Finish, Flow, Play

SCENARIOS = Path(__file__).with_name("sipp")
FRAME = 160  # samples in 20 ms
EVENTS = 101  # payload type of RFC 4733, as the scenarios' SDP has it
A_LAW, COMFORT_NOISE = 8, 13  # RFC 3551, RFC 3389
QUIET = b"\xd5" * FRAME
WAIT = 120.0
"""Generous: it ends a test that would hang, it decides nothing."""

Fault = Literal["none", "ends lost", "no end", "doubled", "reordered", "in-band"]


class Watched:
    """A flow, and what it was told and did; telephones wait for what they are to hear."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self._news = asyncio.Event()

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        done = self._flow.receive(event, now)
        self.events.append(event)
        self.commands.extend(done)
        self._news.set()
        return done

    @property
    def finishes(self) -> int:
        return sum(isinstance(each, Finish) for each in self.commands)

    async def until(self, prompt: str) -> None:
        """That prompt has begun."""
        while Play(prompt) not in self.commands:
            self._news.clear()
            await self._news.wait()


@dataclass(frozen=True)
class Packet:
    """An RTP packet that came: when (the loop's clock), its payload type and its marker bit."""

    at: float
    kind: int
    marked: bool


class Rtp(asyncio.DatagramProtocol):
    """The telephone's media: what came, and keys sent back to where it came from."""

    def __init__(self) -> None:
        self.came: list[Packet] = []
        self._from: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._news = asyncio.Event()
        self._sequence, self._time = 1, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) >= 12:
            self._from = addr
            self.came.append(Packet(asyncio.get_running_loop().time(), data[1] & 0x7F, bool(data[1] & 0x80)))
            self._news.set()

    async def hears(self, packets: int) -> None:
        """So many packets more."""
        wanted = len(self.came) + packets
        while len(self.came) < wanted:
            self._news.clear()
            await self._news.wait()

    async def press(self, key: str, fault: Fault) -> None:
        """One key of 160 ms, as the line delivers it."""
        if fault == "in-band":
            await self._send([[self._audio(frame)] for frame in _tones(key)])
        else:
            await self._send(self._key(key, fault))
        await self._send([[self._audio(QUIET)] for _ in range(12)])

    def _key(self, key: str, fault: Fault) -> list[list[bytes]]:
        """Slots of 20 ms with the packets that come in each (RFC 4733 section 2.5.1: three end packets alike)."""
        began = self._time
        updates = [self._event(key, began, n * FRAME, first=n == 1) for n in range(1, 8)]
        ends = [self._event(key, began, 8 * FRAME, end=True) for _ in range(3)]
        self._time += 8 * FRAME
        match fault:
            case "ends lost":
                return [*([each] for each in updates), [], [ends[2]]]
            case "no end":
                return [[each] for each in updates]
            case "doubled":
                return [[each, each] for each in (*updates, *ends)]
            case "reordered":
                early, late = updates[:5], updates[5:]
                return [*([each] for each in early), [ends[1]], [ends[0], late[1]], [late[0]], [ends[2]]]
            case _:
                return [*([each] for each in updates), ends]

    def _event(self, key: str, began: int, duration: int, *, first: bool = False, end: bool = False) -> bytes:
        code = "0123456789*#".index(key)
        return self._packet(EVENTS, first, began, struct.pack("!BBH", code, 0x80 | 10 if end else 10, duration))

    def _audio(self, frame: bytes) -> bytes:
        packet = self._packet(A_LAW, False, self._time, frame)
        self._time += FRAME
        return packet

    def _packet(self, kind: int, marked: bool, at: int, payload: bytes) -> bytes:
        self._sequence += 1
        return struct.pack("!BBHII", 0x80, kind | (0x80 if marked else 0), self._sequence, at, 0x7E1E) + payload

    async def _send(self, slots: Sequence[Sequence[bytes]]) -> None:
        loop = asyncio.get_running_loop()
        assert self._transport is not None
        begin = loop.time()
        for number, slot in enumerate(slots):
            await asyncio.sleep(begin + 0.02 * number - loop.time())
            for packet in slot:
                self._transport.sendto(packet, self._from)


_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)


def _tones(key: str) -> Iterator[bytes]:
    """The key's two tones (ITU-T Q.23), 200 ms, in A-law."""
    at = "123456789*0#".index(key)
    row, column = _ROWS[at // 3], _COLUMNS[at % 3]
    for frame in range(10):
        times = [(frame * FRAME + n) / 8000 for n in range(FRAME)]
        yield bytes(a_law(0.3 * (math.sin(math.tau * row * t) + math.sin(math.tau * column * t))) for t in times)


def a_law(value: float) -> int:
    """ITU-T G.711, from -1 to 1.

    >>> hex(a_law(0.0)), hex(a_law(1.0)), hex(a_law(-1.0))
    ('0xd5', '0xaa', '0x2a')
    """
    size = min(4095, int(abs(value) * 4096))
    segment = max(0, size.bit_length() - 5)
    steps = size >> (segment if segment > 1 else 1)
    coded = (min(segment, 7) << 4) | (steps & 0x0F)
    return (coded | (0x80 if value >= 0 else 0)) ^ 0x55


@dataclass
class Telephone:
    """One SIPp with its RTP."""

    name: str
    trunk: Trunk
    port: int
    """Where its SIP is."""
    media: int
    rtp: Rtp
    folder: Path
    _process: asyncio.subprocess.Process | None = field(default=None)

    @classmethod
    async def at(cls, number: int, name: str, dtmf_mode: DtmfMode, folder: Path) -> Telephone:
        """The telephone on 127.0.1.`number`."""
        host = f"127.0.1.{number}"
        loop = asyncio.get_running_loop()
        transport, rtp = await loop.create_datagram_endpoint(Rtp, local_addr=(host, 0))
        port = free_port(socket.SOCK_DGRAM, host)
        trunk = Trunk(f"phone-{number}", host, port, dtmf_mode=dtmf_mode)
        return cls(name, trunk, port, transport.get_extra_info("sockname")[1], rtp, folder)

    async def start(self, scenario: str) -> None:
        """SIPp waits for its call; returns once it has bound its port."""
        path = self.folder / f"{self.name}.xml".replace(" ", "-")
        path.write_text(rendered(scenario))
        with path.with_suffix(".out").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                "sipp", "-sf", str(path), "-i", self.trunk.host, "-p", str(self.port), "-bind_local", "-ci", self.trunk.host,
                "-key", "media", str(self.media), "-m", "1", "-nostdin", "-pause_msg_ign", "-default_behaviors", "all,-abortunexp",
                "-timeout", str(int(WAIT) // 2), "-timeout_error",
                "-trace_msg", "-message_file", str(path.with_suffix(".log")),
                "-trace_err", "-error_file", str(path.with_suffix(".errors")),
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder,
            )  # fmt: skip
        while _is_free(self.trunk.host, self.port):
            assert self._process.returncode is None, path.with_suffix(".out").read_text()
            await asyncio.sleep(0.02)

    async def complaint(self) -> str:
        """Once SIPp has ended: why its scenario did not go as written, or nothing."""
        assert self._process is not None
        code = await self._process.wait()
        errors = (self.folder / f"{self.name}.xml".replace(" ", "-")).with_suffix(".errors")
        said = errors.read_text(errors="replace")[-6000:] if errors.exists() else ""
        return f"{code}: {said}" if code else ""

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self.rtp.close()


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def rendered(scenario: str) -> str:
    """A scenario as SIPp reads it: SIP's lines are not indented, and XML's first line is the first."""
    loader = jinja2.FileSystemLoader(SCENARIOS)
    environment = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(f"{scenario}.xml").render().strip() + "\n"
