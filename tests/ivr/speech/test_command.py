"""Any program as the voice: what it is given, and what is said of one that does it wrong."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ivr.prompts.language import Language
from ivr.speech import CommandEngine, NoVoice, Pace, Pyttsx3Engine, RenderFailed, audio
from ivr.speech.command import speaks_others

pytestmark = pytest.mark.speech


async def seconds(engine: CommandEngine, text: str) -> float:
    return len(audio.for_telephone(*audio.read_wav(await engine.speak(text, Pace.NORMAL)))) / audio.RATE


async def test_any_command_can_be_the_voice(
    counted_command: Callable[[], tuple[CommandEngine, Path]], engine: Pyttsx3Engine
) -> None:
    command, log = counted_command()
    await command.start()
    assert await seconds(command, "参加，请按一。") > 0.5
    assert log.read_text().count("run") == 2
    assert command.identity != engine.identity


async def test_a_command_that_fails_says_how(tmp_path: Path) -> None:
    sounds = {
        "mute": audio.wav_bytes(np.zeros(16000, np.int16)),
        "short": audio.wav_bytes(np.tile(np.array([9000, 0, -9000, 0], np.int16), 100)),
        "mp3": b"\xff\xfb\x90\x64" * 400,
        "nothing": b"",
        "eight": b"RIFF" + (36 + 8000).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\1\0\1\0"
        + (8000).to_bytes(4, "little") * 2 + b"\1\0\x08\0data" + (8000).to_bytes(4, "little") + b"\x80" * 8000,
    }  # fmt: skip
    for name, data in sounds.items():
        (tmp_path / name).write_bytes(data)
    for command, message in (
        (["sh", "-c", "exit 3", "{wav}"], "command sh ended with status 3"),
        (["sh", "-c", "kill -9 $$", "{wav}"], "status -9"),
        (["true", "{wav}"], "command true wrote no file"),
        (["/no/such/command", "{wav}"], "command /no/such/command can't be run: No such file"),
        (["cp", str(tmp_path / "nothing"), "{wav}"], "no usable wav: the file is empty"),
        (["cp", str(tmp_path / "mp3"), "{wav}"], "no usable wav: not a wav file"),
        (["cp", str(tmp_path / "eight"), "{wav}"], "16 bits per sample is needed, this one has 8"),
    ):
        with pytest.raises(RenderFailed, match=message):
            await CommandEngine(command).speak("您好", Pace.NORMAL)
        with pytest.raises(NoVoice, match=message):
            await CommandEngine(command).start()
    for name, message in (("mute", "silent"), ("short", "does not speak Mandarin")):
        with pytest.raises(NoVoice, match=message):
            await CommandEngine(["cp", str(tmp_path / name), "{wav}"]).start()
    with pytest.raises(ValueError, match="wav"):
        CommandEngine(["espeak-ng"])


async def test_a_command_that_never_ends_is_ended_with_all_it_started(tmp_path: Path) -> None:
    started = tmp_path / "pids"
    script = f'sleep 1000 & echo $! > "{started}"; echo $$ >> "{started}"; wait'
    with pytest.raises(RenderFailed, match=r"command sh took over 1 s"):
        await CommandEngine(["sh", "-c", script, "{wav}"], timeout=1).speak("您好", Pace.NORMAL)
    for pid in map(int, started.read_text().split()):
        while is_running(pid):
            await asyncio.sleep(0.01)


def is_running(pid: int) -> bool:
    """A zombie has ended: who must reap it is not ours to say."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_a_command_is_told_path_rate_and_language(tmp_path: Path) -> None:
    told, sound = tmp_path / "told", tmp_path / "sound"
    sound.write_bytes(audio.wav_bytes(np.full(400, 9000, np.int16)))
    script = f'echo "$2 $3" > "{told}"; cat >> "{told}"; cp "{sound}" "$1"'
    command = ["sh", "-c", script, "sh", "{wav}", "{rate}", "lang={language}"]
    assert speaks_others(command)
    assert not speaks_others(["say", "{wav}"])
    await CommandEngine(command, language=Language.CANTONESE).speak("再见。", Pace.SLOW)
    assert told.read_text() == "150 lang=yue\n再见。"


async def test_another_program_model_version_or_language_is_another_voice(
    tmp_path: Path, espeak_version: str
) -> None:
    model, script = tmp_path / "model", tmp_path / "say"
    script.write_text('#!/bin/sh\nexec espeak-ng -v cmn --stdin -w "$2"\n')
    script.chmod(0o755)
    model.write_text("one")
    names = []

    async def started(version: str = "", language: Language = Language.MANDARIN) -> None:
        engine = CommandEngine([str(script), str(model), "{wav}"], version=version, language=language)
        await engine.start()
        names.append(engine.identity)

    await started()
    await started()
    await started(version="2")
    await started(language=Language.CANTONESE)
    model.write_text("two")
    await started()
    script.write_text(script.read_text() + "# changed\n")
    await started()
    assert names[0] == names[1]
    assert len(set(names)) == 5
