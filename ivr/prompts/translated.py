"""The one place that chooses the language of a call to an expert, or to a supervisor about their registration. Pure.

All such calls are had in every language, with the same prompts, facts and keys in the same order. What a witness (监督人)
and staff hear is Mandarin.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from . import (
    en,
    en_line,
    en_masked,
    en_notices,
    en_register,
    yue,
    yue_line,
    yue_masked,
    yue_notices,
    yue_register,
    zh,
    zh_line,
    zh_masked,
    zh_notices,
    zh_register,
)
from .facts import MaskedFacts
from .language import Language
from .parts import Prompt

Facts = TypeVar("Facts")
_Says = Callable[[Facts], Mapping[str, Prompt]]


@dataclass(frozen=True, slots=True)
class Translated(Generic[Facts]):
    """All prompts of a kind of call, by id, from its facts: the same ids in every language."""

    mandarin: _Says[Facts]
    cantonese: _Says[Facts]
    english: _Says[Facts]

    def __call__(self, facts: Facts, language: Language = Language.MANDARIN) -> Mapping[str, Prompt]:
        match language:
            case Language.MANDARIN:
                return self.mandarin(facts)
            case Language.CANTONESE:
                return self.cantonese(facts)
            case Language.ENGLISH:
                return self.english(facts)


def _before_staffs(expert: _Says[MaskedFacts]) -> _Says[MaskedFacts]:
    """The expert's leg; staff's stays in Mandarin."""
    return lambda facts: {**zh_masked.masked(facts), **expert(facts)}


invitation = Translated(zh.invitation, yue.invitation, en.invitation)
change_of_time = Translated(zh_notices.change_of_time, yue_notices.change_of_time, en_notices.change_of_time)
leave = Translated(zh_notices.leave, yue_notices.leave, en_notices.leave)
release = Translated(zh_notices.release, yue_notices.release, en_notices.release)
withdrawal = Translated(zh_notices.withdrawal, yue_notices.withdrawal, en_notices.withdrawal)
urging = Translated(zh_notices.urging, yue_notices.urging, en_notices.urging)
reminder = Translated(zh_notices.reminder, yue_notices.reminder, en_notices.reminder)
call_back = Translated(zh_line.call_back, yue_line.call_back, en_line.call_back)
number_check = Translated(zh_register.number_check, yue_register.number_check, en_register.number_check)
masked = Translated(zh_masked.masked, _before_staffs(yue_masked.expert), _before_staffs(en_masked.expert))
