"""How well the voices are understood over a telephone: what they say is written down by a recogniser, and compared.

    script/bench voice [--voices natural,espeak] [--texts] [--json]
    script/bench voice --high-pass 250 --treble 8 --lines clean     with the sound shaped in another way than calls have it
    script/bench voice --call [--rate 30]       real invitations, as their telephones heard them beside so many calls a second

28 sentences of the project's own wording and six 验证码 of six figures, rendered as for a call, over a line that is clean, has
noise 20 dB under the voice, or loses 3 % of its frames. Errors in % of characters / pinyin / pinyin with tone. One recogniser
(Whisper base) hears all: compare voices by it. No person has judged, and on a formant voice it is surely harsher than an ear.
Exit status 1 when the natural voice misses an aim.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from asterisk.folders import cache_folder, voice_folder
from bench.hearing.call import Piece, prepare, recorded
from bench.hearing.line import LINES, clean, heard
from bench.hearing.recogniser import NoRecogniser, Recogniser, recogniser
from bench.hearing.score import Errors, errors, wrong_figures
from bench.hearing.sentences import ALL, CODES, Sentence
from ivr.prompts import Language
from ivr.prompts.parts import Code
from ivr.speech import Speech, SpeechError, audio, make_speech
from ivr.speech.audio import Samples
from ivr.speech.saying import saying

VOICES = ("natural", "espeak")
AIMS = {"clean": 5.0, "noise": 8.0}
"""Most errors in pinyin, in %, of the natural voice."""
CALL_WORSE = 2.0
"""Points of pinyin by which a real call may be worse than the file that it plays."""
WRONG_FIGURES = 1
"""Of the 验证码, most wrong figures on a clean line."""
CALL = "call"
AS_CALLED = (audio.HIGH_PASS, audio.TREBLE_DB)
FIGURES = sum(map(len, CODES))


@dataclass(frozen=True, slots=True)
class Heard:
    """One voice over one line."""

    voice: str
    line: str
    errors: Mapping[str, Errors]
    """By kind of sentence; without the 验证码."""
    wrong_figures: int
    texts: Sequence[tuple[str, str]] = field(repr=False, default=())
    """What was said and what was written."""

    @property
    def all(self) -> Errors:
        """Over all kinds."""
        return sum(self.errors.values(), Errors())

    def to_json(self) -> Mapping[str, object]:
        """Everything, in %."""
        return {
            "voice": self.voice, "line": self.line, "wrong_figures": self.wrong_figures, "all": self.all.percent(),
            "kinds": {kind: each.percent() for kind, each in self.errors.items()},
        }  # fmt: skip


def said(sentence: Sentence) -> str:
    """In hanzi, as the voice is given it."""
    return "".join(saying(part, Language.MANDARIN).text for part in sentence.prompt(0).spoken())


def scored(voice: str, line: str, written: Iterable[tuple[Sentence, str]]) -> Heard:
    """Of what was written down of each sentence."""
    kinds: dict[str, Errors] = defaultdict(Errors)
    wrong, texts = 0, []
    for sentence, text in written:
        if code := "".join(part.text for part in sentence.parts if isinstance(part, Code)):
            wrong += wrong_figures(code, said(sentence), text)
        else:
            kinds[sentence.kind] += errors(said(sentence), text)
        texts.append((said(sentence), text))
    return Heard(voice, line, dict(kinds), wrong, texts)


def missed(found: Sequence[Heard]) -> list[str]:
    """The natural voice's aims that are not met."""
    said = []
    for each in (each for each in found if each.voice == "natural"):
        pinyin = each.all.percent()[1]
        if pinyin > AIMS.get(each.line, 100.0):
            said.append(f"{each.line}: {pinyin:.1f} % of the pinyin is wrong, {AIMS[each.line]:g} is the aim")
        if each.line == "clean" and each.wrong_figures > WRONG_FIGURES:
            said.append(f"{each.line}: {each.wrong_figures} of {FIGURES} figures are wrong, {WRONG_FIGURES} is the aim")
    said += [
        f"the call: {call.all.percent()[1]:.1f} % of the pinyin is wrong, {file.all.percent()[1]:.1f} % of the files'"
        for file, call in pairwise(found)
        if call.line == CALL and call.all.percent()[1] > file.all.percent()[1] + CALL_WORSE
    ]
    return said


async def rendered(voice: str, sentences: Sequence[Sentence]) -> list[Samples]:
    """As a call's telephone is sent it. Raises SpeechError where that voice is not there."""
    async with _speech(voice) as speech:
        return [await _joined(speech.render(each.prompt(number))) for number, each in enumerate(sentences)]


def in_a_call(voice: str, rate: float, ear: Recogniser) -> list[Heard]:
    """What real calls sound like beside `rate` others a second, after the files that they play."""
    calls = asyncio.run(_recorded(voice, rate))
    written: dict[str, str] = {}
    ours, theirs = [], []
    for piece in (each for call in calls for each in call):
        text = said(piece.sentence)
        if text not in written:
            written[text] = ear.written(clean(piece.file, 0))
        ours.append((piece.sentence, written[text]))
        theirs.append((piece.sentence, "" if piece.call is None else ear.written(piece.call)))
    return [_as_one(voice, "files", ours), _as_one(voice, CALL, theirs)]


