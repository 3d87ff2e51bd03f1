"""What an audit may find: a kind, a place, and a sentence in Chinese. None holds a name, a 证件号 or a telephone number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of findings; docs/operations.md says what to do about each."""

    OPERATION_CHANGED = "operation_changed"  # a row of 操作记录 is not what was hashed
    OPERATION_MISSING = "operation_missing"  # a row, or a link of the chain, is gone
    OPERATION_UNCHAINED = "operation_unchained"  # a row was put in beside the chain
    LOG_HEAD_DIFFERS = "log_head_differs"  # the ledger has another head: the log was cut or rewritten
    ENTRY_CHANGED = "entry_changed"  # an entry of a transcript is not what was hashed, or has no right form
    ENTRY_LINK = "entry_link"  # an entry does not follow the one before
    ENTRY_SIGNATURE = "entry_signature"  # not signed by the service's key
    CHAIN_IMPOSSIBLE = "chain_impossible"  # an entry can't stand where it stands
    EVIDENCE_CHANGED = "evidence_changed"  # a call's evidence is missing, or not what was hashed
    ROW_DIFFERS = "row_differs"  # a row of another table says otherwise than the transcript
    LEAF_DIFFERS = "leaf_differs"  # a commit or seal is not in the ledger as it should be
    LEDGER_GAP = "ledger_gap"  # a leaf is gone
    HEAD_DIFFERS = "head_differs"  # a head that was given out is no prefix of the ledger
    GUARD_MISSING = "guard_missing"  # a constraint or trigger that protects the rows is gone or switched off
    GUARD_CHANGED = "guard_changed"  # a table, view or function is not defined as the migrations define it
    RIGHT_ADDED = "right_added"  # a process's role may do more than its process needs


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold."""

    kind: Kind
    where: str
    """Such as `CQSQ202611230001 #17`."""
    text: str
    """In Chinese, without personal data."""

    def line(self) -> str:
        """One line for a terminal or a log.

        >>> Finding(Kind.LEDGER_GAP, "ledger #3", "台账缺少第 3 条").line()
        'ledger_gap ledger #3: 台账缺少第 3 条'
        """
        return f"{self.kind.value} {self.where}: {self.text}"
