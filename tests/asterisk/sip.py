"""SIP from a bare socket, for what SIPp has no words for: strangers, forged headers, requests outside of any call."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

SDP = "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n"


@dataclass(frozen=True)
class Outside:
    """A request that begins something, from a caller to the number that is published."""

    method: str
    headers: tuple[str, ...] = ()
    caller: str = "13700137000"
    body: str = ""
    call: str = field(default_factory=lambda: uuid4().hex)

    def request(self, host: str, port: int, node: tuple[str, int]) -> bytes:
        """As it goes out from there to the node."""
        target = f"sip:02012345678@{node[0]}:{node[1]}"
        lines = (
            f"{self.method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK-{self.call}-{self.method}",
            f"From: <sip:{self.caller}@{host}>;tag=outside",
            f"To: <{target}>",
            f"Call-ID: {self.call}",
            f"CSeq: 1 {self.method}",
            f"Contact: <sip:{self.caller}@{host}:{port}>",
            "Max-Forwards: 70",
            *self.headers,
            *(("Content-Type: application/sdp",) if self.body else ()),
            f"Content-Length: {len(self.body.encode())}",
        )
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()


def invite(host: str, *headers: str) -> Outside:
    """A call from outside."""
    return Outside("INVITE", headers, body=SDP.format(host=host, port=40_000))


async def ask(host: str, node: tuple[str, int], asked: Outside) -> int:
    """Send it from there, and return the status of the final answer; an INVITE's is acknowledged."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.bind((host, 0))
        here: tuple[str, int] = sender.getsockname()
        await loop.sock_sendto(sender, asked.request(*here, node), node)
        while True:
            answer = (await loop.sock_recv(sender, 65_535)).decode(errors="replace")
            status = int(answer.split()[1])
            if status >= 200:
                if asked.method == "INVITE":
                    await loop.sock_sendto(sender, _acknowledged(answer, asked, here, node), node)
                return status


def _acknowledged(answer: str, asked: Outside, here: tuple[str, int], node: tuple[str, int]) -> bytes:
    to = next(line for line in answer.split("\r\n") if line.lower().startswith("to:"))
    plain = Outside("INVITE", caller=asked.caller, call=asked.call).request(*here, node).decode().split("\r\n")
    lines: Sequence[str] = [to if line.startswith("To:") else line for line in plain]
    return "\r\n".join(lines).replace("INVITE sip:", "ACK sip:", 1).replace("CSeq: 1 INVITE", "CSeq: 1 ACK").encode()