def _as_one(voice: str, line: str, written: Iterable[tuple[Sentence, str]]) -> Heard:
    """What is said in a call is of no one kind, and its 验证码 counts like all else."""
    kinds: dict[str, Errors] = defaultdict(Errors)
    texts = [(sentence.kind, said(sentence), text) for sentence, text in written]
    for kind, ours, theirs in texts:
        kinds[kind] += errors(ours, theirs)
    return Heard(voice, line, dict(kinds), 0, [(ours, theirs) for _, ours, theirs in texts])


async def _recorded(voice: str, rate: float) -> list[Sequence[Piece]]:
    async with _speech(voice) as speech:
        await prepare(speech)
        return await recorded(rate, voice_folder() if voice == "natural" else None, _sounds(), speech)


@asynccontextmanager
async def _speech(voice: str) -> AsyncIterator[Speech]:
    """Raises SpeechError where that voice is not there."""
    speech = make_speech(_sounds(), natural=voice_folder() if voice == "natural" else None)
    await speech.start()
    try:
        if voice == "natural" and not speech.natural:
            raise SpeechError("the natural voice is not installed: run script/setup voice, or give --voices espeak")
        yield speech
    finally:
        await speech.close()


def _sounds() -> Path:
    """The calls' own cache; another one for sounds that no call has."""
    shape = (audio.HIGH_PASS, audio.TREBLE_DB)
    return cache_folder() / ("speech" if shape == AS_CALLED else f"speech-bench-{shape[0]:g}-{shape[1]:g}")


async def _joined(rendering: Awaitable[tuple[str, ...]]) -> Samples:
    return heard(b"".join(Path(f"{media}.alaw").read_bytes() for media in await rendering))


def over_lines(voice: str, lines: Iterable[str], ear: Recogniser) -> list[Heard]:
    """One voice over some lines."""
    sounds = list(enumerate(asyncio.run(rendered(voice, ALL))))
    return [
        scored(voice, line, [(ALL[seed], ear.written(LINES[line](sound, seed))) for seed, sound in sounds])
        for line in lines
    ]


def heard_of(voices: Iterable[str], lines: Sequence[str], ear: Recogniser) -> list[Heard]:
    """Every voice over every line."""
    return [each for voice in voices for each in over_lines(voice, lines, ear)]


def table(found: Sequence[Heard]) -> Table:
    """A row for each kind of sentence."""
    shown = Table(title="Errors in %: characters / pinyin / pinyin with tone")
    shown.add_column("")
    for each in found:
        shown.add_column(f"{each.voice}, {each.line}", justify="right")
    for kind in found[0].errors:
        shown.add_row(kind, *(_percent(each.errors[kind]) for each in found))
    shown.add_row("all", *(_percent(each.all) for each in found), style="bold")
    if any(each.line == "clean" for each in found):
        shown.add_row(f"wrong of {FIGURES} figures", *(str(each.wrong_figures) for each in found))
    return shown


def _percent(of: Errors) -> str:
    return " / ".join(f"{each:.0f}" if each >= 10 else f"{each:.1f}" for each in of.percent())


def show(found: Sequence[Heard], texts: bool) -> None:
    """For a person."""
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table(found))
    for each in found if texts else ():
        for ours, theirs in each.texts:
            console.print(f"{each.voice}, {each.line}: {ours}\n{'':>8}{theirs}", highlight=False)
    for aim in missed(found):
        console.print(f"missed: {aim}", highlight=False)


def main() -> int:
    """0; 1 when the natural voice misses an aim; 2 when something is not there."""
    parser = argparse.ArgumentParser(prog="script/bench voice", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--voices", default=",".join(VOICES), help="which of them")
    parser.add_argument("--lines", default=",".join(LINES), help="which of them")
    parser.add_argument("--high-pass", type=float, default=audio.HIGH_PASS, help="Hz")
    parser.add_argument("--treble", type=float, default=audio.TREBLE_DB, help="dB")
    parser.add_argument("--call", action="store_true", help="a real invitation beside others instead, and the files that it plays")
    parser.add_argument("--rate", type=float, default=30.0, help="so many others a second")
    parser.add_argument("--texts", action="store_true", help="show what was written down")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    voices, lines = given.voices.split(","), given.lines.split(",")
    for option, asked, there in (("voices", voices, VOICES), ("lines", lines, tuple(LINES))):
        if unknown := set(asked) - set(there):
            parser.error(f"--{option} takes {', '.join(there)}, not {', '.join(sorted(unknown))}")
    audio.HIGH_PASS, audio.TREBLE_DB = given.high_pass, given.treble
    try:
        with tempfile.TemporaryDirectory(prefix="xl-hear-") as folder, recogniser(Path(folder)) as ear:
            if given.call:
                found = [each for voice in voices for each in in_a_call(voice, given.rate, ear)]
            else:
                found = heard_of(voices, lines, ear)
    except (NoRecogniser, SpeechError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps([each.to_json() for each in found], indent=1))
    else:
        show(found, given.texts)
    return 1 if missed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
