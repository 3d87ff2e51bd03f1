"""Whatever a clerk types is said as a person would read it; no figure is left for the engine."""

import unicodedata
from datetime import date, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr.prompts import (
    Address,
    ClockRange,
    Code,
    Count,
    Date,
    Digits,
    Duration,
    Name,
    Phone,
    Room,
    Text,
    Time,
)
from ivr.prompts.parts import Spoken
from ivr.speech.normalise import dictation, free_text, phone, room, spoken_text


@pytest.mark.parametrize(
    ("part", "spoken"),
    [
        (Date(date(2026, 11, 23)), "二零二六年十一月二十三日，星期一"),
        (Date(date(2030, 1, 6)), "二零三零年一月六日，星期日"),
        (Time(time(14)), "下午两点整"),
        (ClockRange(time(9), time(11, 30)), "上午九点整至十一点三十分"),
        (Duration(timedelta(hours=2)), "两个小时"),
        (Address("广州市越秀区越华路118号"), "广州市越秀区越华路一百一十八号"),
        (Room("1203"), "幺二零三"),
        (Phone("13586695785"), "幺三五，八六六九，五七八五"),
        (Digits("48308909670131399393"), "四八三零，八九零九，六七零幺，三幺三九，九三九三"),
        (Digits("12", group=0), "幺二"),
        (Code("482913"), "四八二，九幺三"),
        (Count(2, "人"), "两人"),
        (Name("张工"), "张工"),
        (Text("2人一组"), "两人一组"),
    ],
)
def test_typed_parts(part: Spoken, spoken: str) -> None:
    assert spoken_text(part) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("A栋1203室", "A 栋幺二零三室"),
        ("B座12楼A1203", "B 座十二楼 A 幺二零三"),
        ("2号楼2单元", "二号楼二单元"),
        ("天河北路233号中信广场68楼6801-6805", "天河北路二百三十三号中信广场六十八楼六八零幺至六八零五"),
        ("118-2号", "一百一十八杠二号"),
        ("-1楼停车场", "负一楼停车场"),
        ("3#会议室", "三号会议室"),
        ("203会议室", "二零三会议室"),
        ("第3评标室", "第三评标室"),
        ("12号线2号口", "十二号线二号口"),
        ("３楼，①号门", "三楼，一号门"),
        ("٣人", "三人"),
        ("2026-11-23 14:30:00", "二零二六年十一月二十三日下午两点三十分"),
        ("2026年11月23日", "二零二六年十一月二十三日"),
        ("2026/1/2", "二零二六年一月二日"),
        ("11月23日", "十一月二十三日"),
        ("2026年", "二零二六年"),
        ("9：00-11：30", "上午九点整至上午十一点三十分"),
        ("下午2:30", "下午两点三十分"),
        ("早上8时30分", "早上八点三十分"),
        ("下午2点", "下午两点"),
        ("请于8:30~9:00签到", "请于上午八点三十分至上午九点整签到"),
        ("戴口罩，带CA锁，停车费5%", "戴口罩，带 C A 锁，停车费百分之五"),
        ("30%-50%", "百分之三十至百分之五十"),
        ("￥1,234.50", "一千二百三十四元五角"),
        ("1.5万元", "一点五万元"),
        ("100,000元", "十万元"),
        ("2人", "两人"),
        ("200人", "二百人"),
        ("2小时", "两小时"),
        ("2.5小时", "二点五小时"),
        ("3-5天", "三至五天"),
        ("5km", "五公里"),
        ("37.3℃", "三十七点三摄氏度"),
        ("联系13586695785", "联系幺三五，八六六九，五七八五"),
        ("电话020-83812345转102", "电话零二零，八三八幺，二三四五，转幺零二"),
        ("拨打12345", "拨打幺二三四五"),
        ("验证码123456", "验证码幺二三，四五六"),
        ("编号CQSQ202611230001", "编号 C Q S Q 二零二六幺幺二三零零零幺"),
        ("粤A12345", "粤 A 幺二三四五"),
        ("A1B2", "A 一 B 二"),
        ("第2次", "第二次"),
        ("1/2", "一、二"),
        ("比分2:1", "比分二比一"),
        ("请按1", "请按一"),
        ("😀请进", "请进"),
        ("", ""),
    ],
)
def test_free_text(written: str, spoken: str) -> None:
    assert free_text(written) == spoken


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("+86 135 8669 5785", "幺三五，八六六九，五七八五"),
        ("１３５８６６９５７８５", "幺三五，八六六九，五七八五"),
        ("020-83812345", "零二零，八三八幺，二三四五"),
        ("(0755)8123456", "零七五五，八幺二，三四五六"),
        ("86-20-83812345", "零二零，八三八幺，二三四五"),
        ("400-800-1234", "四零零，八零零，幺二三四"),
        ("12345", "幺二三四五"),
        ("18088888888转3", "幺八零，八八八八，八八八八，转三"),
    ],
)
def test_phone_numbers(number: str, spoken: str) -> None:
    assert phone(number) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [("1203", "幺二零三"), ("3", "三"), ("第12评标室", "第十二评标室"), ("A305", "A 三零五"),
     ("开标室3", "开标室三")],
)  # fmt: skip
def test_rooms(written: str, spoken: str) -> None:
    assert room(written) == spoken


def test_dictation_leaves_out_what_is_no_sign() -> None:
    assert dictation("12-34 ab", 3) == "幺二三，四 A B"


SNIPPETS = st.sampled_from(
    [
        "2026", "年", "11", "月", "23", "日", ":", "：", "-", "~", "至", ".", ",", "，", "/", "%", "￥", "元",
        "万", "号", "楼", "室", "A", "b", "电话", "验证码", "第", "人", "小时",
        "转", "0", "1", "020",
        "13586695785", "#", "&", "°C", "km",
        "上午", "点", "分", "３", "②", "٣", "½", "Ⅳ", "㎡", "(", ")", "+86", " ", "\n",
    ]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(SNIPPETS, max_size=12).map("".join)))
@example("1" * 40)
@example("1.2.3.4.5")
@example("¹²³½⅓Ⅷ〸")
def test_nothing_leaves_but_what_a_voice_can_say(text: str) -> None:
    for spoken in (free_text(text), room(text), dictation(text, 4), phone(text)):
        for sign in spoken:
            assert (
                sign in " ，。；：！？、〇"
                or "A" <= sign <= "Z"
                or unicodedata.name(sign, "").startswith("CJK UNIFIED IDEOGRAPH")
            )
        assert "  " not in spoken


@given(st.lists(SNIPPETS, max_size=12).map("".join))
def test_what_was_normalised_stays_as_it_is(text: str) -> None:
    once = free_text(text)
    assert free_text(once) == once


@given(st.text("0123456789", min_size=1, max_size=24))
def test_every_figure_of_a_code_is_heard_once_and_in_order(code: str) -> None:
    heard = dictation(code, 4).replace("，", "")
    assert "".join(str("零幺二三四五六七八九".index(sign)) for sign in heard) == code
