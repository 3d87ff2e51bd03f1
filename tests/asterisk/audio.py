"""What was heard: prompts that can be told apart by ear, and finding them in a recording."""

import wave
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

RATE = 8000
Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a sound was found (seconds from the start), and how like it is (1: the same, near 0: no)."""

    at: float
    likeness: float

    def __bool__(self) -> bool:
        return self.likeness > 0.75  # A-law and a lost frame cost some; other prompts stay under 0.2


def prompt_sound(name: str, seconds: float) -> Samples:
    """Noise in the telephone's band, always the same for one name and unlike that of any other."""
    generator = np.random.default_rng(crc32(name.encode()))
    spectrum = np.fft.rfft(generator.standard_normal(round(seconds * RATE)))
    frequencies = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    spectrum[(frequencies < 400) | (frequencies > 3000)] = 0
    sound = np.fft.irfft(spectrum, round(seconds * RATE))
    return np.asarray(sound * 0.3 / np.abs(sound).max())


def write_wav(path: Path, sound: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def read_wav(path: Path) -> Samples:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768


PIECE = RATE // 10
LATE = 1.0
"""Seconds that one gap may last."""


def hear(sound: Samples, recording: Samples) -> Match:
    """Where the whole of `sound` was heard: piece by piece in its order, so that a seam between two files
    does no harm (there Asterisk drops the last 22 samples of a wav). The first and the last piece are not
    asked for: the recording begins a moment after the answer, and ends at the hangup. A starved machine
    leaves gaps in what it sends: one piece in three may be spoilt, and the rest come later.
    """
    starts = range(PIECE, max(2 * PIECE, len(sound) - PIECE), PIECE)
    found = [find(sound[start : start + PIECE], recording) for start in starts]
    begins = [each.at - (start - PIECE) / RATE for start, each in zip(starts, found, strict=True) if each]
    in_order = all(-0.05 < after - before < LATE for before, after in pairwise(begins))
    likeness = sorted(each.likeness for each in found)[len(found) // 3]
    return Match(min(begins, default=0.0), likeness if in_order else 0.0)


def find(sound: Samples, recording: Samples) -> Match:
    """Where `sound` is most alike to a part of `recording`: normalised cross-correlation."""
    length = len(sound)
    if len(recording) < length:
        return Match(0.0, 0.0)
    size = 1 << (len(recording) + length).bit_length()
    spectrum = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(sound, size))
    products = np.fft.irfft(spectrum, size)[: len(recording) - length + 1]
    energies = np.cumsum(np.concatenate(([0.0], recording**2)))
    energy = np.sqrt(np.maximum(energies[length:] - energies[:-length], 1e-9) * np.sum(sound**2))
    likeness = products / np.maximum(energy, 1e-3)
    best = int(np.argmax(likeness))
    return Match(best / RATE, float(likeness[best]))
