"""Specialties as people write them: every one, in every form, alone and beside others."""

from __future__ import annotations

import pytest

from drawing.experts.specialties import understood_specialties
from drawing.reference import reference

FORMS = ("{0}", "({0}){1}", "（{0}）{1}", "{0} {1}", "{0}{1}", "{0}-{1}", "{0}（{1}）", "{1}({0})", "{1}（{0}）")


def test_every_specialty_in_every_form() -> None:
    for code, each in reference().specialties.items():
        if each.level:
            for form in FORMS:
                written = form.format(code, each.name)
                assert understood_specialties(written) == (code,), written
                both = dict.fromkeys((code, "A08"))
                assert understood_specialties(f"{written}、(A08)工程施工") == tuple(both), written
                assert set(understood_specialties(f"工程施工(A08)，{written}")) == set(both), written


@pytest.mark.parametrize("between", [";", "；", "、", "，", ",", "/", "|", "\n", " ", " 、 ", "；\n"])
def test_separators(between: str) -> None:
    assert understood_specialties(between.join(("A08", "a0801", "Ｂ０１"))) == ("A08", "A0801", "B01")


def test_the_manuals_form() -> None:
    assert understood_specialties("(A08)工程施工、(A01)规划") == ("A08", "A01")
    assert understood_specialties("（Ａ０８）工程施工，（Ａ０１）规划") == ("A08", "A01")
    assert understood_specialties("【A08】工程施工; A08") == ("A08",)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("李波宏", "没有"), ("13800138000", "没有"), ("欧阳小娜 13800138000", "没有"), ("A08、李波宏", "第 2 项没有"),
        ("D01", "不是"), ("A08李波宏", "与所写的名称不符"), ("桥梁", "请填专业代码"),
    ],
)  # fmt: skip
def test_what_is_no_specialty_is_not_repeated(written: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        understood_specialties(written)
    assert not [secret for secret in ("李波宏", "欧阳", "1380013") if secret in str(caught.value)]


def test_a_name_of_several_specialties() -> None:
    with pytest.raises(ValueError, match=r"个同名专业|、") as caught:
        understood_specialties("桥梁")
    assert "桥梁" in str(caught.value)
