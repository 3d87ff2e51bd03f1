"""The bench of what it costs to hear why calls end: every Reason is heard, and all is counted."""

import pytest

from bench.reasons import measure

pytestmark = pytest.mark.telephone


async def test_two_nodes_are_called_in_turn() -> None:
    found = await measure(calls=5)
    assert (found["unheard"], found["packets"]) == (0, 3)
    assert 0 < found["worker"] < found["node with copies"]
