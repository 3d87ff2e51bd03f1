"""Mail to a real SMTP server, with and without TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from asterisk.ports import free_port
from ivr.messages import outbox
from ivr.messages.carriers import MailServer
from ivr.messages.compose import Letter
from ivr.messages.kinds import Kind
from ivr.messages.states import NotNow, Refused, Submitted
from tests.ivr.messages.conftest import World, emptied

LETTER = Letter(
    "0123456789abcdef0123456789abcdef", "clerk@example.cn", "计划5人，还缺2人。", "待补抽：CQSQ202611230001"
)


@dataclass
class Postbox:
    """aiosmtpd's handler: keeps what comes, refuses as told."""

    answer: str = "250 OK"
    recipient: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


@dataclass
class Server:
    postbox: Postbox
    port: int
    certificate: Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed, for 127.0.0.1; with its key in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


@pytest.fixture
def server(request: pytest.FixtureRequest, certificate: Path) -> Iterator[Server]:
    """Requires STARTTLS unless the parameter is "none"."""
    context = None
    if getattr(request, "param", "starttls") == "starttls":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    postbox, port = Postbox(), free_port(socket.SOCK_STREAM)
    controller = Controller(
        postbox, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=context is not None
    )
    controller.start()
    try:
        yield Server(postbox, port, certificate)
    finally:
        controller.stop()


def mail_server(server: Server, security: str = "starttls", ca: bool = True) -> MailServer:
    return MailServer("127.0.0.1", server.port, security, "expertline@example.cn", server.certificate if ca else None)


async def test_a_mail_arrives_as_it_was_written(server: Server) -> None:
    assert await mail_server(server).send(LETTER) == Submitted()
    (mail,) = server.postbox.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == (LETTER.address, "expertline@example.cn", LETTER.subject)
    assert mail["Message-ID"] == f"<{LETTER.id}@example.cn>"
    assert mail.get_content().strip() == LETTER.text


@pytest.mark.parametrize("server", ["none"], indirect=True)
async def test_without_tls_where_the_settings_say_so(server: Server) -> None:
    assert await mail_server(server, "none").send(LETTER) == Submitted()


@pytest.mark.parametrize("server", ["none"], indirect=True)
async def test_it_never_goes_in_clear_where_the_settings_say_tls(server: Server) -> None:
    assert isinstance(await mail_server(server).send(LETTER), NotNow)
    assert server.postbox.mails == []


async def test_a_server_with_an_unknown_certificate_gets_nothing(server: Server) -> None:
    assert isinstance(await mail_server(server, ca=False).send(LETTER), NotNow)
    assert server.postbox.mails == []


@pytest.mark.parametrize(
    ("answer", "recipient", "verdict"),
    [
        ("451 later", "250 OK", NotNow("邮件服务器拒绝邮件（451）")),
        ("554 spam", "250 OK", Refused("邮件服务器拒绝邮件（554）")),
        ("250 OK", "550 nobody", Refused("邮件服务器拒绝收件地址（550）")),
        ("250 OK", "450 greylisted", NotNow("邮件服务器拒绝收件地址（450）")),
    ],
)
async def test_what_the_server_says(server: Server, answer: str, recipient: str, verdict: NotNow | Refused) -> None:
    server.postbox.answer, server.postbox.recipient = answer, recipient
    assert await mail_server(server).send(LETTER) == verdict


async def test_a_server_that_is_not_there() -> None:
    found = await MailServer("127.0.0.1", 9, "none", "expertline@example.cn").send(LETTER)
    assert isinstance(found, NotNow)


@pytest.mark.postgres
async def test_the_clerk_is_told_once_that_experts_are_short(world: World, server: Server) -> None:
    hand = await world.agreed(["13800000001"])
    vault = world.keys.custody.vault
    for address in ("clerk@example.cn", "Clerk@example.cn"):
        async with world.db.transaction() as tx:
            await outbox.put_mail(tx, vault, Kind.DRAW_SHORT, hand.activity, address, about="draw:1")
    server.postbox.answer = "451 later"
    sender = await world.sender(mail=mail_server(server))
    await sender.send_due()
    server.postbox.answer = "250 OK"
    await emptied(sender)
    (mail,) = server.postbox.mails
    assert mail["Subject"] == f"待补抽：{hand.activity}"
    assert "计划1人，同意参评1人" in mail.get_content()
    rows = {row.kind: (row.how_far, row.carrier, row.tries) for row in await world.messages()}
    assert rows == {"draw_short": ("submitted", "mail", 2), "details": ("submitted", "gateway", 1)}
    assert "clerk" not in str(await world.db.value("SELECT message::text FROM message WHERE kind = 'draw_short'"))
