"""What a person or a test decides about an instance of Asterisk; everything else follows in the templates."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, get_args

from asterisk.logins import Login
from asterisk.ports import PortRange

SYSTEM_CA = Path("/etc/ssl/certs/ca-certificates.crt")
"""Debian's ca-certificates."""

Transport = Literal["udp", "tcp", "tls"]
DtmfMode = Literal["auto", "auto_info", "rfc4733", "inband", "info"]

EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  nothing is bound here
"""Hosts that stand for all addresses of this machine."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier's SIP trunk, known by its address, and by a name and password where it has them."""

    name: str
    host: str
    """An IP address or a name; requests from it, and from nowhere else, are taken as this trunk's."""
    port: int = 5060
    transport: Transport = "udp"
    dtmf_mode: DtmfMode = "auto"
    """How keys come (docs/lines.md): ``auto`` is RFC 4733, and tones in the audio where the other side doesn't
    offer that; ``auto_info`` the same with SIP INFO instead of tones."""
    caller_domain: str | None = None
    """The domain after the @ in From, where the carrier wants one of its own."""
    keepalive_seconds: int = 1
    """While nothing sounds, a packet of comfort noise goes out so often, for media timers on the way; 0 is never."""
    login: Login | None = None
    qualify_seconds: int = 0
    """How often the trunk is asked by OPTIONS whether it is there; 0 is never."""
    session_timers: bool = False
    """Whether we offer session timers (RFC 4028), for carriers that insist on them (421). Without, no call of ours ends because
    the other side did not refresh it."""

    @property
    def takes_info(self) -> bool:
        """Whether its keys may come by SIP INFO."""
        return self.dtmf_mode in ("info", "auto_info")

    def __post_init__(self) -> None:
        # These go into configuration files: a line break there would be a new setting.
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a trunk's name has lower-case letters, digits and hyphens, not {self.name!r}")
        for value in (self.host, self.caller_domain or "-"):
            if not _HOST.fullmatch(value):
                raise ValueError(f"trunk {self.name}: {value!r} is not a host")
        if not 0 < self.port < 65_536:
            raise ValueError(f"trunk {self.name}: {self.port} is not a port")
        if self.dtmf_mode not in get_args(DtmfMode):
            known = ", ".join(get_args(DtmfMode))
            raise ValueError(f"trunk {self.name}: {self.dtmf_mode!r} is no way for keys to come; there are {known}")
        if self.keepalive_seconds < 0 or self.qualify_seconds < 0:
            raise ValueError(f"trunk {self.name}: seconds are not negative")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _password() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSettings:
    """What every Asterisk has: a folder of its own, ports of its own, ARI on an address of its own."""

    folder: Path
    """Everything of the instance: configuration, control socket, logs. Short: sockets have at most 107
    bytes."""
    sip_port: int
    http_port: int
    rtp: PortRange
    sip_host: str = "127.0.0.1"
    http_host: str = "127.0.0.1"
    ari_user: str = "expertline"
    ari_password: str = field(default_factory=_password, repr=False)
    websocket_write_timeout_ms: int = 5_000
    """Asterisk's default of 100 ms loses the websocket whenever the reader is busy for that long."""

    @property
    def ari_url(self) -> str:
        """Where ARI answers, without a slash at the end: ``http://127.0.0.1:8088/ari``."""
        return f"http://{self.http_host}:{self.http_port}/ari"


