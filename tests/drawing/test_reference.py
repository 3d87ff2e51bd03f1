"""The reference data hangs together."""

from __future__ import annotations

from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference


def test_regions() -> None:
    data = reference()
    assert data.region_path("440104") == "广东省-广州市-越秀区"
    assert len(data.cities()) == 21
    assert all(region.parent in data.regions for region in data.regions.values() if region.parent)
    assert {"440104", "441900", "442000"} <= set(data.residences())
    assert not {"440000", "440100"} & set(data.residences())


def test_specialties_begin_with_their_parents_code() -> None:
    data = reference()
    assert len(data.specialties) == 2140
    for specialty in data.specialties.values():
        assert specialty.parent in data.specialties or not specialty.level
        assert specialty.code.startswith(specialty.parent)
        assert len(specialty.code) == (1, 3, 5, 7)[specialty.level]
    assert "A08" not in data.leaf_specialties()


def test_lists_and_neighbours() -> None:
    data = reference()
    assert "副高级" in data.names(TITLES)
    assert "全部" not in data.names(TITLES)
    assert "注册监理工程师" in data.names(QUALIFICATIONS)
    assert "水利" in data.names(AUTHORITIES)
    assert "440600" in data.adjacent["440100"]
    assert "440100" in data.adjacent["440600"]
