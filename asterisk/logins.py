"""Names and passwords for carriers that want one: a TOML file that only its owner reads, a section for each trunk.

    [carrier]
    user = "02083186888"
    password = "..."
    register = false    # true: we register there, as a telephone does
    challenge = false   # true: calls from the carrier must prove the same name and password

They go into pjsip.conf (mode 0600, in a folder that is nobody else's), and into no log.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Numbers, for which the dialplan takes calls (templates/node/extensions.conf.j2).
_CALLED = re.compile(r"\+?[0-9]{1,40}")
# No space, which Asterisk would cut off; what it would take for a comment is escaped where it is written.
_WORD = re.compile(r"[!-~]{1,128}")
_KEYS = {"user": str, "password": str, "register": bool, "challenge": bool}


class LoginsRefused(ValueError):
    """The file can't be used. The message says why, and holds nothing of what stands in it."""


@dataclass(frozen=True, slots=True)
class Login:
    """A trunk's name and password (RFC 3261 22: digest)."""

    user: str
    password: str = field(repr=False)
    register: bool = False
    """Whether we register at the carrier."""
    challenge: bool = False
    """Whether calls from the carrier must prove them, too: whoever merely writes the carrier's address into a packet is refused
    before a call costs anything."""

    def __post_init__(self) -> None:
        if not (_WORD.fullmatch(self.user) and _WORD.fullmatch(self.password)):
            raise LoginsRefused("user and password are 1 to 128 characters of ASCII without spaces")

    @property
    def contact(self) -> str:
        """The user for whom calls come in where we registered (RFC 3261 10.2.1): our number, if that is the name."""
        return self.user if _CALLED.fullmatch(self.user) else "0"


def read_logins(path: Path) -> Mapping[str, Login]:
    """By trunk. Raises LoginsRefused."""
    try:
        if path.stat().st_mode & 0o077:
            raise LoginsRefused(
                f"{path} can be read or changed by others: chmod 600 it, and have the passwords changed"
            )
        sections = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise LoginsRefused(f"{path} can't be read: {type(error).__name__}") from error
    except tomllib.TOMLDecodeError:
        raise LoginsRefused(f"{path} is no TOML") from None  # its message may quote a password
    return {name: _login(path, name, section) for name, section in sections.items()}


def _login(path: Path, name: str, section: object) -> Login:
    if not isinstance(section, dict) or set(section) - set(_KEYS) or not {"user", "password"} <= set(section):
        raise LoginsRefused(f"{path}, [{name}]: user and password, and if need be register and challenge")
    for key, value in section.items():
        if not isinstance(value, _KEYS[key]):
            raise LoginsRefused(f"{path}, [{name}]: {key} is {'a text' if _KEYS[key] is str else 'true or false'}")
    try:
        return Login(**section)
    except LoginsRefused as error:
        raise LoginsRefused(f"{path}, [{name}]: {error}") from None
