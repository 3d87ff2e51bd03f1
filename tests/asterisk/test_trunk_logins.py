"""Carriers with a name and a password, and carriers with a certificate."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from asterisk.instance import Instance
from asterisk.logins import Login, LoginsRefused, read_logins
from asterisk.ports import free_port, free_range
from asterisk.settings import NodeSettings, Trunk
from ivr.ari.line import Line, channel_id
from ivr.calls import Decision, Outcome, Recorded, Trail
from ivr.dialplans import Invitation
from tests.asterisk.carrier import answering
from tests.asterisk.exchange import WAIT, connected, patient

SECRET = "pa;ss\\word#x"
LOGIN = Login("02083186888", SECRET)


# --- the file ---------------------------------------------------------------------------------------------------------------


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    """A file of logins."""
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_login_is_read(tmp_path: Path) -> None:
    file = written(tmp_path / "logins.toml", '[carrier]\nuser = "u"\npassword = "p"\nregister = true\n')
    assert read_logins(file) == {"carrier": Login("u", "p", register=True)}
    assert "'p'" not in repr(read_logins(file))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[carrier]\nuser = "u"\n', "user and password"),
        ('[carrier]\nuser = "u"\npassword = "secret"\nregistre = true\n', "user and password"),
        ('[carrier]\nuser = "u"\npassword = "se cret"\n', "without spaces"),
        ('[carrier]\nuser = "u"\npassword = "se\\ncret"\n', "without spaces"),
        ('[carrier]\nuser = "u"\npassword = "secret"\nregister = "yes"\n', "true or false"),
        ('[carrier]\nuser = "u"\npassword = secret\n', "no TOML"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(LoginsRefused, match=why) as refused:
        read_logins(written(tmp_path / "logins.toml", text))
    assert "cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_file_that_others_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoginsRefused, match="chmod 600"):
        read_logins(written(tmp_path / "logins.toml", "", 0o640))


# --- real calls -------------------------------------------------------------------------------------------------------------


def node_settings(folder: str, trunk: Trunk, **tls: Any) -> NodeSettings:
    return NodeSettings(
        folder=Path(folder) / "node", sip_port=free_port(socket.SOCK_DGRAM), http_port=free_port(), rtp=free_range(),
        trunks=(trunk,), inbound_app="logins", **tls,
    )  # fmt: skip


def udp(login: Login) -> Trunk:
    return Trunk("carrier", "127.0.0.1", free_port(socket.SOCK_DGRAM), login=login)


async def kept(decision: Decision, trail: Trail) -> Recorded:
    return Recorded()


async def call(settings: NodeSettings) -> Outcome:
    """One call over the trunk."""
    async with connected(settings, None, {}, app="logins") as exchange:
        line = Line(channel_id(uuid4().hex), "13700137000", "carrier", "02083186888")
        outcome, _ = await exchange.driver.run(line, Invitation(patient(ring_seconds=10.0)), {}, kept)
        return outcome


def digest(text: str, method: str, user: str = LOGIN.user) -> bool:
    """Whether the request proves LOGIN, or its password with another name (RFC 2617, with or without qop)."""
    header = re.search(r"Authorization: Digest (.*)", text)
    if header is None:
        return False
    said = dict(re.findall(r'(\w+)="?([^",\s]+)"?', header[1]))
    first = md5(f"{user}:{said['realm']}:{LOGIN.password}")
    middle = f"{said['nonce']}:{said['nc']}:{said['cnonce']}:{said['qop']}" if "qop" in said else said["nonce"]
    proved: str = said["response"]
    return proved == md5(f"{first}:{middle}:{md5(method + ':' + said['uri'])}")


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


ASKS = (
    "SIP/2.0 407 Proxy Authentication Required\r\n"
    'Proxy-Authenticate: Digest realm="carrier", nonce="abc", algorithm=MD5, qop="auth"'
)


@pytest.mark.telephone
async def test_a_carrier_that_asks_for_it_gets_the_proof() -> None:
    """And the password stands in no file but the one that Asterisk reads it from."""
    with TemporaryDirectory(prefix="xl-") as folder:
        settings = node_settings(folder, udp(LOGIN))
        async with Instance(settings), answering(settings.trunks[0], ASKS, "SIP/2.0 486 Busy Here") as carrier:
            assert await call(settings) is Outcome.BUSY
        files = [path for path in settings.folder.rglob("*") if path.is_file() and not path.is_symlink()]
        holding = [path.name for path in files if b"ss\\word" in path.read_bytes()]
    invites = [each for each in carrier.came if each.startswith("INVITE")]
    assert [digest(each, "INVITE") for each in (invites[0], invites[-1])] == [False, True]
    assert holding == ["pjsip.conf"]


@pytest.mark.telephone
@pytest.mark.parametrize("user", [LOGIN.user, "+862083186888", "alice;1"])
async def test_we_register_where_a_carrier_wants_it(user: str) -> None:
    """And what it then sends to the address that we registered is a call (480: no worker is connected)."""
    loop = asyncio.get_running_loop()
    with TemporaryDirectory(prefix="xl-") as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.setblocking(False)
        ours.bind(("127.0.0.1", 0))
        settings = node_settings(folder, udp(replace(LOGIN, user=user, register=True)))
        asks = ASKS.replace("407 Proxy Authentication Required", "401 Unauthorized").replace("Proxy-Auth", "WWW-Auth")
        async with answering(settings.trunks[0], asks, "SIP/2.0 200 OK") as carrier, Instance(settings):
            async with asyncio.timeout(WAIT):
                while not (proved := [each for each in carrier.came if digest(each, "REGISTER", user)]):
                    await asyncio.sleep(0.02)
                contact = re.search(r"^Contact: <(sip:[^;>]+)", proved[0], re.MULTILINE)
                assert contact
                await loop.sock_sendto(
                    ours, invite(ours.getsockname(), settings.sip_port, 1, to=contact[1]), ("127.0.0.1", settings.sip_port)
                )
                answer = await final(ours, 1)
                assert answer.startswith("SIP/2.0 480"), answer


async def final(ours: socket.socket, n: int) -> str:
    """The final answer to the INVITE with that number."""
    answer = ""
    while f"CSeq: {n} INVITE" not in answer or answer.startswith("SIP/2.0 1"):
        answer = (await asyncio.get_running_loop().sock_recv(ours, 4096)).decode()
    return answer


def invite(source: tuple[str, int], port: int, n: int, proof: str = "", to: str = "") -> bytes:
    """As from the carrier."""
    host, own = source
    lines = [
        f"INVITE {to or f'sip:02083186888@127.0.0.1:{port}'} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{own};branch=z9hG4bK{uuid4().hex};rport",
        "From: <sip:13600136000@127.0.0.1>;tag=1",
        "To: <sip:02083186888@127.0.0.1>",
        "Call-ID: forged@127.0.0.1",
        f"CSeq: {n} INVITE",
        f"Contact: <sip:carrier@{host}:{own}>",
        *([f"Authorization: Digest {proof}"] if proof else []),
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def proof_for(challenge: str, uri: str) -> str:
    """What answers a 401."""
    said = dict(re.findall(r'(\w+)="([^"]+)"', challenge))
    realm, nonce = said["realm"], said["nonce"]
    response = md5(f"{md5(f'{LOGIN.user}:{realm}:{SECRET}')}:{nonce}:00000001:x:auth:{md5('INVITE:' + uri)}")
    told = {"username": LOGIN.user, "realm": realm, "nonce": nonce, "uri": uri, "response": response, "cnonce": "x"}
    told |= {"opaque": said["opaque"]} if "opaque" in said else {}
    return ", ".join([*(f'{key}="{value}"' for key, value in told.items()), "algorithm=MD5", "qop=auth", "nc=00000001"])


@pytest.mark.telephone
async def test_a_forged_address_is_not_enough_where_the_carrier_must_prove_itself() -> None:
    """401 before anything is taken; with the proof the call comes in (480: no worker is connected)."""
    loop = asyncio.get_running_loop()
    with TemporaryDirectory(prefix="xl-") as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.setblocking(False)
        ours.bind(("127.0.0.1", 0))
        settings = node_settings(folder, udp(replace(LOGIN, challenge=True)))
        async with Instance(settings), asyncio.timeout(WAIT):
            to = ("127.0.0.1", settings.sip_port)
            await loop.sock_sendto(ours, invite(ours.getsockname(), to[1], 1), to)
            asked = (await loop.sock_recv(ours, 4096)).decode()
            assert asked.startswith("SIP/2.0 401")
            proof = proof_for(asked, f"sip:02083186888@127.0.0.1:{to[1]}")
            await loop.sock_sendto(ours, invite(ours.getsockname(), to[1], 2, proof), to)
            answer = await final(ours, 2)
            assert answer.startswith("SIP/2.0 480"), answer


# --- certificates -----------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """One that vouches for itself, for 127.0.0.1: the certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return files


