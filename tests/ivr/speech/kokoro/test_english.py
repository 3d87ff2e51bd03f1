"""English in the model's symbols, by way of espeak-ng's IPA."""

from __future__ import annotations

import pytest

from ivr.prompts import Language, Pause, invitation, ready_made
from ivr.speech.kokoro import english
from ivr.speech.kokoro.pinyin import Unreadable
from ivr.speech.kokoro.process import espeak_version, ipa
from ivr.speech.kokoro.symbols import LONGEST, numbers, runs
from ivr.speech.saying import saying
from tests.ivr.facts import INVITATION


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        # espeak-ng 1.51's, and what misaki 0.9.4 makes of such sounds (EN_PHONES.md)
        ("t^ʃˈɔ^ɪs", "ʧˈYs"),
        ("d^ʒˈʌmp", "ʤˈʌmp"),
        ("həlˈo^ʊ", "həlˈO"),
        ("əbˈa^ʊt", "əbˈWt"),
        ("tˈa^ɪm", "tˈIm"),
        ("ˈe^ɪbə^l", "ˈAbᵊl"),
        ("twˈɛntiθˈɜːd", "twˈɛntiθˈɜɹd"),
        ("fɔː^ɹ ˈɪŋɡlɪʃ", "fɔɹ ˈɪŋɡlɪʃ"),
        ("nˈʌmbɚɹ ɪz", "nˈʌmbəɹ ɪz"),
        ("nˈʌmbɚ", "nˈʌmbəɹ"),
        ("mˈiːɾɪŋ", "mˈiTɪŋ"),
        ("bˈʌʔn\u0329", "bˈʌtᵊn"),
        ("sˈa^ɪn\u0329d", "sˈIᵊnd"),
    ],
)
def test_a_sound(theirs: str, ours: str) -> None:
    assert english.written_as(theirs) == ours
    assert numbers(ours)


@pytest.mark.parametrize("text", ["您好", "Café", "three ≥ two", "emoji 😀", "a\u200bb", "<tag>", "one/two"])
def test_what_is_not_english_is_refused_before_espeak_ng_guesses(text: str) -> None:
    def read(words: str) -> str:
        raise AssertionError("it was asked")

    with pytest.raises(Unreadable):
        english.symbols(text, read)


def test_stops_are_kept_and_are_where_it_may_be_cut() -> None:
    said = english.symbols("One, two; three: four! five? six... seven", lambda words: words)
    assert said == "OnA, twɔ; thɹAA: fɔuɹ! fivA? sik. sAvAn"
    long = english.symbols("one two three, " * 40, lambda words: "wˈʌn tˈu θɹˈi")
    assert all(len(run) <= LONGEST for run in runs(long))


@pytest.mark.speech
def test_every_phrase_and_a_whole_invitation_can_be_read() -> None:
    assert espeak_version()
    parts = [*ready_made(Language.ENGLISH).parts]
    for prompt in invitation(INVITATION, Language.ENGLISH).values():
        parts += prompt.parts
    texts = {saying(part, Language.ENGLISH).text for part in parts if not isinstance(part, Pause)}
    for text in texts:
        if text.isascii():
            for run in runs(english.symbols(text, ipa)):
                assert numbers(run), text
    assert "tˈAk pˈɑɹt" in english.symbols("To take part, press one.", ipa)
