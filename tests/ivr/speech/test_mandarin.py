"""Numbers in Mandarin: the examples of the docstrings, tables, and a way back."""

import doctest
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech import mandarin, respelling
from ivr.speech.mandarin import cardinal, clock, counted, duration, money

FIGURE = {sign: value for value, sign in enumerate(mandarin.DIGITS)}
UNIT = {"十": 10, "百": 100, "千": 1000}
MYRIAD = {"万": 10**4, "亿": 10**8}


def value_of(spoken: str) -> int:
    """Reads a Chinese numeral as a person would: an independent way back."""
    total = section = figure = 0
    for sign in spoken:
        if sign in FIGURE:
            figure = FIGURE[sign]
        elif sign in UNIT:
            section += (figure or 1) * UNIT[sign]
            figure = 0
        elif sign == "万" or (sign == "亿"):
            section += figure
            if sign == "亿":
                total = (total + section) * MYRIAD[sign]
            else:
                total += section * MYRIAD[sign]
            section = figure = 0
    return total + section + figure


@pytest.mark.parametrize("module", [mandarin, respelling])
def test_docstrings_tell_the_truth(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted
    assert result.failed == 0


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        (0, "零"), (10, "十"), (15, "十五"), (20, "二十"), (101, "一百零一"), (110, "一百一十"),
        (111, "一百一十一"),
        (1001, "一千零一"), (1010, "一千零一十"), (2026, "二千零二十六"), (10000, "一万"),
        (10001, "一万零一"),
        (100_000, "十万"), (120_000, "十二万"), (101_000, "十万一千"), (100_010, "十万零一十"),
        (1_000_000, "一百万"), (10**8, "一亿"), (10**8 + 1, "一亿零一"), (10**8 + 20_000, "一亿零二万"),
        (1_0000_1000, "一亿零一千"), (1_2000_0000, "一亿二千万"),
    ],
)  # fmt: skip
def test_cardinals(number: int, spoken: str) -> None:
    assert cardinal(number) == spoken


@given(st.integers(0, 10**12 - 1))
def test_a_cardinal_is_understood_as_the_number_it_was(number: int) -> None:
    assert value_of(cardinal(number)) == number
    assert "零零" not in cardinal(number)


@given(st.integers(0, 10**12 - 1))
def test_a_count_differs_from_the_cardinal_only_in_its_first_two(number: int) -> None:
    assert counted(number, "人").removesuffix("人").replace("两", "二") == cardinal(number)


@pytest.mark.parametrize(
    ("hour", "minute", "spoken"),
    [
        (0, 0, "凌晨零点整"), (5, 59, "凌晨五点五十九分"), (6, 0, "上午六点整"), (9, 5, "上午九点零五分"),
        (12, 0, "中午十二点整"), (13, 0, "下午一点整"), (14, 30, "下午两点三十分"), (18, 0, "晚上六点整"),
        (23, 59, "晚上十一点五十九分"),
    ],
)  # fmt: skip
def test_clock(hour: int, minute: int, spoken: str) -> None:
    assert clock(hour, minute) == spoken


@given(st.integers(0, 23), st.integers(0, 59))
def test_no_two_times_of_a_day_sound_the_same(hour: int, minute: int) -> None:
    everything = {clock(h, m) for h in range(24) for m in (minute, (minute + 1) % 60)}
    assert len(everything) == 48
    assert clock(hour, minute) in everything


@pytest.mark.parametrize(
    ("minutes", "spoken"),
    [(1, "一分钟"), (2, "两分钟"), (60, "一个小时"), (90, "一个半小时"),
     (2880 + 90, "两天一个半小时"), (0, "零个小时")],
)  # fmt: skip
def test_durations(minutes: int, spoken: str) -> None:
    assert duration(timedelta(minutes=minutes)) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"), [("500", "五百元"), ("2.08", "两元零八分"), ("100000", "十万元"), ("0.5", "零元五角")]
)
def test_money(text: str, spoken: str) -> None:
    assert money(text) == spoken
