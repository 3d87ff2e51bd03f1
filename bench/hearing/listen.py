"""Writes down what it hears: started in the recogniser's own environment, never imported.

    python -I listen.py MODEL      in: a path of a .npy (float32, 16 kHz, at most 28 s) a line; out: JSON, a line each

Whisper is made for windows of 30 s. What is shorter is given as it is, with 2 s of silence after it: the same words for a
quarter of the time. One thread, and always the likeliest words: the same sound gives the same text.
"""

import json
import sys
from typing import Any

RATE, LONGEST, SILENCE = 16000, 28, 2
WORDS = 120
"""Tokens at most: what a recogniser can't understand it may repeat without end."""
SIMPLIFIED = " 以下是普通话的句子。"
"""As if that had been said before: it writes simplified characters more often then."""


class Ear:
    """The loaded model."""

    def __init__(self, model: str) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer

        self._whisper: Any = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1, num_workers=1)
        self._tokens: Any = Tokenizer(self._whisper.hf_tokenizer, True, task="transcribe", language="zh")
        before = self._tokens.encode(SIMPLIFIED)
        self._prompt = self._whisper.get_prompt(self._tokens, before, without_timestamps=True)

    def heard(self, path: str) -> str:
        """The words of a sound."""
        import ctranslate2
        import numpy as np

        sound = np.load(path)
        if len(sound) > LONGEST * RATE:
            raise ValueError(f"at most {LONGEST} s can be heard at once")
        features = self._whisper.feature_extractor(np.concatenate([sound, np.zeros(SILENCE * RATE, np.float32)]))
        even = features[None, :, : features.shape[1] // 2 * 2]
        seen = self._whisper.model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(even, np.float32)))
        length = len(self._prompt) + WORDS
        found = self._whisper.model.generate(seen, [self._prompt], beam_size=5, max_length=length)[0]
        return str(self._tokens.decode(found.sequences_ids[0]))


def main(model: str) -> int:
    """Until the input ends."""
    ear = Ear(model)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"heard": ear.heard(line.rstrip("\n"))}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
