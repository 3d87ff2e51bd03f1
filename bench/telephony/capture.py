"""A telephone's sound as a capture (pcap) that SIPp sends: silence in A-law, 50 packets a second, and keys as RFC 4733 has them.

One stream, one source, one count of packets: just as a telephone sends it.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

FRAME = 160  # samples in 20 ms
A_LAW, EVENTS = 8, 101  # payload types
KEY, VOLUME = 2, 10
QUIET = b"\xd5" * FRAME
SOURCE = 0x7E1E
_ENDS = 3  # times the end of a key is said


def write_capture(path: Path, seconds: float, keys: Sequence[float], hold: float) -> None:
    """So long; each of `keys` is when key 2 goes down (s), `hold` how long it is down. In frames of 20 ms."""
    held, packets = _frames(hold), list[tuple[int, bytes]]()
    downs = [_frames(key) for key in keys]
    starts = [0, *(down + held + 1 for down in downs)]
    for start, down in zip(starts, [*downs, _frames(seconds)], strict=True):
        packets += ((frame, _rtp(A_LAW, frame, QUIET, marked=frame == start)) for frame in range(start, down + 1))
        packets += _key(down, held) if down in downs else ()
    assert all(one <= other for (one, _), (other, _) in pairwise(packets))
    path.write_bytes(_HEAD + b"".join(_record(n, *packet) for n, packet in enumerate(packets)))


def _frames(seconds: float) -> int:
    return round(seconds * 50)


def _key(down: int, held: int) -> Iterator[tuple[int, bytes]]:
    """The packets of a key, each with its frame."""
    for n in range(1, held):
        yield down + n, _rtp(EVENTS, down, _event(n, end=False), marked=n == 1)
    for _ in range(_ENDS):
        yield down + held, _rtp(EVENTS, down, _event(held, end=True), marked=False)


def _event(frames: int, *, end: bool) -> bytes:
    return struct.pack("!BBH", KEY, (0x80 if end else 0) | VOLUME, frames * FRAME)


def _rtp(kind: int, frame: int, payload: bytes, *, marked: bool) -> bytes:
    """All of the packet but its number, which is put between."""
    return struct.pack("!BB2xII", 0x80, (0x80 if marked else 0) | kind, frame * FRAME, SOURCE) + payload


_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)  # of the file: times in µs, Ethernet


def _record(number: int, frame: int, rtp: bytes) -> bytes:
    """As it was captured from port 4000 to port 4000; SIPp puts in addresses, ports and the checksum."""
    rtp = rtp[:2] + struct.pack("!H", number) + rtp[4:]
    udp = struct.pack("!HHHH", 4000, 4000, 8 + len(rtp), 0) + rtp
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 0x7F000001, 0x7F000001) + udp
    ethernet = bytes(12) + b"\x08\x00" + ip
    second, rest = divmod(frame, 50)
    # SIPp takes a packet at 0 s for none.
    return struct.pack("<IIII", 1 + second, rest * 20_000, len(ethernet), len(ethernet)) + ethernet
