"""What is said on the telephone, per language: templates of typed parts, filled with facts. All pure.

`invitation` and `witness` give every prompt of their kind of call by id; the flows name ids and know no
wording.
"""

from .facts import CallBackFacts, ConditionCount, InvitationFacts, WitnessFacts
from .parts import (
    Address,
    ClockRange,
    Code,
    Count,
    Date,
    Digits,
    Duration,
    Fixed,
    Name,
    Part,
    Pause,
    Phone,
    Prompt,
    Room,
    Spoken,
    Text,
    Time,
)
from .zh import fixed_phrases as _phrases_of_our_calls
from .zh import invitation, readback, witness
from .zh_line import call_back, inbound
from .zh_line import fixed_phrases as _phrases_of_the_line

__all__ = [
    "Address",
    "CallBackFacts",
    "ClockRange",
    "Code",
    "ConditionCount",
    "Count",
    "Date",
    "Digits",
    "Duration",
    "Fixed",
    "InvitationFacts",
    "Name",
    "Part",
    "Pause",
    "Phone",
    "Prompt",
    "Room",
    "Spoken",
    "Text",
    "Time",
    "WitnessFacts",
    "call_back",
    "fixed_phrases",
    "inbound",
    "invitation",
    "readback",
    "witness",
]


def fixed_phrases() -> tuple[str, ...]:
    """Every fixed phrase there is, once, in order: the list that a human speaker records."""
    return tuple(dict.fromkeys((*_phrases_of_our_calls(), *_phrases_of_the_line())))
