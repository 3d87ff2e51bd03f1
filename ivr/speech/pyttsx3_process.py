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
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO


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


def save(engine: Any, text: str, rate: int, path: Path) -> None:
    """Speak into the file; checked, because a return does not mean that the file is there."""
    for _ in range(2):
        engine.setProperty("rate", rate)
        engine.save_to_file(text, str(path))
        engine.runAndWait()
        if path.exists():
            break
    with wave.open(str(path), "rb") as file:
        if file.getnframes() == 0:
            raise ValueError("the voice made no sound")


def open_engine(voice: str | None) -> tuple[Any, str, str]:
    """A warmed engine, its version, and the voice that it really uses."""
    import pyttsx3

    engine = pyttsx3.init("espeak")
    version = library_version()
    wanted = voice or mandarin_voice(version)
    engine.setProperty("voice", wanted)
    with tempfile.TemporaryDirectory() as folder:
        save(engine, "您好", 190, Path(folder) / "warm.wav")
    used = str(engine.getProperty("voice"))  # set only once something was spoken
    if used.rsplit("/", 1)[-1].lower() != wanted.lower():
        raise LookupError(f"no-voice {wanted} in espeak-ng {version}")
    return engine, version, wanted


def serve(engine: Any, answer: Callable[[dict[str, object]], None]) -> None:
    """One request per line until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            save(engine, request["text"], int(request["rate"]), Path(request["wav"]))
            answer({"ok": True})
        except Exception as error:  # the parent decides what an error means
            answer({"error": f"{type(error).__name__}: {error}"})


def main() -> int:
    """Start, say who is speaking, serve."""
    pipe = private_output()

    def answer(message: dict[str, object]) -> None:
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    try:
        engine, version, voice = open_engine(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else None)
    except LookupError as error:
        answer({"error": str(error)})
        return 1
    except Exception as error:
        answer({"error": f"no-library {type(error).__name__}: {error}"})
        return 1
    answer({"ready": True, "version": version, "voice": voice})
    serve(engine, answer)
    return 0


if __name__ == "__main__":
    # End at once: espeak's threads and pyttsx3's finalisers have nothing left to save, and can crash.
    code = main()
    sys.stderr.flush()
    os._exit(code)
