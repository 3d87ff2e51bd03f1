"""What is said on the telephone, per language: templates of typed parts, filled with facts. All pure.

`invitation` and `witness` give every prompt of their kind of call by id; the flows name ids and know no
wording.
"""

from .facts import ConditionCount, InvitationFacts, MaskedFacts, WitnessFacts
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
from .zh import fixed_phrases, invitation, readback, witness
from .zh_masked import masked

__all__ = [
    "Address",
    "ClockRange",
    "Code",
    "ConditionCount",
    "Count",
    "Date",
    "Digits",
    "Duration",
    "Fixed",
    "InvitationFacts",
    "MaskedFacts",
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
    "fixed_phrases",
    "invitation",
    "masked",
    "readback",
    "witness",
]
