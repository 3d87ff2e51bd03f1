"""The wording in English of the call that verifies a supervisor's number: as zh_register.py, prompt by prompt."""

from collections.abc import Mapping

from .en import FIXED_INVITATION, FRAME
from .frame import BREATH, LONG, SHORT, prompts
from .language import Language
from .parts import Fixed, Part, Prompt

MENU: tuple[Part, ...] = (
    Fixed("If you are a supervisor, log in, open My registration, have the code of 6 digits ready, and then press 1."), SHORT,
    Fixed("If you are not registered, or this is a wrong number, press 9."), SHORT, FRAME.repeat,
)  # fmt: skip
ASKED: tuple[Part, ...] = (Fixed("Please verify this number of a supervisor.", brisk=True), BREATH)
CHOICE: tuple[Part, ...] = (Fixed("Supervisors, press 1."), BREATH, Fixed("If you are not one, press 9."))
TEXTS: Mapping[str, tuple[Part, ...]] = {
    "number_check": (
        *FRAME.opening, *ASKED, *CHOICE, LONG,
        Fixed("This number is registered as that of a supervisor, who will be called to witness draws. Please verify it now."),
        LONG, *MENU,
    ),
    "number_check_wrong_key": (FRAME.wrong_key, SHORT, *MENU),
    "number_check_no_key": (FRAME.no_key, SHORT, *MENU),
    "number_check_code": (
        Fixed("Log in, open My registration, and enter the code of 6 digits that the page shows."), SHORT,
        Fixed("To start over, press the star key."),
    ),
    "number_check_wrong": (
        Fixed("That is not the code."), SHORT, Fixed("Look at the code of 6 digits on the page, and enter it again."),
    ),
    "confirm_not_mine": (
        Fixed("You say that you are not registered, or that this is a wrong number."), SHORT,
        Fixed("To confirm, press 9 once more."), SHORT, FRAME.choose_again,
    ),
    "number_check_received": (Fixed("Your number is verified and registered. Thank you. Goodbye."),),
    "received_not_mine": FIXED_INVITATION["received_wrong_person"],
    "number_check_refused": (
        Fixed("Sorry, this verification is no longer valid, and nothing is recorded. Please log in and verify again. Goodbye."),
    ),
    "number_check_goodbye": (Fixed("The number is not verified. You may log in and ask for another call. Goodbye."),),
    "wait": FIXED_INVITATION["wait"],
    "promise_call": (Fixed("Sorry, nothing can be recorded now. Please log in and ask for another call. Goodbye."),),
}  # fmt: skip


def number_check(facts: None) -> Mapping[str, Prompt]:
    """All prompts of the call, by id."""
    return prompts(TEXTS, Language.ENGLISH)
