"""What a telephone of the bench sends."""

from __future__ import annotations

import struct

from bench.telephony.sound import A_LAW, EVENTS, FRAME, sound

HEAD = struct.Struct("!BBHII")


def test_one_stream_with_a_key_in_it() -> None:
    """A key goes down at 0.1 s and is let go at 0.22 s."""
    made = sound(0.4, [0.1], 0.12)
    packets = [
        (frame, *HEAD.unpack(packet[:12])[1:4], packet[12:]) for frame, sent in enumerate(made) for packet in sent
    ]
    assert [number for _, _, number, _, _ in packets] == list(range(len(packets)))
    keys = [each for each in packets if each[1] & 0x7F == EVENTS]
    assert [frame for frame, *_ in keys] == [6, 7, 8, 9, 10, 11, 11, 11]
    assert {stamp for _, _, _, stamp, _ in keys} == {5 * FRAME}
    events = [struct.unpack("!BBH", payload) for *_, payload in keys]
    assert [(end >> 7, length // FRAME) for _, end, length in events] == [*((0, n) for n in range(1, 6)), *[(1, 6)] * 3]
    marked = [(frame, kind & 0x7F) for frame, kind, *_ in packets if kind & 0x80]
    assert marked == [(0, A_LAW), (6, EVENTS), (12, A_LAW)]


def test_packets_come_fifty_times_a_second() -> None:
    assert [len(sent) for sent in sound(1.0, [], 0.12)] == [1] * 50
