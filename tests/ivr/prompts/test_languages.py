"""The same calls in every language: no prompt, no key and no fact is missing in one of them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from ivr.prompts import (
    Address,
    Code,
    Date,
    Duration,
    Fixed,
    InvitationFacts,
    Language,
    Name,
    Part,
    Pause,
    Phone,
    Prompt,
    Room,
    Text,
    Time,
    fixed_phrases,
    invitation,
    ready_made,
)
from ivr.prompts.frame import CHINA
from ivr.speech.saying import saying
from tests.ivr.facts import INVITATION, KINDS_HEARD, told

STAFF = {
    "masked_staff", "masked_wait", "masked_no_key", "masked_busy", "masked_refused", "masked_no_answer", "masked_unreachable",
    "masked_unconfirmed", "masked_trouble",
}  # fmt: skip
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


def says(kind: str, prompt: str, language: Language) -> str:
    return heard(told(kind, language)[prompt])


def keys_in(prompt: Prompt) -> list[str]:
    return re.findall(
        r"\d|星号|star", " ".join(p.text for p in prompt.parts if isinstance(p, Fixed)).replace("星号", "star")
    )


BARE = replace(INVITATION, room="", contact="", note="", duration=None)
EARLIER = datetime(2026, 11, 22, 14, 30, tzinfo=CHINA)
TIME = (Date(date(2026, 11, 23)), Time(time(9, 30)))
PLACE = (Address(INVITATION.address), Room("1203"))
PHONE = Phone(INVITATION.contact_phone)
CODE = Code("482913")
DETAILS = (*TIME, *PLACE, Name("张工"), PHONE, Text(INVITATION.note), CODE, *TIME, *PLACE, CODE)
SOON = (Date(date(2026, 11, 23), short=True, brisk=True), Time(time(9, 30), brisk=True))
INVITED = {
    "invitation": (*SOON, *TIME, Address(INVITATION.district), Duration(timedelta(hours=2, minutes=30))),
    "wrong_key": SOON, "no_key": SOON, "details": DETAILS,
}  # fmt: skip
CHANGED = (*SOON, Date(EARLIER.date()), Time(EARLIER.time()), *TIME)
TOLD: Mapping[str, Mapping[str, tuple[Part, ...]]] = {
    "invitation": INVITED, "details": INVITED, "call_back_invitation": INVITED,
    "change_of_time": {
        "change_of_time": CHANGED, "wrong_key": SOON, "no_key": SOON, "received_still_comes": TIME,
    },
    "leave": {"leave": (*SOON, *TIME), "wrong_key": SOON, "no_key": SOON},
    "release": {"release": TIME},
    "withdrawal": {"withdrawal": TIME},
    "urging": {"urging": TIME, "urging_more": (*PLACE, PHONE)},
    "reminder": {"reminder": TIME, "details": DETAILS},
    "call_back": {"details": DETAILS, "leave_closed": (PHONE,)},
    "call_back_nothing": {},
    "masked": {"masked_staff": (Text("第3位专家"),)},
}  # fmt: skip
"""Every fact that is heard, by kind of call and prompt, in the order in which it is heard."""


def every_fact(prompts: Mapping[str, Prompt]) -> dict[str, tuple[Part, ...]]:
    found = {name: tuple(p for p in prompt.parts if not isinstance(p, Fixed | Pause)) for name, prompt in prompts.items()}
    return {name: facts for name, facts in found.items() if facts}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", KINDS_HEARD)
def test_every_fact_is_told_in_every_language(kind: str, language: Language) -> None:
    assert every_fact(told(kind, language)) == TOLD[kind]


@pytest.mark.parametrize("facts", [INVITATION, BARE], ids=["all", "bare"])
@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("kind", KINDS_HEARD)
def test_each_prompt_has_the_facts_and_keys_that_it_has_in_mandarin(
    kind: str, language: Language, facts: InvitationFacts
) -> None:
    mandarin, other = told(kind, Language.MANDARIN, facts), told(kind, language, facts)
    assert set(other) == set(mandarin)
    for name, prompt in mandarin.items():
        assert other[name].language is (Language.MANDARIN if name in STAFF else language)
        assert other[name].id == name
        assert every_fact({name: other[name]}) == every_fact({name: prompt})
        assert keys_in(other[name]) == keys_in(prompt), name
        assert [type(part) for part in other[name].parts] == [type(part) for part in prompt.parts], name


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", KINDS_HEARD)
def test_every_part_has_words_without_a_figure(kind: str, language: Language) -> None:
    for prompt in told(kind, language).values():
        for part in prompt.spoken():
            text = saying(part, prompt.language).text
            assert text, (prompt.id, part)
            assert not re.search(r"\d", text)


def test_mandarin_is_spoken_to_who_chose_nothing() -> None:
    assert invitation(INVITATION) == invitation(INVITATION, Language.MANDARIN)
    assert all(prompt.language is Language.MANDARIN for prompt in invitation(INVITATION).values())


IN_CANTONESE = "您好。/广东省综合评标评审专家库。/自动来电，唔收费，唔问证件，可打公布电话核实。"
IN_ENGLISH = (
    "Hello./Guangdong's bid evaluation expert pool."
    "/Automatic call: no payment, no I D. To check, call our published number."
)


def test_the_invitation_in_cantonese_word_for_word() -> None:
    assert heard(invitation(INVITATION, Language.CANTONESE)["invitation"]) == (
        f"{IN_CANTONESE}/请您评标/十一月二十三日/上午九点三十分/参加请按一。/唔参加请按二。"
        "/集合时间系/二零二六年十一月二十三日，星期一/上午九点三十分/集合地区系/广州市越秀区/评标大约需要/两个半钟头"
        "/参加请按一。/唔参加请按二。/再听一次，请按三，或者按星号键。/打错咗，或者唔系本人，请按九。"
    )


def test_the_details_in_cantonese_dictate_one_as_cantonese_does() -> None:
    said = heard(invitation(INVITATION, Language.CANTONESE)["details"])
    assert "幺" not in said
    assert "/联络电话/一八零，八八八八，八八八八/" in said
    assert said.count("/您嘅六位验证码系/四八二，九一三/") == 2


def test_the_invitation_in_english_word_for_word() -> None:
    assert heard(invitation(PINYIN, Language.ENGLISH)["invitation"]) == (
        f"{IN_ENGLISH}/You are invited on/the twenty-third of November/nine thirty in the morning"
        "/To take part, press one./To decline, press two."
        "/The time to come is/Monday, the twenty-third of November, twenty twenty-six/nine thirty in the morning"
        "/The area is/Guangzhou, Yuexiu/The evaluation will take about/two and a half hours"
        "/To take part, press one./To decline, press two./To hear this again, press three, or the star key."
        "/If this is the wrong number, or you are not the person called, press nine."
    )


def test_the_details_in_english_word_for_word() -> None:
    where = (
        "/The time to come is/Monday, the twenty-third of November, twenty twenty-six/nine thirty in the morning"
        "/The place is/one hundred and eighteen Yuehua Road, three F/The room is/one two zero three"
    )
    assert heard(invitation(PINYIN, Language.ENGLISH)["details"]) == (
        f"Please write down where and when to come./To hear this again, press three, or the star key.{where}"
        "/The person to contact is/Ms Zhang"
        "/The telephone number is/one eight zero, eight eight eight eight, eight eight eight eight"
        "/Please note/Bring your C A key"
        f"/Your code of six digits is/four eight two, nine one three/Once more.{where}"
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


@pytest.mark.parametrize("language", list(Language))
def test_what_staff_hears_is_in_mandarin(language: Language) -> None:
    asked = told("masked", language)
    assert {name for name in asked if asked[name].language is Language.MANDARIN} >= STAFF
    assert asked["masked_expert"].language is language


def test_a_language_is_offered_in_itself() -> None:
    menu = told("call_back", Language.MANDARIN)["languages"]
    assert [(saying(part, Language.MANDARIN).language, part.text) for part in menu.spoken() if isinstance(part, Fixed)] == [
        (Language.MANDARIN, "普通话，请按1。"), (Language.CANTONESE, "粤语，请按2。"), (Language.ENGLISH, "For English, press 3."),
    ]  # fmt: skip
    assert all(told("call_back", language)["languages"].parts == menu.parts for language in OTHERS)


def test_the_notices_in_cantonese_word_for_word() -> None:
    begin = IN_CANTONESE
    when = "/二零二六年十一月二十三日，星期一/上午九点三十分"
    about = f"{begin}/您同意参加嘅评标，集合时间系{when}"
    assert says("release", "release", Language.CANTONESE) == f"{about}/呢次抽取已经结束，您唔使参加，请唔好前往。"
    assert says("withdrawal", "withdrawal", Language.CANTONESE) == (
        f"{about}/因为流标，呢次评标唔可以按计划进行。/您唔使参加，请唔好前往。"
    )
    assert says("urging", "urging", Language.CANTONESE) == f"{about}/您仲未登记到场，请尽快到场。"
    assert says("reminder", "reminder", Language.CANTONESE) == (
        f"{begin}/提醒您，请记住。{about.removeprefix(begin)}/请准时到场。"
    )
    assert says("change_of_time", "confirm_cant_come", Language.CANTONESE) == (
        "您拣咗唔可以参加。/确认，请再按一次二。/再拣一次，请按星号键。"
    )


def test_the_notices_in_english_word_for_word() -> None:
    begin = IN_ENGLISH
    when = "/Monday, the twenty-third of November, twenty twenty-six/nine thirty in the morning"
    about = f"{begin}/You agreed to come to an evaluation on{when}"
    assert says("release", "release", Language.ENGLISH) == (
        f"{about}/The selection of experts has ended. You are not needed any more. Please do not come."
    )
    assert says("withdrawal", "withdrawal", Language.ENGLISH) == (
        f"{about}/The tender has failed, so the evaluation will not take place as planned."
        "/You are not needed any more. Please do not come."
    )
    assert says("urging", "urging", Language.ENGLISH) == (
        f"{about}/You are not yet registered as arrived. Please come as soon as you can."
    )
    assert says("leave", "confirm_leave_denied", Language.ENGLISH) == (
        "You say that you have not asked for leave./To confirm, press two once more./To choose again, press the star key."
    )


def test_before_a_key_a_call_back_says_nothing_of_where_and_when_in_any_language() -> None:
    for language in Language:
        assert not every_fact({"call_back": told("call_back", language)["call_back"]})


@pytest.mark.parametrize("language", list(Language))
def test_what_is_made_ready_is_every_fixed_part_and_every_figure(language: Language) -> None:
    ready = set(ready_made(language).parts)
    assert ready_made(language).language is language
    for kind in KINDS_HEARD:
        for prompt in told(kind, language).values():
            if prompt.language is language:
                assert {part for part in prompt.parts if isinstance(part, Fixed) and not part.language} <= ready
    assert "粤语，请按2。" in fixed_phrases(Language.CANTONESE)
    assert len(fixed_phrases(language)) == len(set(fixed_phrases(language)))


@pytest.mark.parametrize("language", list(Language))
def test_no_phrase_can_name_a_project_or_ask_for_money_or_an_identity(language: Language) -> None:
    for phrase in fixed_phrases(language):
        for word in ("项目", "招标人", "代理", "标段", "身份证", "project", "tenderer", "agency", "company"):
            assert word not in phrase.lower()
