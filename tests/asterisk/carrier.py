"""A trunk's far side that says what a test wants, in SIP over UDP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from asterisk.settings import Trunk


@dataclass
class Carrier(asyncio.DatagramProtocol):
    """Answers each INVITE (and REGISTER) with the next of `answers`, a status line and more headers; keeps what came."""

    answers: list[str]
    came: list[str] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    """By Call-ID and CSeq: who asks again gets the same answer."""
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        self.came.append(text)
        if not text.startswith(("INVITE", "REGISTER")):
            return
        kept = [line for line in text.split("\r\n") if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))]
        kept = [f"{line};tag=far" if line.startswith("To:") else line for line in kept]
        call = " ".join(line for line in kept if line.startswith(("Call-ID:", "CSeq:")))
        if call not in self.given:
            self.given[call] = self.answers.pop(0)
        first, *more = self.given[call].split("\r\n")
        assert self.transport is not None
        self.transport.sendto("\r\n".join([first, *kept, *more, "Content-Length: 0", "", ""]).encode(), address)


@asynccontextmanager
async def answering(trunk: Trunk, *answers: str) -> AsyncIterator[Carrier]:
    """The trunk's far side, for as long as it lasts."""
    loop = asyncio.get_running_loop()
    transport, carrier = await loop.create_datagram_endpoint(
        lambda: Carrier([*answers]), local_addr=(trunk.host, trunk.port)
    )
    try:
        yield carrier
    finally:
        transport.close()
