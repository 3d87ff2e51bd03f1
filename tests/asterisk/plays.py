"""Telephones whose call is a list of steps: replies to the INVITE, requests of their own, pauses (sipp/plays.xml)."""

from __future__ import annotations

from dataclasses import dataclass

CONTACT = "Contact: <sip:telephone@[local_ip]:[local_port]>"
TYPE = "Content-Type: application/sdp"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One of them, as the scenario reads it."""

    kind: str
    ms: int = 0
    line: str = ""
    headers: str = ""
    body: str = ""
    tag: str = "telephone"
    final: bool = False
    method: str = ""
    code: int = 0
    ack_type: str = ""
    ack: str = ""
    last: bool = False


def sdp(
    *more: str, audio: str = "[media] RTP/AVP 8 101", version: int = 1, where: str = "[local_ip]", events: int = 101
) -> str:
    """A session with audio; more: further lines."""
    lines = (
        "v=0", f"o=telephone 1 {version} IN IP4 [local_ip]", "s=-", f"c=IN IP4 {where}", "t=0 0", f"m=audio {audio}",
        "a=rtpmap:8 PCMA/8000", f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-16", "a=ptime:20", *more,
    )  # fmt: skip
    return "\n".join(lines)


def reply(line: str, *headers: str, body: str = "", kind: str = TYPE, tag: str = "telephone") -> Step:
    """A response to the INVITE; a final one is sent again until it is acknowledged."""
    every = [*headers, kind] if body else headers
    return Step(kind="reply", line=line, headers="\n".join(every), body=body, tag=tag, final=line >= "2")


def rings(line: str = "180 Ringing", *headers: str, body: str = "", tag: str = "telephone") -> Step:
    return reply(line, CONTACT, *headers, body=body, tag=tag)


def answers(*headers: str, body: str | None = None, kind: str = TYPE, tag: str = "telephone") -> Step:
    """200, usually with a session as it was offered."""
    return reply("200 OK", CONTACT, *headers, body=sdp() if body is None else body, kind=kind, tag=tag)


def asks(
    method: str, code: int = 0, *headers: str, body: str = "", kind: str = TYPE, ack: str = "", tag: str = "telephone"
) -> Step:
    """A request within the call. code: of the answer that must come, 0: none is waited for."""
    every = [*headers, kind] if body else headers
    return Step(
        kind="asks",
        method=method,
        code=code,
        headers="\n".join(every),
        body=body,
        tag=tag,
        ack=ack,
        ack_type=TYPE if ack else "",
    )


def hangs_up(*headers: str) -> Step:
    return asks("BYE", 200, *headers)


def pause(ms: int) -> Step:
    return Step(kind="pause", ms=ms)


def comes(method: str) -> Step:
    """A request of the node's, which is answered with 200."""
    return Step(kind="comes", method=method)
