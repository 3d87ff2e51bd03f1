"""The real voice, started once per test that needs it."""

import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.speech import CommandEngine, Pyttsx3Engine
from ivr.speech.pyttsx3_process import mandarin_voice


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Pyttsx3Engine]:
    engine = Pyttsx3Engine()
    await engine.start()
    yield engine
    await engine.close()


@pytest.fixture
def espeak_version() -> str:
    said = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split(": ")[1].split()[0]


@pytest.fixture
def counted_command(tmp_path: Path, espeak_version: str) -> Callable[[], tuple[CommandEngine, Path]]:
    """A command engine on espeak-ng itself that leaves a line in a file each time it runs."""

    def make() -> tuple[CommandEngine, Path]:
        log = tmp_path / "runs"
        log.touch()
        script = f'echo run >> "{log}"; exec espeak-ng -v {mandarin_voice(espeak_version)} --stdin -w "$1"'
        return CommandEngine(["sh", "-c", script, "sh", "{wav}"]), log

    return make
