"""Which Asterisk runs: the system's own where it is new enough, else the root that script/setup unpacked."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asterisk.folders import cache_folder

MINIMUM = (22, 10, 1)
"""22.9.0 deadlocks under ARI at about 100 calls a minute (asterisk#1962); 22.10.1 fixed two ARI
advisories."""

_SYSTEM_DATA = (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))


class NoAsterisk(Exception):
    """There is no Asterisk that is new enough. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """An Asterisk on this machine: how it is started, and where its parts lie."""

    argv_prefix: tuple[str, ...]
    modules_dir: Path
    data_dir: Path
    """Has ``documentation`` and ``rest-api``, without which Asterisk and ARI don't start."""
    version: tuple[int, ...]

    def __str__(self) -> str:
        return f"Asterisk {'.'.join(map(str, self.version))} ({self.argv_prefix[-1]})"


def find_program() -> Program:
    """The Asterisk to run. Raises :class:`NoAsterisk` where there is none that is new enough.

    ``EXPERTLINE_ASTERISK_ROOT`` names an unpacked root and then decides alone.
    """
    named = os.environ.get("EXPERTLINE_ASTERISK_ROOT")
    found = [unpacked(Path(named))] if named else list(_candidates())
    for program in found:
        if program.version >= MINIMUM:
            return program
    wanted = ".".join(map(str, MINIMUM))
    seen = f"; there is {', '.join(map(str, found))}, which is too old" if found else ""
    raise NoAsterisk(f"no Asterisk {wanted} or newer on this machine{seen}. Run script/setup, which gets one.")


def unpacked(root: Path) -> Program:
    """The Asterisk in an unpacked Debian root, run in place by that root's own dynamic linker."""
    linkers = sorted(root.glob("usr/lib*/ld-linux*.so.*"))
    libraries = sorted(path.parent for path in root.glob("usr/lib/*/asterisk"))
    binary = root / "usr/sbin/asterisk"
    if not (linkers and libraries and binary.exists()):
        raise NoAsterisk(f"{root} holds no unpacked Asterisk. Remove it and run script/setup again.")
    argv = (str(linkers[0]), "--library-path", str(libraries[0]), str(binary))
    return Program(argv, libraries[0] / "asterisk/modules", root / "usr/share/asterisk", _version(argv))


def _candidates() -> Iterator[Program]:
    binary = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    modules = [*Path("/usr/lib").glob("*/asterisk/modules"), Path("/usr/lib/asterisk/modules")]
    data = [folder for folder in _SYSTEM_DATA if (folder / "rest-api").is_dir()]
    modules = [folder for folder in modules if folder.is_dir()]
    if binary and modules and data:
        yield Program((binary,), modules[0], data[0], _version((binary,)))
    for root in sorted(cache_folder().glob("asterisk-*/usr/sbin/asterisk"), reverse=True):
        if ".making" not in str(root):
            yield unpacked(root.parents[2])


def _version(argv: tuple[str, ...]) -> tuple[int, ...]:
    answer = subprocess.run([*argv, "-V"], capture_output=True, text=True, check=False, timeout=60).stdout
    numbers = re.match(r"Asterisk ([0-9]+(?:\.[0-9]+)*)", answer)
    return tuple(map(int, numbers[1].split("."))) if numbers else ()
