"""The kinds of call that are had in every language. Pure."""

from collections.abc import Callable, Mapping

from . import en, yue, zh
from .facts import InvitationFacts
from .language import Language
from .parts import Prompt

_INVITATIONS: Mapping[Language, Callable[[InvitationFacts], Mapping[str, Prompt]]] = {
    Language.MANDARIN: zh.invitation,
    Language.CANTONESE: yue.invitation,
    Language.ENGLISH: en.invitation,
}


def invitation(facts: InvitationFacts, language: Language = Language.MANDARIN) -> Mapping[str, Prompt]:
    """All prompts of the invitation call (and of the details call), by id: the same ids in every language."""
    return _INVITATIONS[language](facts)
