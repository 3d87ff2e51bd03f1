"""The wording in English: the calls to experts.

Short sentences, the meaning first and the key after it, as in zh.py. What is typed in hanzi (a place, a name, a note)
is said by the Mandarin voice, which is how it will be heard on the spot; what is typed in Latin letters (pinyin too) is
said as it is.
"""

from collections.abc import Mapping

from .facts import InvitationFacts
from .frame import LEAD, LONG, SHORT, Frame, prompts, when
from .language import Language
from .parts import Address, Code, Duration, Fixed, Name, Part, Phone, Prompt, Room, Text

WHO = Fixed("Hello. This is the bid evaluation expert pool of Guangdong Province.")
AUTOMATIC = Fixed("This is an automatic call. You can press a key at any time.")
ASKS_NOTHING = Fixed("We will not ask for the number of your identity card, or for any payment.")
MENU: tuple[Part, ...] = (
    Fixed("To take part, press 1."), SHORT, Fixed("Not to take part, press 2."), SHORT,
    Fixed("To hear this again, press 3, or the star key."), SHORT,
    Fixed("If this is the wrong number, or you are not the person called, press 9."),
)  # fmt: skip
CHOOSE_AGAIN = Fixed("To choose again, press the star key.")
REPEAT = Fixed("To hear this again, press 3, or the star key.")
WRONG_KEY, NO_KEY = Fixed("That key is not valid."), Fixed("We have not received a key.")
MAY_HANG_UP = Fixed("You may hang up when you have heard enough.")
FRAME = Frame(
    who=WHO, automatic=AUTOMATIC, asks_nothing=ASKS_NOTHING, wrong_key=WRONG_KEY, no_key=NO_KEY,
    confirm="To confirm, press {key} once more.", choose_again=CHOOSE_AGAIN, repeat=REPEAT,
    told=Fixed("This is an automatic call."),
)  # fmt: skip

FIXED_INVITATION: Mapping[str, tuple[Part, ...]] = {
    "confirm_accept": (
        Fixed("You have chosen to take part."), SHORT, Fixed("To confirm, press 1 once more."), SHORT, CHOOSE_AGAIN,
    ),
    "confirm_decline": (
        Fixed("You have chosen not to take part."), SHORT, Fixed("To confirm, press 2 once more."), SHORT,
        CHOOSE_AGAIN,
    ),
    "confirm_wrong_person": (
        Fixed("You say that this is the wrong number, or that you are not the person called."), SHORT,
        Fixed("To confirm, press 9 once more."), SHORT, CHOOSE_AGAIN,
    ),
    "wrong_key": (WRONG_KEY, SHORT, *MENU),
    "no_key": (NO_KEY, SHORT, *MENU),
    "goodbye_no_key": (Fixed("We have not received your choice. We may call again later. Goodbye."),),
    "received_accept": (Fixed("Your choice is recorded. You will take part in this evaluation. Thank you."), LONG),
    "received_decline": (Fixed("Your choice is recorded. You will not take part this time. Thank you. Goodbye."),),
    "received_wrong_person": (Fixed("This is recorded. We are sorry to have disturbed you. Goodbye."),),
    "wait": (Fixed("The system is busy. Please wait, and do not hang up."), LONG),
    "promise_call": (Fixed("Sorry, the system can't record your choice now. We will call you again. Goodbye."),),
    "apology_taken": (
        Fixed("Sorry, all places are taken, or this invitation is no longer valid. Thank you. Goodbye."),
    ),
    "goodbye": (Fixed("Thank you. Goodbye."),),
    "details_call": (
        LEAD, WHO, SHORT, Fixed("You have agreed to take part in an evaluation. Here is where and when to come."), LONG,
    ),
}  # fmt: skip


def invitation(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the invitation call, by id."""
    texts = {**FIXED_INVITATION, "invitation": _invite(facts), "details": details(facts)}
    return prompts(texts, Language.ENGLISH)


def _invite(facts: InvitationFacts) -> tuple[Part, ...]:
    length: tuple[Part, ...] = ()
    if facts.duration is not None:
        length = (SHORT, Fixed("The evaluation will take about"), Duration(facts.duration))
    return (
        LEAD, WHO, SHORT, AUTOMATIC, LONG,
        Fixed("You are invited to take part in an evaluation."), SHORT,
        Fixed("The time to come is"), *when(facts.gather_at), SHORT,
        Fixed("The area is"), Address(facts.district), *length, LONG,
        *MENU, LONG,
        ASKS_NOTHING,
    )  # fmt: skip


def details(facts: InvitationFacts) -> tuple[Part, ...]:
    """Where to go and what to show there (集合信息)."""
    contact: tuple[Part, ...] = (Name(facts.contact),) if facts.contact else ()
    code: tuple[Part, ...] = (Fixed("Your code of 6 digits is"), SHORT, Code(facts.code), LONG)
    return (
        Fixed("Please write down where and when to come."), LONG,
        Fixed("The time to come is"), *when(facts.gather_at), SHORT,
        Fixed("The place is"), Address(facts.address), SHORT,
        *((Fixed("The room is"), Room(facts.room), SHORT) if facts.room else ()),
        Fixed("The person to contact is"), *contact, SHORT,
        Fixed("The telephone number is"), Phone(facts.contact_phone), LONG,
        *((Fixed("Please note:"), Text(facts.note), LONG) if facts.note else ()),
        *code, Fixed("Once more."), *code,
        Fixed("Show the code when you arrive, and tell it to nobody."), SHORT,
        REPEAT, SHORT, MAY_HANG_UP,
    )  # fmt: skip
