"""What a voice is given for a part: which language's voice, and the text. Pure."""

from dataclasses import dataclass

from ivr.prompts.language import Language
from ivr.prompts.parts import Spoken

from . import normalise


@dataclass(frozen=True, slots=True)
class Saying:
    """`language` chooses the voice, `text` is all letters; `version` is that of the normaliser which wrote it."""

    language: Language
    text: str
    version: int


def saying(part: Spoken, language: Language) -> Saying:
    """How this part is said to somebody who is spoken to in `language`."""
    return Saying(Language.MANDARIN, normalise.spoken_text(part), normalise.VERSION)
