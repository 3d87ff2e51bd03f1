"""The folder of the natural voice, as `script/setup voice` makes it: its packages, the model, one voice, and what they are."""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MODEL, VOICE, ENGLISH = "kokoro-v1.0.int8.onnx", "zm_yunjian.bin", "af_heart.bin"
SHA256: Mapping[str, str] = {
    MODEL: "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    VOICE: "de48a00bdbf3649f07162269a2b6e0513604389bfac8a2e6c75cb34b323ad6fa",
    ENGLISH: "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
}
"""Of whole files; another one is another voice, and is refused."""
PACKAGES, FACTS = "packages", "voice.json"
REPAIR = "run script/setup voice"


class NoFolder(Exception):
    """There is no voice in the folder that can be used here; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A voice that was installed whole. `versions`: of the packages that make the sound."""

    folder: Path
    versions: Mapping[str, str]
    made_of: str
    """Hash of the requirements and files it was installed from."""

    @property
    def packages(self) -> Path:
        """The folder to import from."""
        return self.folder / PACKAGES

    @property
    def model(self) -> Path:
        """The network, as one ONNX file."""
        return self.folder / MODEL

    @property
    def voice(self) -> Path:
        """Mandarin's: a row of 256 numbers for each length of a text, float32."""
        return self.folder / VOICE

    @property
    def english(self) -> Path:
        """The same for English; an installation of an earlier version has none."""
        return self.folder / ENGLISH


def this_python() -> str:
    """What compiled packages are made for.

    >>> this_python().startswith("3.")
    True
    """
    return ".".join(map(str, sys.version_info[:2]))


def installed(folder: Path) -> Installed:
    """What is in the folder; raises NoFolder. The files' contents are checked by whoever loads them."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        found = Installed(folder, facts["versions"], facts["made_of"])
        python = facts["python"]
    except FileNotFoundError:
        raise NoFolder(f"no natural voice is installed in {folder}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoFolder(f"the natural voice in {folder} can't be read ({type(error).__name__}): {REPAIR}") from error
    if python != this_python():
        raise NoFolder(f"the natural voice was installed for Python {python}, and this is {this_python()}: {REPAIR}")
    for path in (found.model, found.voice, found.packages):
        if not path.exists():
            raise NoFolder(f"of the natural voice {path} is missing: {REPAIR}")
    return found


def is_genuine(path: Path) -> bool:
    """Whether a file of the voice is the very one that is pinned."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == SHA256[path.name]
