"""Which waiting calls are due: those of a draw only while it is under way and owes nothing, the others whenever it is time."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.pool import Database
from drawing.lifecycle import Role
from drawing.start import start
from ivr.dispatch import OF_THE_DRAW, Q
from tests.drawing.test_draw import Hand
from tests.postgres import TestDatabase
from tests.scenes import add_experts, condition, make_activity, make_keys, plan, witness

pytestmark = pytest.mark.postgres

CALL = """
INSERT INTO call (id, flow, activity, expert, attempt, not_before)
VALUES ('el' || md5(%(flow)s || %(activity)s || %(soon)s), %(flow)s, %(activity)s, 1, 1,
        clock_timestamp() + %(soon)s * interval '1 second')
"""


@pytest.mark.parametrize(
    ("state", "owed", "due"),
    [
        ("drawing", False, {"invitation", "details", "release"}),
        ("drawing", True, {"details", "release"}),
        ("paused", False, {"details", "release"}),
        ("completed", False, {"details", "release"}),
        ("ended", True, {"details", "release"}),
    ],
)
async def test_calls_of_the_draw_are_held(
    db: Database, database: TestDatabase, tmp_path: Path, state: str, owed: bool, due: set[str]
) -> None:
    keys = make_keys(tmp_path)
    add_experts(database.dsn, keys.custody.vault, ["13800000001"])
    activity = await make_activity(db, keys.custody.vault, plan((condition(),)))
    await db.run("UPDATE activity SET state = %(state)s::activity_state, owed = %(owed)s", {"state": state, "owed": owed})
    for flow in ("invitation", "details", "release"):
        await db.run(CALL, {"flow": flow, "activity": activity, "soon": 0})
    await db.run(CALL, {"flow": "reminder", "activity": activity, "soon": 600})
    found = await db.all(Q.due, {"limit": 10, "held": OF_THE_DRAW})
    assert {row.flow for row in found} == due
    soon = await db.value(Q.next_due, {"held": OF_THE_DRAW})
    assert 590 < soon <= 600


def test_which_belong_to_the_draw() -> None:
    assert set(OF_THE_DRAW) == {"invitation", "call_back_invitation", "witness"}


async def test_draws_take_turns(db: Database, database: TestDatabase, tmp_path: Path) -> None:
    """A small draw does not wait for all calls of a large one that began before it."""
    keys = make_keys(tmp_path)
    add_experts(database.dsn, keys.custody.vault, ["13800000001"])
    large, small = [await make_activity(db, keys.custody.vault, plan((condition(),))) for _ in range(2)]
    for soon, activity in [(-9, large), (-8, large), (-7, large), (-2, small), (-1, small)]:
        await db.run(CALL, {"flow": "reminder", "activity": activity, "soon": soon})
    found = await db.all(Q.due, {"limit": 4, "held": OF_THE_DRAW})
    assert [row.activity for row in found] == [large, small, large, small]


@pytest.mark.parametrize(
    ("state", "seconds", "awaited"),
    [
        (None, 20, True),  # not put in yet
        ("sending", 20, True),
        ("submitted", 20, True),
        ("delivered", 20, False),
        ("failed", 20, False),
        ("given up", 20, False),
        ("submitted", 0, False),  # too long ago
    ],
)
async def test_a_witness_s_call_waits_only_while_the_receipt_may_still_be_delivered(
    db: Database, database: TestDatabase, tmp_path: Path, state: str | None, seconds: float, awaited: bool
) -> None:
    keys = make_keys(tmp_path)
    add_experts(database.dsn, keys.custody.vault, ["13800000001"])
    supervisor = witness("13900000001")
    activity = await make_activity(db, keys.custody.vault, plan((condition(),), witnesses=(supervisor,)))
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    await Hand(db, database.dsn, keys, activity).advance()
    who = await db.value("SELECT id FROM witness WHERE activity = %(activity)s", {"activity": activity})
    if state is not None:
        kept = "sending" if state == "given up" else state
        await db.run(MESSAGE, {"activity": activity, "witness": who, "state": kept, "given_up": state == "given up"})
    values = {"activity": activity, "witness": who, "seconds": seconds}
    assert await db.value(Q.receipt_awaited, values) is awaited
    row = await db.one(Q.witness_call, {"activity": activity, "witness": who})
    assert row.sent is (state == "delivered")


MESSAGE = """
INSERT INTO message (kind, matter, activity, witness, draw, state, submitted_at, receipt_at, given_up_at, error)
VALUES ('witness_receipt', 'witness:' || %(activity)s || ':1:' || %(witness)s, %(activity)s, %(witness)s, 1,
        %(state)s::message_state, clock_timestamp(), CASE WHEN %(state)s IN ('delivered', 'failed') THEN clock_timestamp() END,
        CASE WHEN %(given_up)s THEN clock_timestamp() END, CASE WHEN %(given_up)s THEN 'x' ELSE '' END)
"""
