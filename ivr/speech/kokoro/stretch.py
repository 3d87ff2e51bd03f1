"""Slower speech at the same pitch, by WSOLA (waveform similarity overlap-add, Verhelst and Roelands 1993). Pure but for numpy.

The model itself is never slowed down: below its own speed it puts a false syllable before most texts (参加 is heard
as 这参加).
"""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

_FRAME_SECONDS, _SEARCH_SECONDS = 0.030, 0.008


def stretch(samples: Samples, factor: float, rate: int) -> Samples:
    """`factor` times as long. Frames of 30 ms are laid over each other by half; each is taken from within 8 ms of its place,
    where it continues the one before it best.
    """
    half = int(rate * _FRAME_SECONDS / 2)
    search = int(rate * _SEARCH_SECONDS)
    if factor == 1 or len(samples) < 2 * half + 2 * search:
        return samples
    window = np.hanning(2 * half + 1)[:-1].astype(np.float32)  # two of them, half a frame apart, add up to 1
    padded = np.concatenate([np.zeros(half + search, np.float32), samples, np.zeros(3 * half + 2 * search, np.float32)])
    count = int(len(samples) * factor) // half + 2
    out = np.zeros((count + 1) * half, np.float32)
    at = search
    for n in range(count):
        out[n * half : (n + 2) * half] += padded[at : at + 2 * half] * window
        wished = padded[at + half : at + 2 * half]  # how the frame before goes on
        place = search + round((n + 1) * half / factor)
        if place + search + 2 * half > len(padded):
            break
        at = place - search + _best(padded[place - search : place + search + half], wished)
    return out[half : half + int(len(samples) * factor)]


def _best(place: Samples, wished: Samples) -> int:
    """Where in `place` the sound is most like `wished`, by normalised correlation."""
    products = np.correlate(place, wished, "valid")
    squares = np.concatenate([[0.0], np.cumsum(place.astype(np.float64) ** 2)])
    energy = squares[len(wished) :] - squares[: -len(wished)]
    return int(np.argmax(products / np.sqrt(energy + 1e-9)))