@asynccontextmanager
async def tls_carrier(port: int, own: tuple[Path, Path]) -> AsyncIterator[list[str]]:
    """Answers each INVITE with 486 over TLS; the list has what came."""
    came: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                came.append(head)
                length = re.search(r"Content-Length: *(\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                if head.startswith("INVITE"):
                    same = [
                        line
                        for line in head.split("\r\n")
                        if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))
                    ]
                    same = [f"{line};tag=far" if line.startswith("To:") else line for line in same]
                    writer.write("\r\n".join(["SIP/2.0 486 Busy Here", *same, "Content-Length: 0", "", ""]).encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    try:
        yield came
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.telephone
@pytest.mark.parametrize("known", [True, False])
async def test_a_trunk_by_tls_is_called_only_if_its_certificate_is_known(known: bool) -> None:
    with TemporaryDirectory(prefix="xl-") as folder:
        ours, theirs, other = (certificate(Path(folder), name) for name in ("ours", "theirs", "other"))
        trunk = Trunk("carrier", "127.0.0.1", free_port(), "tls")
        ca = (theirs if known else other)[0]
        settings = node_settings(folder, trunk, tls_certificate=ours[0], tls_key=ours[1], tls_ca=ca)
        async with tls_carrier(trunk.port, theirs) as came, Instance(settings):
            outcome = await call(settings)
    assert outcome is (Outcome.BUSY if known else Outcome.TRUNK_FAILURE)
    assert any(each.startswith("INVITE") for each in came) == known
