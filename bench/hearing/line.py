"""What a telephone line does to a sound. Pure: noise and loss come from a seed. Samples at 8 kHz, -1 … 1."""

from collections.abc import Callable, Mapping

import numpy as np

from ivr.speech.audio import RATE, Samples, alaw_bytes, loudness, to_pcm

NOISE_DB = -20.0
"""Of the noise, against the voice."""
LOST = 0.03
"""Share of the frames that do not arrive."""
FRAME = RATE // 50
"""Samples in a packet: 20 ms."""
AROUND = 0.3
"""Seconds of the line before and after what is said."""


def _expanded() -> Samples:
    """A-law to linear, after ITU-T G.711."""
    code = np.arange(256) ^ 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    size = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.asarray(np.where(code & 0x80, size, -size) / 32768)


_LINEAR = _expanded()


def heard(alaw: bytes) -> Samples:
    """What an A-law file or a stream of packets sounds like."""
    return _LINEAR[np.frombuffer(alaw, np.uint8)]


def clean(sound: Samples, seed: int) -> Samples:
    """As it comes; A-law does not change what has been A-law."""
    return _with_ends(sound)


def noisy(sound: Samples, seed: int) -> Samples:
    """With white noise under it, coded with it."""
    whole = _with_ends(sound)
    noise = np.random.default_rng(seed).standard_normal(len(whole))
    return heard(alaw_bytes(to_pcm(whole + noise * loudness(sound) * 10 ** (NOISE_DB / 20))))


def lossy(sound: Samples, seed: int) -> Samples:
    """Some frames are silent: a telephone that conceals no loss."""
    whole = _with_ends(sound)
    whole = np.concatenate([whole, np.zeros(-len(whole) % FRAME)])
    arrived = np.random.default_rng(seed).random(len(whole) // FRAME) >= LOST
    return np.asarray((whole.reshape(-1, FRAME) * arrived[:, None]).reshape(-1))


LINES: Mapping[str, Callable[[Samples, int], Samples]] = {"clean": clean, "noise": noisy, "loss": lossy}


def wideband(sound: Samples) -> Samples:
    """At 16 kHz, for the recogniser: twice the samples, nothing above 4 kHz."""
    spectrum = np.fft.rfft(sound)
    return np.asarray(np.fft.irfft(np.pad(spectrum, (0, len(sound) - len(sound) // 2)), 2 * len(sound)) * 2)


def _with_ends(sound: Samples) -> Samples:
    rest = np.zeros(int(AROUND * RATE))
    return np.concatenate([rest, sound, rest])
