"""A second voice for Mandarin that can be made to fail and to wait: espeak-ng behind a script."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ivr.speech import CommandEngine
from ivr.speech.pyttsx3_process import mandarin_voice

UNSPEAKABLE = "王"


class Natural:
    """An engine that says all but 王, and only while it may."""

    def __init__(self, folder: Path, version: str, sound: str = "") -> None:
        """sound: a wav that it says for every text, which takes a tenth of the time."""
        self.go, self.runs = folder / "go", folder / "runs"
        self.go.touch()
        self.runs.touch()
        says = f'cp "{sound}" "$1"' if sound else f'printf "%s" "$text" | espeak-ng -v {mandarin_voice(version)} --stdin -w "$1"'
        script = (
            f'text=$(cat); echo "$text" >> "{self.runs}"; while [ ! -e "{self.go}" ]; do sleep 0.02; done; '
            f'case "$text" in *{UNSPEAKABLE}*) exit 3;; esac; {says}'
        )
        self.engine = CommandEngine(["sh", "-c", script, "sh", "{wav}"])

    def asked(self) -> list[str]:
        return self.runs.read_text().split()


def any_sound(folder: Path) -> str:
    """A wav of a few seconds."""
    wav = folder / "any.wav"
    subprocess.run(["espeak-ng", "-w", str(wav), "one two three four five six seven eight nine ten eleven twelve"], check=True)
    return str(wav)
