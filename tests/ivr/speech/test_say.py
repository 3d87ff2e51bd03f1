"""`python -m ivr.speech say`: the very engine, and who has spoken."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import pytest

from ivr.prompts import Language
from ivr.speech import NoVoice, Pyttsx3Engine, RenderFailed, Speech, make_speech
from ivr.speech.say import spoken
from tests.ivr.speech.second_voice import UNSPEAKABLE, Natural, any_sound

pytestmark = pytest.mark.speech


def seconds(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 1)
        return file.getnframes() / 8000


def said(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ivr.speech", "say", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)


def test_a_text_becomes_a_wav_and_the_voice_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    nothing = {"EXPERTLINE_STATE": str(tmp_path / "state"), "EXPERTLINE_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin"}
    out = tmp_path / "a.wav"
    done = said("请走东门，8:30签到", "--out", str(out), **nothing)
    assert (done.returncode, done.stdout.split(": ")[0]) == (0, str(out))
    assert "pyttsx3-" in done.stdout
    assert seconds(out) > 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "state"]  # nothing stays in a cache
    english = said("Please come on time.", "--language", "en", "--out", str(out), **nothing)
    assert english.stdout.rstrip().endswith("/en/155/140/200")
    refused = said("😀", "--out", str(out), **nothing)
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (1, "ivr.speech: nothing in a Text part can be spoken")
    wrong = said("好", "--settings", str(tmp_path / "none.toml"), **nothing)
    assert (wrong.returncode, "can't be read" in wrong.stderr) == (1, True)


async def test_who_has_spoken_is_told_also_where_the_natural_voice_cannot(tmp_path: Path) -> None:
    natural = Natural(tmp_path, "", any_sound(tmp_path))

    async def voice(text: str) -> str:
        speech = Speech(tmp_path / "cache", Pyttsx3Engine(), natural={Language.MANDARIN: natural.engine})
        return await spoken(speech, text, Language.MANDARIN, tmp_path / "out.wav")

    assert (await voice("请走东门")).startswith("command-")
    assert (await voice(f"{UNSPEAKABLE}工")).startswith("pyttsx3-")


async def test_a_voice_that_is_not_there_is_told(tmp_path: Path) -> None:
    speech = make_speech(tmp_path, command=["/no/such/voice", "{wav}"])
    with pytest.raises((NoVoice, RenderFailed)):
        await spoken(speech, "好", Language.MANDARIN, tmp_path / "out.wav")
