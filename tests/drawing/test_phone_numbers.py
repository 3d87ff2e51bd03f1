"""One telephone number in the ways in which people and networks write it, and what is none."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing.experts.generate import generate
from drawing.experts.row import ExpertRow
from drawing.numbering import Kind
from drawing.phone_numbers import (
    GENERAL,
    PERSONAL,
    PUBLIC,
    NoNumber,
    mobile,
    normal,
    read,
    same,
    subscriber,
    understood,
)
from drawing.reference import reference

MOBILE, LANDLINE = "13800138000", "02083186888"
FULL_WIDTH = str.maketrans("0123456789+-()", "０１２３４５６７８９＋－（）")

WRITTEN = [
    *((each, MOBILE) for each in (
        "13800138000", "+8613800138000", "+86 138 0013 8000", "+86-138-0013-8000", "008613800138000", "0086 138-0013-8000",
        "8613800138000", "86 138 0013 8000", "(86)13800138000", "(+86) 138 0013 8000", "+86(0)13800138000", "013800138000",
        "0 138 0013 8000", "138-0013-8000", "138.0013.8000", "138–0013—8000", "138\u22120013\u20138000", "138ー0013ー8000",
        " 13800138000\n", "\u202a13800138000\u202c", "138\u200b0013\u00a08000", "138\u30000013\u30008000", "【138】0013［8000］",
        "13800138000_x000D_", "tel:+86-138-0013-8000", "13800138000".translate(FULL_WIDTH),
        "+86 138-0013-8000".translate(FULL_WIDTH), "086 13800138000", "086-138-0013-8000", "+086 13800138000", "TEL: 13800138000",
        "Tel：138 0013 8000", "sip:13800138000", "13800138000.0", "13,800,138,000", "138‑0013‑8000", "﹢8613800138000",
        "¹³⁸00138000",
    )),
    *((each, LANDLINE) for each in (
        "02083186888", "020-83186888", "020 8318 6888", "(020)83186888", "（020）8318-6888", "020—83186888", "+862083186888",
        "+86 20 8318 6888", "+86 (0)20 8318 6888", "+86 020 83186888", "+86(020)83186888", "00862083186888", "0086-20-83186888",
        "0086 020 83186888", "862083186888", "8602083186888", "86-020-83186888", "020-83186888".translate(FULL_WIDTH),
        "+86 (0)20-8318 6888", "86 020 83186888", "00 86 20 83186888", "(86-20)83186888", "086-020-83186888", "Tel: 020-83186888",
    )),
    ("0755 8318 6888", "075583186888"),
    ("+8675583186888", "075583186888"),
    ("0391-2134567", "03912134567"),
    ("+86 10 6655 4433", "01066554433"),
    ("400-123-4567", "4001234567"),
    ("+86 400 123 4567", "4001234567"),
    ("12345", "12345"),
    ("95588", "95588"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "digits"), WRITTEN)
def test_one_number_is_one_however_it_is_written(written: str, digits: str) -> None:
    assert read(written).digits == digits
    assert normal(written) == digits
    assert same(written, digits) or len(digits) < 7


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        *((each, "分机") for each in (
            "020-83186888转801", "020-83186888 转 801", "020-83186888分机801", "020-83186888 分机号：801", "020-83186888 ext 801",
            "020-83186888 Ext. 801", "02083186888x801", "020-83186888#801", "020-83186888,801", "020-83186888*801",
            "020-83186888;ext=801", "020-83186888-801", "020-83186888—801", "020-83186888(801)", "020 8318 6888 801",
            "+86 20 8318 6888-801", "０２０－８３１８６８８８－８０１", "0391-2134567-1",
            "13800138000转1", "400-123-4567-1", "95588转1", "020-83186888转", "020-83186888（转）", "020-83186888 转 801 或 802",
            "020-83186888 分 801", "020-83186888到801", "020-83186888 x. 801", "020-83186888 转接 801", "83186888转801",
            "(020)83186888 总机转 801#", "020-83186888,,801", "020-83186888;801", "020-83186888＃801", "+86 (0)20 8318 6888 ext801",
        )),
        *((each, "香港") for each in (
            "+852 6123 4567", "0085261234567", "＋８５２６１２３４５６７", "852 6123 4567", "85261234567", "(852)6123-4567",
        )),
        *((each, "澳门") for each in ("+853 6612 3456", "853 66123456", "(853) 6612 3456")),
        *((each, "台湾") for each in ("+886 912 345 678", "886 912345678", "886-2-2345-6789", "8860912345678")),
        *((each, "境外") for each in ("+44 20 7946 0018", "0044 20 7946 0018", "+1 202 555 0123", "0013800138000000")),
        ("+13800138000", "国家代码 86"),  # Ohio, or a forgotten 86
        ("0013800138000", "国家代码 86"),
        ("2083186888", "区号请以 0 开头"),
        ("83186888", "请加区号"),
        ("86123456", "请加区号"),
        ("1380013800", "现为 10 位"),
        ("138001380001", "现为 12 位"),
        ("12800138000", "13 至 19"),
        ("020-8318688", "区号或位数"),
        ("0755-8318688", "区号或位数"),
        ("0123-4567890", "区号或位数"),
        ("010-95588", "区号或位数"),
        ("17951 13800138000", "拨号前缀"),
        ("13800138000/13900139000", "一个"),
        ("13800138000、13900139000", "一个"),
        ("13800138000，13900139000", "一个"),
        ("13800138000或13900139000", "一个"),
        ("12345或12320", "一个"),
        *((each, "一个") for each in (
            "13800138000 13900139000", "13800138000\n13900139000", "13800138000&13900139000", "13800138000\\13900139000",
            "13800138000；020-83186888", "020-83186888 13800138000", "020 83186888 020 83186889", "13800138000, 020-83186888",
        )),
        *((each, "遮盖") for each in ("138****8000", "138xxxx8000", "138 **** 8000", "+86 138****8000", "020-8318****")),
        *((each, "科学计数") for each in ("1.38E+10", "1.3800138E+10", "1E+10", "1.38e10")),
        ("010-13800138000", "不要加区号"),
        ("075513800138000", "不要加区号"),
        ("+8675583186888801", "区号或位数"),
        ("861380013800", "现为 10 位"),
        ("00000000000", GENERAL),
        ("138,0013,8000", "第 4 个字符“,”（U+002C）"),
        ("138*0013*8000", "第 4 个字符“*”（U+002A）"),
        ("Tel: 138O0138000", "第 9 个字符“O”（U+004F）不属于电话号码，请核对是否应为数字 0"),
        ("|3800138000", "第 1 个字符“|”（U+007C）不属于电话号码，请核对是否应为数字 1"),
        ("l38OOl38OOO", "第 1 个字符“l”（U+006C）不属于电话号码，请核对是否应为数字 1"),
        ("138ОО138ООО", "第 4 个字符“О”（U+041E）不属于电话号码，请核对是否应为数字 0"),
        ("13B00138000", "第 3 个字符“B”（U+0042）不属于电话号码，请核对是否应为数字 8"),
        ("手机：13800138000", "第 1 个字符是汉字"),
        ("\u06f1\u06f3\u06f800138000", "U+06F1"),
        ("020/83186888", "第 4 个字符“/”（U+002F）"),  # one number, with a sign that is none of it
        ("1380O138000", "第 5 个字符“O”（U+004F）不属于电话号码，请核对是否应为数字 0"),
        ("020一83186888", "第 4 个字符“一”（U+4E00）"),
        ("138001380００a", "第 12 个字符“a”（U+0061）"),
        ("+86+13800138000", "第 4 个字符“+”（U+002B）"),
        ("\u0661\u0663\u0668", "U+0661"),
        ("张三", GENERAL),
        *((each, "短号码") for each in ("110", "119", "120", "122", "114", "+86 110")),
        ("", GENERAL),
        ("-----", GENERAL),
        ("+86", GENERAL),
        ("1" * 5000, GENERAL),
        ("(" * 5000, GENERAL),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_a_word(written: str, reason: str) -> None:
    with pytest.raises(NoNumber, match=re.escape(reason)) as refused:
        read(written)
    assert not re.search(r"\d{6}", str(refused.value).replace("18080808080", "").replace("83180000", ""))


@pytest.mark.parametrize("segment", ["140", "141", "144", "146", "148", "149", "154", "179", "194"])
def test_a_machines_number_is_no_persons(segment: str) -> None:
    for written in (f"{segment}00138000", f"+86 {segment} 0013 8000"):
        with pytest.raises(NoNumber, match=f"以 {segment} 开头的不是个人手机号码"):
            mobile(written)


@pytest.mark.parametrize("segment", ["130", "145", "147", "153", "162", "165", "170", "191", "192", "199"])
def test_a_persons_segments(segment: str) -> None:
    assert mobile(f"{segment}00138000") == f"{segment}00138000"


def test_invented_people_have_numbers_that_can_be_imported() -> None:
    at = ExpertRow.header().index("手机号码")
    for row in generate(500, random.Random(1), reference()):
        assert mobile(row[at]) == row[at]


@pytest.mark.parametrize(
    ("written", "own", "public"),
    [
        (MOBILE, True, True),
        ("020-83186888", True, True),
        ("4001234567", False, True),
        ("12345", False, True),
        ("95588", False, True),
        ("8001234567", False, False),  # can't be rung from a mobile, which is what experts have
        ("14600138000", False, False),
    ],
)
def test_which_kinds_will_do(written: str, own: bool, public: bool) -> None:
    for kinds, may in ((PERSONAL, own), (PUBLIC, public)):
        if may:
            assert understood(written, kinds).kind in kinds
        else:
            with pytest.raises(NoNumber):
                understood(written, kinds)


@pytest.mark.parametrize(
    ("shown", "on_file"),
    [
        (MOBILE, MOBILE),
        ("+8613800138000", MOBILE),
        ("8613800138000", MOBILE),
        ("008613800138000", MOBILE),
        ("013800138000", MOBILE),
        ("+86013800138000", MOBILE),
        ("8613800138000;cpc=ordinary", MOBILE),
        ("+86-138-0013-8000", MOBILE),
        (LANDLINE, LANDLINE),
        ("+862083186888", LANDLINE),
        ("862083186888", LANDLINE),
        ("00862083186888", LANDLINE),
        ("+8602083186888", LANDLINE),
        ("2083186888", LANDLINE),
        ("75583186888", "075583186888"),
        ("+867558318688", "+867558318688"),
        ("", ""),
        ("Anonymous", ""),
        ("anonymous@anonymous.invalid", ""),
        ("TEL:+8613800138000", MOBILE),
        ("SIP:+8613800138000@carrier;user=phone", MOBILE),
        ("sips:013800138000@carrier", MOBILE),
        ("086 13800138000", MOBILE),
        ("+85261234567", "+85261234567"),
        ("85261234567", "85261234567"),
        ("Restricted", ""),
        ("95588", "95588"),
        ("83186888", "83186888"),
        # abroad, and nobody's here: without its + each would be an expert's
        ("+13800138000", "+13800138000"),
        ("0013800138000", "0013800138000"),
        ("+2083186888", "+2083186888"),
        ("x13800138000", "x13800138000"),
    ],
)
def test_a_callers_number(shown: str, on_file: str) -> None:
    assert subscriber(shown) == on_file


@given(st.text(max_size=40) | st.text(alphabet="0123456789+-() 转x#,;.６", max_size=24))
def test_no_text_breaks_it(text: str) -> None:
    """What is understood stays what it is."""
    normal(text)
    assert subscriber(subscriber(text)) == subscriber(text) or not subscriber(text).isascii()
    try:
        number = read(text)
    except NoNumber:
        return
    assert read(number.digits) == read(number.written) == number
    assert number.digits.isascii()
    assert number.digits.isdigit()
    assert (number.kind is Kind.MOBILE) == bool(re.fullmatch(r"1[3-9]\d{9}", number.digits) and number.kind in PERSONAL)


@given(st.sampled_from([each for each, _ in WRITTEN]), st.sampled_from([each for each, _ in WRITTEN]))
def test_same_is_the_normal_forms_equality(one: str, other: str) -> None:
    assert same(one, other) == (read(one).digits == read(other).digits and len(read(one).digits) >= 7)
