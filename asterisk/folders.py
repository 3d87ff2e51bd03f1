"""The two folders in which everything lives that is not in the checkout (script/environment sets the
same)."""

import os
from pathlib import Path


def state_folder() -> Path:
    """What must be kept: the database, evidence, recordings. ``EXPERTLINE_STATE``."""
    return _folder("EXPERTLINE_STATE", "/var/lib", "XDG_STATE_HOME", ".local/state")


def cache_folder() -> Path:
    """What can be made again: Asterisk's root, the virtual environment, prompts. ``EXPERTLINE_CACHE``."""
    return _folder("EXPERTLINE_CACHE", "/var/cache", "XDG_CACHE_HOME", ".cache")


def voice_folder() -> Path:
    """Where script/setup voice puts the natural voice."""
    return cache_folder() / "voice"


def _folder(variable: str, for_root: str, xdg: str, for_user: str) -> Path:
    if named := os.environ.get(variable):
        return Path(named)
    if os.geteuid() == 0:
        return Path(for_root) / "expertline"
    return Path(os.environ.get(xdg) or Path.home() / for_user) / "expertline"


def make_folder(folder: Path, mode: int = 0o755) -> Path:
    """A folder with the missing ones above it, of this mode whatever the umask is; one that is there keeps its own.

    Where everything runs as root, PostgreSQL runs as another user, who must be able to pass (`umask 077` is common among roots).
    What is secret is in files and folders with a mode of their own.
    """
    for path in reversed([folder, *folder.parents]):
        try:
            path.mkdir()
        except FileExistsError:
            if not path.is_dir():
                raise
        else:
            path.chmod(mode)
    return folder