@dataclass(frozen=True, slots=True)
class FrontPorts:
    """That a SIP front (asterisk/front.py) stands before the node, and their ports on loopback, UDP."""

    inner_port: int
    """Where the front takes what the node sends."""
    node_port: int
    """Where the node's Asterisk has its SIP."""

    def __post_init__(self) -> None:
        if self.inner_port == self.node_port or not all(0 < port < 65_536 for port in (self.inner_port, self.node_port)):
            raise ValueError(f"the SIP front and its node need two different ports: {self.inner_port}, {self.node_port}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings(InstanceSettings):
    """Our own Asterisk, which places the calls that the worker orders."""

    trunks: tuple[Trunk, ...]
    inbound_app: str | None = None
    """The ARI application that gets calls from outside; None turns them away politely."""
    inbound_at_once: int = 32
    """So many calls from outside are taken at once; more are refused before they cost a channel or ports for media. The rules
    (`inbound.at_once`) turn away far fewer politely; this one is for floods."""
    external_address: str | None = None
    """Our address as the carrier sees it, where a NAT lies between."""
    local_network: str | None = None
    """With ``external_address``: the network for which it does not hold, such as 10.0.0.0/8."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None
    """The certificates by which a trunk with tls is believed to be who it is; None: those of the system (SYSTEM_CA)."""
    tls_known_callers: bool = False
    """Whether a trunk that connects to us by tls must have a certificate of theirs, too."""
    hep_port: int | None = None
    """The UDP port on 127.0.0.1 to which a copy of all SIP goes, for the worker (ivr/hep); None: no copies are made."""
    front: FrontPorts | None = None
    """With it carriers' SIP goes through a front, which then has ``sip_host`` and ``sip_port``."""
    bench: bool = False
    """Adds the conversation in pure dialplan that bench/calls compares with."""

    @property
    def transports(self) -> tuple[Transport, ...]:
        """The transports that the trunks use, each once."""
        return tuple(sorted({trunk.transport for trunk in self.trunks}))

    @property
    def known_sources(self) -> tuple[str, ...] | None:
        """The addresses from which Asterisk takes SIP; None where a trunk is known by a name, of which Asterisk makes no list."""
        return self.carriers if self.front is None else ("127.0.0.1",)

    @property
    def carriers(self) -> tuple[str, ...] | None:
        """The trunks' addresses; None where one is known by its name."""
        hosts = tuple(dict.fromkeys(trunk.host for trunk in self.trunks))
        return hosts if hosts and all(map(_is_address, hosts)) else None

    @property
    def takes_info(self) -> bool:
        """Whether a trunk says its keys by SIP INFO. Asterisk takes INFO on every trunk or on none."""
        return any(trunk.takes_info for trunk in self.trunks)

    @property
    def sip_ports(self) -> dict[Transport, int]:
        """The port of each transport that carriers use."""
        return {each: self.sip_port + (each == "tls") for each in self.transports}

    @property
    def shown_host(self) -> str:
        """Our address as carriers see it."""
        return self.external_address or self.sip_host

    @property
    def hep_password(self) -> str:
        """What the copies carry, so that the worker takes nobody else's: both sides know ARI's password (ivr.hep.packet)."""
        return hmac.new(self.ari_password.encode(), b"expertline hep", hashlib.sha256).hexdigest()[:32]

    def __post_init__(self) -> None:
        if self.hep_port is not None and not 0 < self.hep_port < 65_536:
            raise ValueError(f"{self.hep_port} is not a port")
        if "tls" in self.transports and not (self.tls_certificate and self.tls_key):
            raise ValueError("a trunk with transport tls needs tls_certificate and tls_key")
        if self.inbound_at_once < 1:
            raise ValueError("inbound_at_once is 1 or more")
        if len({trunk.name for trunk in self.trunks}) != len(self.trunks):
            raise ValueError("two trunks have the same name")
        if self.front is not None and "tls" in self.transports:
            # Kamailio checks a certificate, but not for whom it is.
            raise ValueError("a SIP front (EXPERTLINE_FRONT_PORTS) takes no trunk with tls; give such a trunk a node of its own")
        if self.front is not None and self.sip_port in (self.front.inner_port, self.front.node_port):
            raise ValueError("the ports of a SIP front (EXPERTLINE_FRONT_PORTS) are others than EXPERTLINE_SIP_PORT")
        if self.front is not None and self.sip_host in EVERY_ADDRESS:
            raise ValueError("with a SIP front sip_host (EXPERTLINE_SIP_HOST) is one address of this machine, not all of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class FarEndSettings(InstanceSettings):
    """The second Asterisk, whose telephones behave by the number dialled (see docs/far-end.md). Times in
    seconds."""

    node_host: str = "127.0.0.1"
    """Calls are taken from this address."""
    node_port: int = 5060
    """Where calls of the far end to the node go (somebody calls back)."""
    answer_after: float = 0.3
    """How long a telephone rings before it is answered."""
    press_after: float = 3.0
    """From the answer to the first key."""
    press_again_after: float = 2.5
    """From one key to the next. Prompts can be interrupted, so a key may come before a prompt's end."""
    early_press_after: float = 0.7
    """The hasty one's first key."""
    hang_up_after: float = 1.5
    """From the answer to the hangup of who hangs up in mid-prompt."""
    witness_digits: str = "31415926"
    """What the supervisor's telephone enters for the draw's seed."""
    stay: int = 300
    """How long a telephone stays on the line when nobody hangs up."""
    record: bool = True
    """Keep what each telephone heard, as recordings/<number>-<uniqueid>.wav."""
    record_only: tuple[str, ...] = ()
    """Of these telephones alone, by the last two digits of their numbers; empty: of all."""
    log: bool = True
    """Write what each telephone did to calls.log."""

    def __post_init__(self) -> None:
        if not (self.witness_digits.isascii() and self.witness_digits.isdigit()):
            raise ValueError("witness_digits are digits")

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def calls_log(self) -> Path:
        return self.folder / "calls.log"

    @property
    def messages_log(self) -> Path:
        return self.folder / "messages.log"
