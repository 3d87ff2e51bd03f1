"""Run an Asterisk, or its SIP front, in the foreground: ``python -m asterisk node|front|far-end``, for servers, images and
the demo.

Renders the configuration and becomes Asterisk or Kamailio (exec), so that signals go to it itself. ``python -m asterisk firewall``
prints rules for nftables that fit the node. Settings come from the environment; every one has a default that works on one
machine:

    EXPERTLINE_ASTERISK_FOLDER   default: $EXPERTLINE_STATE/asterisk-node, or -far-end
    EXPERTLINE_SIP_HOST, EXPERTLINE_SIP_PORT    127.0.0.1; 5060 (the far end: 5070)
    EXPERTLINE_ARI_HOST, EXPERTLINE_ARI_PORT    127.0.0.1; 8088 (the far end: 8089)
    EXPERTLINE_ARI_PASSWORD_FILE default: FOLDER/ari-password, made when it is not there
    EXPERTLINE_RTP_PORTS         10000-11999 (the far end: 12000-13999)
    EXPERTLINE_TRUNKS            name=host:port[/udp|tcp|tls[/DTMF[/timers]]], separated by commas, where DTMF is auto,
                                 auto_info, rfc4733, inband or info, and timers are session timers (docs/lines.md); default:
                                 far-end=127.0.0.1:5070
    EXPERTLINE_TRUNK_LOGINS      a file (mode 0600) with names and passwords of trunks that want one (asterisk/logins.py)
    EXPERTLINE_INBOUND_APP       the ARI application for calls from outside (the worker's [ari] app); default:
                                 expertline; empty: they are turned away
    EXPERTLINE_INBOUND_AT_ONCE   so many calls from outside are taken at once, whatever the rules say; default: 32
    EXPERTLINE_HEP_PORT          the worker's [hep] port, where it hears why calls were refused; default: 9060; 0: it doesn't
    EXPERTLINE_FRONT_PORTS       with it carriers' SIP goes through the SIP front (docs/lines.md), which then has
                                 EXPERTLINE_SIP_PORT: two UDP ports on loopback, the front's and the node's, such
                                 as 5062-5064; default: no front. Node and front get the same environment
    EXPERTLINE_EXTERNAL_ADDRESS, EXPERTLINE_LOCAL_NETWORK, EXPERTLINE_TLS_CERTIFICATE, EXPERTLINE_TLS_KEY
    EXPERTLINE_TLS_CA            the certificates by which a trunk with tls is known; default: the system's
    EXPERTLINE_TLS_KNOWN_CALLERS yes: a trunk that connects to us by tls must have one of them, too
    EXPERTLINE_NODE_HOST, EXPERTLINE_NODE_PORT  (the far end) where the node is; 127.0.0.1, 5060
    EXPERTLINE_WITNESS_DIGITS    (the far end) what the supervisor's telephone enters
"""

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, cast

from asterisk.ending import MARK
from asterisk.folders import make_folder, state_folder
from asterisk.front import NoKamailio, address_towards, check_front_ports, front_command, render_front
from asterisk.instance import check_ports, go_first
from asterisk.logins import read_logins
from asterisk.ports import PortRange, PortTaken
from asterisk.program import NoAsterisk, find_program
from asterisk.render import OWNER_ONLY, BadFolder, firewall, render
from asterisk.settings import EVERY_ADDRESS, DtmfMode, FarEndSettings, FrontPorts, NodeSettings, Transport, Trunk

USAGE = "usage: python -m asterisk node|front|far-end|firewall"


