"""Audio for the far end: sounds like speech and like a beep, without being any recording of anybody.

Telephony's 8 kHz mono 16-bit. Speech is imitated by the harmonics of a voice at 140 Hz, loud and soft at the
rate of syllables: enough for whoever tells an announcement or a voicemail greeting from silence and from a
tone.
"""

import math
import struct
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path

RATE = 8_000
_PITCH, _SYLLABLES = 140.0, 4.0


def speech(seconds: float, pitch: float = _PITCH) -> Iterator[float]:
    """Samples (-1 to 1) that resemble a speaking voice of that pitch (Hz)."""
    for index in range(int(seconds * RATE)):
        t = index / RATE
        voice = sum(math.sin(2 * math.pi * pitch * n * t) / n for n in (1, 2, 3, 5, 8))
        yield 0.25 * voice * max(0.0, math.sin(math.pi * _SYLLABLES * t)) ** 2


def sentences(*seconds: float) -> Iterator[float]:
    """So long each, with the pauses between that a greeting has."""
    for n, each in enumerate(seconds):
        yield from silence(0.7 if n else 0)
        yield from speech(each)


def tone(hertz: float, seconds: float) -> Iterator[float]:
    """Samples (-1 to 1) of one tone."""
    return (0.4 * math.sin(2 * math.pi * hertz * index / RATE) for index in range(int(seconds * RATE)))


def silence(seconds: float) -> Iterator[float]:
    """Samples of nothing."""
    return (0.0 for _ in range(int(seconds * RATE)))


def write_wav(path: Path, samples: Iterable[float]) -> None:
    """Write samples as the .wav that Asterisk plays."""
    clipped = (round(32_000 * max(-1.0, min(1.0, sample))) for sample in samples)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in clipped))
