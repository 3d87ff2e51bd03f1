"""Two trunks, the first of which is dead: who is to be called is reached over the second one, and nobody twice."""

from __future__ import annotations

import pytest

from asterisk.far_end import Behaviour
from tests.scenes import condition
from tests.system.conftest import Stack
from tests.system.test_draw import SEALED, begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]

TRIED = """
SELECT c.outcome::text AS outcome, c.trail ->> 'trunk' AS trunk
FROM call c WHERE c.flow = 'invitation' AND c.dialled_at IS NOT NULL ORDER BY c.pick, c.attempt
"""


@pytest.mark.parametrize("stack", [{"dead_trunk": True}], indirect=True)
async def test_another_trunk_after_a_failure_of_the_trunk(stack: Stack) -> None:
    unknown = await stack.worker(trunks=("carrier", "nobody"))
    assert await unknown.ended() == 1
    assert "Asterisk knows no trunk 'nobody'" in unknown.log.read_text()

    await begin(stack, [Behaviour.ACCEPTS], condition(seats=1))
    await stack.worker(trunks=("dead", "carrier"))
    await stack.until(SEALED)
    await stack.no_channels()
    tried = [(each.outcome, each.trunk) for each in await stack.db.all(TRIED)]
    assert tried == [("trunk_failure", "dead"), ("accepted", "carrier")]
