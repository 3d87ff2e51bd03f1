"""Write the configuration of an instance of Asterisk from the templates."""

import contextlib
import re
import resource
import shutil
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from itertools import chain
from pathlib import Path

import jinja2

from asterisk import far_end, inbox, sounds
from asterisk.folders import make_folder
from asterisk.front import TRUNK_HEADER
from asterisk.program import Program
from asterisk.settings import SYSTEM_CA, FarEndSettings, NodeSettings

_TEMPLATES = Path(__file__).parent / "templates"
_SHARED = ("http", "ari", "rtp", "logger", "manager", "cdr", "cel", "indications", "musiconhold", "stasis")
_EMPTY = ("acl", "ccss", "features", "pjproject", "udptl", "websocket_client")
_OWN = ("asterisk", "modules", "pjsip", "extensions")
_LONGEST_SOCKET = 107
OWNER_ONLY = 0o077
"""The umask of everything that an instance writes: calls, passwords and logs are nobody else's."""
_FOLDERS = ("etc", "lib", "lib/keys", "data", "agi", "spool", "spool/recording", "run", "log", "moh")
# The path stands in dialplan, where a comma or a bracket would end it.
_SAFE_PATH = re.compile(r"/[A-Za-z0-9/_.+-]*")


class BadFolder(Exception):
    """The folder can't hold an instance. The message says why and what to do."""


def render(settings: NodeSettings | FarEndSettings, program: Program) -> Path:
    """Write the configuration into ``settings.folder``; return the path of asterisk.conf.

    What an earlier run left in logs and recordings stays. Raises :class:`BadFolder`.
    """
    folder = settings.folder
    _check(folder)
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o700)
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    _link_data(folder / "data", program.data_dir)
    for name, text in configuration(settings, program).items():
        path = folder / "etc" / name
        path.touch(mode=0o600)  # one of them has a password
        path.write_text(text)
    # A class of music needs a file; who is on hold hears nothing until somebody puts another one there.
    _write_sound(folder / "moh/silence.wav", sounds.silence(1))
    if isinstance(settings, FarEndSettings):
        settings.recordings.mkdir(exist_ok=True)
        _write_sound(folder / "sounds/announcement.wav", sounds.speech(3))
        for voice, pitch in far_end.VOICES.items():
            _write_sound(folder / f"sounds/{voice}.wav", sounds.speech(far_end.VOICE_SECONDS, pitch))
        _write_sound(folder / "sounds/hello.wav", sounds.speech(0.8))
        _write_sound(folder / "sounds/greeting.wav", sounds.sentences(3.2, 2.8, 2.6))
        _write_sound(folder / "sounds/beep.wav", chain(sounds.silence(0.8), sounds.tone(1_000, 0.5)))
    _close_to_others(folder)
    return folder / "etc/asterisk.conf"


def _close_to_others(folder: Path) -> None:
    """Folders 0700, files 0600, whatever an earlier version left; links lead to the program's own files and stay.

    Logs are the reader's: by their mode it knows those of a version that wrote numbers.
    """
    (folder / "log/output").unlink(missing_ok=True)  # written by earlier versions, with numbers
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink() and (path.is_dir() or path.is_file()) and path.parent.name != "log":
            with contextlib.suppress(FileNotFoundError):  # the worker takes recordings away meanwhile
                path.chmod(0o700 if path.is_dir() else 0o600)


def configuration(settings: NodeSettings | FarEndSettings, program: Program) -> dict[str, str]:
    """The configuration's files, by name."""
    kind = "node" if isinstance(settings, NodeSettings) else "far_end"
    own = (*_OWN, *_optional(settings))
    sources = {name: f"shared/{name}.conf.j2" for name in _SHARED}
    sources |= dict.fromkeys(_EMPTY, "shared/none.conf.j2")
    sources |= {name: f"{kind}/{name}.conf.j2" for name in own}
    environment = _environment()
    values: dict[str, object] = {"settings": settings, "program": program}
    values |= {"folder": settings.folder, "open_files": _open_files()}
    values |= {"system_ca": SYSTEM_CA, "trunk_header": TRUNK_HEADER}
    if isinstance(settings, FarEndSettings):
        values |= _far_end_values(settings)
    return {f"{name}.conf": environment.get_template(source).render(values) for name, source in sources.items()}


def firewall(settings: NodeSettings) -> str:
    """Rules for nftables that fit the node. Raises ValueError where a trunk is known by its name only."""
    if settings.carriers is None:
        raise ValueError(
            "a firewall goes by addresses: give each trunk of EXPERTLINE_TRUNKS as an address, not by its name"
        )
    known = [ip_address(source) for source in settings.carriers]
    values: dict[str, object] = {"settings": settings, "invites_a_second": 20, "packets_a_second": 25_000}
    values |= {f"sources{version}": [str(each) for each in known if each.version == version] for version in (4, 6)}
    values["sip_ports"] = sorted({settings.sip_port + (transport == "tls") for transport in settings.transports})
    return _environment().get_template("firewall.nft.j2").render(values)


def _optional(settings: NodeSettings | FarEndSettings) -> Iterator[str]:
    if isinstance(settings, NodeSettings) and settings.bench:
        yield "bench"
    if isinstance(settings, NodeSettings) and settings.hep_port:
        yield "hep"


def _far_end_values(settings: FarEndSettings) -> dict[str, object]:
    return {
        "behaviours": tuple(far_end.Behaviour),
        "default": far_end.Behaviour.ACCEPTS,
        "dialplan": far_end.dialplan,
        "later_dialplan": far_end.later_dialplan,
        "caller": far_end.caller_dialplan(settings),
        "stay": settings.stay,
        "receiving": inbox.receiving,
        "inband_suffix": far_end.Behaviour.INBAND.suffix,
        "incoming": tuple(far_end.note(settings, "incoming ${FILTER(0-9+,${CALLERID(num)})}")),
        "ended": tuple(far_end.note(settings, "ended ${HANGUPCAUSE}")),
    }


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        finalize=_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  configuration, not HTML; _one_line guards it
    )


def _one_line(value: object) -> object:
    """Refuse a value that would start a new setting; blocks of templates come here already put together."""
    if isinstance(value, str) and "\n" in value:
        raise ValueError(f"a setting with a line break: {value!r}")
    return value


def _check(folder: Path) -> None:
    if not _SAFE_PATH.fullmatch(str(folder)):
        raise BadFolder(f"{folder}: use an absolute path of plain letters, digits, '.', '_', '+' and '-'")
    socket = folder / "run/asterisk.ctl"
    if len(str(socket)) > _LONGEST_SOCKET:
        raise BadFolder(f"{folder} is too long a path: {socket} would have more than {_LONGEST_SOCKET} bytes")


def _link_data(data: Path, source: Path) -> None:
    for name in ("documentation", "rest-api"):
        link = data / name
        if link.is_symlink() and link.readlink() == source / name:
            continue
        if link.is_symlink():
            link.unlink()
        elif link.exists():
            shutil.rmtree(link)
        link.symlink_to(source / name)


def _write_sound(path: Path, samples: Iterable[float]) -> None:
    if path.exists():
        return
    path.parent.mkdir(exist_ok=True)
    sounds.write_wav(path.with_suffix(".new"), samples)
    path.with_suffix(".new").rename(path)


def _open_files() -> int | None:
    """How many files Asterisk may open: what this machine allows at most, if that is more than now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    return allowed if soft != resource.RLIM_INFINITY and allowed > soft else None
