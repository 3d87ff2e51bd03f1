"""The rows of a call that verifies a number: due without an activity, held back when the number has changed, ended by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.contexts import SUPERVISOR_PHONE
from db.pool import Database
from drawing import supervisors
from drawing.supervisors import Details, NumberCheck
from ivr.dispatch import OF_THE_DRAW, Q
from script.registering import TERMINAL
from tests.scenes import make_keys

pytestmark = pytest.mark.postgres


async def test_a_call_about_a_number_is_due_and_stands_until_the_number_changes(db: Database, tmp_path: Path) -> None:
    vault = make_keys(tmp_path).custody.vault
    async with db.transaction() as tx:
        number = await supervisors.register(
            tx, vault, TERMINAL, "supervisor-1", Details("李监督", "监督办公室", "13900000000"), "demo-1"
        )
    (due,) = await db.all(Q.due, {"limit": 9, "held": OF_THE_DRAW})
    assert (due.flow, due.activity, due.supervisor, due.rules) == ("number_check", None, number, "demo-1")
    row = await db.one(Q.number_check, {"call": due.id})
    assert vault.decrypt(bytes(row.phone_enc), SUPERVISOR_PHONE.at(number)) == b"13900000000"
    now = await db.one(Q.number_check_now, {"call": due.id, "numbers": []})
    assert (now.stands, now.called, now.on_the_line) == (True, [], False)
    await db.run("INSERT INTO node (name, epoch) VALUES ('n', 1)")
    await db.run("UPDATE call SET state = 'live', node = 'n', epoch = 1, dialled_at = clock_timestamp(), numbers = '{x}'")
    (live,) = await db.all(Q.live_calls, {"node": "n", "epoch": 1})
    assert live.who == f"supervisor {number}"
    await db.run("UPDATE supervisor SET phone_hash = sha256('another')")
    now = await db.one(Q.number_check_now, {"call": due.id, "numbers": [b"x"]})
    assert (now.stands, len(now.called), now.on_the_line) == (False, 1, True)
    async with db.transaction() as tx:
        await supervisors.end_call(tx, NumberCheck(due.id, 1), "no_answer", {"expert": live.who}, "{}")
    assert await db.value("SELECT outcome::text FROM call WHERE state = 'ended'") == "no_answer"
