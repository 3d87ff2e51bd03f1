"""Who takes a message: the trunk, a gateway, a mail server. Each hands one over and says what came of it; none decides."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import aiohttp
import aiosmtplib

from ivr.ari import wire
from ivr.ari.client import Client
from ivr.ari.errors import AriError, Unsent
from ivr.messages import signature, sms
from ivr.messages.compose import Letter
from ivr.messages.states import NotNow, Refused, Submitted, Verdict

ID_HEADER = "X-Message-ID"
ANSWER_SECONDS = 30.0
AGAIN = frozenset({401, 403, 404, 408, 425, 429})
"""A gateway's answers that are no word about the message: a wrong secret or address is ours to mend, the rest heals by itself."""
GATEWAY_BYTES = 3 * 10 * 67
"""Ten parts of hanzi: what the gateways asked take at most."""


class Carrier(Protocol):
    """`limit`: bytes of UTF-8 that it takes, None for any."""

    @property
    def name(self) -> str: ...
    @property
    def limit(self) -> int | None: ...

    async def ready(self) -> bool:
        """Whether it makes sense to try now; what waits for it costs no try."""
        ...

    async def send(self, letter: Letter) -> Verdict:
        """Hand it over, once. Never raises for what a network can do."""
        ...


@dataclass(frozen=True, slots=True)
class Trunk:
    """SIP MESSAGE through the calls' own trunk. Asterisk says yes (202) before anybody has heard of it: 已提交, no more."""

    client: Client
    trunk: str
    sender: str
    hears_receipts: Callable[[], bool]
    name: str = "trunk"
    limit: int | None = sms.TRUNK_BYTES

    async def ready(self) -> bool:
        """Events come in, so that no receipt is lost, and the trunk answers to qualify, where that is on."""
        if not self.hears_receipts():
            return False
        try:
            reply = await self.client.request("GET", f"endpoints/PJSIP/{self.trunk}")
        except AriError:
            return False
        return reply.status == 200 and wire.read_endpoint(reply.text).state != "offline"

    async def send(self, letter: Letter) -> Verdict:
        """One MESSAGE, whose X-Message-ID the receipt repeats."""
        body = wire.send_message(self.trunk, letter.address, self.sender, letter.text, {ID_HEADER: letter.id})
        try:
            reply = await self.client.request("PUT", "endpoints/sendMessage", body)
        except Unsent:
            return NotNow("Asterisk 无法连接")
        except AriError:
            return NotNow("Asterisk 没有应答，可能已经发出")
        if reply.status == 202:
            return Submitted()
        if reply.status == 400:
            return Refused("Asterisk 认为短信无效")
        return NotNow(f"Asterisk 没有接收（{reply.status}）")


@dataclass(frozen=True, slots=True)
class HttpGateway:
    """One signed POST of JSON: id, to, text. The id is the Idempotency-Key too: what comes twice is sent once."""

    session: aiohttp.ClientSession
    url: str
    secret: bytes = field(repr=False)
    clock: Callable[[], float] = time.time
    name: str = "gateway"
    limit: int | None = GATEWAY_BYTES

    async def ready(self) -> bool:
        """It is not asked: its answer to the message says it."""
        return True

    async def send(self, letter: Letter) -> Verdict:
        """2xx or 409 (it has this id already): taken. Other 4xx but AGAIN: never."""
        body = json.dumps({"id": letter.id, "to": letter.address, "text": letter.text}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.id}
        headers |= signature.sign(self.secret, body, self.clock())
        limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with self.session.post(
                self.url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as reply:
                return _gateway_verdict(reply.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            return NotNow(f"短信网关没有应答（{type(error).__name__}），可能已经发出")


def _gateway_verdict(status: int) -> Verdict:
    if 200 <= status < 300 or status == 409:
        return Submitted()
    if 400 <= status < 500 and status not in AGAIN:
        return Refused(f"短信网关拒绝（{status}）")
    return NotNow(f"短信网关没有接收（{status}）")


@dataclass(frozen=True, slots=True)
class MailServer:
    """SMTP (RFC 5321); `security`: starttls, tls or none."""

    host: str
    port: int
    security: str
    sender: str
    ca_file: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    name: str = "mail"
    limit: int | None = None

    async def ready(self) -> bool:
        """Its answer to the message says it."""
        return True

    async def send(self, letter: Letter) -> Verdict:
        """250 is taken; 5yz about this message or its address is never; all else may work later."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, letter.address, letter.subject
        mail["Message-ID"] = f"<{letter.id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers it
        mail.set_content(letter.text)
        try:
            await aiosmtplib.send(
                mail, hostname=self.host, port=self.port, username=self.user, password=self.password,
                use_tls=self.security == "tls", start_tls=self.security == "starttls",
                tls_context=self._trust(), timeout=ANSWER_SECONDS,
            )  # fmt: skip
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code if error.recipients else 0
            return _mail_verdict(code, "收件地址")
        except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as error:
            return _mail_verdict(error.code, "邮件")
        except (aiosmtplib.SMTPException, OSError) as error:
            return NotNow(f"邮件服务器没有接收（{type(error).__name__}）")
        return Submitted()

    def _trust(self) -> ssl.SSLContext | None:
        return None if self.security == "none" else ssl.create_default_context(cafile=self.ca_file)


def _mail_verdict(code: int, what: str) -> Verdict:
    error = f"邮件服务器拒绝{what}（{code}）"
    return Refused(error) if code >= 500 else NotNow(error)
