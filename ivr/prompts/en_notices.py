"""The wording in English of the calls to those who have agreed: as zh_notices.py, prompt by prompt.

Where one sound decides (can, can't) it is said in full: lines are bad.
"""

from collections.abc import Mapping

from .en import FIXED_INVITATION, FRAME, MAY_HANG_UP, REPEAT, details
from .facts import ChangeOfTimeFacts, Ground, InvitationFacts, WithdrawalFacts
from .frame import LONG, SHORT, prompts, soon_when, when
from .language import Language
from .parts import Address, Fixed, Part, Phone, Prompt, Room

EN = Language.ENGLISH
ABOUT = Fixed("You agreed to come to an evaluation on")
SORRY: tuple[Part, ...] = (LONG, Fixed("We are sorry for the inconvenience."), SHORT, REPEAT, SHORT, MAY_HANG_UP)
GOODBYE = {"goodbye": FIXED_INVITATION["goodbye"]}
ASKED = {
    **{name: FIXED_INVITATION[name] for name in ("goodbye_no_key", "wait", "promise_call")},
    "apology_taken": (
        Fixed("Sorry, plans have changed again, and your choice is not recorded. We will contact you again. Goodbye."),
    ),
}
GROUNDS: Mapping[Ground, Fixed] = {
    Ground.FAILED_TENDER: Fixed("The tender has failed, so the evaluation will not take place as planned."),
    Ground.FORCE_MAJEURE: Fixed("Because of force majeure, the evaluation will not take place as planned."),
}


def change_of_time(facts: ChangeOfTimeFacts) -> Mapping[str, Prompt]:
    """All prompts of the call about a new 集合时间, by id."""
    asked = (Fixed("The evaluation that you agreed to is now on", brisk=True), *soon_when(facts.gather_at))
    said = (Fixed("The earlier time was"), *when(facts.earlier), SHORT, Fixed("The new time is"), *when(facts.gather_at))
    replies = {
        "received_still_comes": (
            Fixed("Your choice is recorded. You will still take part."), SHORT,
            Fixed("The new time to come is"), *when(facts.gather_at), SHORT,
            Fixed("The place has not changed. Thank you. Goodbye."),
        ),
        "received_cant_come": FIXED_INVITATION["received_decline"],
    }  # fmt: skip
    choices = ("If you will still take part, press 1.", "If you are not able to take part, press 2.")
    asking = FRAME.asks("change_of_time", asked, said, *choices)
    confirm = FRAME.confirmations(
        still_comes=("You say that you will still take part.", "1"),
        cant_come=("You say that you are not able to take part.", "2"),
    )
    return prompts({**asking, **ASKED, **confirm, **replies}, EN)


def leave(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the call that asks whether leave (请假) is asked for, by id."""
    asked = (Fixed("Leave was registered for you, for the evaluation on", brisk=True), *soon_when(facts.gather_at))
    said = (Fixed("Please tell us yourself whether that is right."), SHORT, ABOUT, *when(facts.gather_at))
    replies = {
        "received_leave_confirmed": (Fixed("Your leave is recorded. You will not take part this time. Thank you. Goodbye."),),
        "received_leave_denied": (
            Fixed("This is recorded. You have not asked for leave, and you still take part. Thank you. Goodbye."),
        ),
    }  # fmt: skip
    choices = ("If you do ask for leave, press 1.", "If you have not asked for leave, and still take part, press 2.")
    asking = FRAME.asks("leave", asked, said, *choices)
    confirm = FRAME.confirmations(
        leave_confirmed=("You say that you ask for leave.", "1"),
        leave_denied=("You say that you have not asked for leave.", "2"),
    )
    return prompts({**asking, **ASKED, **confirm, **replies}, EN)


def release(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the notice after a forced end (强制结束), by id."""
    core = (
        ABOUT, *when(facts.gather_at), SHORT,
        Fixed("The selection of experts has ended. You are not needed any more. Please do not come."),
    )  # fmt: skip
    return prompts({"release": FRAME.notice(*core), "release_more": SORRY, **GOODBYE}, EN)


def withdrawal(facts: WithdrawalFacts) -> Mapping[str, Prompt]:
    """All prompts of the withdrawal notice (退选通知), by id."""
    core = (
        ABOUT, *when(facts.gather_at), SHORT, GROUNDS[facts.ground], SHORT,
        Fixed("You are not needed any more. Please do not come."),
    )  # fmt: skip
    return prompts({"withdrawal": FRAME.notice(*core), "withdrawal_more": SORRY, **GOODBYE}, EN)


def urging(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the call to who has not arrived, by id."""
    core = (
        ABOUT, *when(facts.gather_at), SHORT,
        Fixed("You are not yet registered as arrived. Please come as soon as you can."),
    )  # fmt: skip
    more = (
        LONG, Fixed("The place is"), Address(facts.address), SHORT,
        *((Fixed("The room is"), Room(facts.room), SHORT) if facts.room else ()),
        Fixed("The telephone number is"), Phone(facts.contact_phone), LONG,
        Fixed("If you have arrived already, please register at once."), SHORT, REPEAT, SHORT, MAY_HANG_UP,
    )  # fmt: skip
    return prompts({"urging": FRAME.notice(*core), "urging_more": more, **GOODBYE}, EN)


def reminder(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the reminder before the gathering, by id; the details follow."""
    core = (
        Fixed("This is a reminder."), SHORT, ABOUT, *when(facts.gather_at), SHORT, Fixed("Please come on time."), LONG,
    )  # fmt: skip
    return prompts({"reminder": FRAME.notice(*core), "details": details(facts), **GOODBYE}, EN)
