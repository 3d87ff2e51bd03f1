"""HEP3, the envelope of a copied SIP message: https://github.com/sipcapture/HEP (hep3_rev12).

Six bytes (``HEP3`` and the whole length), then chunks: vendor, type and length of two bytes each, the length with these six. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from dataclasses import dataclass, field

_HEAD = struct.Struct(">4sH")
_CHUNK = struct.Struct(">IH")  # vendor and type as one number; the vendor of chunks that everybody has is 0
_PROTOCOL, _PASSWORD, _PAYLOAD, _CORRELATION = 0x0B, 0x0E, 0x0F, 0x11
_WANTED = frozenset({_PROTOCOL, _PASSWORD, _PAYLOAD, _CORRELATION})
_SIP = b"\x01"
_PASSWORD_SIZE = 32
_BEFORE = {0x01: 1, 0x02: 1, 0x07: 2, 0x08: 2, 0x09: 4, 0x0A: 4, _PROTOCOL: 1, 0x0C: 4, 0x03: 4, 0x04: 4}
_BY_ASTERISK = re.compile(
    b"HEP3(..)"
    + b"".join(re.escape(_CHUNK.pack(kind, _CHUNK.size + size)) + (_SIP if kind == _PROTOCOL else b"." * size)
              for kind, size in _BEFORE.items())
    + re.escape(_CHUNK.pack(_PASSWORD, _CHUNK.size + _PASSWORD_SIZE)) + b"(.{%d})" % _PASSWORD_SIZE
    + re.escape(_CHUNK.pack(_CORRELATION, 0)[:4]) + b"(..)",
    re.DOTALL,
)  # fmt: skip
"""How Asterisk 22 begins a copy about IPv4, with our password, up to the length of the Call-ID; the message is the last chunk."""
CALL_AT = _HEAD.size + sum(_CHUNK.size + size for size in (*_BEFORE.values(), _PASSWORD_SIZE))
"""Where it puts the chunk with the Call-ID in such a copy."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A copy of one SIP message. call: its Call-ID; payload: the message itself, which has telephone numbers."""

    call: bytes = field(repr=False)
    password: bytes = field(repr=False)
    payload: bytes = field(repr=False)


def password_of(ari_password: str) -> bytes:
    """What a node's packets carry (asterisk.settings.NodeSettings.hep_password): nobody can send one who does not know
    ARI's password, or can read what passes over loopback."""
    return hmac.new(ari_password.encode(), b"expertline hep", hashlib.sha256).hexdigest()[:32].encode()


def read(datagram: bytes) -> Packet | None:
    """The packet; None for anything that is not a whole HEP3 packet with a SIP message.

    >>> read(b"HEP3")
    """
    return _by_asterisk(datagram) or _by_chunks(datagram)


def _by_asterisk(datagram: bytes) -> Packet | None:
    """The same at once, for the form that almost all have; None for any other."""
    if (begun := _BY_ASTERISK.match(datagram)) is None:
        return None
    size, at = len(datagram), begun.end()
    message = at - _CHUNK.size + int.from_bytes(begun[3], "big")
    if int.from_bytes(begun[1], "big") != size or not at < message < size - _CHUNK.size:
        return None
    if _CHUNK.unpack_from(datagram, message) != (_PAYLOAD, size - message):
        return None
    return Packet(datagram[at:message], begun[2], datagram[message + _CHUNK.size :])


def _by_chunks(datagram: bytes) -> Packet | None:
    size = len(datagram)
    if size < _HEAD.size or _HEAD.unpack_from(datagram) != (b"HEP3", size):
        return None
    chunks: dict[int, bytes] = {}
    at, last = _HEAD.size, size - _CHUNK.size
    while at < size:
        if at > last:
            return None
        kind, length = _CHUNK.unpack_from(datagram, at)
        if length < _CHUNK.size or at + length > size:
            return None
        if kind in _WANTED:
            chunks[kind] = datagram[at + _CHUNK.size : at + length]
        at += length
    if chunks.get(_PROTOCOL) != _SIP or not chunks.get(_CORRELATION) or not chunks.get(_PAYLOAD):
        return None
    return Packet(chunks[_CORRELATION], chunks.get(_PASSWORD, b""), chunks[_PAYLOAD])
