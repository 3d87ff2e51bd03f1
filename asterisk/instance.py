"""A running Asterisk: started from settings, waited for, stopped, killed. For tests, benches, the demo and
servers.

async with Instance(settings) as node:
    ...  # node.settings.ari_url answers
"""

import asyncio
import base64
import contextlib
import os
import shutil
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import aiohttp

from asterisk.ending import end
from asterisk.front import Front
from asterisk.log_pipe import LogPipe
from asterisk.ports import require_free
from asterisk.program import Program, find_program
from asterisk.render import OWNER_ONLY, render
from asterisk.settings import FarEndSettings, NodeSettings

Settings = TypeVar("Settings", NodeSettings, FarEndSettings)

_START_LIMIT = 90.0
_STOP_LIMIT = 15.0
_LOOK_EVERY = 0.05
_TAIL = 25
_FIRST = -10
"""Asterisk's niceness. A sound that waits for a processor is a gap that somebody hears; whatever else computes can wait."""


class DidNotStart(Exception):
    """Asterisk ended or stayed silent. The message has the end of its log."""


class Instance(Generic[Settings]):
    """One Asterisk with a folder and ports of its own. It does not outlive the process that started it."""

    def __init__(self, settings: Settings, program: Program | None = None) -> None:
        self.settings: Settings = settings
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._log: LogPipe | None = None
        self._said_before = 0
        self._front: Front | None = None

    async def start(self) -> None:
        """Render the configuration, start, and return when ARI answers (that is, when all is loaded).

        Raises :class:`asterisk.ports.PortTaken`, :class:`asterisk.program.NoAsterisk`,
        :class:`asterisk.render.BadFolder`, :class:`DidNotStart` and what its front raises, each with a message for a person.
        """
        if self._process is not None:
            raise RuntimeError("this instance runs already")
        program = self._program or find_program()
        check_ports(self.settings)
        configuration = render(self.settings, program)
        await self._start_front()
        self._said_before = _size(self.settings.folder / "log/messages")
        try:
            self._process = process = await self._run(command(program, configuration))
            put_first(process.pid)
            async with asyncio.timeout(_START_LIMIT):
                await self._until_ready(process)
        except TimeoutError:
            tail = self.log_tail()
            await self.kill()
            raise DidNotStart(f"Asterisk was silent for {_START_LIMIT:.0f} s. Its log ends:\n{tail}") from None
        except BaseException:
            await self.kill()
            raise

    async def _run(self, command_line: Sequence[str]) -> asyncio.subprocess.Process:
        self._log = log = LogPipe(self.settings.folder / "log")
        try:
            return await asyncio.create_subprocess_exec(
                *command_line,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log.write_end,
                stderr=log.write_end,
                cwd=self.settings.folder,
                umask=OWNER_ONLY,
                start_new_session=True,  # Ctrl-C at a terminal is for who started us
            )
        finally:
            log.begin()

    async def _start_front(self) -> None:
        """Before Asterisk, so that its ports are had for certain when calls can begin."""
        if isinstance(self.settings, NodeSettings) and self.settings.front is not None:
            self._front = Front(self.settings)
            await self._front.start()

    async def stop(self) -> None:
        """End it in order (calls are hung up at once); kills it where that takes too long. Its front goes last."""
        await self._end(signal.SIGTERM)
        if self._front is not None:
            await self._front.stop()

    async def kill(self) -> None:
        """End it as a power cut would (SIGKILL), and wait until nothing of it is left."""
        if self._front is not None:
            await self._front.kill()
        await self._end(signal.SIGKILL)

    @property
    def pid(self) -> int:
        """Asterisk's process id, to measure it or to send it a signal. RuntimeError when not started."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def log_tail(self, lines: int = _TAIL) -> str:
        """The end of what Asterisk has said since this start, without numbers."""
        if self._log:
            self._log.read()
        said = _text(self.settings.folder / "log/messages", self._said_before)
        return "\n".join(said.splitlines()[-lines:]) or "(empty)"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        headers = {"Authorization": authorization(self.settings.ari_user, self.settings.ari_password)}
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                if process.returncode is not None:
                    raise DidNotStart(f"Asterisk ended ({process.returncode}). It said:\n{self.log_tail()}")
                # Refused while it loads, 503 while it boots.
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.settings.ari_url}/asterisk/info") as reply:
                        if reply.status == 200:
                            return
                        if reply.status == 401:
                            raise DidNotStart(f"{self.settings.ari_url} is another's: it refuses our password")
                await asyncio.sleep(_LOOK_EVERY)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        await end(process, _STOP_LIMIT, how=how)
        if self._log:
            await self._log.ended()


def command(program: Program, configuration: Path) -> tuple[str, ...]:
    """The command line of an instance in the foreground."""
    return (*first_and_with_us(), *program.argv_prefix, "-f", "-C", str(configuration))


def first_and_with_us() -> tuple[str, ...]:
    """What stands before a command line so that it ends when its parent does (by setpriv) and has a processor before others."""
    follow = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
    first = ("nice", "-n", str(_FIRST)) if os.geteuid() == 0 else ()  # nobody else may
    return (*follow, *first)


def go_first() -> None:
    """Let this process, which is about to become Asterisk, have a processor before others; without the right to, go on."""
    with contextlib.suppress(PermissionError):
        os.nice(_FIRST)
    put_first(os.getpid())


def put_first(leader: int) -> None:
    """Let the session that this process leads have a processor before other sessions. Where Linux shares processors between
    sessions first (autogroups, sched(7)), niceness counts only within one; without them, or without the right to, nothing changes.
    """
    with contextlib.suppress(OSError):
        if os.getsid(leader) == leader:
            Path(f"/proc/{leader}/autogroup").write_text(str(_FIRST))


def check_ports(settings: NodeSettings | FarEndSettings) -> None:
    """Raise :class:`asterisk.ports.PortTaken` if another program has a port of ours."""
    front = settings.front if isinstance(settings, NodeSettings) else None
    if front is not None:
        setting = "its SIP port (EXPERTLINE_FRONT_PORTS)"
        require_free("127.0.0.1", front.node_port, socket.SOCK_DGRAM, "Asterisk's SIP", setting)
    else:
        ports = settings.sip_ports if isinstance(settings, NodeSettings) else {"udp": settings.sip_port}
        for transport, port in ports.items():
            kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
            require_free(settings.sip_host, port, kind, "Asterisk's SIP", "its SIP port (EXPERTLINE_SIP_PORT)")
    require_free(
        settings.http_host,
        settings.http_port,
        socket.SOCK_STREAM,
        "Asterisk's ARI",
        "its port (EXPERTLINE_ARI_PORT)",
    )


def authorization(user: str, password: str) -> str:
    """The Authorization header for ARI (a header, because aiohttp deprecates BasicAuth)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _text(path: Path, start: int) -> str:
    return path.read_bytes()[start:].decode(errors="replace") if path.exists() else ""
