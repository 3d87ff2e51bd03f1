"""Requests over the websocket that brings the events, at half of what HTTP costs, or less.

One thread of Asterisk reads the websocket: it carries out one request after the other and answers each before it
begins the next. What waits in Asterisk holds up all that follow, which is why few may come this way: see
Client.command.
"""

import asyncio

import aiohttp

from ivr.ari import wire
from ivr.ari.errors import Unanswered

LARGEST_BODY = 6_000
"""Bytes. Asterisk closes the websocket over a frame that comes in more than ten pieces (or has 65,535 bytes): escaped
once more, this is at most 12,000, nine packets of an Ethernet."""


class Commands:
    """Those of one connection. Whoever reads from it hands over the answers, and says when it is lost."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, seconds: float) -> None:
        """seconds: how long an answer may take."""
        self._socket, self._seconds = socket, seconds
        self._waiting: dict[str, asyncio.Future[wire.Answer | None]] = {}
        self._sent = 0
        self._stuck = False

    def take(self, body: bytes | None) -> bool:
        """Whether a request with this body may be sent now. Not while an answer is overdue: the next would come later
        still."""
        return not self._stuck and not self._socket.closed and len(body or b"") <= LARGEST_BODY

    async def send(self, method: str, path: str, body: bytes | None) -> wire.Answer:
        """Raises Unanswered when no answer came in time, or before the connection was lost."""
        self._sent += 1
        identity = str(self._sent)
        waiting: asyncio.Future[wire.Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting[identity] = waiting
        try:
            async with asyncio.timeout(self._seconds):
                await self._socket.send_str(wire.over_websocket(identity, method, path, body))
                answer = await waiting
        except TimeoutError as error:
            self._stuck = True
            raise Unanswered(f"{method} was not answered on the websocket") from error
        except aiohttp.ClientError as error:
            raise Unanswered(f"{method} broke off: {type(error).__name__}") from error
        finally:
            del self._waiting[identity]
        if answer is None:
            raise Unanswered(f"the websocket was lost before {method} was answered")
        return answer

    def answered(self, answer: wire.Answer) -> None:
        """Nobody may wait for it any more."""
        self._stuck = False
        if waiting := self._waiting.get(answer.request_id):
            _settle(waiting, answer)

    def lost(self) -> None:
        """No answer will come."""
        for waiting in self._waiting.values():
            _settle(waiting, None)


def _settle(waiting: asyncio.Future[wire.Answer | None], answer: wire.Answer | None) -> None:
    if not waiting.done():
        waiting.set_result(answer)
