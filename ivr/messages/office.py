"""The post office of a worker, put together from its settings."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp

from db.keyfile import read_key_file
from db.pool import Database
from drawing.chain import Custody
from drawing.rules import Rules
from ivr.ari.client import Client
from ivr.clock_watch import ClockWatch
from ivr.lease import Lease
from ivr.messages.carriers import Carrier, HttpGateway, MailServer, Trunk
from ivr.messages.compose import Composer
from ivr.messages.inbox import Inbox, receipts_client
from ivr.messages.kinds import Medium
from ivr.messages.outbox import Claim
from ivr.messages.secret import gateway_secret
from ivr.messages.sender import Office, Sender
from ivr.messages.states import Retries
from ivr.settings import Mail, Settings


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, db: Database, custody: Custody, lease: Lease, client: Client, watch: ClockWatch | None = None
) -> AsyncIterator[Sender | None]:
    """The sender, and while it is open its receipts are heard; None where everything is switched off. watch: notices that the
    database's clock was set.

    Raises KeyFileRefused.
    """
    carriers: dict[Medium, Carrier] = {}
    async with contextlib.AsyncExitStack() as stack:
        match settings.sms.by:
            case "trunk":
                carriers[Medium.SMS] = await _trunk(stack, settings, db, lease, client)
            case "gateway":
                assert settings.gateway is not None
                session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
                secret = gateway_secret(settings.gateway.secret_file)
                carriers[Medium.SMS] = HttpGateway(session, settings.gateway.url, secret)
        if settings.mail is not None:
            carriers[Medium.MAIL] = _mail(settings.mail)
        if not carriers:
            yield None
            return
        rules = Rules.load(settings.rules)
        office = Office(carriers, Retries(rules.messages.tries, rules.messages.pause_s), rules.calling)
        composer = Composer(db, custody, settings.trunk[0].caller_id)
        yield Sender(db, composer, office, lambda: Claim(lease.node, lease.holder, lease.epoch), watch=watch)


async def _trunk(
    stack: contextlib.AsyncExitStack, settings: Settings, db: Database, lease: Lease, client: Client
) -> Carrier:
    receipts = await stack.enter_async_context(receipts_client(client.node, settings.trunk[0].name))
    hearing = asyncio.create_task(Inbox(db, receipts, lambda: lease.held).run(), name="inbox")
    stack.push_async_callback(_ended, hearing)
    sender = f"{settings.trunk[0].caller_id}@{settings.sms.domain}"
    return Trunk(client, settings.trunk[0].name, sender, lambda: receipts.connected)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _mail(wanted: Mail) -> MailServer:
    password = None
    if wanted.password_file is not None:
        password = read_key_file(wanted.password_file, create_hint="write the mail account's password into it")
    return MailServer(
        wanted.host, wanted.port, wanted.security, wanted.sender, wanted.ca_file, wanted.user, password
    )  # fmt: skip
