"""The folder of rendered sound: what a key is, and how a file gets there whole or not at all.

Names are hashes, so no name, number or code stands in a path or a log. Each sound is two files: `.alaw`,
which Asterisk sends as it is, and `.wav` (8 kHz mono 16 bits), for the console and for comparison. The
`.wav` is renamed last: if it is there, both are.
"""

import hashlib
import os
import tempfile
import wave
from pathlib import Path

from .audio import RATE, Samples, alaw_bytes, to_pcm, wav_bytes

FORMAT = 1
"""Raise it when the sound processing changes."""


def key(*what: object) -> str:
    """24 hex digits for everything that changes the sound; short, since a prompt's media list is one
    request.
    """
    plain = "\x1f".join(map(str, (FORMAT, *what)))
    return hashlib.sha256(plain.encode()).hexdigest()[:24]


class SoundCache:
    """Sounds by key. Several processes may share one folder: the last rename wins, and all are the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def open(self) -> None:
        """Make the folder, and drop what an earlier process left half written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(".new-*"):
            left.unlink(missing_ok=True)

    def media(self, name: str) -> str:
        """What Asterisk gets after `sound:`: absolute, without extension."""
        return f"{self.folder}/{name}"

    def has(self, name: str) -> bool:
        """Both files are there and not empty."""
        return all(_filled(self.folder / f"{name}{end}") for end in (".wav", ".alaw"))

    def put(self, name: str, samples: Samples) -> None:
        """Write both, aside first."""
        pcm = to_pcm(samples)
        self._write(f"{name}.alaw", alaw_bytes(pcm))
        self._write(f"{name}.wav", wav_bytes(pcm))

    def seconds(self, name: str) -> float:
        """How long it takes to hear it."""
        with wave.open(str(self.folder / f"{name}.wav"), "rb") as file:
            return file.getnframes() / RATE

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


def _filled(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
