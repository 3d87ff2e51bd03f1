"""What a masked call (隐号通话) needs before either telephone rings: two numbers, which meet here and nowhere else.

The flow and its prompts get neither; each leg's Line gets its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.contexts import EXPERT_NAME
from db.vault import Vault
from drawing.person import Person
from ivr.ari.line import Line
from ivr.bridged import PairFlow, Side, second_leg
from ivr.prompts import MaskedFacts
from ivr.settings import Trunk

WAITS_SECONDS = 60.0
"""So long after staff asked for it such a call may still begin: they sit at their telephone."""
TONES: Mapping[str, Sequence[str]] = {"masked_ringing": ("tone:ring",)}
"""What is heard but not said."""


@dataclass(frozen=True, slots=True)
class PairConversation:
    """As ivr.preparing.Conversation, for two legs. `who` is the expert's pool id, `number` the expert's, `staff` staff's own."""

    who: str
    number: str
    staff: str
    flow: PairFlow
    media: Mapping[str, Sequence[str]]
    refused: str = ""

    def __repr__(self) -> str:
        return f"<PairConversation with {self.who}>"  # never a number

    @property
    def numbers(self) -> tuple[str, ...]:
        """Both; none when they are refused."""
        return () if self.refused else (self.staff, self.number)

    def lines(self, call: str, trunk: Trunk) -> Mapping[Side, Line]:
        """Each leg's; both see the published number and no other."""
        return {
            Side.STAFF: Line(call, self.staff, trunk.name, trunk.caller_id, trust=trunk.trust),
            Side.EXPERT: Line(second_leg(call), self.number, trunk.name, trunk.caller_id, trust=trunk.trust),
        }


def too_late(matter: Mapping[str, Any], at: datetime) -> bool:
    """Whether staff would wait for more than WAITS_SECONDS if it began then."""
    return at.timestamp() > float(matter["asked"]) + WAITS_SECONDS


def facts(vault: Vault, row: Any, person: Person, recorded: bool) -> MaskedFacts:
    """第 N 位专家 until the result is open, then the masked name (T1), as it was sealed with the pool."""
    if row.unsealed_at is None:
        return MaskedFacts(row.n, recorded)
    name = person.who.name if person.who else vault.decrypt(bytes(row.name_enc), EXPERT_NAME.at(row.expert)).decode()
    letters = "".join(letter for letter in name if not letter.isdigit())
    return MaskedFacts(letters[:1] + "*" * max(1, len(letters) - 1), recorded)
