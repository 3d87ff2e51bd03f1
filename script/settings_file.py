"""Writing a settings file of the state folder."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from db.rights import OLD_ROLE

_OLD_DSN = re.compile(rf"^(dsn\s*=.*\buser=){OLD_ROLE}\b", re.MULTILINE)


def settings_file(path: Path, text: str, role: str, say: Callable[[str], None]) -> None:
    """Make it where there is none; one that is there keeps what its operator wrote, but for the old role. `say`: what was done."""
    if not path.exists():
        _write(path, text)
        say(f"settings: {path}")
    elif changed := with_own_role(path.read_text(encoding="utf-8"), role):
        _write(path, changed)
        say(f"settings: {path} names the database role {role} now, instead of {OLD_ROLE}")


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