def node_from_environment(environment: Mapping[str, str], *, with_password: bool = True) -> NodeSettings:
    """The node's settings. with_password: make ARI's if there is none yet; the front needs none. Raises ValueError that names
    what is wrong."""
    folder, password = _folder_and_password(environment, "node") if with_password else (_folder(environment, "node"), "")
    known = trunks(environment.get("EXPERTLINE_TRUNKS", "far-end=127.0.0.1:5070"))
    front, host = _front(environment), environment.get("EXPERTLINE_SIP_HOST", "127.0.0.1")
    return NodeSettings(
        folder=folder,
        ari_password=password,
        sip_host=address_towards(known[0].host) if front and host in EVERY_ADDRESS and known else host,
        sip_port=_number(environment, "EXPERTLINE_SIP_PORT", 5060),
        http_host=environment.get("EXPERTLINE_ARI_HOST", "127.0.0.1"),
        http_port=_number(environment, "EXPERTLINE_ARI_PORT", 8088),
        rtp=_range(environment.get("EXPERTLINE_RTP_PORTS", "10000-11999")),
        trunks=_with_logins(environment, known),
        front=front,
        inbound_app=environment.get("EXPERTLINE_INBOUND_APP", "expertline") or None,
        inbound_at_once=_number(environment, "EXPERTLINE_INBOUND_AT_ONCE", 32),
        external_address=environment.get("EXPERTLINE_EXTERNAL_ADDRESS") or None,
        local_network=environment.get("EXPERTLINE_LOCAL_NETWORK") or None,
        tls_certificate=_path(environment, "EXPERTLINE_TLS_CERTIFICATE"),
        tls_key=_path(environment, "EXPERTLINE_TLS_KEY"),
        tls_ca=_path(environment, "EXPERTLINE_TLS_CA"),
        tls_known_callers=environment.get("EXPERTLINE_TLS_KNOWN_CALLERS") == "yes",
        hep_port=_number(environment, "EXPERTLINE_HEP_PORT", 9060) or None,
    )


def far_end_from_environment(environment: Mapping[str, str]) -> FarEndSettings:
    """The far end's settings. Raises ValueError that names what is wrong."""
    folder, password = _folder_and_password(environment, "far-end")
    return FarEndSettings(
        folder=folder,
        ari_password=password,
        sip_host=environment.get("EXPERTLINE_SIP_HOST", "127.0.0.1"),
        sip_port=_number(environment, "EXPERTLINE_SIP_PORT", 5070),
        http_host=environment.get("EXPERTLINE_ARI_HOST", "127.0.0.1"),
        http_port=_number(environment, "EXPERTLINE_ARI_PORT", 8089),
        rtp=_range(environment.get("EXPERTLINE_RTP_PORTS", "12000-13999")),
        node_host=environment.get("EXPERTLINE_NODE_HOST", "127.0.0.1"),
        node_port=_number(environment, "EXPERTLINE_NODE_PORT", 5060),
        witness_digits=environment.get("EXPERTLINE_WITNESS_DIGITS", "31415926"),
    )


def trunks(text: str) -> tuple[Trunk, ...]:
    """Read EXPERTLINE_TRUNKS.

    >>> trunks("carrier=sip.example.com:5061/tls")[0].transport
    'tls'
    >>> trunks("carrier=sip.example.com/udp/auto_info")[0].dtmf_mode
    'auto_info'
    >>> trunks("carrier=sip.example.com/udp/auto/timers")[0].session_timers
    True
    """
    return tuple(_trunk(part.strip()) for part in text.split(",") if part.strip())


def _trunk(text: str) -> Trunk:
    name, _, address = text.partition("=")
    address, _, transport = address.partition("/")
    transport, _, dtmf_mode = transport.partition("/")
    dtmf_mode, _, timers = dtmf_mode.partition("/")
    host, _, port = address.partition(":")
    known: dict[str, Transport] = {"": "udp", "udp": "udp", "tcp": "tcp", "tls": "tls"}
    if transport not in known or not (port or "5060").isdigit():
        raise ValueError(f"EXPERTLINE_TRUNKS: {text!r} is not name=host:port or name=host:port/udp|tcp|tls")
    if timers not in ("", "timers"):
        raise ValueError(f"EXPERTLINE_TRUNKS: {text!r}: after the way of keys only /timers may follow")
    mode = cast(DtmfMode, dtmf_mode or "auto")
    return Trunk(name, host, int(port or 5060), known[transport], mode, session_timers=bool(timers))


def _with_logins(environment: Mapping[str, str], known: tuple[Trunk, ...]) -> tuple[Trunk, ...]:
    file = _path(environment, "EXPERTLINE_TRUNK_LOGINS")
    logins = read_logins(file) if file else {}
    if unknown := logins.keys() - {trunk.name for trunk in known}:
        raise ValueError(f"EXPERTLINE_TRUNK_LOGINS: {', '.join(sorted(unknown))} is no trunk of EXPERTLINE_TRUNKS")
    return tuple(replace(trunk, login=logins.get(trunk.name)) for trunk in known)


