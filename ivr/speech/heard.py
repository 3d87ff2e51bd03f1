"""What gets a sound of its own: which parts a prompt is taken apart into, and at which pace each is said. Pure."""

from collections.abc import Collection, Iterator

from ivr.prompts.language import Language
from ivr.prompts.parts import Date, Fixed, Part, Pause, Prompt, Spoken, Time, language_of

from .engine import Pace
from .figures import taken_apart

Heard = tuple[Part, Language, bool]
"""What is said, in which language, and whether by the natural voice."""


def sounds(prompt: Prompt, natural: bool, languages: Collection[Language]) -> Iterator[Heard]:
    """What gets a file each; figures one by one where `taken_apart` says so. A phrase in a language of its own is left out where
    that is none of `languages`.
    """
    for part in prompt.parts:
        language = language_of(part, prompt.language)
        if language is prompt.language or language in languages:
            for each in taken_apart(part, natural=natural and language is Language.MANDARIN):
                yield each, language, natural and not isinstance(each, Pause)


def pace(part: Spoken) -> Pace:
    """How fast it is said."""
    if isinstance(part, Fixed | Date | Time) and part.brisk:
        return Pace.BRISK
    return Pace.SLOW if part.slow else Pace.NORMAL
