"""What is said on the telephone, per language: templates of typed parts, filled with facts. All pure.

`invitation` and `witness` give every prompt of their kind of call by id; the flows name ids and know no
wording.
"""

from collections.abc import Callable, Mapping

from . import en, yue, zh
from .facts import ConditionCount, InvitationFacts, WitnessFacts
from .language import Language
from .parts import (
    Address,
    ClockRange,
    Code,
    Count,
    Date,
    Digits,
    Duration,
    Fixed,
    Name,
    Part,
    Pause,
    Phone,
    Prompt,
    Room,
    Spoken,
    Text,
    Time,
)
from .zh import readback, witness

__all__ = [
    "Address",
    "ClockRange",
    "Code",
    "ConditionCount",
    "Count",
    "Date",
    "Digits",
    "Duration",
    "Fixed",
    "InvitationFacts",
    "Language",
    "Name",
    "Part",
    "Pause",
    "Phone",
    "Prompt",
    "Room",
    "Spoken",
    "Text",
    "Time",
    "WitnessFacts",
    "fixed_phrases",
    "invitation",
    "readback",
    "ready_made",
    "witness",
]

_INVITATIONS: Mapping[Language, Callable[[InvitationFacts], Mapping[str, Prompt]]] = {
    Language.MANDARIN: zh.invitation,
    Language.CANTONESE: yue.invitation,
    Language.ENGLISH: en.invitation,
}


def invitation(facts: InvitationFacts, language: Language = Language.MANDARIN) -> Mapping[str, Prompt]:
    """All prompts of the invitation call (and of the details call), by id: the same ids in every language."""
    return _INVITATIONS[language](facts)


def fixed_phrases(language: Language = Language.MANDARIN) -> tuple[str, ...]:
    """Every fixed phrase of a language, once, in order: the list that a human speaker records."""
    if language is Language.MANDARIN:
        return zh.fixed_phrases()
    prompts = invitation(zh.EVERY_DETAIL, language).values()
    return tuple(dict.fromkeys(part.text for prompt in prompts for part in prompt.parts if isinstance(part, Fixed)))


def ready_made(language: Language = Language.MANDARIN) -> Prompt:
    """All that calls in a language share: the fixed phrases and the figures. Rendered before the first call may go out,
    it leaves only dates, times and places to be made for each gathering.
    """
    phrases = tuple(Fixed(phrase) for phrase in fixed_phrases(language))
    return Prompt("ready_made", (*phrases, *(Digits(str(figure)) for figure in range(10))), language)
