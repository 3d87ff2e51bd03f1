"""The SIP front of a node: a Kamailio that carriers talk to, with the node's Asterisk behind it on loopback.

Asterisk leaves some requests within a call without any answer (docs/lines.md, "Requests within a call"), and RFC 3261 lets the
other side end the call over it. The front answers those, and passes everything else on, both ways. Media does not go through
it. The node knows each call's trunk by a header that the front writes, and that Asterisk hears from loopback only.
"""

import asyncio
import os
import shutil
import signal
import socket
from pathlib import Path

import jinja2

from asterisk.ending import end
from asterisk.ports import require_free
from asterisk.settings import NodeSettings

TRUNK_HEADER = "X-Expertline-Trunk"
"""Which trunk a request from outside came by. Whatever a carrier writes there is removed."""

_READY = "the SIP front is ready"
_START_LIMIT = 60.0
_STOP_LIMIT = 15.0
_LOOK_EVERY = 0.05
_CHILDREN = 2
"""Processes per socket: one request takes some 0.1 ms."""
STRANGERS_TOLD = 1_000
"""So many addresses that are no trunk's are written into its log in an hour."""


class NoKamailio(Exception):
    """There is no Kamailio on this machine. The message says what to do."""


class FrontDidNotStart(Exception):
    """Kamailio ended or stayed silent. The message has the end of what it said."""


class Front:
    """A running front, started and ended with its node. It does not outlive the process that started it."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Render, start, and return when it takes calls.

        Raises NoKamailio, FrontDidNotStart and :class:`asterisk.ports.PortTaken`, each with a message for a person.
        """
        check_front_ports(self._settings)
        argv = front_command(self._settings, render_front(self._settings))
        log = self._settings.folder / "log/front"
        log.touch(mode=0o600)
        with log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *with_us(),
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_START_LIMIT):
                while _READY not in log.read_text(errors="replace"):
                    if self._process.returncode is not None:
                        raise FrontDidNotStart(f"Kamailio ended ({self._process.returncode}). It said:\n{_tail(log)}")
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            await self.kill()
            raise FrontDidNotStart(f"Kamailio was silent for {_START_LIMIT:.0f} s. It said:\n{_tail(log)}") from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """End it in order; kills it where that takes too long."""
        process, self._process = self._process, None
        if process is not None:
            await end(process, _STOP_LIMIT)

    async def kill(self) -> None:
        """End all of its processes at once."""
        process, self._process = self._process, None
        if process is not None:
            await end(process, _STOP_LIMIT, how=signal.SIGKILL)


def render_front(settings: NodeSettings) -> Path:
    """Write Kamailio's configuration into the node's folder; return its path.

    Raises ValueError for a trunk whose host has no address, and where there is no front.
    """
    if settings.front is None:
        raise ValueError("this node has no SIP front")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  configuration, not HTML; settings are checked where they are made
    )
    text = environment.get_template("front/kamailio.cfg.j2").render(
        settings=settings,
        front=settings.front,
        transports=settings.transports,
        tcp="tcp" in settings.transports,
        trunks=_known(settings),
        header=TRUNK_HEADER,
        ready=_READY,
        strangers=STRANGERS_TOLD,
        children=_CHILDREN,
    )
    for name in ("", "etc", "log", "run", "run/front"):  # whichever of node and front is first makes them
        (settings.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    path = settings.folder / "etc/kamailio.cfg"
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def front_command(settings: NodeSettings, configuration: Path) -> tuple[str, ...]:
    """The command line of a front in the foreground. Raises NoKamailio."""
    program = shutil.which("kamailio", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise NoKamailio(
            "no Kamailio on this machine, which a SIP front needs. Run script/setup front, which installs it."
        )
    run = settings.folder / "run/front"
    memory = ("-m", "64", "-M", "8")  # MB: shared by all its processes, and each one's own
    return (program, "-DD", "-E", "-f", str(configuration), *memory, "-Y", str(run), "-w", str(run))


def with_us() -> tuple[str, ...]:
    """What stands before its command line so that it ends, children and all, when its parent does."""
    return ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()


def check_front_ports(settings: NodeSettings) -> None:
    """Raise :class:`asterisk.ports.PortTaken` if another program has a port of the front's."""
    assert settings.front is not None
    for transport, port in settings.sip_ports.items():
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        require_free(settings.sip_host, port, kind, "the SIP front", "its port (EXPERTLINE_SIP_PORT)")
    setting = "its port (EXPERTLINE_FRONT_PORTS)"
    require_free("127.0.0.1", settings.front.inner_port, socket.SOCK_DGRAM, "the SIP front", setting)


def _known(settings: NodeSettings) -> list[tuple[str, str, int, bool]]:
    """Each trunk's name, address, port, and whether its keys may come by INFO; names of hosts as they resolve now."""
    return [
        (trunk.name, address, trunk.port, trunk.takes_info)
        for trunk in settings.trunks
        for address in addresses(trunk.host)
    ]


def addresses(host: str) -> list[str]:
    """The IPv4 addresses of a host. Raises ValueError.

    >>> addresses("127.0.1.1")
    ['127.0.1.1']
    """
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError as error:
        raise ValueError(f"the trunk's host {host!r} has no IPv4 address: {error.strerror}") from error
    return sorted({str(address[0]) for *_, address in found})


def address_towards(host: str) -> str:
    """The address of this machine from which packets go to a host; nothing is sent. Raises ValueError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((addresses(host)[0], 5060))
        except OSError as error:
            raise ValueError(f"no way from here to the trunk's host {host!r}: {error.strerror}") from error
        return str(probe.getsockname()[0])


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-25:]).strip() or "(nothing)"