def _folder(environment: Mapping[str, str], kind: str) -> Path:
    return Path(environment.get("EXPERTLINE_ASTERISK_FOLDER") or state_folder() / f"asterisk-{kind}")


def _folder_and_password(environment: Mapping[str, str], kind: str) -> tuple[Path, str]:
    folder = _folder(environment, kind)
    file = Path(environment.get("EXPERTLINE_ARI_PASSWORD_FILE") or folder / "ari-password")
    return folder, password(file)


def password(file: Path) -> str:
    """ARI's password, kept in a file that only its owner reads; made when it is not there.

    Containers do so at the same moment: the file appears whole, and whoever is second takes the first one's.
    """
    if not file.exists():
        make_folder(file.parent.parent)
        file.parent.mkdir(exist_ok=True, mode=0o700)
        made = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(24) + "\n")
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(made)
        made.unlink()
    return file.read_text().strip()


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdigit():
        raise ValueError(f"{name}: {text!r} is not a number")
    return int(text)


def _front(environment: Mapping[str, str]) -> FrontPorts | None:
    text = environment.get("EXPERTLINE_FRONT_PORTS")
    if not text:
        return None
    inner, _, node = text.partition("-")
    if not (inner.isdigit() and node.isdigit()):
        raise ValueError(f"EXPERTLINE_FRONT_PORTS: {text!r} is not two ports, such as 5062-5064")
    return FrontPorts(int(inner), int(node))


def _range(text: str) -> PortRange:
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit()):
        raise ValueError(f"EXPERTLINE_RTP_PORTS: {text!r} is not first-last")
    return PortRange(int(first), int(last))


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None


def main(arguments: list[str]) -> int:
    """Become Asterisk or its front; return (1 or 2, with a message) only when that can't be."""
    if arguments not in (["node"], ["front"], ["far-end"], ["firewall"]):
        print(USAGE, file=sys.stderr)
        return 2
    return _front_main() if arguments == ["front"] else _asterisk_main(arguments)


def _front_main() -> int:
    try:
        settings = node_from_environment(os.environ, with_password=False)
        if settings.front is None:
            raise ValueError("EXPERTLINE_FRONT_PORTS is not set, so this node has no SIP front")
        check_front_ports(settings)
        argv = front_command(settings, render_front(settings))
    except (NoKamailio, PortTaken, ValueError, OSError) as error:
        print(f"The SIP front can't start: {error}", file=sys.stderr)
        return 1
    print(f"Kamailio: SIP on {settings.sip_host}:{settings.sip_port}", flush=True)
    return _become_front(argv)


def _become_front(argv: tuple[str, ...]) -> NoReturn:
    """Kamailio says little, and no number (templates/front), so standard output stays what it is."""
    os.umask(OWNER_ONLY)
    os.execv(argv[0], argv)  # noqa: S606  no shell is meant


def _asterisk_main(arguments: list[str]) -> int:
    try:
        if arguments == ["firewall"]:
            print(firewall(node_from_environment(os.environ, with_password=False)), end="")
            return 0
        node = arguments == ["node"]
        settings = node_from_environment(os.environ) if node else far_end_from_environment(os.environ)
        program = find_program()
        check_ports(settings)
        configuration = render(settings, program)
    except (NoAsterisk, PortTaken, BadFolder, ValueError, OSError) as error:
        print(f"Asterisk ({arguments[0]}) can't start: {error}", file=sys.stderr)
        return 1
    print(f"{program}: ARI on {settings.ari_url}, logs in {settings.folder}/log", flush=True)
    argv = [*program.argv_prefix, "-f", "-C", str(configuration)]
    return _become(argv, settings.folder / "log")


def _become(argv: list[str], log: Path) -> NoReturn:
    """Standard output goes to a reader of its own, which ends when Asterisk has; signals go to Asterisk."""
    read_end, write_end = os.pipe()
    reader = (sys.executable, "-m", "asterisk.log_reader", str(log))
    unmarked = {name: value for name, value in os.environ.items() if name != MARK}
    subprocess.Popen(reader, stdin=read_end, stdout=subprocess.DEVNULL, start_new_session=True, env=unmarked)
    for descriptor in (1, 2):
        os.dup2(write_end, descriptor)
    os.umask(OWNER_ONLY)
    go_first()
    os.execv(argv[0], argv)  # noqa: S606  no shell is meant


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
