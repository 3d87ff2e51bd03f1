"""Sound as numbers: read, resample, trim, level, and write what Asterisk plays. Pure but for numpy.

Telephone audio here is 8 kHz mono: 16-bit PCM in a .wav (the console plays it, tests compare with it) and
ITU-T G.711 A-law in a .alaw (Asterisk sends it without transcoding). Samples are float64 in -1 … 1.
"""

import io
import math
import wave

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

RATE = 8000
LEVEL = 10 ** (-23 / 20)
"""Loudness of every part: RMS of what is above silence, -23 dBFS (telephone speech lies near -26 to -20)."""
PEAK = 0.89
HIGH_PASS = 180.0
"""Hz: nothing lies below, half the power passes 76 Hz higher, all of it 120 Hz higher (see `band`)."""
TREBLE_DB = 4.0
"""How much the highest part of the band is raised (see `band`)."""
_FRAME = RATE // 100
_SILENCE_DB = -40.0
_SILENT = 2e-3
_FADE = RATE * 5 // 1000
REST = RATE * 15 // 1000
"""Samples before the first and after the last audible frame of a part: 15 ms, padded where the sound has less."""
LONGEST_SECONDS = 600
_RATES = range(4_000, 192_001)
_TAPS = 32


class BadAudio(ValueError):
    """The bytes are no wav that can be played, or hold no sound."""


