"""The signature on what goes to a gateway, and on what it sends back. Pure.

    Expertline-Timestamp: 1764000000
    Expertline-Signature: v1=<hex of HMAC-SHA-256(secret, timestamp ‖ "." ‖ body)>

(RFC 2104; FIPS 198-1.) The timestamp, seconds since 1970, is signed with the body: whoever sends a recorded request again later
than the window is refused; within the window it says nothing new, because a receipt may come twice.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

TIMESTAMP, SIGNATURE = "Expertline-Timestamp", "Expertline-Signature"
WINDOW_SECONDS = 300
_VERSION = "v1="
MIN_SECRET_BYTES = 32


class BadSignature(Exception):
    """Why a request is not taken for the gateway's; the message tells a stranger nothing about the secret."""


def sign(secret: bytes, body: bytes, at: float) -> dict[str, str]:
    """The two headers.

    >>> sign(b"k" * 32, b"{}", 1764000000.9)["Expertline-Timestamp"]
    '1764000000'
    """
    timestamp = str(int(at))
    return {TIMESTAMP: timestamp, SIGNATURE: _VERSION + _digest(secret, timestamp, body)}


def check(secret: bytes, body: bytes, headers: Mapping[str, str], now: float) -> None:
    """Raises BadSignature. The comparison takes the same time whatever was sent."""
    timestamp, given = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    expected = _VERSION + _digest(secret, timestamp, body)
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise BadSignature("the signature does not fit")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("the timestamp is no number of seconds")
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise BadSignature(f"the timestamp is more than {WINDOW_SECONDS} s away from our clock")


def _digest(secret: bytes, timestamp: str, body: bytes) -> str:
    return hmac.new(secret, timestamp.encode() + b"." + body, sha256).hexdigest()
