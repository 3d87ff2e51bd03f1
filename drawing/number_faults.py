"""What a call found wrong with an expert's number (K7). The administrator's list of it is drawing/experts/number_list.py."""

from __future__ import annotations

from enum import StrEnum

from db.pool import Transaction
from db.queries import load
from drawing.words import CALL_OUTCOMES

_Q = load("drawing", "number_faults.sql")


class Fault(StrEnum):
    """What is wrong; the values are those of the calls' outcomes, and equal the SQL enum `number_fault_kind`."""

    REDIRECTED = "redirected"
    INVALID_NUMBER = "invalid_number"
    WRONG_PERSON = "wrong_person"

    @property
    def label(self) -> str:
        """As the clerk reads it of the call; wrong_person in the word for what it says of the number."""
        return "非本人" if self is Fault.WRONG_PERSON else CALL_OUTCOMES[self.value]


_FOUND = frozenset(each.value for each in Fault)


async def note(tx: Transaction, call: str, outcome: str) -> None:
    """Keep what an ended call to an expert found, if that is a fault of the number."""
    if outcome in _FOUND:
        await tx.run(_Q.note_number_fault, {"call": call, "fault": outcome})
