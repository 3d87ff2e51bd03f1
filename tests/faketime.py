"""A clock that can be set, for a private PostgreSQL and a worker together (Debian's libfaketime); their monotonic clocks run on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import Cluster, make_template, private_cluster

_SHARED = Path("/dev/shm")


class Clock:
    """The wall clock of all processes that have `environment` in theirs; `file` is read by each of them, whoever it runs as."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.ahead = 0.0
        self.set(0.0)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, ahead: float) -> None:
        """So many seconds ahead of the machine's clock, from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead:+f}\n")
        new.chmod(0o644)
        new.replace(self._file)
        self.ahead = ahead

    def step(self, seconds: float) -> None:
        self.set(self.ahead + seconds)


@contextmanager
def under_a_clock() -> Iterator[tuple[Clock, Cluster]]:
    """A private PostgreSQL with the whole schema, and the clock that it has."""
    folder = Path(tempfile.mkdtemp(prefix="xl-clock-", dir="/tmp"))
    folder.chmod(0o755)
    clock = Clock(folder / "clock")
    try:
        with private_cluster(clock.environment) as cluster:
            make_template(cluster)
            yield clock, cluster
    finally:
        shutil.rmtree(folder)
        _tidy()


def _tidy() -> None:
    """What the library of a process that was killed has left in memory."""
    for left in [*_SHARED.glob("faketime_shm_*"), *_SHARED.glob("sem.faketime_sem_*")]:
        if not Path(f"/proc/{left.name.rpartition('_')[2]}").exists():
            left.unlink(missing_ok=True)


def _library() -> Path:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert found, "script/setup test installs libfaketime"
    return found[0]
