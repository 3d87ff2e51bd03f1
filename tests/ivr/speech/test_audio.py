"""Sound as numbers, against the standard and against sox-free arithmetic."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech import audio
from ivr.speech.audio import RATE, BadAudio, Samples


def tone(hertz: float, rate: int, seconds: float = 1.0, size: float = 0.5) -> Samples:
    return size * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def g711_alaw(sample: int) -> int:
    """One sample after the flow of ITU-T G.711's reference (segment search over end points)."""
    value = sample >> 3
    mask = 0xD5 if value >= 0 else 0x55
    value = value if value >= 0 else -value - 1
    for segment, end in enumerate((0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF)):
        if value <= end:
            return (segment << 4 | (value >> (1 if segment < 2 else segment) & 0xF)) ^ mask
    raise AssertionError("12 bits of magnitude at most")


def test_alaw_is_g711_for_every_sample_there_is() -> None:
    pcm = np.arange(-32768, 32768).astype(np.int16)
    assert list(audio.alaw_bytes(pcm)) == [g711_alaw(int(sample)) for sample in pcm]


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 24000, 44100, 48000])
def test_speech_passes_and_what_would_alias_does_not(rate: int) -> None:
    inner = slice(RATE // 10, -RATE // 10)
    for hertz in (300, 1000, 2800):
        heard = audio.resample(tone(hertz, rate), rate)
        assert len(heard) == pytest.approx(RATE, abs=1)
        assert np.abs(heard[inner] - tone(hertz, RATE)[: len(heard)][inner]).max() < 0.02
    assert np.abs(audio.resample(tone(rate * 0.49, rate), rate)[inner]).max() < 0.01


def test_a_low_rate_can_be_raised() -> None:
    heard = audio.resample(tone(440, 6000), 6000)
    assert np.abs(heard[800:-800] - tone(440, RATE)[800:-800]).max() < 0.02


@pytest.mark.parametrize("size", [0.01, 0.1, 0.9])
def test_quiet_and_loud_end_at_one_loudness_with_silent_ends(size: float) -> None:
    padded = np.concatenate([np.zeros(9000), tone(440, RATE, 0.5, size), np.zeros(9000)])
    sound = audio.for_telephone(padded, RATE)
    assert 20 * np.log10(audio.loudness(sound) / audio.LEVEL) == pytest.approx(0, abs=0.5)
    assert sound[0] == sound[-1] == 0
    assert 0.5 <= len(sound) / RATE <= 0.56
    assert np.abs(sound).max() <= audio.PEAK


@pytest.mark.parametrize("before", [0, 3, 4000])
@pytest.mark.parametrize("after", [0, 57, 9000])
def test_every_part_begins_and_ends_with_the_same_rest(before: int, after: int) -> None:
    sound = audio.for_telephone(np.concatenate([np.zeros(before), tone(440, RATE, 0.5), np.zeros(after)]), RATE)
    audible = np.flatnonzero(np.abs(sound) > 0.02)
    frame = RATE // 100
    assert audio.REST - frame <= audible[0] <= audio.REST + 2 * frame
    assert audio.REST - frame <= len(sound) - audible[-1] <= audio.REST + 2 * frame


def test_hum_and_direct_current_of_a_recording_are_not_heard() -> None:
    dirty = tone(50, RATE, 1.0, 0.3) + 0.2
    clean = tone(700, RATE, 1.0, 0.3)
    heard = audio.band(clean + dirty)
    assert np.abs(heard - clean)[RATE // 20 : -RATE // 20].max() < 0.02
    low = np.abs(np.fft.rfft(audio.for_telephone(clean + dirty, RATE)))
    assert low[:45].max() < 0.01 * low.max()  # about a bin per Hz


def test_a_crackle_does_not_clip() -> None:
    sound = tone(440, RATE, 0.5, 0.02)
    sound[2000] = 1.0
    assert np.abs(audio.for_telephone(sound, RATE)).max() <= audio.PEAK


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no sound at all, but a text", audio.wav_bytes(np.zeros(0, np.int16))])
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(BadAudio):
        audio.for_telephone(*audio.read_wav(data))


def test_silence_is_refused_as_speech() -> None:
    with pytest.raises(BadAudio, match="silent"):
        audio.for_telephone(np.zeros(8000), RATE)


def test_other_widths_are_refused_by_name_and_stereo_is_mixed() -> None:
    def wav(channels: int, width: int, frames: bytes) -> bytes:
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(width)
            file.setframerate(RATE)
            file.writeframes(frames)
        return buffer.getvalue()

    with pytest.raises(BadAudio, match="has 8"):
        audio.read_wav(wav(1, 1, b"\x80" * 100))
    samples, rate = audio.read_wav(wav(2, 2, np.array([[16384, 0]] * 10, "<i2").tobytes()))
    assert rate == RATE
    assert list(samples) == [0.25] * 10


def test_rates_and_lengths_that_no_voice_has_are_refused() -> None:
    def wav(rate: int, seconds: float) -> bytes:
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(b"\0\0" * int(rate * seconds))
        return buffer.getvalue()

    for rate in (1, 3999, 192_001):
        with pytest.raises(BadAudio, match=f"has {rate}"):
            audio.read_wav(wav(rate, 1))
    with pytest.raises(BadAudio, match="longer than 600 s"):
        audio.read_wav(wav(4000, 601))
    with pytest.raises(BadAudio, match="empty"):
        audio.read_wav(b"")


@given(st.lists(st.integers(-32768, 32767), max_size=200))
def test_a_wav_is_read_as_it_was_written(values: list[int]) -> None:
    pcm = np.array(values, np.int16)
    samples, rate = audio.read_wav(audio.wav_bytes(pcm))
    assert rate == RATE
    assert list(samples * 32768) == values
