"""What can be measured of how a whole call sounds: one loudness, one rest, no click, nothing outside the line's band.

A call here is what is hardest to make even: three languages, figures of a third of a second, and recordings of a human
voice that were made too quiet, too loud, with hum, with direct current, in stereo at 44.1 kHz.
"""

import asyncio
import io
import wave
from datetime import time
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ivr.prompts import Language, inbound, witness
from ivr.speech import audio, make_speech, recording_name
from tests.ivr.facts import KINDS_HEARD, WITNESS, told

pytestmark = pytest.mark.speech
PHRASES = ("参加请按1。", "不参加请按2。", "集合时间是", "谢谢您，再见。")


def spoken_like(seconds: float, rate: int, size: float) -> audio.Samples:
    """Harmonics of 150 Hz, loud and soft at the pace of syllables: as far as levels go, a voice."""
    at = np.arange(int(seconds * rate)) / rate
    voice = sum(np.sin(2 * np.pi * 150 * n * at) / n for n in range(1, 20)) * np.sin(2 * np.pi * 2.1 * at) ** 2
    return np.asarray(size * voice / np.abs(voice).max())


def recorded(number: int) -> bytes:
    """One bad recording, each another way."""
    rate = (8000, 44100, 48000, 16000)[number]
    size, hum, offset, left, right = (
        (0.01, 0, 0, 500, 900), (1.0, 0, 0, 0, 0), (0.3, 0.05, 0, 900, 20), (0.2, 0, 0.1, 300, 300),
    )[number]  # fmt: skip
    at = np.arange(int(rate * (1.2 + (left + right) / 1000)))
    sound = np.concatenate([np.zeros(rate * left // 1000), spoken_like(1.2, rate, size)])
    sound = np.pad(sound, (0, max(0, len(at) - len(sound))))[: len(at)] + hum * np.sin(2 * np.pi * 50 * at / rate) + offset
    pcm = (np.clip(sound, -1, 1) * 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(pcm, 2).tobytes())
    return buffer.getvalue()


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[audio.Samples]]:
    """The sounds of every prompt of every kind of call to experts in three languages, of the inbound line, and of a witness
    call; made once.
    """
    return asyncio.run(_calls(tmp_path_factory.mktemp("listening")))


async def _calls(ground: Path) -> dict[str, list[audio.Samples]]:
    folder = ground / "voice"
    folder.mkdir()
    for number, phrase in enumerate(PHRASES):
        (folder / recording_name(phrase)).write_bytes(recorded(number))
    voices = make_speech(ground / "cache", folder, languages=[each.value for each in Language])
    await voices.start()
    try:
        groups = [*(told(kind, language) for language in Language for kind in KINDS_HEARD)]
        groups += [witness(WITNESS), inbound(time(8), time(21))]
        return {
            f"{number} {name}": [sound(path) for path in await voices.render(prompt)]
            for number, prompts in enumerate(groups)
            for name, prompt in prompts.items()
        }
    finally:
        await voices.close()


@cache
def sound(media: str) -> audio.Samples:
    """As the far end hears it, decoded from A-law; it must be the wav's."""
    samples, _ = audio.read_wav(Path(media + ".wav").read_bytes())
    alaw = Path(media + ".alaw").read_bytes()
    pcm = (samples * 32768).astype(np.int16)
    assert alaw == audio.alaw_bytes(pcm)
    heard = EXPANDED[np.frombuffer(alaw, np.uint8)] / 32768
    assert np.abs(heard - samples).max() <= 1 / 32  # half of A-law's widest step
    return np.asarray(heard)


def _expanded() -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """A-law to linear after ITU-T G.711."""
    code = np.arange(256) ^ 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    size = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.asarray(np.where(code & 0x80, size, -size), np.float64)


EXPANDED = _expanded()


def loudness(samples: audio.Samples) -> float:
    """Gated loudness after ITU-R BS.1770-4 in LUFS (its filters as analogue responses, 100 ms steps)."""
    size = 1 << (len(samples) + 800).bit_length()
    s = 2j * np.pi * np.maximum(np.fft.rfftfreq(size, 1 / audio.RATE), 1e-3)
    gain, corner, low = 10 ** (3.9998 / 20), 2 * np.pi * 1681.97, 2 * np.pi * 38.1355
    shelf = (gain * s**2 + gain**0.5 * corner / 0.7072 * s + corner**2) / (s**2 + corner / 0.7072 * s + corner**2)
    weighted = np.fft.irfft(np.fft.rfft(samples, size) * shelf * s**2 / (s**2 + low / 0.5003 * s + low**2), size)
    blocks = [weighted[at : at + 3200] for at in range(0, max(1, len(samples) - 3199), 800)]
    power = np.array([np.mean(block[: len(samples)] ** 2) for block in blocks])
    loud = power[power > 10 ** ((np.mean(power) and 10 * np.log10(np.mean(power)) - 10) / 10)]
    return float(-0.691 + 10 * np.log10(loud.mean()))


def spoken(calls: dict[str, list[audio.Samples]]) -> list[audio.Samples]:
    """Every part once, but pauses."""
    once = {id(samples): samples for parts in calls.values() for samples in parts}  # one object for each file
    return [samples for samples in once.values() if np.abs(samples).max() > 0.01]


def test_every_part_is_as_loud_as_every_other(calls: dict[str, list[audio.Samples]]) -> None:
    parts = spoken(calls)
    levels = np.array([20 * np.log10(audio.loudness(samples)) for samples in parts])
    heard = np.array([loudness(samples) for samples in parts if len(samples) > audio.RATE * 0.4])
    peaks = np.array([np.abs(samples).max() for samples in parts])
    print(f"{len(parts)} parts: RMS {levels.min():.2f} to {levels.max():.2f} dBFS, {heard.min():.1f} to"
          f" {heard.max():.1f} LUFS (sd {heard.std():.2f}), peaks to {20 * np.log10(peaks.max()):.1f} dBFS")  # fmt: skip
    assert len(parts) > 350
    assert np.ptp(levels) <= 0.2
    assert np.ptp(heard) <= 4
    assert peaks.max() < 0.95  # nothing clips, after A-law too


def test_no_part_falls_silent_in_its_middle(calls: dict[str, list[audio.Samples]]) -> None:
    """A comma's and a full stop's rest is all: whoever hears nothing for longer takes the call for over."""
    longest = 0
    for samples in spoken(calls):
        power = np.sqrt(np.mean(samples[: len(samples) // 80 * 80].reshape(-1, 80) ** 2, axis=1))
        longest = max(longest, int(np.diff(np.flatnonzero(power > 0.003)).max(initial=1)) * 10)
    print(f"the longest rest within a part: {longest} ms")
    assert longest <= 600


def test_no_join_clicks(calls: dict[str, list[audio.Samples]]) -> None:
    jumps = []
    for parts in calls.values():
        for left, right in pairwise(parts):
            jumps.append(np.abs(np.diff(np.concatenate([left[-8:], right[:8]]))).max())
    print(f"{len(jumps)} joins: the largest jump {max(jumps):.5f}")
    assert len(jumps) > 300
    assert max(jumps) < 0.005  # -46 dBFS, between two samples


def _rest_ms(whole: audio.Samples, audible: float) -> int:
    """How long it is silent at its beginning, in the frames that were cut by there. audible: a part of the loudest frame."""
    frame = audio.RATE // 100
    samples = whole[audio.REST % frame :]
    power = np.sqrt(np.mean(samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2, axis=1))
    return int(np.flatnonzero(power > audible * power.max())[0]) * 10


def test_the_rest_at_both_ends_of_a_part_is_known(calls: dict[str, list[audio.Samples]]) -> None:
    """15 ms, to the 10 ms of a frame: silence that an engine or a recording had there is gone, none is cut off.

    In the frames that were cut by: half a frame aside, the burst that begins 这 can lie below the threshold, 50 ms before its
    vowel. The filters come after the cut, so what lies within a twentieth of the threshold may be on either side of it.
    """
    ends = [end for whole in spoken(calls) for end in (whole, whole[::-1])]
    longest, shortest = max(_rest_ms(end, 0.0095) for end in ends), min(_rest_ms(end, 0.0105) for end in ends)
    print(f"{shortest} to {longest} ms")
    assert longest <= 30
    assert shortest >= 10


def test_nothing_is_heard_outside_the_lines_band(calls: dict[str, list[audio.Samples]]) -> None:
    whole = np.concatenate(spoken(calls))
    size = 1 << len(whole).bit_length()
    power = np.abs(np.fft.rfft(whole, size)) ** 2
    hertz = np.fft.rfftfreq(size, 1 / audio.RATE)
    low, voice = power[hertz < 60].sum() / power.sum(), power[(hertz > 200) & (hertz < 3600)].sum() / power.sum()
    print(f"below 60 Hz {10 * np.log10(low):.0f} dB, 200 to 3600 Hz {voice:.3f} of all")
    assert low < 1e-4
    assert voice > 0.7
