"""How loud a sound is to an ear, and where its power lies."""

import numpy as np

from ivr.speech import audio


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


def share(samples: audio.Samples, low: float, high: float) -> float:
    """Of the power, what lies between two frequencies (Hz)."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / audio.RATE)
    return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())


def rest_ms(whole: audio.Samples, audible: float) -> int:
    """How long it is silent at its beginning, in the frames that were cut by there. audible: a part of the loudest frame."""
    frame = audio.RATE // 100
    samples = whole[audio.REST % frame :]
    power = np.sqrt(np.mean(samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2, axis=1))
    return int(np.flatnonzero(power > audible * power.max())[0]) * 10
