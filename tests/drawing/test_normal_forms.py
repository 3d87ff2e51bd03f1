"""One normal form of names and units: what is understood, what is refused, and the same in Python and in SQL."""

from __future__ import annotations

import random
import sys
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.pool import Database
from drawing.normal_forms import (
    Unmatchable,
    code_form,
    normal_name,
    normal_unit,
    tidy,
    understood_name,
    understood_number,
    understood_text,
    understood_unit,
)

TEXTS = st.text(max_size=30) | st.text(
    st.sampled_from("张三阿·•・．.⻄⽔（）()ＡａaBß_xX000D5FC \n\u3000\u200b\ufe0f\xadＯ０—-“”《》'é\u0301ﷺ𠮷\ue81e"), max_size=30
)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张三", "张三"),
        ("张 三", "张三"),
        ("张\u3000三", "张三"),
        ("张 三 丰", "张三丰"),
        ("欧阳 修", "欧阳修"),
        ("张三_x000D_\n", "张三"),
        ("张\u200b三\ufeff", "张三"),
        ("张三\ufe00", "张三"),
        ("⻢超", "马超"),
        ("⽅圆", "方圆"),
        ("\ue81e某", "\u9fb4某"),
        ("𠮷野", "𠮷野"),
        ("〇某", "〇某"),
        *((f"阿卜杜拉{dot}买买提", "阿卜杜拉·买买提") for dot in "·•・．‧.･∙"),
        ("阿卜杜拉 · 买买提", "阿卜杜拉·买买提"),
        ("古丽·" * 9 + "汗汗", "古丽·" * 9 + "汗汗"),
        ("John  Smith", "John Smith"),
        ("Ｏ’Brien", "O'Brien"),
    ],
)
def test_a_name_is_understood_however_it_came(typed: str, name: str) -> None:
    assert understood_name(typed) == name
    assert normal_name(typed) == normal_name(name)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "不能为空"),
        ("张", "2 至 30 个字"),
        ("张" * 31, "2 至 30 个字"),
        ("张三（总工）", "第 3 个字符“（”（U+FF08）不属于姓名"),
        ("张三、李四", "第 3 个字符“、”（U+3001）像是隔开两个人"),
        ("张三,李四", "U+002C"),
        ("张三/李四", "U+002F"),
        ("张三 李四", "可能是两个人"),
        ("张 三 李 四", "可能是两个人"),
        ("张三\n李四", "有换行"),
        ("张三1", "第 3 个字符“1”（U+0031）是数字"),
        ("张３", "U+FF13"),
        ("·张三", "“·”只能在名字之间"),
        ("张*", "U+002A"),
        ("A张三", "U+0041"),
        ("José", "U+00E9"),
        ("张三\ue000", "U+E000"),
        ("张三先生", "称谓"),
        ("张教授", "称谓"),
        ("总工张三", "称谓"),
        ("张三高工", "称谓"),
        ("阿卜杜拉·买买提主任", "称谓"),
        ("张三和李四", "两个人"),
        ("张三及李四", "两个人"),
        ("张 三 与 李 四", "可能是两个人"),
    ],
)
def test_what_can_match_nobody_is_refused_by_its_sign_and_not_by_the_name(typed: str, told: str) -> None:
    with pytest.raises(Unmatchable) as refused:
        understood_name(typed)
    assert told in str(refused.value)
    assert not [each for each in "张三李四é" if each in str(refused.value).replace("（", "")]


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("某某公司_x000D_", "某某公司"),
        ("⻄⽔公司", "西水公司"),
        ("广州（某）公司", "广州(某) 公司"),
        ("广州【某】公司", "广州〔某〕公司"),
        ("ＡＢＣ公司", "abc公司"),
        ("ÄÖ Γ Д 公司", "äöγд公司"),
        ("某\u200b某公司\ufeff", "某某公司"),
        ("阿•卜公司", "阿·卜公司"),
        ("某–某公司", "某-某公司"),
    ],
)
def test_a_unit_is_the_same_however_it_is_written(typed: str, other: str) -> None:
    assert normal_unit(typed) == normal_unit(other)
    assert understood_unit(typed)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("甲公司；乙公司", "U+FF1B"),
        ("甲乙公司、丙丁公司", "2 个单位"),
        ("甲公司\n乙公司", "有换行"),
        ("甲乙公司 丙丁公司", "2 个单位"),
        ("甲乙公司\t丙丁公司", "2 个单位"),
        ("甲乙公司和丙丁公司", "2 个单位"),
        ("甲乙(集团)有限公司及丙丁有限公司", "2 个单位"),
        ("甲乙公司。", "多出的标点"),
        ("甲乙公司，", "第 5 个字符“，”（U+FF0C）是多出的标点"),
        ("、甲乙公司", "第 1 个字符“、”（U+3001）是多出的标点"),
        ("某?公司", "U+003F"),
        ("某\ufffd公司", "U+FFFD"),
        ("公司\ue000", "U+E000"),
        ("（）", "2 至 100 个字"),
        ("某", "2 至 100 个字"),
    ],
)
def test_what_no_unit_is_called_is_refused(typed: str, told: str) -> None:
    with pytest.raises(Unmatchable) as refused:
        understood_unit(typed)
    assert told in str(refused.value)


