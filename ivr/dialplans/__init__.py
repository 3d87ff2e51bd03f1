"""The conversations, one pure flow per kind of call. A new kind adds its file and one line to `Kind`
and `begin`.
"""

from collections.abc import Callable
from enum import Enum

from ivr.calls import Flow
from ivr.dialplans.details import Details
from ivr.dialplans.invitation import Invitation
from ivr.dialplans.timings import Timings
from ivr.dialplans.witness import Witness

__all__ = ["Details", "Invitation", "Kind", "Timings", "Witness", "begin"]


class Kind(Enum):
    """What a call is about; the values equal the SQL enum."""

    INVITATION = "invitation"
    DETAILS = "details"
    WITNESS = "witness"


def begin(kind: Kind, timings: Timings, weak: Callable[[str], str | None]) -> Flow:
    """A new conversation of that kind. `weak`: see Witness; other kinds don't ask for it."""
    match kind:
        case Kind.INVITATION:
            return Invitation(timings)
        case Kind.DETAILS:
            return Details(timings)
        case Kind.WITNESS:
            return Witness(timings, weak)
