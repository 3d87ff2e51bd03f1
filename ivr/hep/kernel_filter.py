"""What the kernel drops before the worker is woken for it: copies of messages that never say why a call ended.

A classic BPF program on the receiving socket (socket(7), SO_ATTACH_FILTER), which any user may set. It knows the layout in which
Asterisk 22 writes a copy about IPv4 (`ivr.hep.packet`); whatever has another one gets through, and is judged there. Of a call that
is answered and ended, three copies of six or more are left: INVITE, the answer, BYE. Classic BPF has no loops: what is looked for
is looked for at each place in turn.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
from collections.abc import Iterator, Sequence

from ivr.hep.packet import CALL_AT

_ATTACH = 26  # SO_ATTACH_FILTER; Python's socket has no name for it
_UDP_HEADER, _CHUNK = 8, 6
_LENGTH, _WORD, _HALF, _WORD_AFTER_X, _BYTE_AFTER_X = 0x80, 0x20, 0x28, 0x40, 0x50
_ADD, _MINUS_X, _OR, _TO_X, _GO, _IS, _IS_AT_LEAST, _RETURN = 0x04, 0x1C, 0x44, 0x07, 0x05, 0x15, 0x35, 0x06
"""linux/filter.h: how the accumulator is loaded, changed and compared."""
_DROP, _KEEP = 0, 0xFFFF
_DROPPED = (b"ACK ", b"OPTIONS ", b"REGISTER ", b"MESSAGE ", b"UPDATE ", b"PRACK ")
"""Requests that end no call, and that Asterisk never leaves without an answer (docs/lines.md)."""
_FIRST, _REASON_WITHIN, _BYE_WITHIN = 40, 500, 400
"""Bytes of a message between which a Reason, or the BYE of CSeq, is looked for; what is longer is kept (Linux takes 4,096
instructions)."""
_STRIDE = 16
_SHORTEST = 256
"""Bytes from which a datagram may be a copy: no load goes beyond before a message is searched."""

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to skip where a comparison is true and where it is false, and a constant."""


def program() -> Sequence[Instruction]:
    """Drop a copy whose message begins with one of the methods above, a 1xx without a Reason, and what answers a BYE; keep
    everything else."""
    provisional, success = [*_provisional()], [*_success()]
    checks = [
        (_LENGTH, 0, 0, 0), (_IS_AT_LEAST, 0, -1, _UDP_HEADER + _SHORTEST),
        (_WORD, 0, 0, _UDP_HEADER + CALL_AT), (_IS, 0, -1, 0x11),
        (_HALF, 0, 0, _UDP_HEADER + CALL_AT + 4), (_IS_AT_LEAST, -1, 0, 80),  # no Call-ID that Asterisk makes is as long
        (_ADD, 0, 0, _UDP_HEADER + CALL_AT), (_TO_X, 0, 0, 0),
        (_WORD_AFTER_X, 0, 0, 0), (_IS, 0, -1, 0x0F),
        (_WORD_AFTER_X, 0, 0, _CHUNK),
        *((_IS, -2, 0, _word(method[:4])) for method in _DROPPED),
        (_IS, 0, -1, _word(b"SIP/")),
        (_BYTE_AFTER_X, 0, 0, _CHUNK + len("SIP/2.0 ")),
        (_IS, -3, 0, ord("1")), (_IS, 0, -1, ord("2")), (_GO, 0, 0, 2 + len(provisional)),
    ]  # fmt: skip
    goals = {-1: len(checks), -2: len(checks) + 1, -3: len(checks) + 2}

    def skip(place: int, where: int) -> int:
        return goals[where] - place - 1 if where < 0 else where

    begun = [(code, skip(at, true), skip(at, false), value) for at, (code, true, false, value) in enumerate(checks)]
    return [*begun, (_RETURN, 0, 0, _KEEP), (_RETURN, 0, 0, _DROP), *provisional, *success]


def _provisional() -> Iterator[Instruction]:
    """Keep it where a line begins with Reason, in whatever case; a load beyond its end drops it, as classic BPF has it."""
    for at in range(_FIRST, _REASON_WITHIN):
        yield _WORD_AFTER_X, 0, 0, _CHUNK + at
        yield _OR, 0, 0, _word(b"    ")
        yield _IS, 0, 1, _word(b"*rea")  # a line feed becomes * with that bit set
        yield _RETURN, 0, 0, _KEEP
    yield _RETURN, 0, 0, _KEEP


def _success() -> Iterator[Instruction]:
    """Drop it where a line ends with a number and BYE (CSeq); an Allow header may end with BYE, but after a comma."""
    for at in range(_FIRST, _BYE_WITHIN):
        if (at - _FIRST) % _STRIDE == 0:
            yield _LENGTH, 0, 0, 0
            yield _MINUS_X, 0, 0, 0
            yield _IS_AT_LEAST, 1, 0, _CHUNK + at + _STRIDE + 4
            yield _RETURN, 0, 0, _KEEP
        yield _WORD_AFTER_X, 0, 0, _CHUNK + at
        yield _IS, 0, 3, _word(b"BYE\r")
        yield _BYTE_AFTER_X, 0, 0, _CHUNK + at - 2
        yield _IS_AT_LEAST, 0, 1, ord("0")
        yield _RETURN, 0, 0, _DROP
    yield _RETURN, 0, 0, _KEEP


def _word(four: bytes) -> int:
    return int.from_bytes(four, "big")


def attach(receiving: socket.socket) -> None:
    """From now on; a system that can't gives everything to the worker, as without it."""
    whole = program()
    held = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in whole))
    with contextlib.suppress(OSError):
        receiving.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("@HL", len(whole), ctypes.addressof(held)))
