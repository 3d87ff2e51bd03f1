"""Room on the disks that the console can see: where its own files are, and the database's where that is on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
FULL_MIB = 16
"""PostgreSQL takes this much at a time for its log, and stops where it can't have it."""
LOW_MIB, LOW_SHARE = 1024, 0.05
"""A disk with less than both has little room left."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk. `of`: what of ours is on it; `free_mib`: what a process that is not root may still write."""

    of: tuple[str, ...]
    free_mib: int
    size_mib: int
    free_files: int | None = None
    """None where the disk does not count them."""

    @property
    def full(self) -> bool:
        """Nothing more can be relied on to be written.

        >>> Disk(("database",), 15, 1000).full, Disk(("database",), 16, 1000).full, Disk(("database",), 500, 1000, 0).full
        (True, False, True)
        """
        return self.free_mib < FULL_MIB or self.free_files == 0

    @property
    def low(self) -> bool:
        """A person should make room soon.

        >>> Disk(("database",), 40, 1000).low, Disk(("database",), 60, 1000).low, Disk(("database",), 2000, 10**6).low
        (True, False, False)
        """
        return self.full or self.free_mib < min(LOW_MIB, self.size_mib * LOW_SHARE)


def look(places: Mapping[str, Path]) -> tuple[Disk, ...]:
    """The disks that these folders are on, or will be; a place that can't be looked at is left out."""
    found: dict[int, tuple[os.statvfs_result, list[str]]] = {}
    for name, place in places.items():
        if (folder := _nearest(place)) is not None:
            try:
                disk = found.setdefault(folder.stat().st_dev, (os.statvfs(folder), []))
            except OSError:
                continue
            disk[1].append(name)
    return tuple(_disk(room, names) for room, names in found.values())


def _nearest(place: Path) -> Path | None:
    """The folder, or the one above it in which it will be made."""
    return next((folder for folder in (place, *place.parents) if _is_there(folder)), None)


def _is_there(folder: Path) -> bool:
    try:
        return folder.exists()
    except OSError:
        return False


def _disk(room: os.statvfs_result, names: Iterable[str]) -> Disk:
    free, size = room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize
    return Disk(tuple(names), free // MIB, size // MIB, room.f_favail if room.f_files else None)
