"""A draw from start to seal, with real calls."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from asterisk.far_end import Behaviour
from drawing import evidence, result
from drawing.__main__ import main
from drawing.decide import share_on_page
from drawing.lifecycle import Role
from drawing.start import start
from tests.scenes import add_experts, condition, make_activity, plan, witness
from tests.system.conftest import Stack

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]


async def begin(stack: Stack, behaviours: list[Behaviour], *conditions: object, **changes: object) -> str:
    """A pool of these telephones, and a draw that has started."""
    phones = [behaviour.number(n) for n, behaviour in enumerate(behaviours)]
    add_experts(stack.database.dsn, stack.keys.custody.vault, phones)
    made = plan(conditions or (condition(seats=2),), **changes)  # type: ignore[arg-type]
    number = await make_activity(stack.db, stack.keys.custody.vault, made)
    await start(stack.db, stack.keys.custody.vault, number, "clerk", Role.HANDLER)
    return number


SEALED = "SELECT count(*) > 0 FROM draw WHERE sealed_at IS NOT NULL"


async def test_a_draw_calls_until_its_seats_are_filled(stack: Stack, tmp_path: Path) -> None:
    activity = await begin(
        stack,
        [Behaviour.ACCEPTS] * 3 + [Behaviour.DECLINES] * 2 + [Behaviour.BUSY],
        opens_in=timedelta(0),
        gathers_in=timedelta(minutes=20),
    )
    await stack.worker()
    await stack.until(SEALED)
    await stack.until("SELECT count(*) > 0 FROM operation WHERE act = 'unseal'")  # by the clock alone: nobody has looked
    await stack.no_channels()
    accepted = await stack.db.value("SELECT count(*) FROM pick WHERE outcome = 'accepted'")
    assert accepted == 2
    assert len(await result.members(stack.db, stack.keys.custody, activity)) == 2
    attempts = await stack.db.all("SELECT body::json ->> 'elapsed_ms' AS ms FROM transcript WHERE type = 'attempt'")
    assert all(int(row.ms) > 0 for row in attempts), "each call was written by the process that made it"
    await evidence.export(stack.db, stack.keys.custody, activity, tmp_path / "evidence")
    assert main(["verify", str(tmp_path / "evidence")]) == 3


async def test_digits_that_come_when_the_share_is_given_already_hear_an_apology(stack: Stack) -> None:
    """The supervisor gives them on the page while the telephone rings too: one share a draw, and the call says so."""
    supervisor = witness(Behaviour.WITNESS.number(99))
    activity = await begin(stack, [Behaviour.DECLINES], condition(seats=1), witnesses=(supervisor,))
    await stack.worker()
    await stack.until("SELECT count(*) > 0 FROM call WHERE flow = 'witness' AND state = 'live'")
    async with stack.db.transaction() as tx:
        await share_on_page(tx, stack.keys.custody, activity, supervisor.account, 1, "48291306")
    await stack.until("SELECT count(*) > 0 FROM call WHERE flow = 'witness' AND state = 'ended'")
    call = await stack.db.one("SELECT outcome::text AS outcome, decided_at, trail FROM call WHERE flow = 'witness'")
    assert (call.outcome, call.decided_at) == ("withdrawn", None)
    last = call.trail["heard"][-1]
    assert (last["prompt"], last["whole"]) == ("witness_refused", True)
