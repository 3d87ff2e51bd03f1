"""The media of a telephone on a bad line: what comes, and keys as RFC 4733 has them, or as lines and gateways spoil them."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

FRAME = 160  # samples in 20 ms
EVENTS = 101  # payload type of RFC 4733, as Asterisk offers it
A_LAW, COMFORT_NOISE = 8, 13  # RFC 3551, RFC 3389
QUIET = b"\xd5" * FRAME

Fault = Literal[
    "none",
    "ends lost",
    "no end",
    "doubled",
    "reordered",
    "in-band",
    "late end",
    "late update",
    "broken",
    "new source",
    "long",
    "bounced",
    "in pieces",
    "lagging",
]


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
        self.events = EVENTS
        """The payload type with which keys are sent."""
        self._from: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._left: list[asyncio.DatagramTransport] = []
        self._news = asyncio.Event()
        self._sequence, self._time, self._source = 1, 0, 0x7E1E

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def close(self) -> None:
        for transport in [*self._left, *([self._transport] if self._transport else [])]:
            transport.close()

    async def moves(self) -> int:
        """Go on from another port; gives it. What comes to the former one is still heard."""
        assert self._transport is not None
        self._left.append(self._transport)
        address = self._transport.get_extra_info("sockname")
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(address[0], 0))
        return int(self._transport.get_extra_info("sockname")[1])

    async def quiet(self, frames: int) -> None:
        """Send silence for so many times 20 ms, as a telephone does to whom nobody speaks."""
        await self._send(self._quiet(frames))

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

    def sends_to(self, host: str, port: int) -> None:
        """Where to, until something comes."""
        self._from = (host, port)

    async def holds(self, key: str) -> int:
        """Go down with a key; what `lets_go` wants to know."""
        began = self._time
        await self._send([[self._event(key, began, n * FRAME, first=n == 1)] for n in range(1, 8)])
        return began

    def lets_go(self, key: str, began: int) -> None:
        """The key's end, at once."""
        assert self._transport is not None
        for _ in range(3):
            self._transport.sendto(self._event(key, began, 8 * FRAME, end=True), self._from)
        self._time += 20 * FRAME

    async def press(self, key: str, fault: Fault) -> None:
        """One key of 160 ms, as the line delivers it."""
        if fault == "in-band":
            await self._send([[self._audio(frame)] for frame in _tones(key)])
        else:
            await self._send(self._key(key, fault))
        await self._send(self._quiet(12))

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
            case "late end":  # long after the key has ended without one, with the timestamp that it had
                return [*([each] for each in updates), *self._quiet(50), ends]
            case "late update":
                return [*([each] for each in updates[:-1]), *self._quiet(50), [updates[-1]]]
            case "broken":
                return self._broken(key, began)
            case "bounced":  # a short contact, then one that is held
                self._time = began + 14 * FRAME
                again = self._held(key, self._time, ())
                return [*([each] for each in updates[:3]), [self._end(key, began, 4)], *[[]] * 5, *again]
            case "in pieces":  # an old key, pressed once for five seconds
                slots: list[list[bytes]] = []
                for _ in range(3):
                    slots += [*self._held(key, self._time, ()), *self._quiet(4)]
                return slots
            case "lagging":  # a gateway makes events of tones, half a second behind the sound that it passes on
                return [[self._audio(QUIET), *late] for late in [*[()] * 25, *self._held(key, began, ())]]
            case "new source":  # another SSRC from its middle on, as after a change of gateway
                self._source += 1
                return self._held(key, began, updates[:5])
            case "long":
                return self._held(key, began, updates)
            case "reordered":
                early, late = updates[:5], updates[5:]
                return [*([each] for each in early), [ends[1]], [ends[0], late[1]], [late[0]], [ends[2]]]
            case _:
                return [*([each] for each in updates), ends]

    def _broken(self, key: str, began: int) -> list[list[bytes]]:
        """Held for two seconds, half a second of which is lost, while sound goes on beside it."""
        self._time, slots = began, []
        for n in range(1, 101):
            sound = self._audio(QUIET)
            slots.append([sound] if 20 < n <= 45 else [sound, self._event(key, began, n * FRAME, first=n == 1)])
        return [*slots, [self._event(key, began, 101 * FRAME, end=True) for _ in range(3)]]

    def _held(self, key: str, began: int, updates: Sequence[bytes]) -> list[list[bytes]]:
        """For two seconds."""
        rest = [self._event(key, began, n * FRAME) for n in range(len(updates) + 1, 101)]
        ends = [self._end(key, began, 101)] * 3
        self._time = began + 101 * FRAME
        return [*([each] for each in (*updates, *rest)), ends]

    def _end(self, key: str, began: int, frames: int) -> bytes:
        return self._event(key, began, frames * FRAME, end=True)

    def _quiet(self, frames: int) -> list[list[bytes]]:
        return [[self._audio(QUIET)] for _ in range(frames)]

    def _event(self, key: str, began: int, duration: int, *, first: bool = False, end: bool = False) -> bytes:
        code = "0123456789*#".index(key)
        return self._packet(self.events, first, began, struct.pack("!BBH", code, 0x80 | 10 if end else 10, duration))

    def _audio(self, frame: bytes) -> bytes:
        packet = self._packet(A_LAW, False, self._time, frame)
        self._time += FRAME
        return packet

    def _packet(self, kind: int, marked: bool, at: int, payload: bytes) -> bytes:
        self._sequence += 1
        return struct.pack("!BBHII", 0x80, kind | (0x80 if marked else 0), self._sequence, at, self._source) + payload

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
