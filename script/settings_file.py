"""Writing a settings file of the state folder."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from asterisk.folders import voice_folder
from db.rights import OLD_ROLE

_OLD_DSN = re.compile(rf"^(dsn\s*=.*\buser=){OLD_ROLE}\b", re.MULTILINE)
_SPEECH = re.compile(r"^\[speech\][ \t]*(?:#.*)?$", re.MULTILINE)


def settings_file(path: Path, text: str, role: str, say: Callable[[str], None]) -> None:
    """Make it where there is none; one that is there keeps what its operator wrote, but for the old role and the natural voice that
    it can't know of. `say`: what was done."""
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
