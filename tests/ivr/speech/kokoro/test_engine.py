"""The real model in its process, where `script/setup voice` has installed it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from asterisk.folders import voice_folder
from ivr.speech import Pace, RenderFailed, audio
from ivr.speech.kokoro.engine import MEMORY_MIB, KokoroEngine
from ivr.speech.kokoro.folder import MODEL, SHA256, VOICE, NoFolder, installed
from ivr.speech.kokoro.process import NICENESS

FOLDER = voice_folder()


def _is_installed() -> bool:
    try:
        return bool(installed(FOLDER))
    except NoFolder:
        return False


pytestmark = [pytest.mark.speech, pytest.mark.skipif(not _is_installed(), reason="needs script/setup voice")]


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[KokoroEngine]:
    engine = KokoroEngine(FOLDER)
    await engine.start()
    yield engine
    await engine.close()


def seconds(wav: bytes) -> float:
    return len(audio.for_telephone(*audio.read_wav(wav))) / audio.RATE


async def test_it_speaks_says_who_it_is_and_gives_way(engine: KokoroEngine) -> None:
    assert SHA256[MODEL] in engine.identity
    assert SHA256[VOICE] in engine.identity
    assert str(FOLDER) not in engine.identity
    text = "四八二"
    first = await engine.speak(text, Pace.NORMAL)
    assert await engine.speak(text, Pace.NORMAL) == first  # the same bytes
    assert seconds(await engine.speak(text, Pace.SLOW)) > 1.05 * seconds(first)
    assert await engine.speak(
        "请您带好本人的身份证件，" * 6, Pace.NORMAL
    )  # more than one run: the most memory that a text takes
    pid = engine.pid
    assert pid is not None
    assert os.getpriority(os.PRIO_PROCESS, pid) >= NICENESS
    status = Path(f"/proc/{pid}/status").read_text()
    used = {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.endswith(" kB")}
    assert used["VmHWM"] < MEMORY_MIB * 1024


async def test_a_text_without_a_reading_is_refused_and_nothing_else_happens(engine: KokoroEngine) -> None:
    pid = engine.pid
    with pytest.raises(RenderFailed, match=r"can't say a text: no reading for U\+20BB7"):
        await engine.speak("𠮷", Pace.NORMAL)
    assert engine.pid == pid


async def test_killed_in_the_middle_it_comes_back_and_closed_it_is_gone(engine: KokoroEngine) -> None:
    first = engine.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)  # so that the request is surely unanswered when the process dies
    asked = asyncio.create_task(engine.speak("好", Pace.NORMAL))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    assert seconds(await asked) > 0.1
    second = engine.pid
    assert second not in (None, first)
    await engine.close()
    assert engine.pid is None
