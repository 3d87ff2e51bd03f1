"""Heads of the ledger (台账头) that are given out: each is kept, so that no later ledger can deny one of them.

What a commit's or a seal's receipt says is fixed with the entry, and the same by telephone, by 短信 and on the page, whenever it is
asked for. A printed sheet carries the head of the last commit or seal; an export and `close` have the ledger's present one.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from db.pool import Database, Transaction
from drawing.chain import Q, head_at
from drawing.ledger import COMMIT, SEAL, LedgerHead


class Given(Enum):
    """With what a head went out; the values are those of `ledger_head.given`."""

    COMMIT = COMMIT  # fixed with the commit: what its receipts say
    SEAL = SEAL
    CALL = "call"
    SMS = "sms"
    PAGE = "page"
    PRINT = "print"
    EXPORT = "export"
    CLOSE = "close"


async def receipt(db: Database | Transaction, activity: str, draw: int, fixed: Given, given: Given, whom: str) -> LedgerHead:
    """The head of a draw's commit or seal (`fixed`), which goes out to `whom` with `given`."""
    row = await db.one(Q.fixed_head, {"activity": activity, "draw": draw, "given": fixed.value})
    head = LedgerHead(row.size, row.root) if row is not None else await _before_heads_were_kept(db, activity)
    await give(db, activity, head, given, whom, draw)
    return head


async def last(db: Database | Transaction, activity: str) -> LedgerHead | None:
    """The head of the activity's last commit or seal; None before the first, or for one that is older than this table."""
    row = await db.one(Q.last_head, {"activity": activity})
    return None if row is None else LedgerHead(row.size, row.root)


async def give_last(db: Database | Transaction, activity: str, given: Given, whom: str) -> LedgerHead | None:
    """The same, and it is kept that it went out to `whom`."""
    row = await db.one(Q.last_head, {"activity": activity})
    if row is None:
        return None
    head = LedgerHead(row.size, row.root)
    await give(db, activity, head, given, whom, row.draw)
    return head


async def present(db: Database | Transaction) -> LedgerHead:
    """The head over the whole ledger. Raises LookupError while it is empty."""
    row = await db.one(Q.last_leaf)
    if row is None:
        raise LookupError("the ledger is empty")
    return head_at(row, () if row.peaks is not None else await db.all(Q.ledger))


async def give(
    db: Database | Transaction, activity: str, head: LedgerHead, given: Given, whom: str, draw: int | None = None
) -> None:
    """Keep that a head goes out."""
    values: dict[str, Any] = {"activity": activity, "draw": draw, "given": given.value, "whom": whom}
    await db.run(Q.give_head, values | {"size": head.size, "root": bytes.fromhex(head.root)})


async def _before_heads_were_kept(db: Database | Transaction, activity: str) -> LedgerHead:
    """Of a draw that was committed by an older version: the ledger as it ended with the activity's last leaf."""
    leaves = await db.all(Q.own_leaves, {"activity": activity})
    return head_at(leaves[-1], leaves)
