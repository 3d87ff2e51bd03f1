"""The conversations, one pure flow per kind of call. A new kind adds its file, its prompts, its test, and its line here."""

from ivr import prompts
from ivr.dialplans.details import Details
from ivr.dialplans.invitation import Invitation
from ivr.dialplans.kind import Again, Kind, Whom
from ivr.dialplans.timings import Timings
from ivr.dialplans.witness import Witness

__all__ = ["KINDS", "Again", "Details", "Invitation", "Kind", "Timings", "Whom", "Witness"]

_KINDS = (
    Kind("invitation", Whom.EXPERT, Again.BY_DRAW, lambda timings, _: Invitation(timings), prompts.invitation),
    Kind("details", Whom.EXPERT, Again.BY_RULES, lambda timings, _: Details(timings), prompts.invitation),
    Kind("witness", Whom.WITNESS, Again.BY_DRAW, Witness, prompts.witness),
)
KINDS = {kind.name: kind for kind in _KINDS}
"""Every kind of call, by the name that its rows have."""
