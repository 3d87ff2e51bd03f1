"""Supervisors who are in the register without having been called: for the demo and for tests, where nobody could type a code.

What is written is what a call leaves that came to `verified`; its trail is empty, and its line in 操作记录 says that it was none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from db.pool import Database
from db.vault import Vault
from drawing import supervisors
from drawing.call_ids import new_call_id
from drawing.supervisors import Details
from ivr.settings import Settings

TERMINAL = "440000"
NODE: str = Settings.model_fields["node"].default
"""The worker's, which takes it over when it starts: a node of any other name would seem to be one whose worker is gone."""
ACT = "预先登记监督人（未经呼叫核验）"


@dataclass(frozen=True, slots=True)
class Preregistered:
    """A supervisor's account, name and telephone."""

    account: str
    name: str = field(repr=False)
    phone: str = field(repr=False)


async def preregister(db: Database, vault: Vault, who: Preregistered, rules: str = "demo-4") -> int:
    """Put them into the register of 省抽取终端 with a number that counts as verified; the same again changes nothing."""
    there = await supervisors.supervisors(db, vault, terminal=TERMINAL, account=who.account)
    if any(each.usable and each.phone == who.phone for each in there):
        return there[0].id
    details = Details(who.name, "广东省公共资源交易监督办公室", who.phone)
    async with db.transaction() as tx:
        if there:
            number = there[0].id
            await supervisors.change(tx, vault, TERMINAL, number, details, rules)
        else:
            number = await supervisors.register(tx, vault, TERMINAL, who.account, details, rules)
        await tx.run(supervisors.Q.drop_number_checks, {"id": number})
        values = {"call": new_call_id(), "id": number, "act": ACT, "node": NODE}
        for statement in _STATEMENTS:
            await tx.run(statement, values)
    return number


_STATEMENTS = (
    "INSERT INTO node (name) VALUES (%(node)s) ON CONFLICT DO NOTHING",
    """INSERT INTO call (id, flow, supervisor, attempt, matter, state, node, epoch, dialled_at, outcome, decided_at, ended_at)
       SELECT %(call)s, 'number_check', id, 1000, jsonb_build_object('number', encode(phone_hash, 'hex')), 'ended',
              %(node)s, 0, clock_timestamp(), 'verified', clock_timestamp(), clock_timestamp()
       FROM supervisor WHERE id = %(id)s""",
    "UPDATE supervisor SET verified_by = %(call)s, verified_at = clock_timestamp() WHERE id = %(id)s",
    "INSERT INTO operation (actor, role, act, remark) VALUES ('system', 'system', %(act)s, %(id)s::text)",
)