def test_a_list_within_one_unit_s_name_is_no_second_unit() -> None:
    assert understood_unit("广东省水利、电力勘测设计院") == "广东省水利、电力勘测设计院"
    assert understood_unit("Foo Co., Ltd.") == "Foo Co., Ltd."
    for one in ("中国建筑第四工程局有限公司 广州分公司", "中山大学 附属第一医院", "规划和自然资源局", "甲大学与乙大学研究院"):
        assert understood_unit(one) == one


@pytest.mark.parametrize("name", ["李博士", "张和平", "阿帕克和卓", "高工", "买买提·阿不都热合曼", "欧阳和与", "教授", "𠮷和三"])
def test_an_unusual_name_is_a_name(name: str) -> None:
    assert understood_name(name) == name


@pytest.mark.parametrize("beside", ["{}三丰", "张{}三", "张三{}", "阿{}买{}提"])
def test_what_is_understood_has_the_normal_form_of_what_was_typed(beside: str) -> None:
    """For signs of all of Unicode: pool and avoidance keep what they understood, and compare by its normal form."""
    step = 5 if beside == "张{}三" else 41
    planes = (*range(0, 0xD800, step), *range(0xE000, 0x20000, step), *range(0x20000, 0xE0200, 40 * step))
    for code in (*range(0x2000, 0x3400), *range(0xF900, 0x10000), *range(0x2F800, 0x2FA20), *range(0xE0100, 0xE01F0), *planes):
        typed = beside.replace("{}", chr(code))
        with suppress(Unmatchable):
            name = understood_name(typed)
            assert (normal_name(name), understood_name(name)) == (normal_name(typed), name), hex(code)
        with suppress(Unmatchable):
            unit = understood_unit(f"{typed}公司")
            assert (normal_unit(unit), understood_unit(unit)) == (normal_unit(f"{typed}公司"), unit), hex(code)


@given(TEXTS)
def test_normal_forms_are_stable(text: str) -> None:
    for form in (tidy, normal_unit, normal_name):
        assert form(form(text)) == form(text)
    assert normal_unit(tidy(text)) == normal_unit(text)


@given(TEXTS)
def test_texts_and_numbers_that_are_kept_are_found_by_what_was_typed(text: str) -> None:
    for kept, form in ((understood_text, normal_unit), (understood_number, normal_unit), (understood_number, code_form)):
        assert kept(kept(text)) == kept(text)
        assert form(kept(text)) == form(text)


@given(TEXTS)
def test_what_was_understood_is_understood_again_as_itself(text: str) -> None:
    for understood, normal in ((understood_name, normal_name), (understood_unit, normal_unit)):
        try:
            once = understood(text)
        except Unmatchable:
            continue
        assert understood(once) == once
        assert normal(once) == normal(text)


@pytest.mark.postgres
async def test_the_database_says_the_same_of_every_sign(db: Database) -> None:
    signs = [chr(code) for code in range(1, sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    sql = "SELECT normal_unit(each) FROM unnest(%(all)s::text[]) WITH ORDINALITY AS a (each, n) ORDER BY n"
    texts = [f"某{each}a" for each in signs if not 0xE000 <= ord(each) <= 0xF8FF and ord(each) < 0xF0000] + ["\ue81e"]
    rows = await db.all(sql, {"all": texts})
    assert [text for text, row in zip(texts, rows, strict=True) if row[0] != normal_unit(text)] == []


@pytest.mark.postgres
async def test_the_database_says_the_same_of_mixed_texts(db: Database) -> None:
    texts = [
        "_xd7ff__xE000__x0000_某", "_x0D8A_某", "_x005F_x000D__x005F_",
        "某某公司_x000D_", "_x005F_x000D_某", "_x005C_1某", "_xD83D_某", "＿ｘ０００ｄ＿某",
        "广州（ＡＢ）咨询 有限公司", "ﷺ", "a\u0301\u200bé",
        "《某》“某”[某]", "",
    ]  # fmt: skip
    for text in texts:
        assert await db.value("SELECT normal_unit(%(text)s)", {"text": text}) == normal_unit(text), ascii(text)
        assert await db.value("SELECT search_form(%(text)s)", {"text": text}) == normal_unit(text), ascii(text)


@pytest.mark.postgres
async def test_the_forms_of_columns(db: Database) -> None:
    """The same as Python's; and without a search path, as while a dump is restored."""
    texts = ["ＧＤ２０２６－０６１７—０１（Ａ）", "gd_2026/01#·,:", "粤发改〔2026〕12号", "无", "", "a b\tc", "—"]
    chosen, signs = random.Random(1), "〇张Ab0()（） 、，。：；/.,:;·#+&-"
    texts += ["".join(chosen.choices(signs, k=12)) for _ in range(500)]
    async with db.transaction() as tx:
        await tx.run("SET LOCAL search_path = pg_catalog")
        sql = """SELECT public.code_form(each), public.search_form(each)
                 FROM unnest(%(all)s::text[]) WITH ORDINALITY a (each, n) ORDER BY n"""
        for text, forms in zip(texts, await tx.all(sql, {"all": texts}), strict=True):
            assert tuple(forms) == (code_form(text), normal_unit(text)), ascii(text)
