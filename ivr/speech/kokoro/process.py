"""The process in which the model lives, alone: started by `KokoroEngine`, never imported by it.

    python -I process.py HOME PACKAGES MODEL VOICE ENGLISH MIB

ENGLISH: the voice for English, or nothing.

One thread, a low priority, and a ceiling of memory: what it does never holds up a call. Protocol: JSON, one object a
line.
In:  {"text", "language" (cmn or en), "stretch" (times as long), "wav" (path)}      Out: {"ok": true}, {"refused": "…"}
(a text without a reading) or {"error": "…"}
First line out: {"ready": true, "espeak": its version} or {"error": "…"}. It ends when its input ends, so it never outlives
the parent. No message holds what was to be said.
"""

import json
import os
import resource
import subprocess
import sys
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

RATE = 24000
NICENESS = 10
_PAUSE = RATE // 5
"""Between two runs of a long text: 0.2 s."""
ENGLISH = "en"
_IPA = ("espeak-ng", "-q", "--ipa", "--tie=^", "-v", "en-us", "--stdin")
_READS_WITHIN = 60.0


class Speaker:
    """The loaded model and voice."""

    def __init__(self, model: Path, voice: Path, english: Path | None) -> None:
        import numpy as np
        import onnxruntime

        from ivr.speech.kokoro.symbols import ROWS

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        self._model = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        voices = {"cmn": voice, **({ENGLISH: english} if english else {})}
        self._styles = {name: np.fromfile(file, np.float32).reshape(ROWS, 1, 256) for name, file in voices.items()}

    def save(self, text: str, language: str, factor: float, path: Path) -> None:
        """Speak into a wav of 16 bits."""
        import numpy as np

        from ivr.speech.kokoro import english
        from ivr.speech.kokoro.pinyin import read
        from ivr.speech.kokoro.stretch import stretch
        from ivr.speech.kokoro.symbols import numbers, runs, symbols

        written = english.symbols(text, ipa) if language == ENGLISH else symbols(read(text))
        styles = self._styles[language]
        pieces: list[npt.NDArray[np.float32]] = []
        for run in runs(written):
            pieces += [np.zeros(_PAUSE, np.float32)] if pieces else []
            pieces.append(self._sound(numbers(run), styles))
        samples = stretch(np.concatenate(pieces), factor, RATE)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes())

    def _sound(self, tokens: list[int], styles: "npt.NDArray[np.float32]") -> "npt.NDArray[np.float32]":
        import numpy as np

        given: dict[str, Any] = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": styles[len(tokens)],
            "speed": np.array([1.0], np.float32),
        }
        return np.asarray(self._model.run(None, given)[0], np.float32).reshape(-1)


def ipa(words: str) -> str:
    """How espeak-ng reads English words."""
    from ivr.speech.kokoro.pinyin import Unreadable

    try:
        done = subprocess.run(_IPA, input=words.encode(), capture_output=True, timeout=_READS_WITHIN, check=True)
    except (OSError, subprocess.SubprocessError):
        raise Unreadable("espeak-ng, which reads English, can't be run") from None
    return " ".join(done.stdout.decode().split())


def espeak_version() -> str:
    """Of what reads English; nothing where it is not there."""
    with suppress(OSError, IndexError, subprocess.SubprocessError):
        done = subprocess.run(("espeak-ng", "--version"), capture_output=True, text=True, timeout=_READS_WITHIN, check=True)
        return done.stdout.split(": ")[1].split()[0]
    return ""


def serve(speaker: Speaker, answer: Callable[[dict[str, object]], None]) -> None:
    """One request per line until the input ends."""
    from ivr.speech.kokoro.pinyin import Unreadable

    for line in sys.stdin:
        request = json.loads(line)
        try:
            speaker.save(request["text"], request["language"], float(request["stretch"]), Path(request["wav"]))
            answer({"ok": True})
        except Unreadable as error:
            answer({"refused": str(error)})
        except Exception as error:  # the parent decides what an error means; its words may hold the text
            answer({"error": type(error).__name__})


def private_output() -> TextIO:
    """Keep the pipe to the parent for ourselves; whatever a library prints goes to standard error."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def hold_back(mib: int) -> None:
    """Calls come first: what they need has ten times the weight, and memory has an end."""
    os.nice(NICENESS)
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    resource.setrlimit(resource.RLIMIT_DATA, (mib * 2**20, mib * 2**20))
    with suppress(OSError):  # where memory is short all the same, this goes first
        Path("/proc/self/oom_score_adj").write_text("1000")


def main(home: str, packages: str, model: str, voice: str, english: str, mib: str) -> int:
    """Start, say so, serve."""
    pipe = private_output()

    def answer(message: dict[str, object]) -> None:
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    sys.path[:0] = [packages, home]
    try:
        hold_back(int(mib))
        from ivr.speech.kokoro.folder import is_genuine

        for file in map(Path, filter(None, (model, voice, english))):
            if not is_genuine(file):
                raise ValueError(f"{file} is not the file that was installed")
        speaker = Speaker(Path(model), Path(voice), Path(english) if english else None)
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"})
        return 1
    answer({"ready": True, "espeak": espeak_version()})
    serve(speaker, answer)
    return 0


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # the runtime's threads have nothing left to do, and need not be waited for
