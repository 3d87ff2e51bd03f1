"""Alarms of trunks from real calls: telephones that never press a key, a trunk that brings nothing anywhere, a worker that starts
again."""

from __future__ import annotations

import pytest

from asterisk.far_end import Behaviour
from drawing.lifecycle import Role
from drawing.start import start
from tests.scenes import add_experts, condition, make_activity, plan
from tests.system.conftest import Stack
from tests.system.test_crash import killed
from tests.system.test_draw import begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]
RAISED = "SELECT count(*) = 1 FROM trunk_alarm WHERE trunk = %(t)s AND alarm = %(a)s::trunk_alarm_kind AND lifted_at IS NULL"
KEYLESS = "no key came in the last"


async def test_calls_without_a_key_raise_an_alarm_that_outlives_the_worker(stack: Stack) -> None:
    """Eight calls in a row (the rules' number); a telephone whose keys come lifts it."""
    await begin(stack, [Behaviour.SILENT] * 8, condition(seats=8))
    first = await stack.worker()
    await stack.until(RAISED, t="carrier", a="keyless")
    ended = await stack.db.all("SELECT trunk_result::text AS shown, outcome::text AS outcome FROM call WHERE state = 'ended'")
    assert {tuple(row) for row in ended} == {("keyless", "no_key")}
    assert len(ended) >= 8
    assert await stack.db.value("SELECT online FROM trunk WHERE name = 'carrier'")
    await first.says(KEYLESS)
    await killed(first)
    assert first.log.read_text().count(KEYLESS) == 1
    await stack.db.run("UPDATE activity SET state = 'paused'")
    second = await stack.worker()
    seen = await stack.db.value("SELECT seen_at FROM trunk")
    await stack.until("SELECT seen_at > %(s)s FROM trunk", s=seen)
    assert await stack.db.value(RAISED, {"t": "carrier", "a": "keyless"})
    assert KEYLESS not in second.log.read_text()
    await one_who_accepts(stack)
    await stack.until("SELECT count(*) = 0 FROM trunk_alarm WHERE lifted_at IS NULL")
    await second.says("the alarm keyless is lifted")


@pytest.mark.parametrize("stack", [{"dead_trunk": True}], indirect=True)
async def test_a_dead_trunk_has_an_alarm_and_is_taken_last_after_a_restart(stack: Stack) -> None:
    await begin(stack, [Behaviour.ACCEPTS] * 6, condition(seats=6))
    worker = await stack.worker(trunks=("dead", "carrier"))
    await stack.until(RAISED, t="dead", a="failing")
    await worker.stop()
    number = await one_who_accepts(stack)
    await stack.worker(trunks=("dead", "carrier"))
    await stack.until("SELECT count(*) = 1 FROM call WHERE activity = %(a)s AND outcome = 'accepted'", a=number)
    tried = await stack.db.all("SELECT trunk FROM call WHERE activity = %(a)s AND dialled_at IS NOT NULL", {"a": number})
    assert [row.trunk for row in tried] == ["carrier"]


async def one_who_accepts(stack: Stack) -> str:
    """Another draw, of somebody else; its number."""
    await stack.db.run("UPDATE expert SET suspended = true")
    add_experts(stack.database.dsn, stack.keys.custody.vault, [Behaviour.ACCEPTS.number(99)], cards=99)
    number = await make_activity(stack.db, stack.keys.custody.vault, plan((condition(seats=1),)))
    await start(stack.db, stack.keys.custody.vault, number, "clerk", Role.HANDLER)
    return number


async def test_what_calls_find_wrong_with_numbers_is_kept(stack: Stack) -> None:
    """By the worker's own role; the expert who is busy or agrees has no entry."""
    await begin(stack, [Behaviour.INVALID, Behaviour.WRONG_PERSON, Behaviour.ACCEPTS, Behaviour.BUSY], condition(seats=4))
    await stack.worker()
    await stack.until("SELECT count(*) = 2 FROM number_fault")
    await stack.until("SELECT count(*) > 0 FROM call WHERE outcome = 'busy'")
    await stack.until("SELECT count(*) > 0 FROM pick WHERE outcome = 'accepted'")
    kept = await stack.db.all("SELECT expert, fault::text AS fault, draw FROM number_fault ORDER BY expert")
    assert [tuple(row) for row in kept] == [(1, "invalid_number", 1), (2, "wrong_person", 1)]
    assert await stack.db.value("SELECT count(*) FROM number_fault_open") == 0
    assert await stack.db.value("SELECT bool_and(trunk_result::text IN ('keyed', 'reached')) FROM call WHERE state = 'ended'")
