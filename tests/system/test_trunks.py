"""Two trunks, one of which is dead: who is to be called is reached over the other one, and nobody twice."""

from __future__ import annotations

import pytest

from asterisk.far_end import Behaviour
from db.blocking import transaction
from drawing.lifecycle import Role
from drawing.start import start
from tests.scenes import add_experts, condition, make_activity, plan
from tests.system.conftest import Stack
from tests.system.crash import TALKING
from tests.system.test_crash import killed
from tests.system.test_draw import SEALED, begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]

TRIED = """
SELECT c.outcome::text AS outcome, c.trail ->> 'trunk' AS trunk
FROM call c WHERE c.flow = 'invitation' AND c.dialled_at IS NOT NULL ORDER BY c.pick, c.attempt
"""


@pytest.mark.parametrize(
    "stack", [{"dead_trunk": True}, {"dead_trunk": True, "front": True}], indirect=True, ids=["node", "front"]
)
async def test_another_trunk_after_a_failure_of_the_trunk(stack: Stack) -> None:
    unknown = await stack.worker(trunks=("carrier", "nobody"))
    assert await unknown.ended() == 1
    await unknown.says("Asterisk knows no trunk 'nobody'")

    await begin(stack, [Behaviour.ACCEPTS], condition(seats=1))
    await stack.worker(trunks=("dead", "carrier"))
    await stack.until(SEALED)
    await stack.no_channels()
    tried = [(each.outcome, each.trunk) for each in await stack.db.all(TRIED)]
    assert tried == [("trunk_failure", "dead"), ("accepted", "carrier")]


@pytest.mark.parametrize("stack", [{"dead_trunk": True}], indirect=True)
async def test_a_call_that_a_dead_worker_left_takes_room_on_its_own_trunk_only(stack: Stack) -> None:
    """One channel on each trunk; the call that was left can't be settled yet, so its trunk is full and the other one is not."""
    listening, other = Behaviour.SILENT.number(1), Behaviour.SILENT.number(2)
    add_experts(stack.database.dsn, stack.keys.custody.vault, [listening, other])
    await stack.db.run("UPDATE expert SET specialties = '{B0101}' WHERE id = 2")
    first, second = [
        await make_activity(stack.db, stack.keys.custody.vault, plan((condition(main=main),)))
        for main in (("A08",), ("B01",))
    ]
    await start(stack.db, stack.keys.custody.vault, first, "clerk", Role.HANDLER)
    worker = await stack.worker(lease=1.5, trunks=("carrier", "dead"), channels=1)
    await stack.until(TALKING)
    await killed(worker)
    with transaction(stack.database.owner_dsn) as tx:
        tx.run("SELECT FROM activity WHERE id = %(activity)s FOR UPDATE", {"activity": first})
        await start(stack.db, stack.keys.custody.vault, second, "clerk", Role.HANDLER)
        await stack.worker(lease=1.5, trunks=("carrier", "dead"), channels=1)
        await stack.until("SELECT count(*) > 0 FROM call WHERE activity = %(b)s AND dialled_at IS NOT NULL", b=second)
        took = await stack.db.all("SELECT activity, trunk, state::text AS state FROM call WHERE dialled_at IS NOT NULL")
    assert {row.activity: row.trunk for row in took} == {first: "carrier", second: "dead"}
    assert next(row.state for row in took if row.activity == first) == "live"
    await stack.until("SELECT outcome = 'interrupted' FROM call WHERE activity = %(a)s AND attempt = 1", a=first)
    left = await stack.db.one("SELECT trunk, trail FROM call WHERE activity = %(a)s AND attempt = 1", {"a": first})
    assert left.trunk == left.trail["trunk"] == "carrier"
