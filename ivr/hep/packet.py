"""HEP3, the envelope of a copied SIP message: https://github.com/sipcapture/HEP (hep3_rev12).

Six bytes (``HEP3`` and the whole length), then chunks: vendor, type and length of two bytes each, the length with these six. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field

_HEAD = struct.Struct(">4sH")
_CHUNK = struct.Struct(">IH")  # vendor and type as one number; the vendor of chunks that everybody has is 0
_PROTOCOL, _PASSWORD, _PAYLOAD, _CORRELATION = 0x0B, 0x0E, 0x0F, 0x11
_WANTED = frozenset({_PROTOCOL, _PASSWORD, _PAYLOAD, _CORRELATION})
_SIP = b"\x01"


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
