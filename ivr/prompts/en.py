"""The wording in English: the calls to experts.

Short sentences, the meaning first and the key after it, as in zh.py. What is typed in hanzi (a place, a name, a note)
is said by the Mandarin voice, which is how it will be heard on the spot; what is typed in Latin letters (pinyin too) is
said as it is.
"""

from collections.abc import Mapping

from .facts import InvitationFacts
from .frame import BREATH, LONG, SHORT, Frame, prompts, soon_when, when
from .language import Language
from .parts import Address, Code, Duration, Fixed, Name, Part, Phone, Prompt, Room, Text

HELLO = Fixed("Hello.")
WHO = Fixed("Guangdong's bid evaluation expert pool.", brisk=True)
TRUST = Fixed("Automatic call: no payment, no ID. To check, call our published number.", brisk=True)
INVITES = Fixed("You are invited on", brisk=True)
CHOICE: tuple[Part, ...] = (Fixed("To take part, press 1."), BREATH, Fixed("To decline, press 2."))
MENU: tuple[Part, ...] = (
    *CHOICE, SHORT,
    Fixed("To hear this again, press 3, or the star key."), SHORT,
    Fixed("If this is the wrong number, or you are not the person called, press 9."),
)  # fmt: skip
CHOOSE_AGAIN = Fixed("To choose again, press the star key.")
REPEAT = Fixed("To hear this again, press 3, or the star key.")
WRONG_KEY, NO_KEY = Fixed("That key is not valid."), Fixed("We have not received a key.")
MAY_HANG_UP = Fixed("You may hang up when you have heard enough.")
FRAME = Frame(
    hello=HELLO, who=WHO, trust=TRUST, wrong_key=WRONG_KEY, no_key=NO_KEY,
    confirm="To confirm, press {key} once more.", choose_again=CHOOSE_AGAIN, repeat=REPEAT,
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
    "details_call": FRAME.notice(
        Fixed("You have agreed to take part in an evaluation. Here is where and when to come."), SHORT,
    ),
}  # fmt: skip


def invitation(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the invitation call, by id."""
    asked: tuple[Part, ...] = (INVITES, *soon_when(facts.gather_at))
    asking = FRAME.question("invitation", asked, CHOICE, _said(facts), MENU)
    return prompts({**FIXED_INVITATION, **asking, "details": details(facts)}, Language.ENGLISH)


def _said(facts: InvitationFacts) -> tuple[Part, ...]:
    length: tuple[Part, ...] = ()
    if facts.duration is not None:
        length = (SHORT, Fixed("The evaluation will take about"), Duration(facts.duration))
    return (Fixed("The time to come is"), *when(facts.gather_at), SHORT, Fixed("The area is"), Address(facts.district), *length)


def details(facts: InvitationFacts) -> tuple[Part, ...]:
    """Where to go and what to show there (集合信息)."""
    contact: tuple[Part, ...] = (Name(facts.contact),) if facts.contact else ()
    told_twice: tuple[Part, ...] = (
        Fixed("The time to come is"), *when(facts.gather_at), SHORT,
        Fixed("The place is"), Address(facts.address), SHORT,
        *((Fixed("The room is"), Room(facts.room), SHORT) if facts.room else ()),
    )  # fmt: skip
    code: tuple[Part, ...] = (Fixed("Your code of 6 digits is"), SHORT, Code(facts.code), LONG)
    return (
        Fixed("Please write down where and when to come."), SHORT, REPEAT, LONG,
        *told_twice,
        Fixed("The person to contact is"), *contact, SHORT,
        Fixed("The telephone number is"), Phone(facts.contact_phone), LONG,
        *((Fixed("Please note:"), Text(facts.note), LONG) if facts.note else ()),
        *code, Fixed("Once more."), SHORT, *told_twice, *code,
        Fixed("Show the code when you arrive, and tell it to nobody."), SHORT,
        REPEAT, SHORT, MAY_HANG_UP,
    )  # fmt: skip
