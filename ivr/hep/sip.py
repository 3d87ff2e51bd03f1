"""The little that is needed of a SIP message (RFC 3261): which it is, whose it is, and its Reasons. Pure.

Asterisk has taken the message for valid, but its headers are whatever the other side wrote. Each message of each call is read here,
so what is of no use is passed over early.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.calls import Reason
from ivr.hep.reason_header import reasons

LONGEST = 16_384
"""So many bytes of a message are looked at; its headers are at the beginning."""
_MOST_REASONS = 8

_ENDS = (b"BYE ", b"CANCEL ")
_RESPONSE = re.compile(rb"SIP/2\.0 ([1-6][0-9]{2})(?: |\r?\n)")
_FROM = re.compile(rb"\n(?:from|f)[ \t]*:((?:[^\n]|\n[ \t])*)", re.IGNORECASE)
_TO_AN_INVITE = re.compile(rb"\ncseq[ \t]*:[ \t]*[0-9]{1,10}[ \t]+INVITE\b", re.IGNORECASE)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_METHOD = re.compile(rb"[ \t]*([0-9]{1,10})[ \t]+([!-~]{1,32})")
_QUOTED_OR_ADDRESS = re.compile(rb'"(?:[^"\\]|\\.)*"|<[^>]*>', re.DOTALL)
_TAG = re.compile(rb";\s*tag\s*=\s*([^;\s]+)", re.IGNORECASE)
_OF_THE_CALL_ITSELF = frozenset({b"INVITE", b"ACK", b"BYE", b"CANCEL", b"PRACK"})
_WANTED = frozenset({b"from", b"f", b"cseq", b"reason"})
_BEGINNINGS = frozenset(b"fFcCrR")


@dataclass(frozen=True, slots=True)
class Message:
    """status: of a response, 0 for a request. sender: stands for the tag in From, without telling it; all requests of one side of a
    call have the same, and so have the responses to them. number: CSeq's, of a request within the call such as INFO, and of its
    response."""

    method: str
    status: int
    sender: int
    reasons: tuple[Reason, ...] = ()
    number: int = 0


def read(payload: bytes, *, sender_known: bool = False) -> Message | None:
    """The message, where it is an INVITE, BYE, CANCEL or a response to an INVITE, or a request within the call (INFO …) or the
    final response to one; else None. sender_known: an earlier message has told who calls, so nothing is read of a response to an
    INVITE that says no more (its sender is 0, or it is None).

    >>> read(b"BYE sip:a@b SIP/2.0\\r\\nFrom: <sip:c@d>;tag=1\\r\\nCSeq: 2 BYE\\r\\nReason: Q.850;cause=19\\r\\n\\r\\n").reasons
    (Reason(protocol='Q.850', cause=19, text=''),)
    """
    if payload.startswith(b"INVITE "):  # whose it is, and nothing else
        return Message("INVITE", 0, _tag(_sender(payload)))
    status = 0
    if not payload.startswith(_ENDS):
        response = _RESPONSE.match(payload)
        if response is None:
            return None if payload.startswith(b"ACK ") else _within(payload, 0)
        if (status := int(response[1])) == 100:
            return None
        if b" INVITE" not in payload:
            return _within(payload, status) if status >= 200 else None
        if sender_known and 200 <= status < 300:
            return Message("INVITE", status, 0) if _TO_AN_INVITE.search(payload, 0, LONGEST) else None
        if sender_known and status < 200 and b"\nreason" not in payload[:LONGEST].lower():
            return None
    method, sender, said = b"", 0, list[Reason]()
    for name, value in _headers(payload):
        if name == b"cseq" and not method:
            numbered = _METHOD.match(value)
            method = numbered[2] if numbered else b""
        elif name == b"reason":
            if len(said) < _MOST_REASONS:
                said.extend(reasons(value.decode("utf-8", "replace")))
        elif name != b"cseq" and not sender:
            sender = _tag(value)
    if not (method == b"INVITE" if status else method and payload.startswith(method + b" ")):
        return None
    return Message(method.decode(), status, sender, tuple(said[:_MOST_REASONS]))


def _sender(payload: bytes) -> bytes:
    """The value of From."""
    begins = payload.find(b"\nFrom:", 0, LONGEST)
    ends = payload.find(b"\n", begins + 1)
    if begins >= 0 and ends >= 0 and payload[ends + 1 : ends + 2] not in (b" ", b"\t"):  # as almost everybody writes it
        return payload[begins + len(b"\nFrom:") : ends]
    sent = _FROM.search(payload, 0, LONGEST)
    return sent[1] if sent else b""


def _within(payload: bytes, status: int) -> Message | None:
    """A request within a call, or the response to one."""
    method, number, sender = b"", 0, 0
    for name, value in _headers(payload):
        if name == b"cseq" and (numbered := _METHOD.match(value)):
            number, method = int(numbered[1]), numbered[2]
        elif name in (b"from", b"f"):
            sender = _tag(value)
    if not method or method in _OF_THE_CALL_ITSELF or not (status or payload.startswith(method + b" ")):
        return None
    return Message(method.decode(), status, sender, number=number)


def _headers(payload: bytes) -> list[tuple[bytes, bytes]]:
    """Those that are wanted: their names in lower case, their values."""
    head = payload[:LONGEST].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    if b"\n " in head or b"\n\t" in head:
        head = _FOLD.sub(b" ", head)
    found = []
    for line in head.split(b"\n")[1:]:
        if line and line[0] in _BEGINNINGS:
            name, _, value = line.partition(b":")
            name = name.rstrip(b" \t").lower()
            if name in _WANTED:
                found.append((name, value))
    return found


def _tag(value: bytes) -> int:
    """The tag of a From header, hashed; a display name or an address may hold what looks like one."""
    behind = value.rpartition(b">")[2]
    tag = _TAG.search(_QUOTED_OR_ADDRESS.sub(b"", value) if b'"' in behind or b"<" in behind else behind)
    return hash(tag[1]) if tag else 0
