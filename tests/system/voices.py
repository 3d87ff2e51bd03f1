"""Who is heard in a recording, for how long: the far end's two voices, told apart also where both speak at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from asterisk.instance import Instance
from asterisk.settings import FarEndSettings
from tests.system import audio
from tests.system.audio import Samples

TALK_SECONDS = 1.5
"""So much of the other's voice is heard before somebody hangs up."""
PIECE = audio.RATE // 4
LOUD = 0.02


def sound(far_end: Instance[FarEndSettings], name: str) -> Samples:
    """What a telephone says."""
    return audio.read(far_end.settings.folder / f"sounds/{name}.wav")


def heard(far_end: Instance[FarEndSettings], number: str) -> Samples:
    """What this telephone has heard so far; nothing when it was not answered."""
    files = sorted(far_end.settings.recordings.glob(f"{number}-*.wav"))
    if not files:
        return audio.SILENCE
    data = files[0].read_bytes()[44:]  # its header is written at the end
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2") / 32768.0


def seconds_of(voice: Samples, recording: Samples) -> float:
    """For how long that voice alone is heard: a quarter of a second of it after the other is looked for everywhere."""
    return _seconds(part for part in _pieces(recording, PIECE) if _likest(voice, part)[0] > audio.LIKE)


def seconds_of_both(one: Samples, other: Samples, recording: Samples) -> float:
    """For how long the recording is these two voices, neither of them alone: both are laid where they fit best, and what they
    add up to is compared.
    """
    return _seconds(part for part in _pieces(recording, 2 * PIECE) if _is_both(part, one, other))


def _is_both(part: Samples, one: Samples, other: Samples) -> bool:
    first, second = max(((one, other), (other, one)), key=lambda pair: _likest(pair[0], part)[0])
    _, laid = _likest(first, part)
    rest = part - laid * (laid @ part) / (laid @ laid)
    _, beside = _likest(second, rest)
    both = np.stack([laid, beside], axis=1)
    shares = np.linalg.lstsq(both, part, rcond=None)[0]
    sums, parts = both @ shares, both * shares
    alike = (sums @ part) / np.sqrt((sums @ sums) * (part @ part))
    return bool(alike > audio.LIKE and all(np.max(np.abs(parts[:, n])) > LOUD for n in range(2)))


def _likest(voice: Samples, part: Samples) -> tuple[float, Samples]:
    """How alike, and what the voice says there; it says the same again and again."""
    around = np.concatenate([voice, voice[: len(part)]])
    alike = audio.correlation(around, part)
    begin = int(np.argmax(alike))
    return float(alike[begin]), around[begin : begin + len(part)]


def _pieces(recording: Samples, length: int) -> Iterator[Samples]:
    """Those that are no silence."""
    for begin in range(0, len(recording) - length, length):
        part = recording[begin : begin + length]
        if np.max(np.abs(part)) > LOUD:
            yield part


def _seconds(found: Iterator[Samples]) -> float:
    return sum(map(len, found)) / audio.RATE
