"""From a waiting call to a live one: everything is looked at again in the one transaction that makes it live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.errors import Conflict
from db.pool import Database, Transaction
from db.queries import load
from drawing.canonical import read
from drawing.chain import Custody
from drawing.decide import Owing, lock_settled, unavailable
from drawing.lots import weak_share
from drawing.rules import Rules
from ivr import dialplans, prompts
from ivr.calls import Flow
from ivr.lease import Lease
from ivr.prompts import Prompt
from ivr.prompts.facts import ConditionCount, InvitationFacts, WitnessFacts
from ivr.speech import Speech

Q = load("ivr")
ON_ANOTHER_LINE_SECONDS = 5.0  # an expert who is being called elsewhere waits, is not passed
Media = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A call that is live in the database and may be dialled now."""

    id: str
    activity: str
    flow_name: str
    attempt: int
    who: str  # pool id of an expert, or the id of a witness
    number: str
    flow: Flow
    media: Media

    def __repr__(self) -> str:
        return f"<Ready {self.id} {self.flow_name}>"  # never the number
