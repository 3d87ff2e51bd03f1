"""Telephones on the worst of lines: their SIP is a SIPp scenario (tests/asterisk/sipp), their RTP is here.

The second Asterisk is well-bred: it can't send half a key, answer a CANCEL with 200 or lose an ACK. Each of these telephones is
one SIPp on an address of its own (127.0.1.N), so that the node knows it as a trunk of its own.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import jinja2

from asterisk.ports import free_port
from asterisk.settings import DtmfMode, Trunk
from ivr.calls import Command, Digit, Event, Finish, Flow, Play
from tests.asterisk.rtp import Rtp

SCENARIOS = Path(__file__).with_name("sipp")
WAIT = 300.0
"""Generous: it ends a test that would hang, it decides nothing."""


class Watched:
    """A flow, and what it was told and did; telephones wait for what they are to hear."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self._news = asyncio.Event()

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        done = self._flow.receive(event, now)
        self.events.append(event)
        self.commands.extend(done)
        self._news.set()
        return done

    @property
    def finishes(self) -> int:
        return sum(isinstance(each, Finish) for each in self.commands)

    async def keys(self, count: int) -> None:
        """So many keys have come."""
        while sum(isinstance(each, Digit) for each in self.events) < count:
            self._news.clear()
            await self._news.wait()

    async def until(self, prompt: str, times: int = 1) -> None:
        """That prompt has begun, so often."""
        while self.commands.count(Play(prompt)) < times:
            self._news.clear()
            await self._news.wait()


@dataclass(frozen=True)
class Invite:
    """What the node's INVITE says, as far as somebody else than SIPp needs it."""

    call: str
    them: str
    us: str
    target: str
    media: tuple[str, int]

    @classmethod
    def of(cls, log: str) -> Self | None:
        """The first of SIPp's log, once it is whole."""
        head, _, body = log.partition("INVITE sip:")[2].replace("\r", "").partition("\n\n")
        media = re.search(r"^c=IN IP4 (\S+)\n(?:.*\n)*?m=audio (\d+) .*\n", body, re.MULTILINE)
        if media is None:
            return None
        said = dict(re.findall(r"^([-A-Za-z]+): (.*)$", head, re.MULTILINE))
        return cls(said["Call-ID"], said["From"], said["To"], said["Contact"].strip("<>"), (media[1], int(media[2])))

    @property
    def node(self) -> tuple[str, int]:
        """Where it came from."""
        host, port = self.target.rpartition("@")[2].partition(";")[0].split(":")
        return host, int(port)

    def request(
        self, method: str, host: str, port: int, *, number: int = 1_000, headers: Sequence[str] = (), body: str = ""
    ) -> bytes:
        """A request of the telephone's within this dialogue (the scenarios' To-tag is of the call's number, 1), sent from there."""
        lines = (
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK-{uuid4().hex}",
            f"From: {self.us};tag=1telephone",
            f"To: {self.them}",
            f"Call-ID: {self.call}",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            *headers,
            f"Content-Length: {len(body.encode())}",
        )
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@dataclass(frozen=True)
class Request:
    """A request within a call; its type and other headers as lines."""

    name: str
    method: str
    headers: tuple[str, ...] = ()
    body: str = ""


