"""What a new installation needs, made once: database and schema, keys, settings. Run again it only looks.

    python -m script.install        (script/server and the containers do it by themselves)

Everything lies in the state folder; what an operator may change is in `ivr.toml`, `web.toml` and `audit.toml` there.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from asterisk.__main__ import password, trunks
from asterisk.folders import cache_folder, make_folder, state_folder, voice_folder
from db.blocking import transaction
from db.cluster import Cluster
from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.migrate import MigrationRefused, migrate
from db.reseal import reseal
from db.rights import AUDITOR, CONSOLE, OLD_ROLE, WORKER
from db.vault import Signer, Vault, confirm_blocking

DATABASE = "expertline"
_OLD_DSN = re.compile(rf"^(dsn\s*=.*\buser=){OLD_ROLE}\b", re.MULTILINE)
_SPEECH = re.compile(r"^\[speech\][ \t]*(?:#.*)?$", re.MULTILINE)
IVR = """\
# The worker's settings (see docs/settings.md).
dsn = "{dsn}"
master_key = "{master_key}"
signing_key = "{signing_key}"
rules = "{rules}"

[ari]
url = "{ari_url}"
user = "expertline"
password_file = "{ari_password}"

[hep]
# The same as EXPERTLINE_HEP_PORT of Asterisk: there the worker hears why calls were refused. 0: it doesn't.
port = {hep_port}

[trunk]
# The trunk's name in EXPERTLINE_TRUNKS, and the one published number that experts see.
name = "{trunk}"
caller_id = "{caller_id}"

[speech]
cache = "{speech}"
# Speaks Mandarin once script/setup voice has put a voice there; until then espeak-ng does.
natural = "{natural}"

[sms]
# "trunk": as SIP MESSAGE, where the carrier takes them; "gateway": needs a section [gateway].
by = "{sms}"
"""
WEB = """\
# The console's settings (see docs/settings.md).
dsn = "{dsn}"
master_key = "{master_key}"
signing_key = "{signing_key}"
host = "{web_host}"
port = {web_port}
# The version of the rules that a new activity obeys.
rules = "{rules}"
# The one number that experts see; the worker's own is in ivr.toml.
published_number = "{caller_id}"
{web_proxy}
[speech]
# The worker's own folder: what is heard in the console is what is heard on the telephone.
cache = "{speech}"
natural = "{natural}"

[development]
# true: anybody on this machine may log in as anybody of a fixed list. For demonstration only.
identities = {development}
"""
AUDIT = """\
# The auditor's settings (see docs/settings.md).
dsn = "{dsn}"
public_key = "{public_key}"
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What differs between a server and the demo."""

    ari_url: str = "http://127.0.0.1:8088/ari"
    ari_password: Path | None = None
    hep_port: int = 9060
    trunk: str = "far-end"
    caller_id: str = "02000000000"
    rules: str = "gd-3"
    sms: str = "off"
    """How 短信 go: off, trunk or gateway."""
    web_host: str = "127.0.0.1"
    web_port: int = 8080
    public_url: str = ""
    """The console's address in browsers, where a proxy or a container's port stands before it."""
    development: bool = False
    """Development identities."""


def choices_of(environment: Mapping[str, str]) -> Choices:
    """From the variables that `python -m asterisk` knows too, and EXPERTLINE_WEB_HOST and EXPERTLINE_PUBLIC_URL for the
    console. ValueError names what is wrong.
    """
    given = trunks(environment.get("EXPERTLINE_TRUNKS") or "far-end=127.0.0.1:5070")
    if not given:
        raise ValueError("EXPERTLINE_TRUNKS names no trunk")
    port, hep_port = environment.get("EXPERTLINE_ARI_PORT") or "8088", environment.get("EXPERTLINE_HEP_PORT") or "9060"
    if not hep_port.isdecimal():
        raise ValueError(f"EXPERTLINE_HEP_PORT: {hep_port!r} is not a port")
    return Choices(
        f"http://127.0.0.1:{port}/ari",
        hep_port=int(hep_port),
        trunk=given[0].name,
        web_host=environment.get("EXPERTLINE_WEB_HOST") or "127.0.0.1",
        public_url=environment.get("EXPERTLINE_PUBLIC_URL") or "",
    )


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything is."""

    state: Path
    owner_dsn: str

    def dsn(self, role: str) -> str:
        """For one of the roles of db/rights.py."""
        return f"{_without_user(self.owner_dsn)} user={role}"

    @property
    def public_key(self) -> Path:
        return self.state / "service.pub"

    @property
    def audit_settings(self) -> Path:
        return self.state / "audit.toml"

    @property
    def master_key(self) -> Path:
        return self.state / "master.key"

    @property
    def signing_key(self) -> Path:
        return self.state / "signing.key"

    @property
    def ivr_settings(self) -> Path:
        return self.state / "ivr.toml"

    @property
    def web_settings(self) -> Path:
        return self.state / "web.toml"


