"""Ports on this machine: which are free, and a clear word when one is not.

A port found free can be taken a moment later by somebody else; :class:`PortTaken` is then raised by the
start of the instance and names it, and a test may simply ask for another.
"""

import contextlib
import random
import socket
from dataclasses import dataclass

# Both below the range from which systems hand out ports by themselves: those go to others all the time.
_RTP_FIRST, _RTP_LAST = 10_000, 28_000
_FIRST, _LAST = 28_000, 32_000
_ASKED = 100


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
            return port
    raise PortTaken(f"no free port on {host}: {_ASKED} from {_FIRST} to {_LAST - 1} were asked for")


def free_range(width: int = 1200, choose: random.Random | None = None) -> PortRange:
    """A range of ports for media, at a random place so that instances side by side rarely overlap.

    Overlap does no harm (Asterisk takes the next free pair), it only narrows both.
    """
    chosen = (choose or random.SystemRandom()).randrange(_RTP_FIRST, _RTP_LAST - width, 2)
    return PortRange(chosen, chosen + width - 1)


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
