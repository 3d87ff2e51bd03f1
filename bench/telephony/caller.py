"""A real caller on a line that others flood: calls, is patient, and says when somebody answered."""

from __future__ import annotations

import asyncio
import socket
import time
from itertools import count

from bench.telephony.attacker import SDP, request

AGAIN = (0.5, 1.0, 2.0, 4.0, 4.0, 4.0)
"""Seconds after which an INVITE is sent again (RFC 3261 17.1.1.2)."""
PAUSE = 1.0
"""A caller who heard busy tries again after so long."""


async def until_answered(port: int, source: str, longest: float) -> float | None:
    """Call the node on 127.0.0.1 from a trunk's address until it answers; the seconds that it took, or None."""
    began = time.monotonic()
    for n in count():
        if time.monotonic() - began > longest:
            return None
        if await _call(port, source, 900_000 + n) == 200:
            return time.monotonic() - began
        await asyncio.sleep(PAUSE)
    return None


async def _call(port: int, source: str, n: int) -> int:
    """One call; the final answer's code, 0 without one. An answered one is ended at once."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.setblocking(False)
        ours.bind((source, 0))
        ours.connect(("127.0.0.1", port))
        own = ours.getsockname()[1]
        invite = request("INVITE", n, source, own, port, SDP.format(source=source))
        for seconds in AGAIN:
            await loop.sock_sendall(ours, invite)
            try:
                async with asyncio.timeout(seconds):
                    code, to = await _final(ours)
            except TimeoutError:
                continue
            await _end(ours, code, to, n, source, own, port)
            return code
    return 0


async def _final(ours: socket.socket) -> tuple[int, str]:
    """The final answer's code and its To."""
    while True:
        answer = (await asyncio.get_running_loop().sock_recv(ours, 4096)).decode()
        code = int(answer.split(" ", 2)[1])
        if code >= 200:
            return code, next(line for line in answer.split("\r\n") if line.startswith("To:"))


async def _end(ours: socket.socket, code: int, to: str, n: int, source: str, own: int, port: int) -> None:
    """ACK, and BYE where there is a call."""
    loop = asyncio.get_running_loop()
    ack = request("ACK", n, source, own, port).decode().replace("Call-ID: ACK-", "Call-ID: INVITE-")
    bye = (
        request("BYE", n, source, own, port)
        .decode()
        .replace("Call-ID: BYE-", "Call-ID: INVITE-")
        .replace("CSeq: 1", "CSeq: 2")
    )
    if code >= 300:  # the ACK of a refusal is of the INVITE's transaction
        ack = ack.replace("branch=z9hG4bKACK", "branch=z9hG4bKINVITE")
    for each in (ack, bye) if code < 300 else (ack,):
        lines = [to if line.startswith("To:") else line for line in each.split("\r\n")]
        await loop.sock_sendall(ours, "\r\n".join(lines).encode())
