"""What is said on the telephone, per language: templates of typed parts, filled with facts. All pure.

One function for each kind of call gives all its prompts by id; the flows name ids and know no wording.
"""

from .facts import (
    CallBackFacts,
    ChangeOfTimeFacts,
    ConditionCount,
    Ground,
    InvitationFacts,
    MaskedFacts,
    WithdrawalFacts,
    WitnessFacts,
)
from .inbound_line import inbound
from .language import Language
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
from .phrases import fixed_phrases, ready_made
from .translated import (
    call_back,
    change_of_time,
    invitation,
    leave,
    masked,
    number_check,
    release,
    reminder,
    urging,
    withdrawal,
)
from .zh import readback, witness

__all__ = [
    "Address",
    "CallBackFacts",
    "ChangeOfTimeFacts",
    "ClockRange",
    "Code",
    "ConditionCount",
    "Count",
    "Date",
    "Digits",
    "Duration",
    "Fixed",
    "Ground",
    "InvitationFacts",
    "Language",
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
    "WithdrawalFacts",
    "WitnessFacts",
    "call_back",
    "change_of_time",
    "fixed_phrases",
    "inbound",
    "invitation",
    "leave",
    "masked",
    "number_check",
    "readback",
    "ready_made",
    "release",
    "reminder",
    "urging",
    "withdrawal",
    "witness",
]
