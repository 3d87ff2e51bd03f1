"""The generator: the same from the same seed, always importable, never anyone's number."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date

import pytest

from drawing.experts.generate import generate
from drawing.experts.identity import id_card_fault
from drawing.experts.row import ExpertRow, check_row
from drawing.reference import reference

COUNT = 3000


def pool(seed: int = 1, **options: object) -> list[dict[str, str]]:
    rows = generate(COUNT, random.Random(seed), reference(), **options)  # type: ignore[arg-type]
    return [dict(zip(ExpertRow.header(), row, strict=True)) for row in rows]


def test_every_row_is_good_and_unique() -> None:
    rows = pool()
    assert [fault for row in rows if not isinstance(fault := check_row(row, date(2026, 11, 30)), ExpertRow)] == []
    assert len({row["手机号码"] for row in rows}) == len({row["证件号"] for row in rows}) == COUNT


def test_the_seed_decides() -> None:
    assert pool(1) == pool(1)
    assert pool(1) != pool(2)


def test_nobody_real_has_these_numbers() -> None:
    for row in pool():
        assert row["手机号码"][:3] in {"160", "161", "163", "164", "168", "169"}
        assert row["证件号"][4:6] == "99"
        assert id_card_fault(row["证件号"]) is None


def test_it_looks_like_a_pool() -> None:
    rows = pool()
    cities = Counter(row["常驻地"][:4] for row in rows)
    assert len(cities) == 21
    assert {city for city, _ in cities.most_common(2)} == {"4401", "4403"}
    units = Counter(row["工作单位"] for row in rows)
    assert len(units) < COUNT / 4
    assert all(len({code[:3] for code in row["专业"].split(";")}) == 1 for row in rows)
    assert {row["职称等级"] for row in rows} == {"正高级", "副高级", "中级", "同等专业水平"}
    assert 0 < sum(row["暂停"] == "是" for row in rows) < COUNT / 20


def test_phones_end_as_asked() -> None:
    ends = Counter(row["手机号码"][-2:] for row in pool(suffixes={"00": 8, "11": 1, "12": 1, "13": 0}))
    assert set(ends) == {"00", "11", "12"}
    assert 0.75 < ends["00"] / COUNT < 0.85


@pytest.mark.parametrize("suffixes", [{"1": 1.0}, {"ab": 1.0}, {"１２": 1.0}, {"11": -1.0}, {"11": 0.0}, {}])
def test_suffixes_that_are_refused(suffixes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"suffix|weights"):
        pool(suffixes=suffixes)
