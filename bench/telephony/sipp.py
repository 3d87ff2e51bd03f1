"""Telephones whose SIP is one SIPp's and whose RTP is bench.telephony.rtp's: a small part of what a second Asterisk costs."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Self

import jinja2

from asterisk.far_end import LoggedEvent, read_log
from asterisk.instance import first_and_with_us, put_first
from asterisk.ports import free_port
from asterisk.settings import Trunk
from bench.telephony.telephones import ANSWER_AFTER, HOLD, PRESS_AFTER, PRESS_AGAIN_AFTER, QUIET, TRUNK

SCENARIO = Path(__file__).with_suffix(".xml")


class Sipp:
    """`folder` is made; `talk` as in Load."""

    key_seconds = HOLD

    def __init__(self, folder: Path, talk: float) -> None:
        self.trunk = Trunk(TRUNK, "127.0.0.1", free_port(socket.SOCK_DGRAM))
        first = PRESS_AFTER + talk + QUIET
        self._keys = (first, first + HOLD + PRESS_AGAIN_AFTER + QUIET)
        self._folder = folder
        self._processes: list[asyncio.subprocess.Process] = []

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(process.pid for process in self._processes)

    def log(self) -> tuple[LoggedEvent, ...]:
        return read_log(self._folder / "calls.log")

    async def __aenter__(self) -> Self:
        self._folder.mkdir()
        os.mkfifo(self._folder / "notes")
        (self._folder / "scenario.xml").write_text(scenario())
        try:
            await self._start(await self._rtp())
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        """Raises RuntimeError when one of the two has ended before."""
        ended = [process.returncode for process in self._processes if process.returncode is not None]
        await self._end()
        if ended:
            raise RuntimeError(self._said())

    async def _rtp(self) -> str:
        """Start what sends the sound; its port."""
        keys = (f"{key:.3f}" for key in self._keys)
        process = await self._run(
            asyncio.subprocess.PIPE, sys.executable, "-m", "bench.telephony.rtp", str(self._folder / "notes"),
            str(self._folder / "calls.log"), *keys, folder=None,
        )  # fmt: skip
        assert process.stdout is not None
        if not (port := (await process.stdout.readline()).decode().strip()):
            raise RuntimeError(self._said())
        return port

    async def _start(self, media: str) -> None:
        """SIPp; returns when it is there."""
        host, port = self.trunk.host, self.trunk.port
        process = await self._run(
            asyncio.subprocess.DEVNULL, "sipp", "-sf", "scenario.xml", "-i", host, "-p", str(port), "-bind_local",
            "-key", "media", media, "-nostdin", "-f", "60", "-trace_logs", "-log_file", str(self._folder / "notes"),
            "-trace_err", "-error_file", str(self._folder / "errors"), folder=self._folder,
        )  # fmt: skip
        while not is_bound(port):
            if process.returncode is not None:
                raise RuntimeError(self._said())
            await asyncio.sleep(0.02)

    async def _run(self, output: int, *argv: str, folder: Path | None) -> asyncio.subprocess.Process:
        with (self._folder / "errors").open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *first_and_with_us(), *argv, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=errors, cwd=folder,
                start_new_session=True,
            )  # fmt: skip
        put_first(process.pid)
        self._processes.append(process)
        return process

    async def _end(self) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()  # in order, SIPp would wait for its calls
                await process.wait()

    def _said(self) -> str:
        return f"SIPp, or what sends its sound, has ended:\n{(self._folder / 'errors').read_text(errors='replace')[-2000:]}"


def scenario() -> str:
    """As SIPp reads it."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(SCENARIO.read_text()).render(answer_after=round(1000 * ANSWER_AFTER)).strip() + "\n"


def is_bound(port: int) -> bool:
    """Somebody has this UDP port. (To try to bind it would take it from who is about to.)"""
    return any(line.split()[1].endswith(f":{port:04X}") for line in Path("/proc/net/udp").read_text().splitlines())
