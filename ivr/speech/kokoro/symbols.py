"""From pinyin to the symbols that Kokoro v1.0 was trained on, and to their numbers. Pure.

The symbols are IPA with a tone's arrow after the vowel (→ ↗ ↓ ↘; none for no tone), as the model's own front end
(misaki 0.9.4, `misaki.zh`) writes them; tests compare the two.
"""

import re
from collections.abc import Iterable, Iterator

from .pinyin import Unreadable, Word

ROWS = 510
"""In the file of a voice: one for each number of symbols."""
LONGEST = 160
"""Symbols in one run of the model, some 10 s: memory grows with it (430 MiB at 110 symbols, 730 at 400)."""

_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
_INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ", "h": "x",
    "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s", "": "",
}  # fmt: skip
_FINALS = {
    "a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0", "en": "ə0n", "eng": "ə0ŋ",
    "i": "i0", "ia": "ja0", "ian": "jɛ0n", "iang": "ja0ŋ", "iao": "jau0", "ie": "je0", "in": "i0n", "iou": "jou0",
    "ing": "i0ŋ", "iong": "jʊ0ŋ", "io": "jɔ0", "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "uei": "wei0", "ua": "wa0",
    "uai": "wai0", "uan": "wa0n", "uen": "wə0n", "uang": "wa0ŋ", "ueng": "wə0ŋ", "uo": "wo0", "o": "wo0", "ü": "y0",
    "üe": "ɥe0", "üan": "ɥɛ0n", "ün": "y0n", "ï": "ɨ0",
}  # fmt: skip
"""0 is where the tone goes."""
_WHOLE = {
    "er": "ɚ0", "o": "ɔ0", "ê": "ɛ0", "m": "m0", "n": "n0", "ng": "ŋ0", "hm": "hm0", "hng": "hŋ0",
}  # fmt: skip
_SHORT = {"ui": "uei", "un": "uen", "iu": "iou", "v": "ü", "ve": "üe", "ue": "üe", "van": "üan", "vn": "ün"}
_SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)([aeiouvê]+(?:ng|n|r)?)")
_STOPS = {"，": ", ", "、": ", ", "。": ". ", "！": "! ", "：": ": ", "；": "; ", "？": "? "}

VOCABULARY: dict[str, int] = dict(
    zip(
        ";:,.!?—…\"()“” \u0303ʣʥʦʨᵝꭧAIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ↓→↗↘ᵻ",
        (1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 31, 33, 35, 36, 39, 41, 42, 43, 44,
         45, 46, 47, 48, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 75, 76, 77,
         78, 80, 81, 82, 83, 85, 86, 87, 90, 92, 99, 101, 102, 103, 110, 111, 112, 113, 114, 115, 116, 118, 119, 120, 123, 125,
         126, 128, 129, 130, 131, 132, 133, 135, 136, 138, 139, 140, 142, 143, 147, 148, 156, 157, 158, 162, 164, 169, 171, 172,
         173, 177),
        strict=True,
    )
)  # fmt: skip
"""Kokoro v1.0's published vocabulary, of 114 symbols."""


def ipa(syllable: str) -> str:
    """One syllable of pinyin with its tone, in symbols. Raises Unreadable.

    >>> [ipa(each) for each in ("guang3", "zhi1", "yuan2", "xiu4", "lv4", "er2", "de5")]
    ['kwa↓ŋ', 'ꭧɨ→', 'ɥɛ↗n', 'ɕjou↘', 'ly↘', 'ɚ↗', 'tɤ']
    """
    plain, tone = syllable[:-1], syllable[-1:]
    found = _SYLLABLE.fullmatch(plain)
    if tone not in _TONES or not (plain in _WHOLE or found):
        raise Unreadable("a reading is no pinyin")
    if plain in _WHOLE:
        sounds = _WHOLE[plain]
    else:
        assert found is not None
        initial, final = _parts(found[1], found[2])
        if final not in _FINALS:
            raise Unreadable("a reading is no pinyin")
        sounds = _INITIALS[initial] + _FINALS[final]
    return sounds.replace("0", _TONES[tone])


def _parts(initial: str, final: str) -> tuple[str, str]:
    """Initial and final in full: pinyin writes ü as u after j, q, x, y, and shortens some finals."""
    if initial == "y":
        if final.startswith("u"):
            return "", "ü" + final[1:]
        return "", {"ou": "iou", "e": "ie", "an": "ian", "ong": "iong"}.get(
            final, final if final[0] == "i" else "i" + final
        )
    if initial == "w":
        return "", {"ei": "uei", "en": "uen", "u": "u"}.get(final, "u" + final)
    if initial in ("j", "q", "x") and final.startswith("u"):
        return initial, "ü" + final[1:]
    if final == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        return initial, "ï"
    return initial, _SHORT.get(final, final)


def symbols(words: Iterable[Word | str]) -> str:
    """A whole text: words apart by spaces, stops as the model knows them.

    >>> symbols([("nin2", "hao3"), "，", ("zai4", "jian4"), "。"])
    'ni↗nxau↓, ʦai↘ʨjɛ↘n.'
    """
    written = ""
    for word in words:
        if isinstance(word, str):
            written = written.rstrip() + _STOPS[word]
        else:
            written += "".join(map(ipa, word)) + " "
    return written.strip()


def runs(text: str) -> Iterator[str]:
    """In pieces that the model takes at once: cut after a stop where that is possible, else at a space.

    >>> list(runs("a" * 90 + ", " + "b" * 90)) == ["a" * 90 + ",", "b" * 90]
    True
    """
    while len(text) > LONGEST:
        head = text[: LONGEST + 1]
        at = max(map(head.rfind, (". ", "! ", "? ", "; ", ", ", ": "))) + 1 or head.rfind(" ")
        at = at if at > 0 else LONGEST
        yield text[:at].strip()
        text = text[at:].strip()
    yield text


def numbers(text: str) -> list[int]:
    """What the model is given for a run of symbols."""
    return [VOCABULARY[symbol] for symbol in text]
