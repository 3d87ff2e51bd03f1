"""Which 标段 are, or may be, one and the same: names, codes and projects in every way in which they are written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing.same_lot import LotFacts, Sameness, code_key, compare, name_key, project_keys

BASE = LotFacts("P000001-01", "一标段", "", False, 1, "某某大桥工程", "GD2026-0617-001", "某某建设集团有限公司")
AGAIN = replace(BASE, id="P000002-01", project_id=2)
PIECES = (
    "一", "二", "十", "〇", "0", "1", "12", "第", "标段", "标", "包", "批次",
    "号", "施工", "A", "I", "（", "）", "-", " ", "次", "招标",
)  # fmt: skip
NAMES = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def lot(**changes: object) -> LotFacts:
    """The same project entered once more, with these changes."""
    return replace(AGAIN, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    ["一标段", "1标段", "第1标段", "第一标段", "标段一", "01标段", " 一 标 段", "１标段", "壹标段", "Ⅰ标段", "一标", "第一包",
     "1包件", "第1批次", "标段（一）", "某某大桥工程一标段", "某某大桥工程（第一标段）", "①标段", "一\u200b标段", "⼀标段"],
)  # fmt: skip
def test_the_same_however_the_name_is_written(name: str) -> None:
    assert compare(BASE, lot(name=name)) is Sameness.SAME
    assert compare(lot(name=name), BASE) is Sameness.SAME


@pytest.mark.parametrize(
    "changes",
    [
        {"project": "某某 大桥工程"},
        {"project": "某某大桥工程", "project_code": ""},
        {"tenderer": "某某 建设集团有限公司"},
        {"project_id": 1, "project": "改名", "project_code": ""},
        {"project_id": None},
    ],
)
def test_the_same_project_entered_again(changes: dict[str, object]) -> None:
    assert compare(BASE, lot(**changes)) is Sameness.SAME


@pytest.mark.parametrize(
    ("one", "changes"),
    [
        ({"code": "GD2026061700101"}, {"code": "gd2026-0617-001-01", "name": "道路"}),  # one code, another name
        ({"code": "A-01"}, {"code": "A01", "name": "道路"}),
        ({"code": "A-01"}, {"code": "A-02"}),  # one name, another code
        ({}, {"code": "A-02"}),  # the code that was missing
        ({}, {"project": "某某大桥工程（第二次）", "project_code": ""}),  # tendered again
        ({}, {"name": "一标段（重新招标）"}),
        ({}, {"whole": True, "name": "某某大桥工程"}),  # the project as its own lot
        ({"code": "GD2026061700101"}, {"code": "GD2026061700101", "project": "别的", "project_code": "", "tenderer": "别的"}),
        ({}, {"project": "改了名的工程"}),  # by the project's long code
    ],
)  # fmt: skip
def test_likely_the_same(one: dict[str, object], changes: dict[str, object]) -> None:
    found = compare(lot(**changes), replace(BASE, **one))  # type: ignore[arg-type]
    assert found is Sameness.LIKELY


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "二标段"},
        {"name": "11标段"},
        {"name": "1-1标段"},
        {"name": "监理一标段"},
        {"name": "一标段", "project": "别的工程", "project_code": "", "tenderer": "某某建设集团有限公司"},
        {"name": "一标段", "tenderer": "别的集团有限公司", "project_code": ""},
        {"code": "1", "name": "道路", "project": "别的工程", "project_code": ""},
    ],
)
def test_others(changes: dict[str, object]) -> None:
    assert compare(replace(BASE, code="1"), lot(**changes)) is None


def test_a_code_that_is_only_the_project_s_tells_no_lots_apart_and_makes_none_the_same() -> None:
    one, other = (replace(BASE, name=name, code=BASE.project_code) for name in ("一标段", "二标段"))
    assert compare(one, other) is None
    assert compare(one, lot(name="第1标段")) is Sameness.SAME


def test_a_code_that_is_left_out_makes_no_other_lot() -> None:
    assert compare(lot(), replace(BASE, code="A-01")) is Sameness.SAME


def test_no_code_is_none() -> None:
    assert [code_key(each) for each in ("无", "/", "—", "N/A", "")] == [""] * 5


@given(NAMES, NAMES)
def test_comparing_has_no_direction_and_ignores_spaces(one: str, other: str) -> None:
    a, b = lot(name=one or "空"), replace(BASE, name=other or "空")
    assert compare(a, b) is compare(b, a)
    assert compare(a, replace(a, name=" ".join(a.name))) is Sameness.SAME
    assert name_key(a.name) == name_key(" ".join(a.name))


@given(NAMES)
def test_what_is_compared_shares_the_key_by_which_it_is_found(name: str) -> None:
    a = lot(name=name or "空")
    assert compare(a, BASE) is None or set(project_keys(a)) & set(project_keys(BASE))
