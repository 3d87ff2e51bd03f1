"""A voice in no time, for tests in which nobody listens: a short tone instead of each phrase.

COMMAND does it, for a phrase in 20 ms: nothing that Python finds in its environment is loaded.
"""

from __future__ import annotations

import math
import struct
import sys
import wave
from pathlib import Path

COMMAND = (sys.executable, "-I", "-S", str(Path(__file__)), "{wav}")
RATE, SECONDS = 8000, 0.08  # each phrase; the engine's check wants a whole line


def main() -> None:
    """Write the tone; its pitch depends on the text, so that phrases differ."""
    text = sys.stdin.buffer.read().decode()
    pitch, seconds = 300 + sum(map(ord, text)) % 600, 2.5 if text.startswith("您好，这里是") else SECONDS
    samples = (int(9000 * math.sin(2 * math.pi * pitch * n / RATE)) for n in range(int(RATE * seconds)))
    with wave.open(sys.argv[1], "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<h", each) for each in samples))


if __name__ == "__main__":
    main()
