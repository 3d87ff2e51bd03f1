"""Telephones that one SIPp plays: real SIP and real RTP for a tenth of what a second Asterisk costs.

All of them send from one port, as a carrier's gateway may, and hear nothing: what comes to that port is not read. SIPp's
thread for each call sends a capture (bench.telephony.capture) from the answer on, which has the keys in it.
"""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import jinja2

from asterisk.far_end import LoggedEvent, logged_event
from asterisk.instance import first_and_with_us
from asterisk.ports import free_port
from asterisk.settings import Trunk
from bench.telephony.capture import write_capture
from bench.telephony.telephones import ANSWER_AFTER, HOLD, PRESS_AFTER, PRESS_AGAIN_AFTER, TRUNK

SCENARIO = Path(__file__).with_suffix(".xml")
# As long before each key as a second Asterisk is quiet: calls of both kinds last equally long.
QUIET = 0.1
STAYS = 60.0  # seconds of sound after the last key


class Sipp:
    """SIPp sends sound from raw sockets, which only root may, or a sipp with the capability cap_net_raw."""

    key_seconds = HOLD

    def __init__(self, folder: Path, talk: float) -> None:
        self.trunk = Trunk(TRUNK, "127.0.0.1", free_port(socket.SOCK_DGRAM))
        first = PRESS_AFTER + talk + QUIET
        self._keys = (first, first + HOLD + PRESS_AGAIN_AFTER + QUIET)
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def log(self) -> tuple[LoggedEvent, ...]:
        path = self._folder / "calls.log"
        whole = path.read_text().rpartition("\n")[0].splitlines() if path.exists() else []
        return tuple(with_keys(map(_noted, whole), self._keys))

    async def __aenter__(self) -> Self:
        self._folder.mkdir()
        capture, scenario = self._folder / "sound.pcap", self._folder / "scenario.xml"
        write_capture(capture, self._keys[-1] + STAYS, self._keys, HOLD)
        scenario.write_text(rendered(capture))
        with (self._folder / "output").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *first_and_with_us(), *self._command(scenario), stdin=asyncio.subprocess.DEVNULL, stdout=output,
                stderr=output, cwd=self._folder, start_new_session=True,
            )  # fmt: skip
        try:
            await self._until_bound(self._process)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        """Raises RuntimeError when SIPp has ended before."""
        if (process := self._process) is not None and process.returncode is not None:
            raise RuntimeError(self._ended(process.returncode))
        await self._end()

    def _command(self, scenario: Path) -> tuple[str, ...]:
        host, media = self.trunk.host, free_port(socket.SOCK_DGRAM)
        return (
            "sipp", "-sf", str(scenario), "-i", host, "-p", str(self.trunk.port), "-bind_local", "-mi", host, "-mp", str(media),
            "-nostdin", "-f", "60", "-trace_logs", "-log_file", str(self._folder / "calls.log"),
            "-trace_err", "-error_file", str(self._folder / "errors"),
        )  # fmt: skip

    async def _until_bound(self, process: asyncio.subprocess.Process) -> None:
        while not is_bound(self.trunk.port):
            if process.returncode is not None:
                raise RuntimeError(self._ended(process.returncode))
            await asyncio.sleep(0.02)

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()  # in order it would wait for its calls
            await self._process.wait()

    def _ended(self, code: int) -> str:
        said = [
            path.read_text(errors="replace")
            for path in (self._folder / "output", self._folder / "errors")
            if path.exists()
        ]
        return f"SIPp ended ({code}); it sends sound from raw sockets, which only root may. It said:\n{''.join(said)[-2000:]}"


def rendered(capture: Path) -> str:
    """The scenario as SIPp reads it."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(SCENARIO.read_text())
    return template.render(answer_after=round(1000 * ANSWER_AFTER), capture=capture).strip() + "\n"


def is_bound(port: int) -> bool:
    """Somebody has this UDP port. (To try to bind it would take it from who is about to.)"""
    return any(line.split()[1].endswith(f":{port:04X}") for line in Path("/proc/net/udp").read_text().splitlines())


def _noted(line: str) -> LoggedEvent:
    """SIPp's time is said in three ways, the last are seconds since the epoch."""
    return logged_event(line.rpartition("\t")[2])


def with_keys(noted: Iterator[LoggedEvent], keys: tuple[float, ...]) -> Iterator[LoggedEvent]:
    """SIPp notes no keys: they lie at fixed times after the answer, and are pressed if the call lasts until then."""
    answered: dict[str, float] = {}
    for event in noted:
        if event.event == "answered":
            answered[event.call] = event.at
        elif event.event == "ended" and (at := answered.get(event.call)):
            yield from (_key(event, at + key) for key in keys if at + key < event.at)
        yield event


def _key(event: LoggedEvent, at: float) -> LoggedEvent:
    return LoggedEvent(at, event.number, event.call, "pressed", "2")
