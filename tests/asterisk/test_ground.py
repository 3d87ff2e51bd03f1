"""The ground that a node stands on: its files are nobody else's and hold no number, its sockets are the few that it needs, and
what is sent from outside costs a bounded amount of everything.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import aiohttp
import pytest

from asterisk.instance import Instance, authorization
from asterisk.log_lines import OF_A_KIND
from asterisk.log_reader import CEILING, KEPT
from asterisk.ports import free_port, free_range
from asterisk.settings import NodeSettings, Trunk
from bench.telephony.attacker import SDP, packets
from bench.telephony.cpu import children, command_line
from ivr.ari.line import Arrival, Line, channel_id
from ivr.calls import Decision, Outcome, Recorded, Trail
from ivr.dialplans import Inbound, Invitation, Timings
from tests.asterisk.carrier import answering
from tests.asterisk.exchange import WAIT, Exchange, connected, patient, write_prompts

pytestmark = pytest.mark.telephone

OURS = "02083186888"
CALLED, ELSEWHERE, CALLER, STRANGER = "13700137001", "13900139002", "13600136003", "13500135004"
OTHERS = {n: f"1580015800{n}" for n in range(10)}
"""One for each header that a stranger may write a number into."""
NUMBERS = (CALLED, ELSEWHERE, CALLER, STRANGER, *OTHERS.values())

Node = Instance[NodeSettings]


@asynccontextmanager
async def running(folder: str, **changes: object) -> AsyncIterator[Node]:
    """A node whose trunk's address is 127.0.0.1, where nobody answers unless a test does."""
    settings = NodeSettings(
        folder=Path(folder) / "node",
        sip_port=free_port(socket.SOCK_DGRAM),
        http_port=free_port(),
        rtp=free_range(1000),
        trunks=(Trunk("carrier", "127.0.0.1", free_port(socket.SOCK_DGRAM)),),
        inbound_app="ground",
        **changes,  # type: ignore[arg-type]
    )
    async with Instance(settings) as node:
        yield node


# --- files and sockets ------------------------------------------------------------------------------------------------------


async def test_its_files_are_nobody_elses() -> None:
    """Whatever an older version left, too."""
    with TemporaryDirectory(prefix="xl-") as folder:
        left = Path(folder) / "node/spool/recording/left.wav"
        left.parent.mkdir(parents=True)
        for path in (left.parent, left.parent.parent, left.parent.parent.parent):
            path.chmod(0o755)
        left.write_bytes(b"sound")
        left.chmod(0o644)
        async with running(folder) as node:
            found = {
                path: stat.S_IMODE(path.lstat().st_mode)
                for path in node.settings.folder.rglob("*")
                if not path.is_symlink()
            }
        assert left in found
        assert any(path.name == "asterisk.ctl" for path in found)
        assert {path: oct(mode) for path, mode in found.items() if mode & 0o077} == {}


@dataclass(frozen=True, order=True)
class Open:
    """A socket of a process."""

    kind: str
    host: str
    port: int


