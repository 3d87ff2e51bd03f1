"""The socket to which a node copies its SIP, and the calls that wait for a word about their end.

UDP on loopback. The kernel drops copies that say nothing of an end (`kernel_filter`). The others are left for PAUSE_SECONDS, unless
a call waits for them, and then at most MOST_AT_ONCE are read at a time: several read together cost less than one by one, and
whoever floods the node with SIP takes little of the worker's time. What finds no room in the socket's buffer is lost, and the calls
concerned are judged by their status, as they are without any of this. Only packets with the node's password about calls that are
under way are looked into.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import socket
import time

from ivr.calls import Reason
from ivr.hep import kernel_filter, packet, sip
from ivr.hep.ending import Ending

_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
WAIT_SECONDS = 1.0
"""So long a call that is over waits for what its SIP says of that. Usually it is there already: Asterisk makes the copy first. A
busy node sends it late."""
PAUSE_SECONDS, AWAITED_PAUSE_SECONDS = 0.05, 0.02
"""The second while a call waits."""
MOST_AT_ONCE = 256
BUFFER_BYTES = 2_000_000
"""Of the socket; the system may allow less. The kernel counts some 2 kB a packet."""
OPEN_AGAIN_SECONDS = 5.0
SILENT_CALLS = 5
"""So many calls in a row without a single copy: the node makes none."""


class Receiver:
    """One per node. `run` keeps the socket; the calls use the rest."""

    def __init__(self, port: int, ari_password: str) -> None:
        self.port = port
        self._password = packet.password_of(ari_password)
        self._socket: socket.socket | None = None
        self._buffer = memoryview(bytearray(65_535))
        self._endings: dict[bytes, Ending] = {}
        self._waiting: dict[Ending, asyncio.Future[None]] = {}
        self._resting: asyncio.TimerHandle | None = None
        self._hears, self._silent = False, 0
        self.refused = 0
        """Packets that were not the node's."""

    # --- the socket -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the port, until cancelled. Another program may have it, or the worker that held the node before: it is tried again
        and again, and calls go on without."""
        told = False
        try:
            while not self.open():
                if not told:
                    _log.warning("UDP port %d (hep.port) is taken: why calls are refused is not known", self.port)
                told = True
                await asyncio.sleep(OPEN_AGAIN_SECONDS)
            _log.info("why calls are refused is heard on UDP port %d", self.port)
            await asyncio.get_running_loop().create_future()
        finally:
            self.close()

    def open(self) -> bool:
        """Bind the port; False when that can't be. To be closed."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            kernel_filter.attach(bound)
            bound.bind((HOST, self.port))
        except OSError:
            bound.close()
            return False
        self._socket = bound
        asyncio.get_running_loop().add_reader(bound, self._readable)
        return True

    def close(self) -> None:
        """Nothing more is heard; who waits goes on without."""
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        bound, self._socket = self._socket, None
        if bound is not None:
            asyncio.get_running_loop().remove_reader(bound)
            bound.close()
        for waiting in self._waiting.values():
            _settle(waiting)

    def _readable(self) -> None:
        if self._socket is None:
            return
        loop = asyncio.get_running_loop()
        if self._waiting:
            self.read()
        loop.remove_reader(self._socket)
        self._resting = loop.call_later(AWAITED_PAUSE_SECONDS if self._waiting else PAUSE_SECONDS, self._rested)

    def _rested(self) -> None:
        self._resting = None
        if self._socket is not None:
            self.read()
            asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def read(self) -> None:
        """Take in what has come, some of it when it is much."""
        if self._socket is None:
            return
        for _ in range(MOST_AT_ONCE):
            try:
                size, (host, _) = self._socket.recvfrom_into(self._buffer)
            except OSError:  # nothing more
                return
            if host == HOST:
                self.take(bytes(self._buffer[:size]))

    def take(self, datagram: bytes) -> None:
        """One packet. Never raises, whatever it holds."""
        found = packet.read(datagram)
        if found is None or not hmac.compare_digest(found.password, self._password):
            self.refused += 1
            return
        self._hears = True
        ending = self._endings.get(found.call)
        if ending is None:
            return
        message = sip.read(found.payload, sender_known=ending.sender_known)
        if message is None:
            return
        ending.take(message, time.monotonic())
        if ending.over and (waiting := self._waiting.get(ending)):
            _settle(waiting)

    # --- the calls --------------------------------------------------------------------------------------------

    def follow(self, call: str, *, ours: bool) -> Ending:
        """Listen for this Call-ID from now on, until `forget`. ours: we make the call."""
        ending = Ending(ours=ours)
        self._endings.setdefault(_key(call), ending)  # whoever calls in with the Call-ID of another call is not heard
        return ending

    def forget(self, call: str, ending: Ending) -> None:
        """No more is wanted of it."""
        if self._endings.get(_key(call)) is ending:
            del self._endings[_key(call)]

    async def reason_of(self, ending: Ending, *, wait: bool) -> Reason | None:
        """What the network said of the end of a call that is over. wait: for a moment, where what ended it has not been seen yet;
        but not for a node that makes no copies."""
        self.read()
        if wait and self._hears and not ending.over and self._socket is not None:
            await self._until_over(ending)
        self._count(ending)
        return ending.reason

    async def _until_over(self, ending: Ending) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._rested()
        if ending.over:
            return
        self._waiting[ending] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._waiting[ending]
        except TimeoutError:
            pass
        finally:
            del self._waiting[ending]

    def _count(self, ending: Ending) -> None:
        """Say once that the node makes no copies, and again after it has made some."""
        if ending.heard:
            self._silent = 0
        elif self._socket is not None:
            self._silent += 1
            self._hears = self._hears and self._silent < SILENT_CALLS
            if self._silent == SILENT_CALLS:
                _log.warning(
                    "Asterisk copies no SIP to UDP port %d (EXPERTLINE_HEP_PORT): why calls are refused is not known. "
                    "%d packets there were not Asterisk's, or had not the ARI password that we know",
                    self.port, self.refused,
                )  # fmt: skip


def _key(call: str) -> bytes:
    return call.encode("utf-8", "surrogatepass")


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
