"""bench/calls holds the conversation in all three ways."""

from __future__ import annotations

import pytest

from bench.calls import NAMES, ratios, run, table
from bench.telephony.ground import Load

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]


async def test_all_three_ways_get_their_receipts() -> None:
    found = await run(list(NAMES), Load(rate=4.0, seconds=8.0, ramp=3.0))  # calls of a busy machine last longer
    assert list(found) == ["a", "b", "c"]
    for each in found.values():
        assert each.calls > 0
        assert each.failures == 0
        assert min(each.cpu_ms[name] for name in ("node", "far end")) > 0  # (a)'s Python may need less than a tick
    assert min(found["c"].cpu_ms[name] for name in ("python", "postgresql")) > 0
    assert set(ratios(found)) == {"c/a total", "c/a python", "c/b total", "c/b python"}
    assert table(found).row_count == 3
