from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing import lots
from drawing.lots import Pick, Placed, next_pick

eligible = st.dictionaries(st.text("0123456789abcdef", min_size=4, max_size=4), st.integers(0, 1), min_size=1)
seeds = st.binary(min_size=32, max_size=32)


@given(seeds, eligible, st.randoms())
def test_the_input_order_does_not_matter(seed: bytes, pool: dict[str, int], mix: object) -> None:
    shuffled = list(pool.items())
    mix.shuffle(shuffled)  # type: ignore[attr-defined]
    assert lots.order(seed, "c1", shuffled) == lots.order(seed, "c1", pool.items())


@given(seeds, eligible, st.data())
def test_leaving_one_out_leaves_the_others_as_they_were(seed: bytes, pool: dict[str, int], data: st.DataObject) -> None:
    out = data.draw(st.sampled_from(sorted(pool)))
    whole = lots.order(seed, "c1", pool.items())
    without = lots.order(seed, "c1", ((who, tier) for who, tier in pool.items() if who != out))
    assert without == [lot for lot in whole if lot.expert != out]


@given(seeds, eligible)
def test_backup_specialties_come_last(seed: bytes, pool: dict[str, int]) -> None:
    tiers = [lot.tier for lot in lots.order(seed, "c1", pool.items())]
    assert tiers == sorted(tiers)


def test_conditions_have_orders_of_their_own() -> None:
    pool = [(f"{i:04x}", 0) for i in range(50)]
    orders = [[lot.expert for lot in lots.order(b"s" * 32, name, pool)] for name in ("c1", "c2")]
    assert orders[0] != orders[1]


def placed(expert: str, *units: str) -> Placed:
    return Placed(expert, frozenset(units))


def test_only_the_head_is_read() -> None:
    def order() -> Iterator[Placed]:
        yield placed("a")
        yield placed("b")
        raise AssertionError("read too far")

    assert next_pick(order(), {"a"}, []) == Pick("b", 1, ())


def test_the_first_engaged_colleague_is_named() -> None:
    engaged = [placed("x", "u", "v"), placed("y", "u")]
    order = [placed("x"), placed("a", "u"), placed("b", "v"), placed("c", "w")]
    expected = Pick("c", 3, (("a", "same_unit", "x"), ("b", "same_unit", "x")))
    assert next_pick(order, {"x", "y"}, engaged) == expected


def test_who_was_passed_is_looked_at_again() -> None:
    order = [placed("a", "u"), placed("b", "w")]
    assert next_pick(order, {"b"}, [placed("x", "u")]) is None
    assert next_pick(order, {"b"}, []) == Pick("a", 0, ())


@pytest.mark.parametrize(
    ("digits", "reason"),
    [
        ("4829130", "too_short"), ("4829130612345", "too_long"), ("4829130x", "not_digits"),
        ("４８２９１３０６", "not_digits"), ("", "not_digits"), ("00000000", "all_equal"),
        ("12345678", "run"), ("98765432", "run"), ("7890123456", "run"), ("20261123", "date"),
        ("23112026", "date"), ("11232026", "date"), ("202611231530", "date"), ("19491001", "date"),
        ("55501234", "used_before"), ("48291306", None), ("20261323", None), ("483920175562", None),
    ],
)  # fmt: skip
def test_digits_that_can_be_guessed_are_refused(digits: str, reason: str | None) -> None:
    assert lots.weak_share(digits, {"55501234"}) == reason
