"""The operation log (操作记录) as a chain, recomputed: hash = SHA-256(canon({act, activity, actor, at, db_role, id, prev, remark,
role, seq})).

The database computes the same when a row is committed (`operation_text` in db/schema/0022_operation_chain.sql). Rows come in
order of `seq`, which is the order of commits; `at` is the time of the act and may run a little back from row to row.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from drawing.audit.findings import Finding, Kind
from drawing.canonical import canon
from drawing.transcript import CHINA, ORIGIN


class Row(NamedTuple):
    """A link of the chain with its row of 操作记录 (None in each of its fields when that is gone)."""

    seq: int
    operation: int
    prev: str
    hash: str
    in_ledger: str | None
    """The head that the ledger has for this place, if it has one."""
    at: datetime | None
    actor: str | None
    role: str | None
    act: str | None
    activity: str | None
    remark: str | None
    db_role: str | None


def row_hash(row: Row) -> str:
    """The hex hash of a row that is there.

    >>> from datetime import UTC
    >>> row = Row(0, 1, ORIGIN, "", None, datetime(2026, 11, 23, 1, tzinfo=UTC), "张三", "handler", "新建项目", None, "", None)
    >>> row_hash(row)[:16]
    '36b9e7be334174bc'
    """
    assert row.at is not None
    hashed = {
        "act": row.act, "activity": row.activity, "actor": row.actor,
        "at": row.at.astimezone(CHINA).isoformat(timespec="microseconds"), "db_role": row.db_role, "id": row.operation,
        "prev": row.prev, "remark": row.remark, "role": row.role, "seq": row.seq,
    }  # fmt: skip
    return sha256(canon(hashed)).hexdigest()


class LogCheck:
    """Checks the links one after the other; remembers only the last."""

    def __init__(self) -> None:
        self.count = 0
        self._next, self._last = 0, ORIGIN

    def add(self, row: Row) -> Iterator[Finding]:
        """What is wrong with the next link."""
        where = f"operation #{row.operation}"
        if row.seq != self._next:
            text = f"操作记录链缺少第 {self._next} 至 {row.seq - 1} 环"
            yield Finding(Kind.OPERATION_MISSING, f"operation_chain #{self._next}", text)
        elif row.prev != self._last:
            yield Finding(Kind.OPERATION_CHANGED, where, f"操作记录链第 {row.seq} 环与上一环的哈希值不衔接")
        if row.at is None:
            yield Finding(
                Kind.OPERATION_MISSING, where, f"操作记录第 {row.operation} 条已不存在（链上第 {row.seq} 环）"
            )
        elif row_hash(row) != row.hash:
            yield Finding(
                Kind.OPERATION_CHANGED, where, f"操作记录第 {row.operation} 条与其哈希值不符（链上第 {row.seq} 环）"
            )
        if row.in_ledger is not None and row.in_ledger != row.hash:
            text = f"操作记录链第 {row.seq} 环与台账中的不同：此前的记录被改写过"
            yield Finding(Kind.LOG_HEAD_DIFFERS, where, text)
        self._next, self._last = row.seq + 1, row.hash
        self.count += 1


def cut(seq: int) -> Finding:
    """The ledger has a head of the log at a place that the log does not reach."""
    text = f"台账中有操作记录链第 {seq} 环，链上却没有：记录的末尾被删去"
    return Finding(Kind.LOG_HEAD_DIFFERS, f"operation_chain #{seq}", text)


def unchained(number: int) -> Finding:
    """A row of the log that no link names."""
    return Finding(Kind.OPERATION_UNCHAINED, f"operation #{number}", f"操作记录第 {number} 条不在链上")
