"""Numbers, times and typed text in Cantonese and English."""

import re
import unicodedata
from datetime import date, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr.prompts import Address, ClockRange, Code, Count, Date, Digits, Duration, Language, Phone, Room, Text, Time
from ivr.prompts.parts import Spoken
from ivr.speech import english
from ivr.speech.saying import saying


@pytest.mark.parametrize(
    ("part", "cantonese", "in_english"),
    [
        (Date(date(2026, 11, 23)), "二零二六年十一月二十三日，星期一",
         "Monday, the twenty-third of November, twenty twenty-six"),
        (Date(date(2030, 1, 6)), "二零三零年一月六日，星期日", "Sunday, the sixth of January, twenty thirty"),
        (Time(time(14)), "下午两点正", "two o'clock in the afternoon"),
        (Time(time(9, 5)), "上午九点零五分", "nine oh five in the morning"),
        (Time(time(0)), "凌晨零点正", "midnight"),
        (ClockRange(time(9), time(14, 30)), "上午九点正至下午两点三十分",
         "from nine o'clock in the morning to two thirty in the afternoon"),
        (Duration(timedelta(minutes=30)), "半个钟头", "half an hour"),
        (Duration(timedelta(minutes=60)), "一个钟头", "one hour"),
        (Duration(timedelta(minutes=150)), "两个半钟头", "two and a half hours"),
        (Duration(timedelta(minutes=140)), "两个钟头二十分钟", "two hours and twenty minutes"),
        (Room("1203"), "一二零三", "one two zero three"),
        (Phone("13586695785"), "一三五，八六六九，五七八五",
         "one three five, eight six six nine, five seven eight five"),
        (Phone("020-83812345转102"), "零二零，八三八一，二三四五，转一零二",
         "zero two zero, eight three eight one, two three four five, extension one zero two"),
        (Phone("400-800-1234"), "四零零，八零零，一二三四", "four zero zero, eight zero zero, one two three four"),
        (Code("482913"), "四八二，九一三", "four eight two, nine one three"),
        (Digits("A1B2"), "A 一 B 二", "A one B two"),
        (Count(2, "人"), "两人", "two"),
        (Count(20_005, "人"), "两万零五人", "twenty thousand and five"),
        (Address("385 Tianhe Road, Tower B, Room 1203"), None,
         "three hundred and eighty-five Tianhe Road, Tower B, Room one two zero three"),
        (Text("Be there at 14:30 on 2026-11-23, bring 2 copies & a CA key (5%)."), None,
         "Be there at two thirty in the afternoon on the twenty-third of November, twenty twenty-six, bring two copies"
         " and a C A key, five percent."),
        (Text("Line 3, exit A1, 24:00, ¥1,234.50, 1st floor"), None,
         "Line three, exit A one, midnight at the end of the day, one thousand two hundred and thirty-four point five"
         " zero yuan, first floor"),
        (Text("天河路385号"), "天河路三百八十五号", "天河路三百八十五号"),
        (Text("call 13800138000"), None, "call one three eight, zero zero one three, eight zero zero zero"),
        (Text("😀 hi!"), None, "hi!"),
        (Text("café über 3½ №5"), None, None),
    ],
)  # fmt: skip
def test_parts_in_cantonese_and_in_english(part: Spoken, cantonese: str | None, in_english: str | None) -> None:
    if cantonese is not None:
        assert saying(part, Language.CANTONESE).text == cantonese
    if in_english is not None:
        assert saying(part, Language.ENGLISH).text == in_english


SNIPPETS = st.sampled_from(
    ["2026-11-23", "14:30", "24:00", "13800138000", "Room ", "1203", "A", "b", " ", ",", ".", "%", "¥", "-", "1,234", "st",
     "１", "②", "½", "‰", "'", "(", ")", "&", "天河路", "号", "\n", "+86 ", "020-12345678", "\x00", "😀", "ü"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(SNIPPETS, max_size=12).map("".join)), st.sampled_from(list(Language)))
@example("¹²³½⅓Ⅷ〸", Language.ENGLISH)
def test_nothing_leaves_but_what_the_voice_of_the_language_can_say(text: str, language: Language) -> None:
    for part in (Text(text), Room(text), Address(text), Phone(text), Digits(text)):
        said = saying(part, language)
        if said.language is Language.ENGLISH:
            assert re.fullmatch(r"[A-Za-z ,.;:!?'-]*", said.text), said.text
        for sign in said.text if said.language is not Language.ENGLISH else "":
            assert (
                sign in " ，。；：！？、〇"
                or "A" <= sign <= "Z"
                or unicodedata.name(sign, "").startswith("CJK UNIFIED IDEOGRAPH")
            )
        assert "  " not in said.text


@given(st.integers(0, 23), st.integers(0, 59))
def test_no_two_times_of_a_day_sound_the_same_in_english(hour: int, minute: int) -> None:
    everything = {english.clock(h, m) for h in range(25) for m in (minute, (minute + 1) % 60) if h < 24 or not m}
    assert len(everything) == 48 + (0 in (minute, (minute + 1) % 60))
    assert english.clock(hour, minute) in everything


WORDS = {word: value for value, word in enumerate(english._ONES)} | {
    word: ten * 10 for ten, word in enumerate(english._TENS) if word != "-"
}


def value_of(said: str) -> int:
    """Reads an English numeral as a person would: an independent way back."""
    total = group = 0
    for word in said.replace("-", " ").replace(" and ", " ").split():
        if word == "hundred":
            group *= 100
        elif word in ("thousand", "million", "billion"):
            total += group * {"thousand": 10**3, "million": 10**6, "billion": 10**9}[word]
            group = 0
        else:
            group += WORDS[word]
    return total + group


@given(st.integers(0, 10**12 - 1))
def test_an_english_cardinal_is_understood_as_the_number_it_was(number: int) -> None:
    assert value_of(english.cardinal(number)) == number


@given(st.integers(1, 9999))
def test_an_ordinal_tells_its_number(number: int) -> None:
    said = english.ordinal(number)
    assert said.endswith(("st", "nd", "rd", "th"))
    assert len({english.ordinal(n) for n in range(max(1, number - 5), number + 5)}) == len(range(max(1, number - 5), number + 5))


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_date_names_its_weekday_month_and_year(day: date) -> None:
    said = english.day(day)
    assert said.startswith(day.strftime("%A") + ", the ")
    assert f" of {day.strftime('%B')}, " in said
    assert said.endswith(english.year(day.year))
