"""What a new installation needs, made once: database and schema, keys, settings. Run again it only looks.

    python -m script.install        (script/server and the containers do it by themselves)

Everything lies in the state folder; what an operator may change is in `ivr.toml` and `web.toml` there.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asterisk.__main__ import password, trunks
from asterisk.folders import cache_folder, state_folder
from db.blocking import transaction
from db.cluster import Cluster
from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.migrate import SERVICE_ROLE, MigrationRefused, migrate
from db.reseal import reseal
from db.vault import Signer, Vault, confirm_blocking

DATABASE = "expertline"
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

[trunk]
# The trunk's name in EXPERTLINE_TRUNKS, and the one published number that experts see.
name = "{trunk}"
caller_id = "{caller_id}"

[speech]
cache = "{speech}"

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

[development]
# true: anybody on this machine may log in as anybody of a fixed list. For demonstration only.
identities = {development}
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What differs between a server and the demo."""

    ari_url: str = "http://127.0.0.1:8088/ari"
    ari_password: Path | None = None
    trunk: str = "far-end"
    caller_id: str = "02000000000"
    rules: str = "gd-2"
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
    port = environment.get("EXPERTLINE_ARI_PORT") or "8088"
    return Choices(
        f"http://127.0.0.1:{port}/ari",
        trunk=given[0].name,
        web_host=environment.get("EXPERTLINE_WEB_HOST") or "127.0.0.1",
        public_url=environment.get("EXPERTLINE_PUBLIC_URL") or "",
    )


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything is."""

    state: Path
    dsn: str
    owner_dsn: str

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


def install(state: Path, owner_dsn: str, choices: Choices) -> Installation:
    """Make what is missing. `owner_dsn` leads to a PostgreSQL whose user may create databases.

    Raises DatabaseError, MigrationRefused, KeyFileRefused.
    """
    state.mkdir(parents=True, exist_ok=True)
    if not _exists(owner_dsn):
        _create(owner_dsn)
    owner = f"{owner_dsn} dbname={DATABASE}"
    for name in migrate(owner):
        _say(f"schema: {name}")
    service = f"{_without_user(owner_dsn)} user={SERVICE_ROLE} dbname={DATABASE}"
    installed = Installation(state, service, owner)
    _keys(installed)
    _reseal(installed)
    _settings(installed, choices)
    return installed


def _exists(owner_dsn: str) -> bool:
    with transaction(f"{owner_dsn} dbname=postgres") as tx:
        found = tx.value("SELECT count(*) FROM pg_database WHERE datname = %(name)s", {"name": DATABASE})
    return bool(found)


def _create(owner_dsn: str) -> None:
    with transaction(f"{owner_dsn} dbname=postgres", autocommit=True) as tx:
        tx.run(f"CREATE DATABASE {DATABASE}")
    _say(f"database {DATABASE}: made")


def _without_user(dsn: str) -> str:
    return " ".join(part for part in dsn.split() if not part.startswith("user="))


def _keys(installed: Installation) -> None:
    """A master key is made only for a database that has none yet: another one would open nothing."""
    with transaction(installed.dsn) as tx:
        new = tx.value("SELECT count(*) FROM vault") == 0
        if new and not installed.master_key.exists():
            vault = Vault.create(installed.master_key)
            _say(f"master key: made in {installed.master_key}; keep a copy where the database's backups are not")
        vault = Vault.open(installed.master_key)
        confirm_blocking(vault, tx)
    if not installed.signing_key.exists():
        Signer.create(installed.signing_key, vault)
    fingerprint = Signer.open(installed.signing_key, vault).fingerprint
    _say(f"signing key: {fingerprint}")


def _reseal(installed: Installation) -> None:
    """Of a database from before values were sealed for their row; nothing in any other."""
    done: Counter[str] = Counter()
    for each in reseal(installed.owner_dsn, Vault.open(installed.master_key), lambda table, rows: done.update({table: rows})):
        _say(f"not sealed anew, layout 1 is still accepted: {each}")
    for table, rows in done.items():
        _say(f"sealed anew: {table}, {rows} rows")


def web_settings(choices: Choices, installed: Installation) -> str:
    """The console's settings file."""
    proxy = f'behind_proxy = true\npublic_url = "{choices.public_url}"\n' if choices.public_url else ""
    return WEB.format(
        dsn=installed.dsn,
        master_key=installed.master_key,
        signing_key=installed.signing_key,
        rules=choices.rules,
        caller_id=choices.caller_id,
        speech=cache_folder() / "speech",
        web_host=choices.web_host,
        web_port=choices.web_port,
        web_proxy=proxy,
        development=str(choices.development).lower(),
    )


def _settings(installed: Installation, choices: Choices) -> None:
    ari_password = choices.ari_password or state_folder() / "asterisk-node/ari-password"
    password(ari_password)
    speech = cache_folder() / "speech"
    speech.mkdir(parents=True, exist_ok=True)
    values = {
        "dsn": installed.dsn,
        "master_key": installed.master_key,
        "signing_key": installed.signing_key,
        "rules": choices.rules,
        "ari_url": choices.ari_url,
        "ari_password": ari_password,
        "trunk": choices.trunk,
        "caller_id": choices.caller_id,
        "speech": speech,
        "sms": choices.sms,
    }
    made = ((installed.ivr_settings, IVR.format(**values)), (installed.web_settings, web_settings(choices, installed)))
    for path, text in made:
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            path.chmod(0o600)
            _say(f"settings: {path}")


def _say(text: str) -> None:
    sys.stderr.write(f"[install] {text}\n")


def main() -> int:
    """0: everything is there; 1: something is missing, and what."""
    state = state_folder()
    owner_dsn = os.environ.get("EXPERTLINE_OWNER_DSN") or Cluster(state / "postgres").dsn_prefix
    try:
        install(state, owner_dsn, choices_of(os.environ))
    except (DatabaseError, MigrationRefused, KeyFileRefused, ValueError) as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
