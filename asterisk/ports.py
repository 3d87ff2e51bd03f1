"""Ports on this machine: which are free, and a clear word when one is not.

A port found free can be taken a moment later by somebody else; :class:`PortTaken` is then raised by the
start of the instance and names it, and a test may simply ask for another. Whoever starts a while after asking
keeps its ports with :class:`Claims`: nobody else of us is told that they are free.
"""

import contextlib
import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

# Both below the range from which systems hand out ports by themselves: those go to others all the time.
_RTP_FIRST, _RTP_LAST = 10_000, 28_000
_FIRST, _LAST = 28_000, 32_000
_ASKED = 100
_BLOCK = 100
"""Ports for media are claimed by so many at once."""


class PortTaken(Exception):
    """Another program has the port. The message says which one and what to do."""


@dataclass(frozen=True, slots=True)
class PortRange:
    """UDP ports for media, both ends included; a call takes two (RTP and RTCP)."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if not 1024 <= self.first < self.last <= 65_535:
            raise ValueError(f"not a range of ports: {self.first}-{self.last}")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port of ``host`` that nobody has at this moment (TCP by default, ``SOCK_DGRAM`` for UDP)."""
    for port in random.SystemRandom().sample(range(_FIRST, _LAST), _ASKED):
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, kind) as probe:
            probe.bind((host, port))
            if not _is_claimed(_name(port)):
                return port
    raise PortTaken(f"no free port on {host}: {_ASKED} from {_FIRST} to {_LAST - 1} were asked for")


def free_range(width: int = 1200, choose: random.Random | None = None) -> PortRange:
    """A range of ports for media, at a random place so that instances side by side rarely overlap.

    Overlap does no harm (Asterisk takes the next free pair), it only narrows both; what others have claimed is left alone.
    """
    choose = choose or random.SystemRandom()
    for _ in range(_ASKED):
        first = choose.randrange(_RTP_FIRST, _RTP_LAST - width, 2)
        found = PortRange(first, first + width - 1)
        if not any(map(_is_claimed, _blocks(found))):
            return found
    raise PortTaken(f"no {width} ports from {_RTP_FIRST} to {_RTP_LAST - 1} are left for media: others have claimed them")


class Claims:
    """Ports that are this process's until it gives them back, or ends: two that start at once never choose the same.

    A claim is a socket in Linux's abstract namespace, named after the port: there is one namespace for each network, as of
    ports, whoever the users are; and nothing is left behind by a process that is killed.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def port(self, kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
        """As :func:`free_port`, and claimed."""
        for _ in range(_ASKED):
            if self._claim([_name(port := free_port(kind, host))]):
                return port
        raise PortTaken(f"no free port on {host}: all that were asked for are claimed by others")

    def this(self, port: int, host: str = "127.0.0.1") -> bool:
        """Whether this very TCP port is free, and is now claimed."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
            return self._claim([_name(port)])

    def range(self, width: int) -> PortRange:
        """Ports for media that overlap with nobody else's claim."""
        first_blocks = list(range(_RTP_FIRST, _RTP_LAST - width + 1, _BLOCK))
        random.SystemRandom().shuffle(first_blocks)
        for first in first_blocks:
            found = PortRange(first, first + width - 1)
            if self._claim(_blocks(found)):
                return found
        raise PortTaken(f"no {width} ports from {_RTP_FIRST} to {_RTP_LAST - 1} are left for media: others have claimed them")

    def close(self) -> None:
        """Give all back."""
        while self._held:
            self._held.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _claim(self, names: Iterable[str]) -> bool:
        """All of them, or none."""
        made = [_claimed(name) for name in names]
        whole = [each for each in made if each is not None]
        if len(whole) < len(made):
            for each in whole:
                each.close()
            return False
        self._held += whole
        return True


def _name(port: int) -> str:
    return f"\0expertline port {port}"


def _blocks(ports: PortRange) -> list[str]:
    first = ports.first // _BLOCK * _BLOCK
    return [f"\0expertline media {block}" for block in range(first, ports.last + 1, _BLOCK)]


def _claimed(name: str) -> socket.socket | None:
    """A socket of that name; None if somebody has it."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(name)
    except OSError:
        claim.close()
        return None
    return claim


def _is_claimed(name: str) -> bool:
    claim = _claimed(name)
    if claim is not None:
        claim.close()
    return claim is None


def require_free(host: str, port: int, kind: socket.SocketKind, what: str, setting: str) -> None:
    """Raise :class:`PortTaken` unless ``port`` can be bound; ``setting`` is what a person would change."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:  # as servers do: a port in TIME_WAIT is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
            raise PortTaken(
                f"{what}: {protocol} port {port} on {host} can't be used ({error.strerror}). "
                f"See who has it with `ss -lnp '( sport = :{port} )'` and end it, or change {setting}."
            ) from error
