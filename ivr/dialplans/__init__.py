"""The conversations, one pure flow per kind of call. A new kind adds its file, its prompts, its test, and its line here."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ivr import prompts
from ivr.calls import Flow
from ivr.dialplans.call_back import CallBack, Matter
from ivr.dialplans.enquiry import ASKS_FOR_LEAVE, STILL_COMES, Enquiry
from ivr.dialplans.inbound import Inbound
from ivr.dialplans.invitation import Invitation
from ivr.dialplans.kind import Again, Kind, PairKind, Weak, Whom
from ivr.dialplans.masked import Masked
from ivr.dialplans.notice import Notice
from ivr.dialplans.number_check import NumberCheck
from ivr.dialplans.timings import Timings
from ivr.dialplans.witness import Witness

__all__ = [
    "EVERY_KIND", "KINDS", "PAIRS", "WITNESS_SENT", "Again", "CallBack", "Enquiry", "Inbound", "Invitation", "Kind", "Masked",
    "Notice", "NumberCheck", "PairKind", "Timings", "Whom", "Witness",
]  # fmt: skip


def _notice(*said: str, core: str) -> Callable[[Timings, Weak], Flow]:
    return lambda timings, _: Notice(timings, *said, core=core)


_EXPERT, _WITNESS, _DRAW, _RULES = Whom.EXPERT, Whom.WITNESS, Again.BY_DRAW, Again.BY_RULES
_KINDS = (
    Kind("invitation", _EXPERT, _DRAW, lambda timings, _: Invitation(timings), prompts.invitation),
    Kind("witness", _WITNESS, _DRAW, Witness, prompts.witness),
    Kind("details", _EXPERT, _RULES, _notice("details_call", "details", core="details"), prompts.invitation, asks=False),
    Kind("change_of_time", _EXPERT, _RULES, lambda timings, _: Enquiry(timings, "change_of_time", STILL_COMES),
         prompts.change_of_time, prompts.ChangeOfTimeFacts.of),
    Kind("leave", _EXPERT, _RULES, lambda timings, _: Enquiry(timings, "leave", ASKS_FOR_LEAVE), prompts.leave),
    Kind("release", _EXPERT, _RULES, _notice("release", "release_more", core="release"), prompts.release, asks=False),
    Kind("withdrawal", _EXPERT, _RULES, _notice("withdrawal", "withdrawal_more", core="withdrawal"),
         prompts.withdrawal, prompts.WithdrawalFacts.of, asks=False),
    Kind("urging", _EXPERT, _RULES, _notice("urging", "urging_more", core="urging"), prompts.urging, asks=False),
    Kind("reminder", _EXPERT, _RULES, _notice("reminder", "details", core="reminder"), prompts.reminder, asks=False),
    Kind("call_back_invitation", _EXPERT, _DRAW, lambda timings, _: Invitation(timings), prompts.invitation),  # the open one
    Kind("call_back", _EXPERT, Again.NEVER, lambda timings, _: CallBack(timings, Matter.APPOINTMENT),
         prompts.call_back, lambda known, matter: prompts.CallBackFacts(known, bool(matter.get("leave")))),
    Kind("call_back_nothing", _EXPERT, Again.NEVER, lambda timings, _: CallBack(timings, Matter.NOTHING),
         prompts.call_back, lambda known, matter: prompts.CallBackFacts(None)),
    Kind("number_check", Whom.SUPERVISOR, Again.NEVER, NumberCheck, prompts.number_check),
)  # fmt: skip
KINDS = {kind.name: kind for kind in _KINDS}
"""Every kind of call with one person, by the name that its rows have."""
WITNESS_SENT = replace(KINDS["witness"], flow=partial(Witness, sent=True))
"""The witness's call where the receipt went ahead as a 短信 that is 已送达."""

PAIRS = {
    "masked": PairKind("masked", Again.NEVER, lambda timings, record: Masked(timings, record=record), prompts.masked),
}
"""Every kind of call in which two people talk with each other."""
EVERY_KIND: dict[str, Kind | PairKind] = {**KINDS, **PAIRS}
