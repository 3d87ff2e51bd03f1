"""Which engine speaks which language: from the settings of a process to its `Speech`."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ivr.prompts.language import Language

from .command import CommandEngine, speaks_others
from .engine import Engine, Pyttsx3Engine
from .kokoro.engine import EnglishVoice, KokoroEngine
from .speech import Speech


def make_speech(
    cache: Path,
    recorded: Path | None = None,
    command: Sequence[str] | None = None,
    languages: Iterable[str] = (Language.MANDARIN.value,),
    natural: Path | None = None,
) -> Speech:
    """The worker's and the console's `Speech`: made alike, so that both name the same files.

    `languages` are values of `Language`; Mandarin is always among them. A command speaks Mandarin; the other languages
    too if it takes {language}, else espeak-ng speaks those. `natural` is the folder of the natural voice, for Mandarin and
    English: without a command, and if it is there, that speaks, and the other only what the natural one can't say.
    """
    wanted = set(map(Language, languages)) - {Language.MANDARIN}
    others: dict[Language, Engine] = {each: _engine(each, command) for each in Language if each in wanted}
    better: dict[Language, Engine] = {}
    if natural and not command:
        better[Language.MANDARIN] = kokoro = KokoroEngine(natural)
        if Language.ENGLISH in wanted:
            better[Language.ENGLISH] = EnglishVoice(kokoro)
    return Speech(cache, _engine(Language.MANDARIN, command), recorded, others, better)


def _engine(language: Language, command: Sequence[str] | None) -> Engine:
    if command and (language is Language.MANDARIN or speaks_others(command)):
        return CommandEngine(command, language=language)
    return Pyttsx3Engine(language=language)
