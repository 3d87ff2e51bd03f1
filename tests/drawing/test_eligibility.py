from dataclasses import replace

import pytest

from drawing.eligibility import Avoid, Condition, Facts, Mode, place_fits, tier

CONDITION = Condition("c", Mode.RESIDENCE, ("440100",), ("A08",), ("A01",), (), (), (), 1)
FACTS = Facts("440106", ("440300",), ("A0801",), "高级", ("建造师",), ("住建",), (), "")


@pytest.mark.parametrize(
    ("region", "code", "fits"),
    [
        ("440000", "440106", True), ("440000", "450100", False), ("440100", "440106", True),
        ("440100", "440305", False), ("440106", "440106", True), ("440106", "440100", False),
    ],
)  # fmt: skip
def test_places(region: str, code: str, fits: bool) -> None:
    assert place_fits(region, code) is fits


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 0),
        ({"mode": Mode.WILLING}, None),
        ({"mode": Mode.WILLING, "regions": ("440000",)}, 0),
        ({"main": ("B",)}, None),
        ({"main": ("B",), "backup": ("A",)}, 1),
        ({"main": ("B", "A")}, 0),
        ({"titles": ("高级",)}, 0),
        ({"titles": ("正高级",)}, None),
        ({"qualifications": ("造价", "建造师")}, 0),
        ({"qualifications": ("造价",)}, None),
        ({"authorities": ("交通",)}, None),
    ],
)
def test_the_only_rule(change: dict[str, object], expected: int | None) -> None:
    assert tier(replace(CONDITION, **change), FACTS) == expected  # type: ignore[arg-type]


def test_json_there_and_back() -> None:
    for each in (CONDITION, FACTS, Avoid(("a",), ("b",))):
        assert type(each).from_json(each.to_json()) == each


@pytest.mark.parametrize("change", [{"seats": True}, {"main": "A08"}, {"mode": "any"}, {"more": 1}])
def test_other_json_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Condition.from_json(CONDITION.to_json() | change)
