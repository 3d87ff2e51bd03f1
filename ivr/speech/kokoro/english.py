"""From what `ivr.speech.english` writes to Kokoro's symbols, by way of espeak-ng's IPA. Pure.

espeak-ng (`--ipa --tie=^ -v en-us`) reads the words; its IPA differs from what the model was trained on in some vowels and in
how it joins sounds. The table is the one by which the model's own front end (misaki 0.9.4, `EspeakFallback`, American) takes
words that are in none of its dictionaries.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from .pinyin import Unreadable
from .symbols import VOCABULARY

VERSION = 1
"""Part of the engine's identity, and so of the cache's key: raise it with every change here."""
STOPS = ",.!?;:"
_CLAUSES = re.compile(r"([^,.!?;:]+)([,.!?;:]*)")
_SIGNS = re.compile(r"[\w',.!?;:()\"& -]*")
_TIED: Sequence[tuple[str, str]] = (
    ("ʔˌn\u0329", "tᵊn"), ("ʔn\u0329", "tᵊn"), ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"), ("o^ʊ", "O"), ("ə^l", "ᵊl"), ("ʲo", "jo"), ("ʲə", "jə"), ("ʲ", ""), ("ɚɹ", "əɹ"), ("ɚ", "əɹ"), ("r", "ɹ"),
    ("x", "k"), ("ç", "k"), ("ɐ", "ə"), ("ɬ", "l"), ("\u0303", ""), ("^", ""),
)  # fmt: skip
_PLAIN: Sequence[tuple[str, str]] = (
    ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""), ("e", "A"), ("o", "ɔ"), ("g", "ɡ"), ("ɾ", "T"), ("ʔ", "t"),
)  # fmt: skip


def symbols(text: str, ipa: Callable[[str], str]) -> str:
    """A whole text. `ipa` reads a clause, which has no stop. Raises Unreadable for a sign that espeak-ng would spell out or
    leave out.

    >>> symbols("Hello, you. ", {"Hello": "həlˈo^ʊ", "you": "juː"}.__getitem__)
    'həlˈO, ju.'
    """
    if not _SIGNS.fullmatch(text) or not text.isascii():
        raise Unreadable("a sign that is not English")
    written = ""
    for words, stop in _clauses(text):
        written += written_as(ipa(words)) + stop + " "
    return written.strip()


def written_as(ipa: str) -> str:
    """A clause of espeak-ng's IPA.

    >>> written_as("tˈe^ɪk pˈɑː^ɹt nˈʌmbɚ a^ɪdˈiː")
    'tˈAk pˈɑɹt nˈʌmbəɹ Idˈi'
    """
    for theirs, ours in _TIED:
        ipa = ipa.replace(theirs, ours)
    ipa = re.sub("(\\S)\u0329", r"ᵊ\1", ipa).replace("\u0329", "")
    for theirs, ours in _PLAIN:
        ipa = ipa.replace(theirs, ours)
    if unknown := set(ipa) - VOCABULARY.keys():
        raise Unreadable(f"espeak-ng's U+{ord(min(unknown)):04X} is no symbol")
    return " ".join(ipa.split())


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    for words, stop in _CLAUSES.findall(text):
        if words := words.strip():
            yield words, stop[:1]
