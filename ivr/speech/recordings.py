"""Recordings of a human voice, which replace the engine for fixed phrases.

A folder with one wav (16-bit PCM, mono or stereo, 4 to 192 kHz) per phrase, named after it: `python -m ivr.speech`
lists phrases and names. All are read at the start, so that a bad one is found then and not in a call.
"""

import hashlib
from pathlib import Path

from ivr.prompts.language import Language

from .audio import BadAudio, Samples, for_telephone, read_wav
from .errors import BadRecording

_OTHER_SOUNDS = {".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".flac", ".wma", ".amr", ".aiff", ".aif", ".caf"}
ADVICE = "convert it to a wav of 16-bit PCM, for example: sox IN -b 16 OUT.wav"


def recording_name(text: str, language: Language = Language.MANDARIN) -> str:
    """The file name under which a recording of this phrase is looked for; other languages than Mandarin have theirs
    before it.
    """
    hashed = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{hashed}.wav" if language is Language.MANDARIN else f"{language.value}-{hashed}.wav"


class Recordings:
    """What the folder held when it was loaded; a file put there later is seen after the next start."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._sounds: dict[str, tuple[str, Samples]] = {}

    def load(self) -> None:
        """Read all, ready for the telephone. `BadRecording` if a file can't be used or the folder is not there."""
        if self._folder is None:
            return
        if not self._folder.is_dir():
            raise BadRecording(f"the folder of recordings does not exist: {self._folder}")
        for path in sorted(self._folder.iterdir()):
            if path.suffix.lower() in _OTHER_SOUNDS:
                raise BadRecording(f"the recording {path} is no wav; {ADVICE}")
            if path.suffix.lower() == ".wav":
                self._sounds[path.name.lower()] = _read(path)

    def names(self) -> frozenset[str]:
        """The files that were read."""
        return frozenset(self._sounds)

    def digest(self, text: str, language: Language = Language.MANDARIN) -> str | None:
        """The recording's hash, so that another recording is another sound."""
        found = self._sounds.get(recording_name(text, language))
        return found[0] if found else None

    def read(self, text: str, language: Language = Language.MANDARIN) -> Samples | None:
        """The recording itself, as it goes into the cache."""
        found = self._sounds.get(recording_name(text, language))
        return found[1] if found else None


def _read(path: Path) -> tuple[str, Samples]:
    try:
        data = path.read_bytes()
        return hashlib.sha256(data).hexdigest(), for_telephone(*read_wav(data))
    except BadAudio as error:
        raise BadRecording(f"the recording {path} can't be used: {error}; {ADVICE}") from error
    except OSError as error:
        raise BadRecording(f"the recording {path} can't be read: {error.strerror}") from error