def read_wav(data: bytes) -> tuple[Samples, int]:
    """Samples, mixed to mono, and their rate. `BadAudio` for anything but 16-bit PCM of a usual rate and length."""
    if not data:
        raise BadAudio("the file is empty")
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise BadAudio(f"not a wav file: {error}") from error
    if width != 2:
        raise BadAudio(f"a wav of 16 bits per sample is needed, this one has {8 * width}")
    if rate not in _RATES:
        raise BadAudio(f"a rate of {_RATES[0]} to {_RATES[-1]} Hz is needed, this one has {rate}")
    if len(raw) > LONGEST_SECONDS * rate * channels * width:
        raise BadAudio(f"it is longer than {LONGEST_SECONDS} s")
    pcm = np.frombuffer(raw[: len(raw) // (2 * channels) * 2 * channels], dtype="<i2")
    samples: Samples = pcm.reshape(-1, channels).mean(axis=1) / 32768.0
    return samples, rate


def for_telephone(samples: Samples, rate: int) -> Samples:
    """8 kHz and its band, silence at the ends trimmed, loudness levelled, short fades so that no join clicks."""
    return fade(level(trim(_raised(band(resample(samples, rate))))))


def band(samples: Samples) -> Samples:
    """Shaped for a handset: nothing below `HIGH_PASS` (-3 dB at 256 Hz, all from 300 Hz on), and treble rising to `TREBLE_DB`
    more at 2.5 kHz.

    A telephone line carries 300 to 3400 Hz (ITU-T G.712), and a handset's small speaker gives the lower end back weakly: what lies
    there is spent in vain at a given loudness, while consonants, which tell the words apart, lie above 2 kHz. Direct current and
    the mains hum of recordings go with it. The upper end is `resample`'s.
    """
    around = min(RATE // 4, len(samples) - 1)
    if around < 1:
        return samples
    # Turned over at its ends, so that hum and direct current do not begin with a thump
    before = 2 * samples[0] - samples[around:0:-1]
    behind = 2 * samples[-1] - samples[-2 : -around - 2 : -1]
    longer = np.concatenate([before, samples, behind])
    size = 1 << (len(longer) + RATE // 4).bit_length()  # room behind, so that nothing comes round to the beginning
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    treble = 10 ** (TREBLE_DB / 20 * np.sin(np.clip((hertz - 1000) / 1500, 0, 1) * np.pi / 2) ** 2)
    gain = np.sin(np.clip((hertz - HIGH_PASS) / 120, 0, 1) * np.pi / 2) ** 2 * treble
    passed = np.fft.irfft(np.fft.rfft(longer - samples.mean(), size) * gain, size)
    return np.asarray(passed[around : around + len(samples)])


def _raised(samples: Samples) -> Samples:
    """Loud enough that a quiet recording is measured as a loud one is; what is too quiet for that stays, as silence."""
    peak = float(np.abs(samples).max(initial=0.0))
    return samples * (0.5 / peak) if peak > _SILENT else samples


def resample(samples: Samples, rate: int) -> Samples:
    """To 8 kHz with a windowed-sinc low-pass (polyphase; cut off below the lower Nyquist frequency)."""
    if rate == RATE or not len(samples):
        return samples
    divisor = math.gcd(rate, RATE)
    up, down = RATE // divisor, rate // divisor
    cutoff = min(1.0, RATE / rate) * 0.92
    half = math.ceil(_TAPS / cutoff / 2)
    positions = np.arange(len(samples) * up // down) * down
    base, phase = positions // up, positions % up
    offsets = np.arange(-half + 1, half + 1)
    distance = offsets[None, :] - (np.arange(up) / up)[:, None]
    kernel = cutoff * np.sinc(cutoff * distance) * np.cos(np.pi * distance / (2 * (half + 1))) ** 2
    kernel /= kernel.sum(axis=1, keepdims=True)
    padded = np.pad(samples, (half, half + 1), mode="edge")  # zeros would make a thump of a direct current
    result: Samples = np.zeros(len(positions))
    for tap, offset in enumerate(offsets):  # one pass per tap keeps memory at the size of the sound
        result += kernel[phase, tap] * padded[base + offset + half]
    return result


def trim(samples: Samples) -> Samples:
    """From the first audible frame to the last, with `REST` at both ends. `BadAudio` if nothing is audible."""
    heard = np.flatnonzero(_audible(samples))
    if not len(heard):
        raise BadAudio("the sound is silent")
    padded = np.concatenate([np.zeros(REST), samples, np.zeros(REST + _FRAME)])
    return padded[int(heard[0]) * _FRAME : (int(heard[-1]) + 1) * _FRAME + 2 * REST]


def loudness(samples: Samples) -> float:
    """RMS of the audible frames (10 ms each), 0 for silence."""
    frames = _frames(samples)[_audible(samples)]
    return float(np.sqrt(np.mean(frames**2))) if len(frames) else 0.0


def level(samples: Samples) -> Samples:
    """At `LEVEL`; peaks that would clip are bent, not cut, and the loudness stays."""
    current = loudness(samples)
    if not current:
        raise BadAudio("the sound is silent")
    knee = 0.6 * PEAK
    louder = samples * (LEVEL / current)
    size = np.abs(louder)
    bent = knee + (PEAK - knee) * np.tanh((size - knee) / (PEAK - knee))
    return np.asarray(np.where(size > knee, np.sign(louder) * bent, louder))


def fade(samples: Samples) -> Samples:
    """5 ms in and out, from and to exactly zero."""
    length = min(_FADE, len(samples) // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, length)) ** 2
    faded = samples.copy()
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded


def silence(milliseconds: int) -> Samples:
    """Nothing, for so long."""
    return np.zeros(RATE * milliseconds // 1000)


def to_pcm(samples: Samples) -> npt.NDArray[np.int16]:
    """16-bit samples."""
    return np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2")


def wav_bytes(pcm: npt.NDArray[np.int16]) -> bytes:
    """A complete .wav of 8 kHz mono."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.astype("<i2").tobytes())
    return buffer.getvalue()


def alaw_bytes(pcm: npt.NDArray[np.int16]) -> bytes:
    """G.711 A-law: sign, three bits of segment, four of step; even bits inverted (0x55)."""
    wide = pcm.astype(np.int32)
    negative = wide < 0
    size = np.where(negative, -wide - 1, wide) >> 3
    segment = np.maximum(np.floor(np.log2(np.maximum(size, 1))).astype(np.int32) - 4, 0)
    step = np.where(segment == 0, size >> 1, size >> np.maximum(segment, 1)) & 0x0F
    code = (segment << 4 | step) ^ np.where(negative, 0x55, 0xD5)
    return bytes(code.astype(np.uint8))


def _frames(samples: Samples) -> Samples:
    whole = np.concatenate([samples, np.zeros(-len(samples) % _FRAME)])
    return whole.reshape(-1, _FRAME)


def _audible(samples: Samples) -> npt.NDArray[np.bool_]:
    """Which frames lie less than 40 dB under the loudest, and above the noise floor of 16 bits."""
    power = np.sqrt(np.mean(_frames(samples) ** 2, axis=1))
    floor = max(10 ** (_SILENCE_DB / 20) * float(power.max(initial=0.0)), 1e-3)
    return np.asarray(power > floor)
