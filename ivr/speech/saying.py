"""What a voice is given for a part: which language's voice, and the text. Pure."""

import unicodedata
from dataclasses import dataclass

from ivr.prompts.language import Language
from ivr.prompts.parts import Address, Name, Room, Spoken, Text, language_of

from . import cantonese, english, normalise


@dataclass(frozen=True, slots=True)
class Saying:
    """`language` chooses the voice, `text` has no figure; `version` is that of the normaliser which wrote it."""

    language: Language
    text: str
    version: str


def saying(part: Spoken, language: Language) -> Saying:
    """How this part is said to somebody who is spoken to in `language`, or in its own.

    In an English call the Mandarin voice says what was typed in hanzi: a place, a name, a note.
    """
    language = language_of(part, language)
    if language is Language.CANTONESE:
        return Saying(language, cantonese.spoken_text(part), cantonese.VERSION)
    if language is Language.ENGLISH and not _is_chinese(part):
        return Saying(language, english.spoken_text(part), english.VERSION)
    return Saying(Language.MANDARIN, normalise.spoken_text(part), normalise.VERSION)


def _is_chinese(part: Spoken) -> bool:
    if not isinstance(part, Address | Room | Name | Text):
        return False
    return any(unicodedata.name(sign, "").startswith("CJK UNIFIED") for sign in part.text)
