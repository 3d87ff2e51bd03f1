"""Recordings of a human voice, which replace the engine for fixed phrases.

A folder with one wav (16-bit PCM, any rate) per phrase, named after it: `python -m ivr.speech` lists
phrases and names.
"""

import hashlib
from pathlib import Path


def recording_name(text: str) -> str:
    """The file name under which a recording of this phrase is looked for."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] + ".wav"


class Recordings:
    """What the folder held when it was loaded; a file put there later is seen after the next start."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._sounds: dict[str, tuple[str, bytes]] = {}

    def load(self) -> None:
        """Read all. FileNotFoundError if a folder was configured and is not there."""
        if self._folder is None:
            return
        if not self._folder.is_dir():
            raise FileNotFoundError(f"the folder of recordings does not exist: {self._folder}")
        for path in self._folder.glob("*.wav"):
            data = path.read_bytes()
            self._sounds[path.name] = (hashlib.sha256(data).hexdigest(), data)

    def digest(self, text: str) -> str | None:
        """The recording's hash, so that another recording is another sound."""
        found = self._sounds.get(recording_name(text))
        return found[0] if found else None

    def read(self, text: str) -> bytes | None:
        """The recording itself."""
        found = self._sounds.get(recording_name(text))
        return found[1] if found else None
