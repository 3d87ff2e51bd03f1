"""What a voice's sound becomes on its way to the telephone, on sounds with the spectra of both voices: no engine is run here.

The natural voice is a low man's: of its power 43 % lies below 300 Hz and 2 % from 2 to 3.4 kHz, of espeak-ng's 19 and 6.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from ivr.speech import audio
from ivr.speech.audio import RATE, Samples
from tests.ivr.speech.levels import loudness, rest_ms, share

EDGES = (80, 250, 300, 1000, 2000, 3400, 3900)
SPECTRA = {
    ("espeak", 22050): (0.088, 0.101, 0.614, 0.134, 0.057, 0.006),
    ("natural", 24000): (0.250, 0.180, 0.499, 0.047, 0.022, 0.002),
}
"""Power between the edges, as measured of both voices at 8 kHz, and their rates."""


def voice(shares: Sequence[float], rate: int, seconds: float, seed: int = 1) -> Samples:
    """Noise of that spectrum, loud and soft at the pace of syllables."""
    size = int(rate * seconds)
    hertz = np.fft.rfftfreq(size, 1 / rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    gain = np.zeros(len(hertz))
    for (low, high), power in zip(pairwise(EDGES), shares, strict=True):
        gain[(hertz >= low) & (hertz < high)] = np.sqrt(power / (high - low))
    sound = np.fft.irfft(spectrum * gain, size) * np.sin(np.pi * 4 * np.arange(size) / rate) ** 2
    return np.asarray(0.5 * sound / np.abs(sound).max())


@pytest.fixture(params=SPECTRA, ids=lambda each: each[0])
def speak(request: pytest.FixtureRequest) -> Callable[[float], tuple[Samples, int]]:
    """So many seconds of one of the voices."""
    _, rate = request.param
    return lambda seconds: (voice(SPECTRA[request.param], rate, seconds), rate)


Speak = Callable[[float], tuple[Samples, int]]


def test_the_sounds_have_the_spectra_that_were_measured() -> None:
    for (_, rate), shares in SPECTRA.items():
        sound = audio.resample(voice(shares, rate, 4.0), rate)
        assert [share(sound, *edges) for edges in pairwise(EDGES)] == pytest.approx(shares, abs=0.04)


def test_both_voices_are_equally_loud_to_an_ear() -> None:
    heard = [audio.for_telephone(voice(shares, rate, 4.0), rate) for (_, rate), shares in SPECTRA.items()]
    assert [20 * np.log10(audio.loudness(each)) for each in heard] == pytest.approx([-23, -23], abs=0.2)
    assert abs(loudness(heard[0]) - loudness(heard[1])) < 1


def test_power_goes_from_where_a_handset_is_weak_to_where_consonants_are(speak: Speak) -> None:
    sound, rate = speak(4.0)
    before, after = audio.resample(sound, rate), audio.for_telephone(sound, rate)
    lifted = [share(each, 2000, 3400) / share(each, 350, 1000) for each in (after, before)]
    assert share(after, 0, 250) < 0.02
    assert share(after, 0, 300) < share(before, 0, 300) / 2
    assert 2 < 10 * np.log10(lifted[0] / lifted[1]) < 5  # more would hiss


@pytest.mark.parametrize(
    ("hertz", "least", "most"),
    [
        (60, -90, -60), (150, -90, -50), (256, -3.2, -2.8), (300, -0.1, 0.1),
        (1000, -0.1, 0.1), (2000, 2, 4), (2500, 3.9, 4.1), (3400, 3.9, 4.1),
    ],
)  # fmt: skip
def test_the_high_pass_lies_at_250_hz_and_the_lift_is_gentle(hertz: float, least: float, most: float) -> None:
    sound = np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)
    passed = audio.band(sound)[RATE // 2 : -RATE // 2]
    assert least < 10 * np.log10(2 * np.mean(passed**2) + 1e-9) < most


@pytest.mark.parametrize("silent", [0.0, 0.007, 0.4])
def test_what_is_said_begins_at_once_however_long_the_voice_was_silent(speak: Speak, silent: float) -> None:
    sound, rate = speak(1.0)
    rest = np.zeros(int(silent * rate))
    heard = audio.for_telephone(np.concatenate([rest, sound, rest]), rate)
    assert 10 <= rest_ms(heard, 0.01) <= 30
    assert 10 <= rest_ms(heard[::-1], 0.01) <= 30


def test_parts_of_both_voices_join_without_a_click() -> None:
    heard = [audio.for_telephone(voice(shares, rate, 0.7), rate) for (_, rate), shares in SPECTRA.items()]
    for left in heard:
        for right in heard:
            assert np.abs(np.diff(np.concatenate([left[-8:], right[:8]]))).max() < 0.001
    assert max(np.abs(each).max() for each in heard) < 0.95


@pytest.mark.parametrize("where", ["begins", "ends"])
def test_a_voice_that_is_cut_off_at_its_loudest_does_not_click(speak: Speak, where: str) -> None:
    sound, rate = speak(1.0)
    middle = int(rate * 0.125)
    cut = sound[middle:] if where == "begins" else sound[: len(sound) - middle]
    heard = audio.for_telephone(cut, rate)
    edge = heard[: RATE // 500] if where == "begins" else heard[-RATE // 500 :]
    assert np.abs(edge).max() < 0.02