def sockets_of(pid: int) -> Iterator[Open]:
    """What takes packets or connections, by /proc."""
    own = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    for kind in ("udp", "udp6", "tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in own and (kind.startswith("udp") or fields[3] == "0A"):
                address, port = fields[1].split(":")
                yield Open(kind, _host(address), int(port, 16))


def _host(text: str) -> str:
    if len(text) == 8:
        return socket.inet_ntop(socket.AF_INET, bytes.fromhex(text)[::-1])
    words = [bytes.fromhex(text[n : n + 8])[::-1] for n in range(0, 32, 8)]
    return socket.inet_ntop(socket.AF_INET6, b"".join(words))


async def test_its_sockets_are_those_that_docs_operations_explains() -> None:
    """SIP and ARI on their addresses; two without a fixed port, from which PJSIP asks the machine's name servers, and one that
    sends the worker its copies of SIP. Nothing else."""
    with TemporaryDirectory(prefix="xl-") as folder:
        async with running(folder, hep_port=free_port(socket.SOCK_DGRAM)) as node:
            await until_answered(node.settings.sip_port)  # whatever is opened with the first SIP is there
            found = sorted(sockets_of(node.pid))
            settings = node.settings
    named = {Open("udp", "127.0.0.1", settings.sip_port), Open("tcp", "127.0.0.1", settings.http_port)}
    assert named <= set(found)
    assert {(each.kind, each.host) for each in set(found) - named} <= {("udp", "0.0.0.0"), ("udp6", "::")}
    assert len(found) <= len(named) + 3, found


# --- as an operator runs it ---------------------------------------------------------------------------------------------------


async def test_who_keeps_the_log_can_die_and_calls_go_on() -> None:
    """`python -m asterisk node` becomes Asterisk, with a reader of its own, which keeps its last words."""
    with TemporaryDirectory(prefix="xl-") as folder:
        port = free_port(socket.SOCK_DGRAM)
        environment = os.environ | {
            "EXPERTLINE_ASTERISK_FOLDER": f"{folder}/node", "EXPERTLINE_SIP_PORT": str(port),
            "EXPERTLINE_ARI_PORT": str(free_port()), "EXPERTLINE_TRUNKS": "carrier=127.0.0.1:5999",
        }  # fmt: skip
        log = Path(folder) / "node/log/messages"
        for kill in (False, True):
            node = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "asterisk", "node", env=environment,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                await until_answered(port)
                (reader,) = children(node.pid)
                assert "asterisk.log_reader" in command_line(reader)
                if kill:
                    os.kill(reader, signal.SIGKILL)
                    async with asyncio.timeout(WAIT):
                        while command_line(reader):
                            await asyncio.sleep(0.02)
                    await send_all("127.0.0.1", port)  # has much to say to nobody
                    await until_answered(port)
            finally:
                node.terminate()
                code = await node.wait()
            assert code == 0
            async with asyncio.timeout(WAIT):
                while command_line(reader):
                    await asyncio.sleep(0.02)
            if not kill:
                assert "Asterisk cleanly ending" in log.read_text()
        assert stat.S_IMODE(log.stat().st_mode) == 0o600


# --- no number anywhere -----------------------------------------------------------------------------------------------------


REFUSALS = (
    f"SIP/2.0 302 Moved to {ELSEWHERE}\r\nContact: <sip:{ELSEWHERE}@127.0.2.1>\r\nDiversion: <sip:{CALLED}@x>;reason=unconditional",
    f"SIP/2.0 486 {ELSEWHERE}\r\nReason: Q.850;cause=17;text=\"{ELSEWHERE}\"\r\nWarning: 399 x \"{ELSEWHERE}\"",
    f"SIP/2.0 503 Service Unavailable\r\nContact: <sip:{ELSEWHERE}@127.0.2.1>\r\nRetry-After: {ELSEWHERE}",
    f"SIP/2.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Digest realm=\"{ELSEWHERE}\", nonce=\"{ELSEWHERE}\"",
    f"SIP/2.0 200 OK\r\nContact: <sip:{ELSEWHERE}@127.0.2.1",  # no answer that anybody could read
)  # fmt: skip


def written(
    method: str, source: tuple[str, int], port: int, to: str, n: int, body: str = "", kind: str = "application/sdp"
) -> bytes:
    """A request with a number of its own in each header."""
    host, own = source
    lines = [
        f"{method} sip:{to}@127.0.0.1:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{own};branch=z9hG4bK{OTHERS[0]}{n};rport",
        f'From: "张三 {OTHERS[1]}" <sip:{STRANGER}@{host}>;tag={OTHERS[2]}',
        f"To: <sip:{to}@127.0.0.1>",
        f"Call-ID: {OTHERS[3]}-{n}@{host}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:{OTHERS[4]}@{host}:{own}>",
        f"User-Agent: {OTHERS[5]}",
        f"P-Asserted-Identity: <tel:+86{OTHERS[6]}>",
        f"Diversion: <sip:{OTHERS[7]}@{host}>;reason=unconditional",
        f"Refer-To: <sip:{OTHERS[8]}@{host}>",
        f"Event: {OTHERS[9]}",
        f'Authorization: Digest username="{STRANGER}", realm="asterisk", nonce="1", uri="sip:{to}", response="0"',
        "Max-Forwards: 70",
        *([f"Content-Type: {kind}"] if body else []),
        f"Content-Length: {len(body.encode())}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


METHODS = (
    "INVITE",
    "REGISTER",
    "OPTIONS",
    "MESSAGE",
    "SUBSCRIBE",
    "NOTIFY",
    "PUBLISH",
    "REFER",
    "INFO",
    "BYE",
    "UPDATE",
    "FOO",
)
BROKEN = (
    (b"CSeq: 1 ", f"CSeq: {STRANGER}9 ".encode()),
    (b"Via: SIP/2.0/UDP ", f"Via: {STRANGER} ".encode()),
    (b"Max-Forwards: 70", f"Max-Forwards: {STRANGER}".encode()),
    (b"Content-Length: 0", f"Content-Length: {STRANGER}".encode()),
    (b"To: <sip:", b"To: <tel:%31%33%35"),
    (b" SIP/2.0\r\n", f" SIP/{STRANGER}\r\n".encode()),
    (b"From: ", f"From: <<{STRANGER}>, ".encode()),
)


def from_outside(source: tuple[str, int], port: int) -> Iterator[bytes]:
    """Everything that could be written into a log: each method, for each kind of number, and what is hardly SIP."""
    n = 0
    for method in METHODS:
        for to in (CALLER, f"alice{CALLER}", f"%2b86{CALLER}", f"PJSIP%2f{CALLER}%40carrier"):
            n += 1
            yield written(method, source, port, to, n)
    for n, (old, new) in enumerate(BROKEN, start=1_000):
        yield written("OPTIONS", source, port, CALLER, n).replace(old, new)
    yield written(
        "INVITE",
        source,
        port,
        CALLER,
        2_000,
        f"v=0\r\no={CALLER} 1 1 IN IP4 {CALLER}\r\nm=audio {CALLER} RTP/AVP 8\r\n",
    )
    yield written("MESSAGE", source, port, CALLER, 2_001, f"call me back: {CALLER}", "text/plain")
    yield written("INFO", source, port, CALLER, 2_002, f"Signal={CALLER}\r\n", "application/dtmf-relay")
    yield f"{CALLER}\r\n\r\n".encode()


@dataclass
class Guests:
    """Calls from outside, each taken and led as the inbound line does."""

    exchange: Exchange
    tasks: list[asyncio.Task[object]] = field(default_factory=list)

    def take(self, arrival: Arrival) -> None:
        self.tasks.append(
            asyncio.create_task(self.exchange.driver.run(arrival, Inbound(Timings(), open_now=False), {}, kept))
        )


async def kept(decision: Decision, trail: Trail) -> Recorded:
    return Recorded()


async def send_all(source: str, port: int) -> None:
    """Everything from that address; returns when the node has taken it in."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.setblocking(False)
        ours.bind((source, 0))
        for packet in from_outside(ours.getsockname(), port):
            await loop.sock_sendto(ours, packet, ("127.0.0.1", port))


async def until_answered(port: int) -> None:
    """A trunk's OPTIONS, sent after everything else, is answered."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.setblocking(False)
        ours.bind(("127.0.0.1", 0))
        own = ours.getsockname()[1]
        lines = (
            f"OPTIONS sip:127.0.0.1:{port} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{uuid4().hex};rport",
            "From: <sip:carrier@127.0.0.1>;tag=1", "To: <sip:127.0.0.1>", f"Call-ID: {uuid4().hex}", "CSeq: 1 OPTIONS",
            "Max-Forwards: 70", "Content-Length: 0", "", "",
        )  # fmt: skip
        async with asyncio.timeout(WAIT):
            while True:
                await loop.sock_sendto(ours, "\r\n".join(lines).encode(), ("127.0.0.1", port))
                try:
                    async with asyncio.timeout(2.0):
                        assert b" 200 OK" in await loop.sock_recv(ours, 4096)
                        return
                except TimeoutError:
                    continue


async def wrong_password(node: Node) -> None:
    """Somebody tries ARI with a name that is a number."""
    proof = {"Authorization": authorization(STRANGER, CALLER)}
    async with (
        aiohttp.ClientSession(headers=proof) as session,
        session.get(f"{node.settings.ari_url}/channels/{CALLER}") as reply,
    ):
        assert reply.status == 401


def dresses(number: str) -> Iterator[bytes]:
    """A number in the forms in which it could be found."""
    yield number.encode()
    yield number[-8:].encode()
    yield "".join(f"%{ord(sign):02X}" for sign in number).encode()
    yield f"{number[:3]} {number[3:7]} {number[7:]}".encode()


async def test_no_file_and_no_log_holds_anybodys_number(caplog: pytest.LogCaptureFixture) -> None:
    """Of those who are called, of those they are redirected to, of callers, and of whoever sends a packet; in no file of the
    node's, in no file's name, and in nothing that the driver says. That they came is seen in what is there instead.
    """
    caplog.set_level(logging.DEBUG, "ivr")
    guests: list[Guests] = []
    outcomes = list[Outcome]()

    def take(arrival: Arrival) -> None:
        guests[0].take(arrival)

    with TemporaryDirectory(prefix="xl-") as folder:
        media = write_prompts(Path(folder))
        async with (
            running(folder) as node,
            answering(node.settings.trunks[0], *REFUSALS) as carrier,
            connected(node.settings, None, media, app="ground", arrived=take) as exchange,
        ):
            guests.append(Guests(exchange))
            for _ in REFUSALS:
                line = Line(channel_id(uuid4().hex), CALLED, "carrier", OURS)
                outcome, _trail = await exchange.driver.run(line, Invitation(patient(ring_seconds=3.0)), media, kept)
                outcomes.append(outcome)
            for source in ("127.0.0.2", "127.0.0.1"):
                await send_all(source, node.settings.sip_port)
            await wrong_password(node)
            await until_answered(node.settings.sip_port)
            async with asyncio.timeout(WAIT):
                while not guests[0].tasks:  # a call from outside comes over the websocket, later than the answer by SIP
                    await asyncio.sleep(0.02)
            await asyncio.gather(*guests[0].tasks)
            found = dict(_files(node.settings.folder))
        found |= dict(_files(node.settings.folder))
    assert outcomes[:2] == [Outcome.REDIRECTED, Outcome.BUSY]
    texts = {**found, "driver": caplog.text.encode()}
    held = [
        (where, number)
        for where, text in texts.items()
        for number in NUMBERS
        for each in dresses(number)
        if each in text + where.encode()
    ]
    assert held == []
    assert not any("张三".encode() in text for text in texts.values())
    log = found["log/messages"].decode()
    assert "rejected because extension not found" in log  # what a trunk asked for in vain is in it, without whom
    assert "PJSIP" in log
    assert "127.0.0.2" in found["log/security"].decode()
    assert any(CALLED in each for each in carrier.came)  # the search is for what was really sent


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), path.read_bytes()


# --- who calls reaches the line and nothing else ----------------------------------------------------------------------------


DIALLED = (
    "s", "s%40bench", "s%40bench%3a1", "s%40bench%3a1%2f", "%40bench%3a1", "1%40bench%3a1%2fs", "1%2cs%2c1", "1%7cs%7c1",
    "%24%7bEXTEN%7d", "1%24%7bSHELL(id)%7d", "1%40taken", "room", "taken", "%3f", "1%26PJSIP%2f1%40carrier", "1;context=bench",
    "i", "h", "t", "o",
)  # fmt: skip


async def test_what_is_dialled_is_no_way_into_the_dialplan() -> None:
    """The bench's dialplan is there, which answers: nobody gets into it, whatever number they dial."""
    loop = asyncio.get_running_loop()
    with TemporaryDirectory(prefix="xl-") as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.setblocking(False)
        ours.bind(("127.0.0.1", 0))
        own = ours.getsockname()
        async with running(folder, bench=True) as node:
            port = node.settings.sip_port
            for n, dialled in enumerate(DIALLED, start=3_000):
                sdp = SDP.format(source="127.0.0.1")
                await loop.sock_sendto(ours, written("INVITE", own, port, dialled, n, sdp), ("127.0.0.1", port))
            codes: dict[str, int] = {}
            async with asyncio.timeout(WAIT):
                while len(codes) < len(DIALLED):
                    answer = (await loop.sock_recv(ours, 4096)).decode()
                    if (code := int(answer.split(" ")[1])) >= 200:
                        call = next(line for line in answer.split("\r\n") if line.startswith("Call-ID:"))
                        codes[DIALLED[int(call.rpartition("-")[2].partition("@")[0]) - 3_000]] = code
    assert {dialled: code for dialled, code in codes.items() if not dialled.startswith("1")} == {
        dialled: 404 for dialled in DIALLED if not dialled.startswith("1")
    }
    assert set(codes.values()) == {404, 480}  # 480: the line, while no worker is connected


# --- what a flood costs -----------------------------------------------------------------------------------------------------


async def flood(kind: str, source: str, port: int, count: int) -> None:
    """So many packets as fast as the node's own socket takes them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind((source, 0))
        made = packets(kind, source, ours.getsockname()[1], port)
        for n in range(count):
            ours.sendto(next(made), ("127.0.0.1", port))
            if n % 50 == 49:
                await asyncio.sleep(0.005)


async def test_a_strangers_flood_fills_no_disk() -> None:
    """20,000 packets, with as many callers: a few lines that count them."""
    with TemporaryDirectory(prefix="xl-") as folder:
        async with running(folder) as node:
            before = sum(len(text) for name, text in _files(node.settings.folder) if name.startswith("log/"))
            await flood("strangers", "127.0.0.2", node.settings.sip_port, 20_000)
            await until_answered(node.settings.sip_port)
        logs = {name: text for name, text in _files(node.settings.folder) if name.startswith("log/")}
    assert sum(map(len, logs.values())) - before < 20_000
    refused = [line for line in logs["log/security"].decode().splitlines() if "did not pass ACL test" in line]
    assert len(refused) <= OF_A_KIND + 1
    assert re.search(r" [0-9]{3,} more of the kind", refused[-1])
    assert sum(map(len, logs.values())) <= 2 * CEILING * (KEPT + 1)


def ports_taken(node: Node) -> int:
    """Ports for media that the node has now."""
    rtp = node.settings.rtp
    return sum(rtp.first <= each.port <= rtp.last for each in sockets_of(node.pid))


async def test_forged_invites_take_few_ports_and_a_call_goes_out(tmp_path: Path) -> None:
    """2,000 INVITEs as from the trunk, never acknowledged: all were ports for media before, now most are refused without any. While
    they come, a call of ours gets its port."""
    most, refused = 0, 0
    exchanges: list[Exchange] = []

    def turn_away(arrival: Arrival) -> None:
        exchanges[0].driver.turn_away(arrival.channel, "busy")

    with TemporaryDirectory(prefix="xl-") as folder:
        async with (
            running(folder) as node,
            answering(node.settings.trunks[0], *["SIP/2.0 486 Busy Here"] * 3),
            connected(node.settings, None, {}, app="ground", arrived=turn_away) as exchange,
        ):
            exchanges.append(exchange)

            async def watch() -> None:
                nonlocal most
                while True:
                    most = max(most, ports_taken(node))
                    await asyncio.sleep(0.02)

            watching = asyncio.create_task(watch())
            flooding = asyncio.create_task(flood("forged", "127.0.0.1", node.settings.sip_port, 2_000))
            for _ in range(3):
                line = Line(channel_id(uuid4().hex), CALLED, "carrier", OURS)
                outcome, _trail = await exchange.driver.run(line, Invitation(patient(ring_seconds=30.0)), {}, kept)
                refused += outcome is Outcome.BUSY  # the trunk was reached, and said so
            await flooding
            await until_answered(node.settings.sip_port)
            watching.cancel()
        said = node.log_tail(10_000)
    everything = node.settings.rtp.last - node.settings.rtp.first + 1
    assert most < everything / 2, f"{most} of {everything}"
    assert refused == 3
    assert "couldn't allocate a port" not in said
    assert "extension not found" in said
