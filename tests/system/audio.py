"""Is this prompt in that recording, from when, and how far? Telephone audio, compared with the prompt's own.

The opening of the prompt is looked for by normalised cross-correlation (1 is the same sound, whatever its
loudness); from there the prompt is followed block by block, each allowed to lie a little earlier or later
than the last, until it no longer is what is heard. A-law, the start's offset and a frame lost or put in on
the way change little.

Measured on 40 real calls with espeak-ng, 25 at once: what was played, 0.9999; other prompts 0.74 at most, that
where both say nearly the same words. Where evidence puts a prompt's beginning and how far it was heard differ
from the recording by 0.03 s at most.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

RATE = 8000
Samples = npt.NDArray[np.float64]
SILENCE: Samples = np.zeros(1)

OPENING = int(1.2 * RATE)
BLOCK, PIECE = RATE * 2 // 5, RATE // 20
NUDGE = RATE * 3 // 50
SLIP = RATE // 2
"""So far may one block lie off the last: a starved machine leaves gaps in what it sends."""
GAP = 3 * RATE // 2
"""So much later may the last words come after longer ones."""
SPOILT = 3
"""So many blocks in a row may be spoilt on the way of such a machine, where what follows is the same again."""
_SKIPS = (0, BLOCK, 2 * BLOCK)
"""A recording may lack the first frame after the answer (seen): then the opening is looked for a little later."""
LIKE = 0.87
"""From here on it is the same sound."""
_SILENT = 0.01


@dataclass(frozen=True, slots=True)
class Match:
    """Where a prompt was found, in seconds."""

    at: float
    """Where in the recording its beginning lies; a little under 0 where that was not recorded."""
    heard: float
    """How far it was heard, counted in the prompt's own time."""
    pause: float
    """How long the prompt itself is silent from there on: it may have been heard so much further."""
    length: float
    """The prompt's own length, to its last sound."""
    likeness: float
    """The opening's correlation, 0 to 1."""
    missed: float
    """For how long, up to there, something else was heard: other words, or what a starved machine spoilt."""

    @property
    def found(self) -> bool:
        return self.likeness >= LIKE

    @property
    def whole(self) -> bool:
        """Found, and heard to its last word."""
        return self.found and self.length - self.heard < 0.25

    @property
    def end(self) -> float:
        """When it was last heard, in the recording's time."""
        return self.at + self.heard


def read(path: Path | BinaryIO) -> Samples:
    """A wav of 8 kHz mono 16 bits, as numbers from -1 to 1."""
    with wave.open(str(path) if isinstance(path, Path) else path) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768.0


def joined(media: Sequence[str]) -> Samples:
    """A prompt's own audio: its parts (`sound:/folder/name`) one after the other."""
    return _joined(tuple(media))


@cache
def _joined(media: tuple[str, ...]) -> Samples:
    return np.concatenate([read(Path(uri.removeprefix("sound:") + ".wav")) for uri in media])


def find(recording: Samples, prompt: Samples, after: float = 0.0) -> Match:
    """The first place from `after` (seconds) on where the prompt begins; else the most alike."""
    audible = np.flatnonzero(np.abs(prompt) > _SILENT)
    lead, said = int(audible[0]), prompt[audible[0] : audible[-1] + 1]
    start = int(after * RATE)
    heard = np.concatenate([recording[start:], np.zeros(OPENING + SLIP)])
    place, likeness = max((_begin(heard, said, skip) for skip in _SKIPS), key=lambda begun: begun[1])
    reached = _follow(heard, said, place) if likeness >= LIKE else 0
    if reached and _ends(heard, said, place):
        reached = len(said)
    return Match(
        at=(start + place - lead) / RATE,
        heard=(lead + reached) / RATE if reached else 0.0,
        pause=_quiet(prompt[lead:], reached) / RATE,
        length=(lead + len(said)) / RATE,
        likeness=likeness,
        missed=_missed(heard, said[:reached], place) / RATE,
    )


