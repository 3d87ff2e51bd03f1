"""The conversations, one pure flow per kind of call. A new kind adds its file, its prompts, its test, and its line here."""

from collections.abc import Callable

from ivr import prompts
from ivr.calls import Flow
from ivr.dialplans.enquiry import ASKS_FOR_LEAVE, STILL_COMES, Enquiry
from ivr.dialplans.invitation import Invitation
from ivr.dialplans.kind import Again, Kind, Weak, Whom
from ivr.dialplans.notice import Notice
from ivr.dialplans.timings import Timings
from ivr.dialplans.witness import Witness

__all__ = ["KINDS", "Again", "Enquiry", "Invitation", "Kind", "Notice", "Timings", "Whom", "Witness"]


def _notice(*said: str, core: str) -> Callable[[Timings, Weak], Flow]:
    return lambda timings, _: Notice(timings, *said, core=core)


_EXPERT, _WITNESS, _DRAW, _RULES = Whom.EXPERT, Whom.WITNESS, Again.BY_DRAW, Again.BY_RULES
_KINDS = (
    Kind("invitation", _EXPERT, _DRAW, lambda timings, _: Invitation(timings), prompts.invitation, translated=True),
    Kind("witness", _WITNESS, _DRAW, Witness, prompts.witness),
    Kind("details", _EXPERT, _RULES, _notice("details_call", "details", core="details"), prompts.invitation,
         translated=True),
    Kind("change_of_time", _EXPERT, _RULES, lambda timings, _: Enquiry(timings, "change_of_time", STILL_COMES),
         prompts.change_of_time, prompts.ChangeOfTimeFacts.of),
    Kind("leave", _EXPERT, _RULES, lambda timings, _: Enquiry(timings, "leave", ASKS_FOR_LEAVE), prompts.leave),
    Kind("release", _EXPERT, _RULES, _notice("release", "release_more", core="release"), prompts.release),
    Kind("withdrawal", _EXPERT, _RULES, _notice("withdrawal", "withdrawal_more", core="withdrawal"),
         prompts.withdrawal, prompts.WithdrawalFacts.of),
    Kind("urging", _EXPERT, _RULES, _notice("urging", "urging_more", core="urging"), prompts.urging),
    Kind("reminder", _EXPERT, _RULES, _notice("reminder", "details", core="reminder"), prompts.reminder),
)  # fmt: skip
KINDS = {kind.name: kind for kind in _KINDS}
"""Every kind of call, by the name that its rows have."""
