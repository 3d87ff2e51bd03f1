"""A caller whose INVITE reaches the node by two ways at once: SIP as a forking proxy or an impatient gateway sends it.

Neither SIPp nor Asterisk sends one INVITE twice with different branches, so this telephone speaks SIP itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import uuid4

from tests.asterisk.rtp import Rtp

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Way:
    """One of the INVITEs: how the caller's number is shown, and the Call-ID."""

    shown: str
    call: str


@dataclass
class _Leg:
    way: Way
    branch: str
    media: Rtp
    port: int
    final: int = 0
    to: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Forked(asyncio.DatagramProtocol):
    """The telephone's SIP, for all its ways."""

    def __init__(self, legs: Sequence[_Leg], node: int, dialled: str) -> None:
        self._legs = {leg.branch: leg for leg in legs}
        self._node, self._dialled = (HOST, node), dialled
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def invite(self) -> None:
        """All ways at once."""
        for leg in self._legs.values():
            sdp = f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio {leg.port} RTP/AVP 8 101\r\n"
            sdp += "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
            self._send(leg, "INVITE", leg.branch, f"<sip:{self._dialled}@{HOST}>", sdp)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if text.startswith("BYE "):
            self._reply(text)
            return
        status, branch = re.match(r"SIP/2\.0 (\d{3})", text), re.search(r"branch=([-\w.]+)", text)
        if status is None or branch is None or (leg := self._legs.get(branch[1])) is None or int(status[1]) < 200:
            return
        leg.to = _header(text, "To")
        if (first := not leg.final) and int(status[1]) == 200:
            leg.final = 200
            task = asyncio.get_running_loop().create_task(self._press(leg))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif first:
            leg.final = int(status[1])
            leg.ended.set()
        self._send(leg, "ACK", leg.branch if leg.final > 200 else f"{leg.branch}-ack", leg.to)

    async def _press(self, leg: _Leg) -> None:
        await leg.media.hears(25)
        await leg.media.press("1", "none")

    def _reply(self, request: str) -> None:
        lines = [f"{name}: {_header(request, name)}" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
        assert self._transport is not None
        self._transport.sendto("\r\n".join(["SIP/2.0 200 OK", *lines, "Content-Length: 0", "", ""]).encode(), self._node)
        for leg in self._legs.values():
            if leg.to and _tag(leg.to) == _tag(_header(request, "From")):
                leg.ended.set()

    def _send(self, leg: _Leg, method: str, branch: str, to: str, body: str = "") -> None:
        assert self._transport is not None
        here = "{}:{}".format(*self._transport.get_extra_info("sockname"))
        head = [
            f"{method} sip:{self._dialled}@{HOST} SIP/2.0", f"Via: SIP/2.0/UDP {here};rport;branch={branch}",
            f"From: <sip:{leg.way.shown}@{HOST}>;tag=caller{leg.way.call}", f"To: {to}", f"Call-ID: {leg.way.call}",
            f"CSeq: 1 {method}", f"Contact: <sip:caller@{here}>", "Max-Forwards: 70",
            *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}", "", body,
        ]  # fmt: skip
        self._transport.sendto("\r\n".join(head).encode(), self._node)


async def call(node: int, dialled: str, *ways: Way) -> list[int]:
    """Call the node's SIP port by all ways at once, press 1 where it answers; each way's final answer, when all are over."""
    loop, legs = asyncio.get_running_loop(), list[_Leg]()
    for way in ways:
        media = Rtp()
        transport, _ = await loop.create_datagram_endpoint(lambda media=media: media, local_addr=(HOST, 0))  # type: ignore[misc]
        legs.append(_Leg(way, f"z9hG4bK{uuid4().hex}", media, transport.get_extra_info("sockname")[1]))
    sip = Forked(legs, node, dialled)
    transport, _ = await loop.create_datagram_endpoint(lambda: sip, local_addr=(HOST, 0))
    try:
        sip.invite()
        for leg in legs:
            await leg.ended.wait()
    finally:
        transport.close()
        for leg in legs:
            leg.media.close()
    return [leg.final for leg in legs]


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _tag(header: str) -> str:
    return header.partition("tag=")[2]