def _begin(heard: Samples, said: Samples, skip: int) -> tuple[int, float]:
    """Where `said` begins, judged by its opening after `skip` samples, and how alike that is."""
    skip = skip if len(said) >= skip + OPENING else 0  # a mere rest of a short prompt would be like too much
    alike = correlation(heard, said[skip : skip + OPENING])
    over = np.flatnonzero(alike >= LIKE)
    found = int(np.argmax(alike[: over[0] + NUDGE] if len(over) else alike))
    return found - skip, float(alike[found])


def correlation(heard: Samples, said: Samples) -> Samples:
    """Normalised cross-correlation at each place where `said` fits, by FFT."""
    size = 1 << (len(heard) + len(said)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    products = np.fft.irfft(spectrum, size)[: len(heard) - len(said) + 1]
    sums = np.concatenate([[0.0], np.cumsum(heard**2)])
    energy = np.maximum(sums[len(said) :] - sums[: -len(said)], len(said) * _SILENT**2 / 10)
    found: Samples = products / np.sqrt(energy * np.sum(said**2))
    return found


def _blocks(heard: Samples, said: Samples, place: int) -> Iterator[tuple[int, int, int | None]]:
    """Each sounding block of `said`, laid at `place`: its beginning and end, and where all of `said` lies by it, if it is heard."""
    for begin in range(0, len(said), BLOCK):
        block = said[begin : begin + BLOCK]
        if np.max(np.abs(block)) < 5 * _SILENT:
            continue
        first = max(0, place + begin - SLIP)
        around = heard[first : max(0, place + begin + len(block) + SLIP)]
        alike = correlation(around, block) if len(around) >= len(block) else np.zeros(1)
        found = first + int(np.argmax(alike)) - begin if alike.max() >= LIKE else None
        place = place if found is None else found
        yield begin, begin + len(block), found


def _follow(heard: Samples, said: Samples, place: int) -> int:
    """How many samples of `said`, laid at `place`, are heard before something else is, or nothing."""
    reached, missed = 0, 0
    for _, end, found in _blocks(heard, said, place):
        if found is not None:
            place, reached, missed = found, end, 0
        elif missed == SPOILT:
            break
        else:
            reached = _last_piece(heard, said, place, reached, end) if not missed else reached
            missed += 1
    return reached


def _missed(heard: Samples, said: Samples, place: int) -> int:
    """How many samples of `said`, laid at `place`, are not heard."""
    return sum(end - begin for begin, end, found in _blocks(heard, said, place) if found is None)


def _ends(heard: Samples, said: Samples, place: int) -> bool:
    """Whether the last words are heard where they belong, or a gap later: what lies between was spoilt on the way."""
    if len(said) < 2 * OPENING:
        return False
    first = max(0, place + len(said) - OPENING - SLIP)
    around = heard[first : place + len(said) + GAP]
    return len(around) >= OPENING and bool(correlation(around, said[-OPENING:]).max() >= LIKE)


def _last_piece(heard: Samples, said: Samples, place: int, begin: int, end: int) -> int:
    """The end of the last sounding twentieth of a second from `begin` on that is still the same."""
    reached = begin
    for piece in range(begin, end, PIECE):
        one = said[piece : piece + PIECE]
        other = heard[max(0, place + piece) : max(0, place + piece + len(one))]
        if np.max(np.abs(one)) < 5 * _SILENT:
            continue
        if len(other) < len(one) or correlation(other, one)[0] < LIKE:
            break
        reached = piece + len(one)
    return reached


def _quiet(said: Samples, begin: int) -> int:
    """For how many samples after `begin` the prompt itself makes no sound."""
    sounds = np.flatnonzero(np.abs(said[begin:]) > 5 * _SILENT)
    return int(sounds[0]) if len(sounds) else len(said) - begin
