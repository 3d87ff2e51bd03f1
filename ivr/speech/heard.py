"""What gets a sound of its own: which parts a prompt is taken apart into, and at which pace each is said. Pure."""

from collections.abc import Collection, Iterator

from ivr.prompts.language import Language
from ivr.prompts.parts import Code, Date, Digits, Fixed, Part, Pause, Prompt, Spoken, Time, language_of

from .engine import Pace

Heard = tuple[Part, Language, bool]
"""What is said, in which language, and whether by the natural voice."""
_BETWEEN_FIGURES, _BETWEEN_GROUPS, _GROUP = Pause(80), Pause(450), 3


def sounds(prompt: Prompt, natural: bool, languages: Collection[Language]) -> Iterator[Heard]:
    """What gets a file each. A 验证码 is taken apart into figures: no code is synthesised for one call alone, and
    none stays in the cache. A phrase in a language of its own is left out where that is none of `languages`.
    """
    for part in prompt.parts:
        language = language_of(part, prompt.language)
        if language is prompt.language or language in languages:
            for each in _figures(part) if isinstance(part, Code) else (part,):
                yield each, language, natural and not isinstance(each, Pause)


def _figures(code: Code) -> Iterator[Part]:
    for place, figure in enumerate(code.text):
        if place:
            yield _BETWEEN_FIGURES if place % _GROUP else _BETWEEN_GROUPS
        yield Digits(figure, slow=code.slow)


def pace(part: Spoken) -> Pace:
    """How fast it is said."""
    if isinstance(part, Fixed | Date | Time) and part.brisk:
        return Pace.BRISK
    return Pace.SLOW if part.slow else Pace.NORMAL
