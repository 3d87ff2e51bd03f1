"""SIP messages, and copies of them as a node sends them."""

from __future__ import annotations

import struct

PASSWORD = "a password of ARI"
CALL = "8c7d6acd-130a-4a8d-9309-b251dcc97c7e"
OUR_TAG, THEIR_TAG = "7b26519b-f19b-4b85-83b2-d8e74f4f9f53", "1telephone"
US, THEM = "02012345678", "13800138000"


def chunk(kind: int, content: bytes, vendor: int = 0) -> bytes:
    return struct.pack(">HHH", vendor, kind, 6 + len(content)) + content


def copy(payload: bytes, *, call: str = CALL, password: bytes) -> bytes:
    """As Asterisk 22.10.1 puts it together (seen)."""
    chunks = (
        chunk(0x01, b"\x02") + chunk(0x02, b"\x11") + chunk(0x07, b"\x76\xce") + chunk(0x08, b"\x6f\x46")
        + chunk(0x09, b"\x6b\x0d\x57\xf9") + chunk(0x0A, b"\x00\x07\xfb\xca") + chunk(0x0B, b"\x01")
        + chunk(0x0C, b"\x00\x00\x00\x01") + chunk(0x03, b"\x7f\x00\x00\x01") + chunk(0x04, b"\x7f\x00\x01\x01")
        + chunk(0x0E, password) + chunk(0x11, call.encode()) + chunk(0x0F, payload)
    )  # fmt: skip
    return b"HEP3" + struct.pack(">H", 6 + len(chunks)) + chunks


def _message(first: str, method: str, theirs: bool, *more: str) -> bytes:
    caller, called = f"<sip:{US}@127.0.0.1>;tag={OUR_TAG}", f"<sip:{THEM}@127.0.1.1>;tag={THEIR_TAG}"
    ends = (called, caller) if theirs else (caller, called)
    head = (f"From: {ends[0]}", f"To: {ends[1]}", f"Call-ID: {CALL}", f"CSeq: 13473 {method}", *more)
    return "\r\n".join((first, "Via: SIP/2.0/UDP 127.0.0.1:30414", *head, "Content-Length: 0", "", "")).encode()


def response(line: str, *more: str, method: str = "INVITE", theirs: bool = False) -> bytes:
    """To a request of ours, or of theirs."""
    return _message(f"SIP/2.0 {line}", method, theirs, *more)


def request(method: str, *more: str, theirs: bool = False) -> bytes:
    return _message(f"{method} sip:{THEM}@127.0.1.1 SIP/2.0", method, theirs, *more)
