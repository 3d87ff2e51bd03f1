"""The real espeak-ng through pyttsx3 in its process: audible, replaceable, never in the way."""

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.prompts.language import Language
from ivr.speech import Engine, NoVoice, Pace, Pyttsx3Engine, audio
from ivr.speech.engine import CHECK_LINES
from ivr.speech.pyttsx3_process import mandarin_voice
from ivr.speech.respelling import HOMOPHONES, respell

pytestmark = pytest.mark.speech
CHECK_LINE = CHECK_LINES[Language.MANDARIN]


async def seconds(engine: Engine, text: str, pace: Pace = Pace.NORMAL) -> float:
    return len(audio.for_telephone(*audio.read_wav(await engine.speak(text, pace)))) / audio.RATE


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


async def test_it_speaks_and_says_who_it_is(engine: Pyttsx3Engine, espeak_version: str) -> None:
    wanted = f"pyttsx3-2.99/espeak-ng-{espeak_version}/{mandarin_voice(espeak_version)}"
    assert engine.identity.startswith(wanted)
    syllables = sum(sign not in "，。" for sign in CHECK_LINE)
    assert 2.5 <= syllables / await seconds(engine, CHECK_LINE) <= 6.0


def test_the_voice_follows_the_version() -> None:
    chosen = {v: mandarin_voice(v) for v in ("1.49.2", "1.51", "1.51.1", "1.52.0", "1.52-dev", "2.0")}
    assert [v for v, voice in chosen.items() if voice == "cmn"] == ["1.52.0", "1.52-dev", "2.0"]


async def test_slow_is_slower(engine: Pyttsx3Engine) -> None:
    text = "四八二，九幺三"
    assert await seconds(engine, text, Pace.SLOW) > 1.1 * await seconds(engine, text)


async def test_a_request_leaves_nothing_for_the_next(engine: Pyttsx3Engine) -> None:
    """Compared by length: espeak-ng flutters, so that no two utterances are equal to the byte."""
    first = await seconds(engine, "参加，请按一。")
    slow = await seconds(engine, "参加，请按一。", Pace.SLOW)
    long = await seconds(engine, "不参加，请按二。" * 5, Pace.SLOW)
    for _ in range(3):
        assert await seconds(engine, "参加，请按一。") == pytest.approx(first, rel=0.05)
        assert await seconds(engine, "参加，请按一。", Pace.SLOW) == pytest.approx(slow, rel=0.05)
        assert await seconds(engine, "不参加，请按二。" * 5, Pace.SLOW) == pytest.approx(long, rel=0.05)


async def test_many_at_once_are_each_answered_with_their_own(engine: Pyttsx3Engine) -> None:
    texts = ["一", "一二三四五六七", "一二三四五六七八九十一二三四五六七八九十"] * 3
    alone = [await seconds(engine, text) for text in texts[:3]]
    assert alone[0] < 0.5 * alone[1] < 0.3 * alone[2]
    together = await asyncio.gather(*(seconds(engine, text) for text in texts))
    assert together == pytest.approx(alone * 3, rel=0.1)


async def test_killed_in_the_middle_it_comes_back(
    engine: Pyttsx3Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first = engine.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)  # so that the request is surely unanswered when the process dies
    asked = asyncio.create_task(engine.speak("参加，请按一。", Pace.NORMAL))
    await until(lambda: any(tmp_path.glob("speech-*")))
    os.kill(first, signal.SIGKILL)
    samples, rate = audio.read_wav(await asked)
    assert audio.loudness(audio.resample(samples, rate)) > 0
    assert engine.pid not in (None, first)
    assert not list(tmp_path.iterdir())


async def test_a_hanging_process_is_replaced() -> None:
    engine = Pyttsx3Engine(timeout=10)
    await engine.start()
    first = engine.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    try:
        assert await engine.speak("再见。", Pace.NORMAL)
        assert engine.pid not in (None, first)
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
    finally:
        await engine.close()


async def test_who_gives_up_leaves_no_answer_for_the_next(engine: Pyttsx3Engine) -> None:
    expected = await seconds(engine, "再见。")
    for _ in range(3):
        given_up = asyncio.create_task(engine.speak("您好，" * 200, Pace.SLOW))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await seconds(engine, "再见。") == pytest.approx(expected, rel=0.1)


async def test_the_event_loop_keeps_ticking(engine: Pyttsx3Engine) -> None:
    speaking = asyncio.create_task(engine.speak("请您记下集合信息。" * 100, Pace.SLOW))
    ticks = 0
    while not speaking.done():
        ticks += 1
        await asyncio.sleep(0.001)
    assert await speaking
    assert ticks > 20


async def test_closing_ends_the_process(engine: Pyttsx3Engine) -> None:
    pid = engine.pid
    assert pid is not None
    await engine.close()
    assert engine.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_nothing_is_left_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PULSE_RUNTIME_PATH", raising=False)  # script/environment sets it: the process must by itself
    engine = Pyttsx3Engine()
    await engine.start()
    await engine.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_voice_that_is_not_there_is_named() -> None:
    with pytest.raises(NoVoice, match=r"nosuch.*apt-get install espeak-ng"):
        await Pyttsx3Engine(voice="nosuch").start()


async def test_a_missing_espeak_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("libespeak-ng.so.1", "libespeak.so.1"):
        (tmp_path / name).write_text("no library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    with pytest.raises(NoVoice, match="apt-get install espeak-ng"):
        await Pyttsx3Engine().start()


async def test_espeak_hears_each_homophone_as_the_dictionary_says(espeak_version: str) -> None:
    """The respelling's reason: the voice reads the word otherwise than its homophone."""
    if mandarin_voice(espeak_version) == "cmn":
        pytest.skip("this espeak-ng reads these words well and is not respelt")

    def phonemes(text: str) -> str:
        command = ["espeak-ng", "-v", "cmn-latn-pinyin", "-q", "-x", text]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    for word in HOMOPHONES:
        assert phonemes(word) != phonemes(respell(word)), word
    assert phonemes(respell("佛山")) == phonemes("fo2 山")
    assert "t@" not in phonemes(respell("集合地点"))