def install(state: Path, owner_dsn: str, choices: Choices, say: Callable[[str], None] | None = None) -> Installation:
    """Make what is missing. `owner_dsn` leads to a PostgreSQL whose user may create databases. `say`: what was made goes
    there, and by default to standard error.

    Raises DatabaseError, MigrationRefused, KeyFileRefused.
    """
    say = say or _say
    make_folder(state)
    if not _exists(owner_dsn):
        _create(owner_dsn)
        say(f"database {DATABASE}: made")
    owner = f"{owner_dsn} dbname={DATABASE}"
    for name in migrate(owner):
        say(f"schema: {name}")
    installed = Installation(state, owner)
    _keys(installed, say)
    _reseal(installed, say)
    _settings(installed, choices, say)
    return installed


def _exists(owner_dsn: str) -> bool:
    with transaction(f"{owner_dsn} dbname=postgres") as tx:
        found = tx.value("SELECT count(*) FROM pg_database WHERE datname = %(name)s", {"name": DATABASE})
    return bool(found)


def _create(owner_dsn: str) -> None:
    with transaction(f"{owner_dsn} dbname=postgres", autocommit=True) as tx:
        tx.run(f"CREATE DATABASE {DATABASE}")


def _without_user(dsn: str) -> str:
    return " ".join(part for part in dsn.split() if not part.startswith("user="))


def _keys(installed: Installation, say: Callable[[str], None]) -> None:
    """A master key is made only for a database that has none yet: another one would open nothing."""
    with transaction(installed.owner_dsn) as tx:
        new = tx.value("SELECT count(*) FROM vault") == 0
        if new and not installed.master_key.exists():
            vault = Vault.create(installed.master_key)
            say(f"master key: made in {installed.master_key}; keep a copy where the database's backups are not")
        vault = Vault.open(installed.master_key)
        confirm_blocking(vault, tx)
    if not installed.signing_key.exists():
        Signer.create(installed.signing_key, vault)
    signer = Signer.open(installed.signing_key, vault)
    installed.public_key.write_text(signer.public_pem, encoding="utf-8")
    say(f"signing key: {signer.fingerprint}")


def _reseal(installed: Installation, say: Callable[[str], None]) -> None:
    """Of a database from before values were sealed for their row; nothing in any other."""
    done: Counter[str] = Counter()
    for each in reseal(
        installed.owner_dsn, Vault.open(installed.master_key), lambda table, rows: done.update({table: rows})
    ):
        say(f"not sealed anew, layout 1 is still accepted: {each}")
    for table, rows in done.items():
        say(f"sealed anew: {table}, {rows} rows")


def web_settings(choices: Choices, installed: Installation) -> str:
    """The console's settings file."""
    proxy = f'behind_proxy = true\npublic_url = "{choices.public_url}"\n' if choices.public_url else ""
    return WEB.format(
        dsn=installed.dsn(CONSOLE),
        master_key=installed.master_key,
        signing_key=installed.signing_key,
        rules=choices.rules,
        caller_id=choices.caller_id,
        speech=cache_folder() / "speech",
        natural=voice_folder(),
        web_host=choices.web_host,
        web_port=choices.web_port,
        web_proxy=proxy,
        development=str(choices.development).lower(),
    )


