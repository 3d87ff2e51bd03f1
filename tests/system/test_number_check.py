"""Real calls that verify supervisors' numbers: one types the code of their own page, another says that the number is not theirs."""

from __future__ import annotations

import json
from itertools import count

import pytest

from asterisk.far_end import Behaviour
from db.vault import Vault
from drawing import supervisors
from drawing.supervisors import Details
from script.registering import TERMINAL
from tests.system.conftest import Stack

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]
ENDED = "SELECT count(*) = 2 FROM call WHERE state = 'ended'"


async def test_the_register_knows_who_answers_at_a_number(stack: Stack) -> None:
    vault = stack.keys.custody.vault
    keyed = stack.far_end.settings.witness_digits[: supervisors.CODE_DIGITS]
    for account, behaviour in (("supervisor-1", Behaviour.WITNESS), ("supervisor-2", Behaviour.WRONG_PERSON)):
        async with stack.db.transaction() as tx:
            details = Details("李监督", "监督办公室", behaviour.number(7))
            await supervisors.register(tx, vault, TERMINAL, account, details, "demo-1")
    # The telephone types the same digits in each call: the call is given an id whose code they are.
    own = {"call": call_with_code(vault, keyed), "phone": vault.keyed_hash("phone", Behaviour.WITNESS.number(7))}
    await stack.db.run(
        "UPDATE call SET id = %(call)s FROM supervisor s WHERE s.id = call.supervisor AND s.phone_hash = %(phone)s", own
    )
    await stack.worker()
    await stack.until(ENDED)
    await stack.no_channels()
    right, denied = await supervisors.supervisors(stack.db, vault, terminal=TERMINAL)
    assert (right.usable, right.call, right.call_outcome) == (True, own["call"], "verified")
    assert (denied.usable, denied.denied, denied.call_outcome) == (False, True, "wrong_person")
    row = await stack.db.one("SELECT trail, evidence FROM call WHERE id = %(id)s", {"id": right.call})
    assert [heard["prompt"] for heard in row.trail["heard"]] == ["number_check", "number_check_code", "number_check_received"]
    assert json.loads(row.evidence)["outcome"] == "verified"
    noted = await stack.db.all("SELECT act, actor FROM operation ORDER BY act")
    assert {(each.act, each.actor) for each in noted} == {
        (supervisors.ACT_VERIFIED, "system"), (supervisors.ACT_DENIED, "system"),
    }  # fmt: skip


def call_with_code(vault: Vault, wanted: str) -> str:
    """The first such id; one in a million is."""
    return next(made for n in count() if supervisors.code(vault, made := f"el{n:032x}") == wanted)
