"""Puts what there is to show into an installation of containers that is still empty:  python -m script.seeding

The profile `demo` of docker-compose.yml runs it after `script.install`: 20,000 invented experts, two activities of 张经办's that
wait to be started, and settings with development identities for a console on loopback. Run again it only makes what is missing. It
refuses a database that is in use already.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from asterisk.folders import state_folder
from db.blocking import transaction
from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.pool import Database
from db.vault import Vault
from script.install import DATABASE, Choices, Installation, web_settings
from script.sample import RULES, Times, register
from script.staging import CALLER_ID, make_pool
from script.telling import Failed

TIMES = Times(first=timedelta(hours=2), second=timedelta(hours=3), first_gathers_before=timedelta(minutes=5))
"""Long enough to look around before a draw is started."""
CONSOLE_PORT = 8081
SETTINGS = "demo-web.toml"
_RULES, _CALLER_ID, _SMS = (re.compile(rf'^({key} = )".*"$', re.MULTILINE) for key in ("rules", "caller_id", "by"))


class NotEmpty(Exception):
    """The database is somebody's."""


def seed(installed: Installation, port: int, say: Callable[[str], None]) -> None:
    """Pool, activities and settings, each once. Raises NotEmpty, Failed, DatabaseError, KeyFileRefused."""
    experts, projects = _has(installed.owner_dsn, "expert"), _has(installed.owner_dsn, "project")
    if (experts or projects) and not (installed.state / SETTINGS).exists():
        raise NotEmpty(
            "this installation is in use already, and the demo is put into an empty one only: run it under a project name of its "
            "own (docker compose -p expertline-demo --profile demo up)"
        )
    _write_settings(installed, port)
    if not experts:
        with TemporaryDirectory() as folder:
            make_pool(Path(folder), installed)
    if not projects:
        first, second = asyncio.run(_register(installed))
        say(f"activities {first} and {second} wait to be started, within about {TIMES.first // timedelta(hours=1)} hours")
    say(f"the demo's console: http://127.0.0.1:{port}/ (log in as 张经办, open an activity, press 启动抽取)")


def _has(owner_dsn: str, table: str) -> bool:
    with transaction(owner_dsn) as tx:
        return bool(tx.value(f"SELECT EXISTS (SELECT FROM {table})"))  # noqa: S608  a name of ours


async def _register(installed: Installation) -> tuple[str, str]:
    async with Database(installed.owner_dsn) as owner:
        return await register(owner, Vault.open(installed.master_key), TIMES)


def _write_settings(installed: Installation, port: int) -> None:
    """The worker calls at any hour and sends text messages, by the demo's rules; a console of the demo's own lets anybody in."""
    path = installed.state / SETTINGS
    choices = Choices(rules=RULES.version, caller_id=CALLER_ID, web_port=port, development=True)
    path.touch(mode=0o600)
    path.write_text(web_settings(choices, installed), encoding="utf-8")
    changed = installed.ivr_settings.read_text(encoding="utf-8")
    for pattern, value in ((_RULES, RULES.version), (_CALLER_ID, CALLER_ID), (_SMS, "trunk")):
        changed = pattern.sub(rf'\g<1>"{value}"', changed)
    installed.ivr_settings.write_text(changed, encoding="utf-8")


def port_of(environment: Mapping[str, str]) -> int:
    """EXPERTLINE_DEMO_PORT. ValueError if it is none."""
    text = environment.get("EXPERTLINE_DEMO_PORT") or str(CONSOLE_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise ValueError(f"EXPERTLINE_DEMO_PORT: {text!r} is not a port")
    return int(text)


def _say(text: str) -> None:
    sys.stderr.write(f"[demo] {text}\n")


def main() -> int:
    """0: it is there; 1: it is not, and why."""
    owner_dsn = os.environ.get("EXPERTLINE_OWNER_DSN", "")
    try:
        if not owner_dsn:
            raise ValueError("EXPERTLINE_OWNER_DSN names no database")
        seed(Installation(state_folder(), f"{owner_dsn} dbname={DATABASE}"), port_of(os.environ), _say)
    except (NotEmpty, Failed, DatabaseError, KeyFileRefused, ValueError, OSError) as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
