"""The little that is needed of a SIP message (RFC 3261): which it is, whose it is, and its Reasons. Pure.

Asterisk has taken the message for valid, but its headers are whatever the other side wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.calls import Reason
from ivr.hep.reason_header import reasons

LONGEST = 16_384
"""So many bytes of a message are looked at; its headers are at the beginning."""
_MOST_REASONS = 8

_REQUESTS = (b"INVITE ", b"BYE ", b"CANCEL ")
_RESPONSE = re.compile(rb"SIP/2\.0 ([1-6][0-9]{2})(?: |\r?\n)")
_HEADER = re.compile(rb"\n(from|f|cseq|reason)[ \t]*:((?:[^\n]|\n[ \t])*)", re.IGNORECASE)
_METHOD = re.compile(rb"[ \t]*[0-9]{1,10}[ \t]+([A-Z]{1,20})")
_QUOTED_OR_ADDRESS = re.compile(rb'"(?:[^"\\]|\\.)*"|<[^>]*>', re.DOTALL)
_TAG = re.compile(rb";\s*tag\s*=\s*([^;\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Message:
    """status: of a response, 0 for a request. sender: stands for the tag in From, without telling it; all requests of one side of a
    call have the same, and so have the responses to them."""

    method: str
    status: int
    sender: int
    reasons: tuple[Reason, ...] = ()


def read(payload: bytes) -> Message | None:
    """The message, where it is an INVITE, BYE, CANCEL or a response to an INVITE; else None.

    >>> read(b"BYE sip:a@b SIP/2.0\\r\\nFrom: <sip:c@d>;tag=1\\r\\nCSeq: 2 BYE\\r\\nReason: Q.850;cause=19\\r\\n\\r\\n").reasons
    (Reason(protocol='Q.850', cause=19, text=''),)
    """
    response = None
    if not payload.startswith(_REQUESTS):
        response = _RESPONSE.match(payload)
        if response is None:
            return None
    head = payload[:LONGEST].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    method, sender, said = b"", 0, list[Reason]()
    for found in _HEADER.finditer(head):
        name, value = found[1].lower(), found[2]
        if name == b"cseq" and not method:
            numbered = _METHOD.match(value)
            method = numbered[1] if numbered else b""
        elif name in (b"from", b"f") and not sender:
            tag = _TAG.search(_QUOTED_OR_ADDRESS.sub(b"", value))
            sender = hash(tag[1]) if tag else 0
        elif name == b"reason" and len(said) < _MOST_REASONS:
            said.extend(reasons(value.decode("utf-8", "replace")))
    if not (method == b"INVITE" if response else payload.startswith(method + b" ")):
        return None
    return Message(method.decode(), int(response[1]) if response else 0, sender, tuple(said[:_MOST_REASONS]))
