"""The real model in its process, where `script/setup voice` has installed it."""

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from asterisk.folders import voice_folder
from ivr.prompts import Fixed, Language, Prompt
from ivr.speech import NotYet, NoVoice, Pace, RenderFailed, audio, make_speech
from ivr.speech.kokoro.engine import MEMORY_MIB, EnglishVoice, KokoroEngine
from ivr.speech.kokoro.folder import ENGLISH, MODEL, SHA256, VOICE, NoFolder, installed
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


def used_kib(pid: int) -> dict[str, int]:
    status = Path(f"/proc/{pid}/status").read_text()
    return {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.endswith(" kB")}


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
    assert used_kib(pid)["VmHWM"] < MEMORY_MIB * 1024


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


async def test_past_its_ceiling_of_memory_it_is_started_again(engine: KokoroEngine) -> None:
    first = engine.pid
    assert first is not None
    now = used_kib(first)["VmData"] * 1024
    resource.prlimit(first, resource.RLIMIT_DATA, (now, now))
    assert seconds(await engine.speak("请您带好本人的身份证件，" * 6, Pace.NORMAL)) > 5
    assert engine.pid not in (None, first)


async def test_a_call_that_waits_for_a_stopped_process_is_said_by_the_other_voice_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = {"first": Prompt("first", (Fixed("您好。"),)), "second": Prompt("second", (Fixed("再见。"), Fixed("参加请按1。")))}
    both, plain = make_speech(tmp_path, natural=FOLDER), make_speech(tmp_path)
    await both.start()
    await plain.start()
    voice = both._natural[Language.MANDARIN]
    assert isinstance(voice, KokoroEngine)
    await both.make({"first": call["first"]})  # a part of the call is there already
    pid = voice.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(NotYet):
            await both.render_all(call, wait=False)
        monkeypatch.setattr("ivr.speech.patience.PATIENCE_SECONDS", -1.0)
        assert await both.render_all(call, wait=False) == await plain.render_all(call)
    finally:
        os.kill(pid, signal.SIGCONT)
    natural = await both.render_all(call)
    assert not {*natural["first"], *natural["second"]} & {*(await plain.render_all(call))["second"]}
    await both.close()
    await plain.close()


async def test_english_is_said_by_the_same_process_in_a_voice_of_its_own(engine: KokoroEngine) -> None:
    english = EnglishVoice(engine)
    await english.start()
    assert SHA256[ENGLISH] in english.identity
    assert "espeak-ng-1" in english.identity
    pid = engine.pid
    assert 1.0 < seconds(await english.speak("To take part, press one.", Pace.NORMAL)) < 4.0
    with pytest.raises(RenderFailed, match="not English"):
        await english.speak("请走东门", Pace.NORMAL)
    assert engine.pid == pid


async def test_without_a_process_there_is_no_english() -> None:
    with pytest.raises(NoVoice, match="did not start"):
        await EnglishVoice(KokoroEngine(FOLDER)).start()