def ivr_settings(choices: Choices, installed: Installation) -> str:
    """The worker's settings file."""
    return IVR.format(
        dsn=installed.dsn(WORKER),
        master_key=installed.master_key,
        signing_key=installed.signing_key,
        rules=choices.rules,
        ari_url=choices.ari_url,
        ari_password=_ari_password(choices),
        hep_port=choices.hep_port,
        trunk=choices.trunk,
        caller_id=choices.caller_id,
        speech=cache_folder() / "speech",
        natural=voice_folder(),
        sms=choices.sms,
    )


def audit_settings(installed: Installation) -> str:
    """The auditor's settings file."""
    return AUDIT.format(dsn=installed.dsn(AUDITOR), public_key=installed.public_key)


def _ari_password(choices: Choices) -> Path:
    return choices.ari_password or state_folder() / "asterisk-node/ari-password"


def _settings(installed: Installation, choices: Choices, say: Callable[[str], None]) -> None:
    password(_ari_password(choices))
    make_folder(cache_folder() / "speech")
    made = (
        (installed.ivr_settings, ivr_settings(choices, installed), WORKER),
        (installed.web_settings, web_settings(choices, installed), CONSOLE),
        (installed.audit_settings, audit_settings(installed), AUDITOR),
    )
    for path, text, role in made:
        try:
            _settings_file(path, text, role, say)
        except (OSError, UnicodeDecodeError) as error:  # whose settings they are says so too, and the others go on
            say(f"settings: {path} can't be looked at: {error}")


def _settings_file(path: Path, text: str, role: str, say: Callable[[str], None]) -> None:
    if not path.exists():
        _write(path, text)
        say(f"settings: {path}")
        return
    if changed := with_own_role(path.read_text(encoding="utf-8"), role):
        _write(path, changed)
        say(f"settings: {path} names the database role {role} now, instead of {OLD_ROLE}")
    if changed := with_natural_voice(path.read_text(encoding="utf-8"), voice_folder()):
        _write(path, changed)
        say(f"settings: {path} names the folder of the natural voice now (speech.natural, docs/speech.md)")


def _write(path: Path, text: str) -> None:
    """The whole of it or nothing: a full disk, or an end in the middle, leaves no half of it."""
    new = path.with_name(f"{path.name}.new")
    new.touch(mode=0o600)
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def with_own_role(settings: str, role: str) -> str | None:
    """A settings file from before each process had a role, with its own in `dsn`; None where nothing is to be changed.

    >>> with_own_role('dsn = "host=/run user=expertline_service dbname=x"\\nport = 1\\n', "expertline_console")
    'dsn = "host=/run user=expertline_console dbname=x"\\nport = 1\\n'
    """
    changed = _OLD_DSN.sub(rf"\1{role}", settings)
    return changed if changed != settings else None


def with_natural_voice(settings: str, folder: Path) -> str | None:
    """A settings file from before there was a natural voice, with its folder; None where nothing is to be changed: no [speech], a
    command of one's own, or the word `natural` anywhere, so that whoever wants the line gone comments it out.

    >>> with_natural_voice('[speech]\\ncache = "/c"\\n', Path("/v"))
    '[speech]\\nnatural = "/v"\\ncache = "/c"\\n'
    """
    if not _SPEECH.search(settings) or re.search(r"\bnatural\b|^\s*command\s*=", settings, re.MULTILINE):
        return None
    return _SPEECH.sub(lambda found: f'{found[0]}\nnatural = "{folder}"', settings, count=1)


def _say(text: str) -> None:
    sys.stderr.write(f"[install] {text}\n")


def main() -> int:
    """0: everything is there; 1: something is missing, and what."""
    state = state_folder()
    owner_dsn = os.environ.get("EXPERTLINE_OWNER_DSN") or Cluster(state / "postgres").dsn_prefix
    try:
        install(state, owner_dsn, choices_of(os.environ))
    except (DatabaseError, MigrationRefused, KeyFileRefused, ValueError, OSError) as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
