"""The same calls in every language: no prompt, no key and no fact is missing in one of them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.dialplans import KINDS, Kind, Whom
from ivr.prompts import Fixed, Language, Pause, Prompt, fixed_phrases, invitation, ready_made
from ivr.speech.saying import saying
from tests.ivr.facts import INVITATION, MATTER

OTHERS = [language for language in Language if language is not Language.MANDARIN]
PINYIN = replace(
    INVITATION,
    district="Guangzhou, Yuexiu",
    address="118 Yuehua Road, 3F",
    contact="Ms Zhang",
    note="Bring your CA key",
)


def heard(prompt: Prompt) -> str:
    return "/".join(saying(part, prompt.language).text for part in prompt.spoken())


def facts_in(prompt: Prompt) -> list[str]:
    return [repr(part) for part in prompt.parts if not isinstance(part, Fixed | Pause)]


def keys_in(prompt: Prompt) -> list[str]:
    return re.findall(
        r"\d|星号|star", " ".join(p.text for p in prompt.parts if isinstance(p, Fixed)).replace("星号", "star")
    )


@pytest.mark.parametrize("facts", [INVITATION, replace(INVITATION, room="", contact="", note="", duration=None)])
@pytest.mark.parametrize("language", OTHERS)
def test_each_prompt_has_the_facts_and_keys_that_it_has_in_mandarin(language: Language, facts: object) -> None:
    assert facts is INVITATION or isinstance(facts, type(INVITATION))
    mandarin, other = invitation(facts), invitation(facts, language)
    assert list(other) == list(mandarin) or set(other) == set(mandarin)
    for name, prompt in mandarin.items():
        assert other[name].language is language
        assert other[name].id == name
        assert facts_in(other[name]) == facts_in(prompt), name
        assert keys_in(other[name]) == keys_in(prompt), name
        assert sum(isinstance(part, Fixed) for part in other[name].parts) == sum(
            isinstance(part, Fixed) for part in prompt.parts
        ), name


def test_mandarin_is_spoken_to_who_chose_nothing() -> None:
    assert invitation(INVITATION) == invitation(INVITATION, Language.MANDARIN)
    assert all(prompt.language is Language.MANDARIN for prompt in invitation(INVITATION).values())


def test_the_invitation_in_cantonese_word_for_word() -> None:
    assert heard(invitation(INVITATION, Language.CANTONESE)["invitation"]) == (
        "您好。呢度系广东省综合评标评审专家库。/呢个系自动语音电话，您可以随时按键。/而家邀请您参加一次评标。"
        "/集合时间系/二零二六年十一月二十三日，星期一/上午九点三十分/集合地区系/广州市越秀区"
        "/评标大约需要/两个半钟头/参加，请按一。/唔参加，请按二。/再听一次，请按三，或者按星号键。"
        "/打错咗，或者唔系本人，请按九。/我哋唔会问您嘅证件号码，亦唔会要您畀钱。"
    )


def test_the_details_in_cantonese_dictate_one_as_cantonese_does() -> None:
    said = heard(invitation(INVITATION, Language.CANTONESE)["details"])
    assert "幺" not in said
    assert "/联络电话/一八零，八八八八，八八八八/" in said
    assert said.count("/您嘅六位验证码系/四八二，九一三/") == 2


def test_the_invitation_in_english_word_for_word() -> None:
    assert heard(invitation(PINYIN, Language.ENGLISH)["invitation"]) == (
        "Hello. This is the bid evaluation expert pool of Guangdong Province."
        "/This is an automatic call. You can press a key at any time."
        "/You are invited to take part in an evaluation."
        "/The time to come is/Monday, the twenty-third of November, twenty twenty-six/nine thirty in the morning"
        "/The area is/Guangzhou, Yuexiu/The evaluation will take about/two and a half hours"
        "/To take part, press one./Not to take part, press two./To hear this again, press three, or the star key."
        "/If this is the wrong number, or you are not the person called, press nine."
        "/We will not ask for the number of your identity card, or for any payment."
    )


def test_the_details_in_english_word_for_word() -> None:
    assert heard(invitation(PINYIN, Language.ENGLISH)["details"]) == (
        "Please write down where and when to come."
        "/The time to come is/Monday, the twenty-third of November, twenty twenty-six/nine thirty in the morning"
        "/The place is/one hundred and eighteen Yuehua Road, three F/The room is/one two zero three"
        "/The person to contact is/Ms Zhang"
        "/The telephone number is/one eight zero, eight eight eight eight, eight eight eight eight"
        "/Please note/Bring your C A key"
        "/Your code of six digits is/four eight two, nine one three/Once more."
        "/Your code of six digits is/four eight two, nine one three"
        "/Show the code when you arrive, and tell it to nobody."
        "/To hear this again, press three, or the star key./You may hang up when you have heard enough."
    )


def test_in_english_the_mandarin_voice_says_what_was_typed_in_hanzi_and_nothing_else() -> None:
    spoken_by = {
        type(part).__name__: saying(part, Language.ENGLISH).language
        for prompt in invitation(replace(INVITATION, room="3楼"), Language.ENGLISH).values()
        for part in prompt.spoken()
    }
    mandarin = {name for name, language in spoken_by.items() if language is Language.MANDARIN}
    assert mandarin == {"Address", "Room", "Name", "Text"}
    assert set(spoken_by.values()) == {Language.MANDARIN, Language.ENGLISH}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_of_call_is_said_in_the_language_or_wholly_in_mandarin(kind: Kind) -> None:
    if kind.whom is not Whom.EXPERT:
        pytest.skip("to experts only")
    mandarin = kind.says(INVITATION, MATTER)
    for language in OTHERS:
        said = kind.says(INVITATION, MATTER, language)
        assert set(said) == set(mandarin)
        assert {prompt.language for prompt in said.values()} == {language if kind.translated else Language.MANDARIN}
    assert kind.translated == (kind.prompts is invitation)


@pytest.mark.parametrize("language", list(Language))
def test_what_is_made_ready_is_every_fixed_part_and_every_figure(language: Language) -> None:
    ready = set(ready_made(language).parts)
    assert ready_made(language).language is language
    for facts in (INVITATION, replace(INVITATION, duration=timedelta(hours=1), note="")):
        for prompt in invitation(facts, language).values():
            assert {part for part in prompt.parts if isinstance(part, Fixed)} <= ready
    assert len(fixed_phrases(language)) == len(set(fixed_phrases(language)))


@pytest.mark.parametrize("language", list(Language))
def test_no_phrase_can_name_a_project_or_ask_for_money_or_an_identity(language: Language) -> None:
    for phrase in fixed_phrases(language):
        for word in ("项目", "招标人", "代理", "标段", "身份证", "project", "tenderer", "agency", "company"):
            assert word not in phrase.lower()
