"""The folder of rendered sound: what a key is, and how a file gets there whole or not at all.

Names are hashes, so no name, number or code stands in a path or a log. Each sound is two files: `.alaw`,
which Asterisk sends as it is, and `.wav` (8 kHz mono 16 bits), for the console and for comparison. A sound is
believed only if the one is the other's A-law, sample for sample: no third file with a checksum is needed.
"""

import fcntl
import hashlib
import os
import stat
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from .audio import RATE, BadAudio, Samples, alaw_bytes, read_wav, to_pcm, wav_bytes

FORMAT = 3
"""Raise it when the sound processing changes."""

KEPT_MIB = 1024
"""Past this size the sounds that nobody used for longest are dropped; some 12 hours of speech."""

KEPT_SECONDS = 24 * 3600
"""A sound that was used so lately is never dropped: a call that waits may hold its path."""

_STALE_SECONDS = 3600
_PRUNE_EVERY = 500
_REMEMBERED = 20_000
_ENDS = (".wav", ".alaw")
_TRIAL = ".new-trial"
_PLAYED = _ENDS[1]
_Seen = tuple[int, int, int, int]
_State = tuple[_Seen, _Seen]


def key(*what: object) -> str:
    """24 hex digits for everything that changes the sound; short, since a prompt's media list is one
    request.
    """
    plain = "\x1f".join(map(str, (FORMAT, *what)))
    return hashlib.sha256(plain.encode()).hexdigest()[:24]


def _seen(path: str) -> _Seen | None:
    """What tells a file that was changed since: inode, size, the time of its last writing, and who may read it."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a call asks some hundred times
    except OSError:  # gone, or a part of the way to it is
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode)


class SoundCache:
    """Sounds by key. Several processes may share one folder: who renders first is heard by all.

    Synthesis is not repeatable to the byte, so a second rendering of a key must not replace the first: the console
    would play another file than the call. Writers take turns by a lock on the folder.
    """

    def __init__(self, folder: Path, kept_mib: float = KEPT_MIB) -> None:
        self.folder = folder.absolute()
        self._path = str(self.folder)
        self._kept_bytes = int(kept_mib * 2**20)
        self._whole: dict[str, _State] = {}
        self._turn = threading.Lock()
        self._written = 0

    def open(self) -> None:
        """Make the folder, drop what an earlier process left half written, and what was not used for long."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(".new-*"):
            with suppress(FileNotFoundError):  # young ones are another process's, being written
                if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                    left.unlink()
        self.prune()

    def media(self, name: str) -> str:
        """What Asterisk gets after `sound:`: absolute, without extension."""
        return f"{self.folder}/{name}"

    def has(self, name: str) -> bool:
        """Both files are there and are one sound; read again only when a file has changed."""
        state = self._state(name)
        if state is None:
            return False
        if self._whole.get(name) != state:
            if not self._is_whole(name, state):
                return False
            self._remember(name, state)
        return True

    def _remember(self, name: str, state: _State | None) -> None:
        """Found whole, or just made so."""
        if len(self._whole) >= _REMEMBERED:
            self._whole.clear()
        if state is not None:
            self._whole[name] = state

    def is_as_seen(self, name: str) -> bool:
        """Whether what Asterisk plays, the .alaw, is still the file that was found whole: one look at the disk."""
        state = self._whole.get(name)
        return self.has(name) if state is None else _seen(f"{self._path}/{name}{_PLAYED}") == state[1]

    def used(self, name: str) -> None:
        """Remember on the disk that it is in use, so that no process drops it (the time of access; the other times
        stay).
        """
        for path in (self.folder / f"{name}{end}" for end in _ENDS):
            with suppress(FileNotFoundError, PermissionError):  # another user's file: who made it keeps it
                os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))

    def put(self, name: str, samples: Samples) -> None:
        """Write both, aside first; nothing happens if another process was faster."""
        pcm = to_pcm(samples)
        with self._locked():
            if not self.has(name):
                self._write(f"{name}.alaw", alaw_bytes(pcm))
                self._write(f"{name}.wav", wav_bytes(pcm))
                self._remember(name, self._state(name))
        self._written += 1
        if self._written % _PRUNE_EVERY == 0:
            self.prune()

    def try_writing(self) -> None:
        """Write as much as a long sound has, and drop it again. Raises OSError."""
        with self._locked():
            self._write(_TRIAL, bytes(2**20))
            (self.folder / _TRIAL).unlink()

    def sounds_for(self, name: str) -> float:
        """How many seconds a sound that was found whole takes; 0 for one that was not."""
        state = self._whole.get(name)
        return state[1][1] / RATE if state else 0.0

    def seconds(self, name: str) -> float:
        """How long it takes to hear it."""
        with wave.open(str(self.folder / f"{name}.wav"), "rb") as file:
            return file.getnframes() / RATE

    def prune(self) -> int:
        """Drop the least recently used until the folder is small enough; how many files went.

        What was used within `KEPT_SECONDS` stays, however large the folder is then.
        """
        with self._locked():
            found = sorted(self._sounds())
            size, dropped = sum(bytes_ for _, bytes_, _ in found), 0
            for when, bytes_, path in found:
                if size <= self._kept_bytes or time.time() - when < KEPT_SECONDS:
                    break
                path.unlink(missing_ok=True)
                size, dropped = size - bytes_, dropped + 1
            return dropped

    def _sounds(self) -> Iterator[tuple[float, int, Path]]:
        for path in self.folder.iterdir():
            if path.suffix in _ENDS:
                with suppress(FileNotFoundError):
                    seen = path.stat()
                    yield seen.st_atime, seen.st_size, path

    def _state(self, name: str) -> _State | None:
        wav, alaw = (_seen(f"{self._path}/{name}{end}") for end in _ENDS)
        return None if wav is None or alaw is None else (wav, alaw)

    def _is_whole(self, name: str, state: _State) -> bool:
        """Also that everybody may read it: Asterisk may run as another user."""
        if not all(mode & stat.S_IROTH for *_, mode in state):
            return False
        try:
            wav, alaw = ((self.folder / f"{name}{end}").read_bytes() for end in _ENDS)
            samples, _ = read_wav(wav)
        except (BadAudio, OSError):
            return False
        pcm = (samples * 32768).astype(np.int16)  # read_wav divides by 2 ** 15: exact in float64, and so is the way back
        return len(pcm) > 0 and wav == wav_bytes(pcm) and alaw == alaw_bytes(pcm)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone in this folder, among threads and processes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._turn, (self.folder / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, name: str, data: bytes) -> None:
        handle, aside = tempfile.mkstemp(prefix=".new-", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), 0o644)  # Asterisk may run as another user
            Path(aside).replace(self.folder / name)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
