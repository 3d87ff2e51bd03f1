"""The wording of the call back, in English: as zh_line.py, prompt by prompt."""

from collections.abc import Mapping

from .en import FIXED_INVITATION, FRAME, details
from .facts import CallBackFacts, InvitationFacts
from .frame import LANGUAGE_MENU, LONG, SHORT, prompts
from .language import Language
from .parts import Fixed, Part, Phone, Prompt

SORRY = Fixed("Sorry, the system is busy, and nothing can be done now. Please call us again later. Goodbye.")
LANGUAGE_KEY = Fixed("To choose a language, press 7.")
FAREWELL: tuple[Part, ...] = (SHORT, Fixed("If there is nothing else, you may hang up."))

CALLED = Fixed("You called us a moment ago, and we are calling you back.", brisk=True)
NOT_YOU = Fixed("If it was not you who called, please just hang up.")
APPOINTMENT_KEYS = Fixed("To hear where and when to come, press 1.")
LEAVE_KEY = Fixed("If you are not able to take part, and ask for leave, press 8.")

LEAVE: Mapping[str, tuple[Part, ...]] = {
    "confirm_leave": (
        Fixed("You have chosen to ask for leave. You will not take part in this evaluation."), SHORT,
        Fixed("To confirm your leave, press 8 once more."), SHORT,
        Fixed("If you do not ask for leave, press the star key."),
    ),
    "received_leave": (Fixed("Your leave is recorded. You do not have to come to this evaluation. Thank you. Goodbye."),),
    "leave_not_taken": (
        Fixed("We have not received your confirmation. You have no leave. Please come on time. Goodbye."),
    ),
}  # fmt: skip


def call_back(facts: CallBackFacts) -> Mapping[str, Prompt]:
    """All prompts of a call back, by id."""
    common = {"wait": FIXED_INVITATION["wait"], "promise_call": (SORRY,), "goodbye": FIXED_INVITATION["goodbye"]}
    intro: tuple[Part, ...] = (*FRAME.greeting, CALLED, SHORT)
    menu = _menu(facts)
    texts = {**common, "languages": LANGUAGE_MENU, "call_back": (*intro, *menu, SHORT, NOT_YOU)}
    texts["language_recorded"] = (
        Fixed("The language that you chose is recorded. Later calls will use it."), LONG, *menu,
    )  # fmt: skip
    if facts.appointment is not None:
        texts |= {**LEAVE, "leave_closed": _closed(facts.appointment), "details": details(facts.appointment)}
    return prompts(texts, Language.ENGLISH)


def _menu(facts: CallBackFacts) -> tuple[Part, ...]:
    if facts.appointment is None:
        return (Fixed("There is nothing now that we need you for."), SHORT, LANGUAGE_KEY, *FAREWELL)
    asked: tuple[Part, ...] = (LEAVE_KEY, SHORT) if facts.leave else ()
    keys: tuple[Part, ...] = (APPOINTMENT_KEYS, SHORT, *asked, LANGUAGE_KEY)
    return (Fixed("You have agreed to take part in an evaluation."), SHORT, *keys, *FAREWELL)


def _closed(facts: InvitationFacts) -> tuple[Part, ...]:
    return (
        Fixed("Sorry, the time to ask for leave by telephone is over, or your appointment has changed."), SHORT,
        Fixed("Please call the staff. The telephone number is"), Phone(facts.contact_phone), LONG,
    )  # fmt: skip
