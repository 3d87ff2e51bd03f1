"""Files that hold a key: one line of text, a regular file, for its owner's eyes only."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_MAX_BYTES = 4096


class KeyFileRefused(Exception):
    """Says which file, what is wrong with it, and what to do."""


def write_key_file(path: Path, line: str) -> None:
    """Write a new file, mode 0600, safely on disk when this returns. Never overwrites."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise KeyFileRefused(f"{path} exists already; a key is never overwritten: move it away first") from None
    except OSError as error:
        why = error.strerror
        raise KeyFileRefused(f"{path} can't be written ({why}): make its folder, or choose another") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchmod(descriptor, 0o600)  # whatever the umask says
        file.write(line + "\n")
        file.flush()
        os.fsync(descriptor)
    _sync_folder(path.parent)


def read_key_file(path: Path, create_hint: str) -> str:
    """The line. KeyFileRefused if the file is missing, not regular, or readable by group or others."""
    try:
        # O_NONBLOCK: a named pipe must be refused, not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise KeyFileRefused(_why(path, error, create_hint)) from None
    try:
        _check(path, os.fstat(descriptor).st_mode)
        return os.read(descriptor, _MAX_BYTES).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise KeyFileRefused(f"{path} is not a regular file: put the key itself there")
    if mode & 0o077:
        seen = f"mode {stat.S_IMODE(mode):04o}"
        raise KeyFileRefused(f"{path} can be read or changed by others ({seen}): run  chmod 600 {path}")


def _why(path: Path, error: OSError, create_hint: str) -> str:
    match error.errno:
        case errno.ENOENT:
            return f"{path} does not exist: restore it from its backup; {create_hint}"
        case errno.ELOOP:
            return f"{path} is a symbolic link, not a regular file: give the file itself"
        case errno.EACCES:
            return f"{path} can't be read by this user: it must belong to the user who runs this (mode 0600)"
        case _:
            return f"{path} can't be read: {error.strerror}"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
