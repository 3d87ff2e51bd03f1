"""Whatever a clerk types is said as a person would read it; no figure is left for the engine."""

import doctest
import unicodedata
from datetime import date, time, timedelta
from types import ModuleType

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
from ivr.speech import cantonese, english, written
from ivr.speech import free_text as free_text_module
from ivr.speech.free_text import free_text, phone, unspoken
from ivr.speech.normalise import dictation, room, spoken_text


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
        ("天河路385号B座12楼1203室", "天河路三百八十五号 B 座十二楼幺二零三室"),
        ("天河区天河路385号太古汇1座B座12楼1203室", "天河区天河路三百八十五号太古汇一座 B 座十二楼幺二零三室"),
        ("3-2-201室", "三杠二杠二零幺室"),
        ("1203、1204室", "幺二零三、幺二零四室"),
        ("12楼1203-1205室", "十二楼幺二零三至幺二零五室"),
        ("北塔22楼2203", "北塔二十二楼二二零三"),
        ("地铁3号线A1出口", "地铁三号线 A 一出口"),
        ("24:00", "二十四点整"),
        ("23:00-24:00", "晚上十一点整至二十四点整"),
        ("0:30", "凌晨零点三十分"),
        ("2点2分", "凌晨两点零二分"),
        ("8:00AM", "上午八点整"),
        ("8:00 pm", "晚上八点整"),
        ("12:00am", "凌晨零点整"),
        ("11月23日（周1）14:30", "十一月二十三日，周一，下午两点三十分"),
        ("星期7", "星期日"),
        ("周一-周五", "周一至周五"),
        ("20261123", "二零二六年十一月二十三日"),
        ("11月23-25日", "十一月二十三至二十五日"),
        ("11月23日-12月2日", "十一月二十三日至十二月二日"),
        ("26年11月", "二六年十一月"),
        ("2026届", "二零二六届"),
        ("2年", "两年"),
        ("2年级", "二年级"),
        ("第1-3名", "第一至三名"),
        ("1.带身份证；2.戴口罩", "一、带身份证；二、戴口罩"),
        ("请稍等...谢谢. 再见.", "请稍等，谢谢。再见。"),
        ("5‰", "千分之五"),
        ("½", "二分之一"),
        ("3½", "三又二分之一"),
        ("3²", "三平方"),
        ("30m²", "三十平方米"),
        ("No.3会议室", "第三会议室"),
        ("2h30min", "两小时三十分钟"),
        ("3×4", "三乘四"),
        ("≥3", "大于等于三"),
        ("100元/人", "一百元每人"),
        ("~3天", "约三天"),
        ("x.cn", "X 点 C N"),
        ("café", "C A F E"),
        ("(020)12345678转801", "零二零，幺二三四，五六七八，转八零幺"),
        ("020-12345678-801", "零二零，幺二三四，五六七八，转八零幺"),
        ("+8620-83812345", "零二零，八三八幺，二三四五"),
        ("4001234567", "四零零，幺二三，四五六七"),
        ("请拨110", "请拨幺幺零"),
        ("ＣＡ锁，１２０３室，１４：３０", "C A 锁，幺二零三室，下午两点三十分"),
        ("请\x00进\u200b门\x07", "请进门"),
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


@pytest.mark.parametrize("module", [free_text_module, written, cantonese, english])
def test_docstrings_tell_the_truth(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert result.failed == 0


@pytest.mark.parametrize(
    ("written", "reasons"),
    [
        ("天河路385号B座12楼1203室，5%，￥3，37℃，½，①②，㎡，３²", ()),
        ("请带“CA锁”…—《通知》(1) été", ()),
        ("请进\n谢谢\t", ()),
        ("😀★", ("😀（表情或符号）", "★（表情或符号）")),
        ("a\x00b\x00", ("U+0000（控制字符）",)),
        ("\u202e反\u200b", ("U+202E（控制字符）", "U+200B（控制字符）")),
        ("カメラ", ("カ（不能朗读的文字）", "メ（不能朗读的文字）", "ラ（不能朗读的文字）")),
    ],
)
def test_who_typed_what_can_not_be_said_is_told(written: str, reasons: tuple[str, ...]) -> None:
    assert unspoken(written) == reasons


@pytest.mark.parametrize("piece", ["1", "1-", "1,", "~", "No", "a1", "1203、", "第1-", "1:", " ", ".", "电话1-"])
def test_a_long_text_takes_no_longer_than_its_length_allows(piece: str) -> None:
    """No pattern backtracks without end: the forms allow 100 signs, this is fifty times that."""
    assert free_text(piece * (5000 // len(piece))) is not None


SNIPPETS = st.sampled_from(
    [
        "2026", "年", "11", "月", "23", "日", ":", "：", "-", "~", "至", ".", ",", "，", "/", "%", "￥", "元",
        "万", "号", "楼", "室", "A", "b", "电话", "验证码", "第", "人", "小时",
        "转", "0", "1", "020",
        "13586695785", "#", "&", "°C", "km",
        "上午", "点", "分", "24:00", "‰", "²", "×", "~", "周", "No.", "AM", "h", "min", "1203", "、", "...",
        "３", "②", "٣", "½", "Ⅳ", "㎡", "(", ")", "+86", " ", "\n",
    ]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(SNIPPETS, max_size=12).map("".join)))
@example("24:00-24:00")
@example("1" * 40)
@example("1.2.3.4.5")
@example("¹²³½⅓Ⅷ〸")
def test_nothing_leaves_but_what_a_voice_can_say(text: str) -> None:
    unspoken(text)
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
