"""抽取条件 are told apart by their words."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from drawing.condition_names import Asked, condition_names
from drawing.reference import reference


def names(*conditions: Asked) -> list[str]:
    """What each is called."""
    found = condition_names(conditions, reference())
    return [found[each.id] for each in conditions]


def asked(number: int, **changes: Sequence[str] | str) -> Asked:
    """工程施工 in 广州市, but for the changes."""
    values = {"mode": "residence", "regions": ("440100",), "main": ("A08",), **changes}
    return Asked(id=f"c{number}", **values)  # type: ignore[arg-type]


def test_by_specialty_and_region() -> None:
    assert names(asked(1), asked(2, main=("A01",)), asked(3, regions=("440104", "440300"))) == [
        "(A08)工程施工 · 广州市", "(A01)规划 · 广州市", "(A08)工程施工 · 越秀区、深圳市",
    ]  # fmt: skip


def test_a_long_list_is_counted() -> None:
    cities = ("440100", "440200", "440300", "440400")
    assert names(asked(1, regions=cities)) == ["(A08)工程施工 · 广州市、韶关市等 4 个地区"]


def test_what_tells_them_apart_is_said() -> None:
    assert names(asked(1), asked(2, mode="willing")) == [
        "(A08)工程施工 · 广州市 · 常驻地", "(A08)工程施工 · 广州市 · 意愿评标区",
    ]  # fmt: skip
    assert names(asked(1), asked(2, titles=("正高级",)), asked(3, main=("A01",))) == [
        "(A08)工程施工 · 广州市", "(A08)工程施工 · 广州市 · 正高级", "(A01)规划 · 广州市",
    ]  # fmt: skip
    cities = ("440100", "440200", "440300"), ("440100", "440200", "440400")
    assert names(*(asked(n, regions=each) for n, each in enumerate(cities))) == [
        "(A08)工程施工 · 广州市、韶关市等 3 个地区 · 广州市、韶关市、深圳市",
        "(A08)工程施工 · 广州市、韶关市等 3 个地区 · 广州市、韶关市、珠海市",
    ]  # fmt: skip


def test_the_very_same_twice() -> None:
    assert names(asked(1), asked(2)) == ["(A08)工程施工 · 广州市（第 1 条）", "(A08)工程施工 · 广州市（第 2 条）"]


def test_a_code_that_is_not_known_any_more() -> None:
    assert names(asked(1, main=("Z99",), regions=("449999",))) == ["(Z99) · 449999"]


_SOME = st.lists(st.sampled_from(["440100", "440104", "440300", "440400"]), min_size=1, max_size=4, unique=True)
_KINDS = st.lists(st.sampled_from(["A01", "A08", "A0801", "B01"]), min_size=1, max_size=4, unique=True)
_TITLES = st.lists(st.sampled_from(["正高级", "副高级"]), unique=True)
_CONDITION = st.tuples(
    st.sampled_from(["residence", "willing"]), _SOME, _KINDS, st.one_of(st.just([]), _KINDS), _TITLES
)


@given(st.lists(_CONDITION, max_size=8))
def test_no_two_are_called_the_same(given_: list[tuple[str, list[str], list[str], list[str], list[str]]]) -> None:
    conditions = [
        Asked(f"c{n}", mode, regions, main, backup, titles)
        for n, (mode, regions, main, backup, titles) in enumerate(given_)
    ]
    found = names(*conditions)
    assert len(set(found)) == len(conditions)
