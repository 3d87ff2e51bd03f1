"""From the telephones' log to the numbers of bench/calls."""

from __future__ import annotations

import math

import pytest

from asterisk.far_end import LoggedEvent
from bench.telephony.measured import Receipt, at, measured

KEY_SECONDS = 0.22


def call(begun: float, *, who: str = "13800000002", ends: float = 2.2, keys: int = 2) -> list[LoggedEvent]:
    """The log of one call: answered after 0.1 s, keys at 0.5 and 1.3 s."""
    identity = f"{who}-{begun}"
    pressed = [(0.5 + 0.8 * n, "pressed") for n in range(keys)]
    happened = [(0.0, "incoming"), (0.1, "answered"), *pressed, (ends, "ended")]
    return [LoggedEvent(begun + after, who, identity, event, "") for after, event in happened]


def test_cpu_is_divided_by_the_calls_that_ended_in_the_window() -> None:
    log = call(8.0) + call(9.5) + call(12.0) + call(19.0)  # the last one ends after it
    receipts = [Receipt(begun + 1.3 + KEY_SECONDS + 0.01, "13800000002") for begun in (8.0, 9.5, 12.0, 19.0)]
    found = measured("x", 1.0, (10.0, 20.0), log, receipts, {"node": 0.03, "python": 0.3}, 0, KEY_SECONDS)
    assert found.calls == 3
    assert found.rate == pytest.approx(0.3)
    assert found.failures == 0
    assert found.cpu_ms == pytest.approx({"node": 10, "python": 100})
    assert found.key_to_receipt_p50 == pytest.approx(10)
    assert found.call_seconds == pytest.approx(2.1)


def test_a_call_without_a_receipt_and_a_refused_one_are_failures() -> None:
    log = call(10.0, who="1") + call(11.0, who="2", keys=0) + call(12.0, who="3")
    receipts = [Receipt(11.6, "1"), Receipt(11.6, "2"), Receipt(19.0, "3")]  # to 3 long after its end
    assert measured("x", 1.0, (10.0, 20.0), log, receipts, {}, 1, KEY_SECONDS).failures == 3


def test_each_call_to_one_number_has_its_own_receipt() -> None:
    log = call(10.0) + call(15.0)
    receipts = [Receipt(10.0 + 1.3 + KEY_SECONDS + 0.1, "13800000002")]
    found = measured("x", 1.0, (10.0, 20.0), log, receipts, {}, 0, KEY_SECONDS)
    assert found.failures == 1
    assert found.key_to_receipt_p99 == pytest.approx(100)


def test_percentiles() -> None:
    assert at([float(n) for n in range(100)], 0.5) == 50
    assert at([float(n) for n in range(100)], 0.99) == 99
    assert at([3.0], 0.99) == 3
    assert math.isnan(at([], 0.5))
