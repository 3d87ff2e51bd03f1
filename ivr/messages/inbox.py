"""Receipts that come back through the trunk, as SIP MESSAGE: heard under an application name of their own.

Whoever subscribes to an endpoint hears of its calls too, a second time; under the calls' own name each key would count twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from db.errors import DatabaseError
from db.pool import Database
from ivr.ari import wire
from ivr.ari.client import Client, Node
from ivr.ari.errors import AriError
from ivr.messages import outbox
from ivr.messages.receipts import from_trunk
from ivr.messages.states import Receipt

LOG = logging.getLogger(__name__)
AGAIN_SECONDS = 2.0
LONGEST_QUEUE = 10_000


def receipts_client(node: Node, trunk: str) -> Client:
    """A client that hears nothing but text messages from that trunk."""
    own = replace(node, app=f"{node.app}-messages")
    return Client(own, events=wire.MESSAGES, sources=(f"endpoint:PJSIP/{trunk}",))


class Inbox:
    """Files receipts as they come, and writes them one by one, however long the database is away."""

    def __init__(self, db: Database, client: Client, may: Callable[[], bool]) -> None:
        """may: whether the node is ours, so that nobody else is evicted."""
        self._db, self._client, self._may = db, client, may
        self._waiting: asyncio.Queue[Receipt] = asyncio.Queue(LONGEST_QUEUE)

    async def run(self) -> None:
        """Until cancelled, or another worker has taken over."""
        writing = asyncio.create_task(self._write(), name="receipts")
        try:
            await self._client.listen(self, self._may)
        except AriError as error:
            LOG.warning("no receipts are heard any more: %s", error)
        finally:
            writing.cancel()

    # --- a Sink ---------------------------------------------------------------------------------------------------

    def received(self, event: wire.Event) -> None:
        """A text message; what is no receipt is passed over: nobody writes to us."""
        if not isinstance(event, wire.TextMessageReceived) or (receipt := from_trunk(event.message.body)) is None:
            return
        try:
            self._waiting.put_nowait(receipt)
        except asyncio.QueueFull:
            LOG.error("message %s: its receipt came while too many waited for the database", receipt.id)

    def connected(self) -> None:
        """Nothing to do: a receipt that came meanwhile was refused with 404, and the carrier may repeat it."""

    def lost(self) -> None:
        """As above."""

    def replaced(self) -> None:
        """Another worker hears them now."""

    async def _write(self) -> None:
        while True:
            await self._file(await self._waiting.get())

    async def _file(self, receipt: Receipt) -> None:
        while True:
            try:
                if not await outbox.receive(self._db, receipt):
                    LOG.warning("a receipt for %s, which is no message of ours", receipt.id)
                return
            except DatabaseError as error:
                LOG.warning("message %s: its receipt could not be written: %s", receipt.id, error)
                await asyncio.sleep(AGAIN_SECONDS)
