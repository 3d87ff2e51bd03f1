"""The conversations, one pure flow per kind of call. A new kind adds its file, its prompts, its test, and its line here."""

from ivr import prompts
from ivr.dialplans.details import Details
from ivr.dialplans.invitation import Invitation
from ivr.dialplans.kind import Again, Kind, PairKind, Whom
from ivr.dialplans.masked import Masked
from ivr.dialplans.timings import Timings
from ivr.dialplans.witness import Witness

__all__ = [
    "EVERY_KIND", "KINDS", "PAIRS", "Again", "Details", "Invitation", "Kind", "Masked", "PairKind", "Timings", "Whom", "Witness",
]  # fmt: skip

_KINDS = (
    Kind("invitation", Whom.EXPERT, Again.BY_DRAW, lambda timings, _: Invitation(timings), prompts.invitation),
    Kind("details", Whom.EXPERT, Again.BY_RULES, lambda timings, _: Details(timings), prompts.invitation),
    Kind("witness", Whom.WITNESS, Again.BY_DRAW, Witness, prompts.witness),
)
KINDS = {kind.name: kind for kind in _KINDS}
"""Every kind of call with one person, by the name that its rows have."""

PAIRS = {
    "masked": PairKind("masked", Again.NEVER, lambda timings, record: Masked(timings, record=record), prompts.masked),
}
"""Every kind of call in which two people talk with each other."""
EVERY_KIND: dict[str, Kind | PairKind] = {**KINDS, **PAIRS}
