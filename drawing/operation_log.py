"""操作记录: who did what with an activity."""

from __future__ import annotations

from db.pool import Transaction
from drawing.chain import Q
from drawing.lifecycle import Act, Role


async def log(tx: Transaction, activity: str, act: Act, actor: str, role: Role, remark: str = "") -> None:
    """One line of 操作记录."""
    values = {"activity": activity, "act": act.value, "actor": actor, "role": role.value, "remark": remark}
    await tx.run(Q.log_operation, values)
