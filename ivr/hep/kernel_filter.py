"""What the kernel drops before the worker is woken for it: copies of messages that never say why a call ended.

A classic BPF program on the receiving socket (socket(7), SO_ATTACH_FILTER), which any user may set. It knows the layout in which
Asterisk 22 writes a copy about IPv4 (`ivr.hep.packet`); whatever has another one gets through, and is judged there.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct

_ATTACH = 26  # SO_ATTACH_FILTER; Python's socket has no name for it
_UDP_HEADER, _CHUNK = 8, 6
CALL_AT = 131
"""Where Asterisk 22 puts the chunk with the Call-ID in a copy about IPv4, with our password of 32 signs; the message follows it."""
_LOAD_LENGTH, _LOAD, _LOAD_HALF, _LOAD_AFTER_X = 0x80, 0x20, 0x28, 0x40
_ADD, _TO_X, _IS, _IS_AT_LEAST, _RETURN = 0x04, 0x07, 0x15, 0x35, 0x06
_DROP, _KEEP = 0, 0xFFFF
_DROPPED = (b"ACK ", b"OPTIONS ", b"REGISTER ", b"MESSAGE ", b"UPDATE ", b"PRACK ")
"""Requests that end no call, and that Asterisk never leaves without an answer (docs/lines.md)."""
_SHORTEST = 256
"""Bytes from which a datagram may be a copy: no load of the program goes beyond."""

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to skip where a comparison is true and where it is false, and a constant."""


def program() -> list[Instruction]:
    """Drop a copy whose message begins with one of the methods above, or is a 100; keep everything else."""
    checks = [
        (_LOAD_LENGTH, 0, 0, 0), (_IS_AT_LEAST, 0, -1, _UDP_HEADER + _SHORTEST),
        (_LOAD, 0, 0, _UDP_HEADER + CALL_AT), (_IS, 0, -1, 0x11),
        (_LOAD_HALF, 0, 0, _UDP_HEADER + CALL_AT + 4), (_IS_AT_LEAST, -1, 0, 80),  # no Call-ID that Asterisk makes is as long
        (_ADD, 0, 0, _UDP_HEADER + CALL_AT), (_TO_X, 0, 0, 0),
        (_LOAD_AFTER_X, 0, 0, 0), (_IS, 0, -1, 0x0F),
        (_LOAD_AFTER_X, 0, 0, _CHUNK),
        *((_IS, -2, 0, int.from_bytes(method[:4], "big")) for method in _DROPPED),
        (_IS, 0, -1, int.from_bytes(b"SIP/", "big")),
        (_LOAD_AFTER_X, 0, 0, _CHUNK + len("SIP/2.0 ")), (_IS, -2, -1, int.from_bytes(b"100 ", "big")),
    ]  # fmt: skip
    keep = len(checks)
    goal = {-1: keep, -2: keep + 1}

    def skip(place: int, where: int) -> int:
        return goal[where] - place - 1 if where < 0 else where

    whole = [(code, skip(at, true), skip(at, false), value) for at, (code, true, false, value) in enumerate(checks)]
    return [*whole, (_RETURN, 0, 0, _KEEP), (_RETURN, 0, 0, _DROP)]


def attach(receiving: socket.socket) -> None:
    """From now on; a system that can't gives everything to the worker, as without it."""
    instructions = b"".join(struct.pack("=HBBI", *each) for each in program())
    held = ctypes.create_string_buffer(instructions)
    with contextlib.suppress(OSError):
        receiving.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("@HL", len(program()), ctypes.addressof(held)))