@dataclass
class Telephone:
    """One SIPp with its RTP."""

    name: str
    trunk: Trunk
    port: int
    """Where its SIP is."""
    media: int
    rtp: Rtp
    folder: Path
    answers: dict[str, int] = field(default_factory=dict)
    """The final answers that `ask` got."""
    _process: asyncio.subprocess.Process | None = field(default=None)
    _asked: int = 70

    @property
    def scenario(self) -> Path:
        """As SIPp reads it."""
        return self.folder / f"{self.name}.xml".replace(" ", "-")

    @property
    def _transport(self) -> tuple[str, ...]:
        """SIPp's option for it: one connection, or UDP."""
        return ("-t", "t1") if self.trunk.transport == "tcp" else ()

    @property
    def messages(self) -> Path:
        """All SIP that it saw and sent."""
        return self.scenario.with_suffix(".log")

    @classmethod
    async def at(cls, number: int, name: str, dtmf_mode: DtmfMode, folder: Path) -> Telephone:
        """The telephone on 127.0.1.`number`."""
        host = f"127.0.1.{number}"
        loop = asyncio.get_running_loop()
        transport, rtp = await loop.create_datagram_endpoint(Rtp, local_addr=(host, 0))
        port = free_port(socket.SOCK_DGRAM, host)
        trunk = Trunk(f"phone-{number}", host, port, dtmf_mode=dtmf_mode)
        return cls(name, trunk, port, transport.get_extra_info("sockname")[1], rtp, folder)

    async def start(self, scenario: str, *options: str, **values: Any) -> None:
        """SIPp waits for its call; returns once it has bound its port. `options` are more of SIPp's, `values` the scenario's."""
        path = self.scenario
        path.write_text(rendered(scenario, **values))
        with path.with_suffix(".out").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                "sipp", "-sf", str(path), "-i", self.trunk.host, "-p", str(self.port), "-bind_local", "-ci", self.trunk.host,
                "-key", "media", str(self.media), "-m", "1", "-nostdin", "-pause_msg_ign", "-default_behaviors", "all,-abortunexp",
                "-timeout", str(int(WAIT) // 2), "-timeout_error",
                "-trace_msg", "-message_file", str(self.messages),
                "-trace_err", "-error_file", str(path.with_suffix(".errors")), *self._transport, *options,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder,
            )  # fmt: skip
        kind = socket.SOCK_STREAM if self._transport else socket.SOCK_DGRAM
        while _is_free(self.trunk.host, self.port, kind):
            assert self._process.returncode is None, path.with_suffix(".out").read_text()
            await asyncio.sleep(0.02)

    async def invite(self) -> Invite:
        """The INVITE that has come; its RTP then knows where to send to."""
        while not (self.messages.exists() and (found := Invite.of(self.messages.read_text(errors="replace")))):
            await asyncio.sleep(0.02)
        self.rtp.sends_to(*found.media)
        return found

    async def go_on(self) -> None:
        """A scenario that waits for a MESSAGE goes on."""
        self._send((await self.invite()).request("MESSAGE", self.trunk.host, self.port), (self.trunk.host, self.port))

    def hangs_up(self, invite: Invite) -> None:
        """BYE, in this very instant."""
        self._send(invite.request("BYE", self.trunk.host, self.port), invite.node)

    async def ask(self, request: Request, *, wait: bool = True) -> None:
        """Send a request within the call, and wait for its final answer (100 is none)."""
        invite, loop = await self.invite(), asyncio.get_running_loop()
        self._asked += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as test:
            test.setblocking(False)
            test.bind((self.trunk.host, 0))
            headers = (f"Contact: <sip:telephone@{self.trunk.host}:{self.port}>", *request.headers)
            said = invite.request(
                request.method, *test.getsockname(), number=self._asked, headers=headers, body=request.body
            )
            await loop.sock_sendto(test, said, invite.node)
            while wait and request.name not in self.answers:
                status = int((await loop.sock_recv(test, 65_535)).split()[1])
                if status >= 200:
                    self.answers[request.name] = status
                if status >= 200 and request.method == "INVITE":
                    said = invite.request("ACK", *test.getsockname(), number=self._asked)
                    await loop.sock_sendto(test, said, invite.node)

    def _send(self, request: bytes, where: tuple[str, int]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as test:
            test.bind((self.trunk.host, 0))
            test.sendto(request, where)

    async def complaint(self) -> str:
        """Once SIPp has ended: why its scenario did not go as written, or nothing."""
        assert self._process is not None
        code = await self._process.wait()
        errors = self.scenario.with_suffix(".errors")
        said = errors.read_text(errors="replace")[-6000:] if errors.exists() else ""
        return f"{code}: {said}" if code else ""

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self.rtp.close()


def _is_free(host: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def rendered(scenario: str, **values: Any) -> str:
    """A scenario as SIPp reads it: SIP's lines are not indented, and XML's first line is the first."""
    loader = jinja2.FileSystemLoader(SCENARIOS)
    environment = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(f"{scenario}.xml").render(values).strip() + "\n"
