"""The process in which pyttsx3 lives, alone: started by `Pyttsx3Engine`, never imported.

pyttsx3 2.99 is not thread-safe, blocks, prints, and its first save after init can return before the file is
there. Here it owns its process, and its standard output is not the protocol's. Protocol: JSON, one object
per line.
In:  {"text", "rate" (words per minute), "wav" (path)}      Out: {"ok": true} or {"error": "…"}
First line out: {"ready": true, "version": "1.51", "voice": "…"} or {"error": "no-library" | "no-voice" |
"…"}. It ends when its input ends, so it never outlives the parent.
"""

import ctypes
import json
import os
import sys
import tempfile
import threading
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TextIO


def private_output() -> TextIO:
    """Keep the pipe to the parent for ourselves; whatever a library prints goes to standard error."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def library_version() -> str:
    """espeak-ng's version, from the loaded library itself."""
    from pyttsx3.drivers import _espeak

    info = _espeak.dll.espeak_Info
    info.restype, info.argtypes = ctypes.c_char_p, [ctypes.POINTER(ctypes.c_char_p)]
    return str(info(ctypes.byref(ctypes.c_char_p())).decode().split()[0])


def mandarin_voice(version: str) -> str:
    """Before 1.52 the voice `cmn` reads pinyin as English; `cmn-latn-pinyin` is right there."""
    numbers = tuple(int(part) for part in version.split("-")[0].split(".")[:2] if part.isdigit())
    return "cmn" if numbers >= (1, 52) else "cmn-latn-pinyin"


class Speaker:
    """pyttsx3's espeak driver without its event loop.

    `runAndWait` of 2.99 ends its loop from espeak's thread: it can return before the file is written,
    cancel what is still being spoken, and lose a change of rate, so that the next texts are said at the
    wrong pace (all seen). The driver's own calls in a fixed order, and waiting for its
    `finished-utterance`, do none of that.
    """

    def __init__(self, voice: str | None) -> None:
        import pyttsx3
        from pyttsx3.drivers import _espeak

        self._engine = pyttsx3.init("espeak")
        self._driver, self._synchronize = self._engine.proxy._driver, _espeak.Synchronize
        self._finished = threading.Event()
        self._engine.connect("finished-utterance", self._on_finished)
        self.version = library_version()
        self.voice = voice or mandarin_voice(self.version)
        self._choose_voice()

    def save(self, text: str, rate: int, path: Path) -> None:
        """Speak into the file, and see that it is there and not empty."""
        self._finished.clear()
        self._driver.setProperty("rate", rate)
        self._driver.save_to_file(text, str(path))
        self._driver._start_synthesis(text)
        self._synchronize()
        if not self._finished.wait(30):
            raise TimeoutError("the voice did not finish")
        with wave.open(str(path), "rb") as file:
            if file.getnframes() == 0:
                raise ValueError("the voice made no sound")

    def _choose_voice(self) -> None:
        try:
            self._driver.setProperty("voice", self.voice)
        except ValueError as error:
            raise LookupError(f"no-voice {self.voice} in espeak-ng {self.version}") from error
        used = str(self._driver.getProperty("voice")).rsplit("/", 1)[-1]
        if used.lower() != self.voice.lower():
            raise LookupError(f"no-voice {self.voice} in espeak-ng {self.version}")
        with tempfile.TemporaryDirectory() as folder:
            self.save("您好", 190, Path(folder) / "warm.wav")

    def _on_finished(self, **_: object) -> None:
        self._finished.set()


def serve(speaker: Speaker, answer: Callable[[dict[str, object]], None]) -> None:
    """One request per line until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            speaker.save(request["text"], int(request["rate"]), Path(request["wav"]))
            answer({"ok": True})
        except Exception as error:  # the parent decides what an error means
            answer({"error": f"{type(error).__name__}: {error}"})


def main() -> int:
    """Start, say who is speaking, serve."""
    pipe = private_output()
    os.environ["PULSE_RUNTIME_PATH"] = os.devnull  # else espeak's sound library leaves folders in /tmp and at home

    def answer(message: dict[str, object]) -> None:
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    try:
        speaker = Speaker(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else None)
    except LookupError as error:
        answer({"error": str(error)})
        return 1
    except Exception as error:
        answer({"error": f"no-library {type(error).__name__}: {error}"})
        return 1
    answer({"ready": True, "version": speaker.version, "voice": speaker.voice})
    serve(speaker, answer)
    return 0


if __name__ == "__main__":
    # End at once: espeak's threads and pyttsx3's finalisers have nothing left to save, and can crash.
    code = main()
    sys.stderr.flush()
    os._exit(code)
