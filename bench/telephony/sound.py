"""The sound of one telephone, from its answer on: silence in A-law, 50 packets a second, and keys as RFC 4733 has them (pure).

One stream, one source, one count of packets, as a telephone sends it. All telephones send the same bytes, so they are made once.
"""

import struct
from collections.abc import Iterator, Sequence

PER_SECOND = 50  # frames
FRAME = 160  # samples
A_LAW, EVENTS = 8, 101  # payload types
KEY, VOLUME = 2, 10
QUIET = b"\xd5" * FRAME
SOURCE = 0x7E1E
_ENDS = 3  # times the end of a key is said

Packets = Sequence[bytes]


def frames(seconds: float) -> int:
    """So many frames, rounded."""
    return round(seconds * PER_SECOND)


def sound(seconds: float, keys: Sequence[float], hold: float) -> Sequence[Packets]:
    """What is sent at each frame. `keys`: when key 2 goes down (s), for `hold` seconds each."""
    held = frames(hold)
    pressed = {down + n: (down, n) for down in map(frames, keys) for n in range(1, held + 1)}
    made, number = list[Packets](), 0
    for frame in range(frames(seconds)):
        what = list(_key(*pressed[frame], held) if frame in pressed else _silence(frame, frame - 1 in (-1, *pressed)))
        made.append([_numbered(number + n, each) for n, each in enumerate(what)])
        number += len(what)
    return made


def _silence(frame: int, marked: bool) -> Iterator[bytes]:
    yield _rtp(A_LAW, frame, QUIET, marked)


def _key(down: int, n: int, held: int) -> Iterator[bytes]:
    """A key that is down for `n` frames; with the last of them it is let go."""
    last = n == held
    event = struct.pack("!BBH", KEY, (0x80 if last else 0) | VOLUME, n * FRAME)
    for _ in range(_ENDS if last else 1):
        yield _rtp(EVENTS, down, event, marked=n == 1)


def _rtp(kind: int, frame: int, payload: bytes, marked: bool) -> bytes:
    """All but the number."""
    return struct.pack("!BB2xII", 0x80, (0x80 if marked else 0) | kind, frame * FRAME, SOURCE) + payload


def _numbered(number: int, packet: bytes) -> bytes:
    return packet[:2] + struct.pack("!H", number) + packet[4:]
