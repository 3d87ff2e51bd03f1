"""Slower, and otherwise the same sound."""

import numpy as np
import pytest

from ivr.speech.kokoro.stretch import Samples, stretch

RATE = 24000


def tone(hertz: float, seconds: float) -> Samples:
    return np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE).astype(np.float32) * 0.5


def loudest(samples: Samples) -> float:
    """The frequency with the most power, in hertz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * RATE / len(samples))


@pytest.mark.parametrize("factor", [0.8, 1.12, 1.25, 2.0])
@pytest.mark.parametrize("hertz", [110.0, 440.0, 2500.0])
def test_the_pitch_stays_and_the_length_changes(factor: float, hertz: float) -> None:
    samples = tone(hertz, 1.5)
    longer = stretch(samples, factor, RATE)
    assert len(longer) == int(len(samples) * factor)
    inside = longer[RATE // 10 : -RATE // 10]
    assert loudest(inside) == pytest.approx(hertz, rel=0.01)
    assert np.sqrt(np.mean(inside**2)) == pytest.approx(np.sqrt(np.mean(samples**2)), rel=0.05)
    # no join clicks: no step between two samples is larger than the tone's own
    assert np.max(np.abs(np.diff(inside))) < 1.15 * np.max(np.abs(np.diff(samples)))


def test_what_follows_keeps_its_order_and_its_place() -> None:
    samples = np.concatenate([tone(200, 0.5), np.zeros(RATE // 2, np.float32), tone(900, 0.5)])
    longer = stretch(samples, 1.12, RATE)
    part = len(longer) // 3
    assert loudest(longer[: part - 1500]) == pytest.approx(200, rel=0.03)
    assert not np.any(longer[part + 1500 : 2 * part - 1500])
    assert loudest(longer[2 * part + 1500 :]) == pytest.approx(900, rel=0.03)


def test_nothing_is_done_to_what_needs_nothing() -> None:
    for samples, factor in ((tone(300, 1), 1.0), (tone(300, 0.02), 1.12), (np.zeros(0, np.float32), 1.12)):
        assert stretch(samples, factor, RATE) is samples


def test_the_same_sound_is_stretched_to_the_same_bytes() -> None:
    samples = np.random.default_rng(7).normal(0, 0.1, RATE).astype(np.float32)
    assert stretch(samples, 1.12, RATE).tobytes() == stretch(samples, 1.12, RATE).tobytes()
