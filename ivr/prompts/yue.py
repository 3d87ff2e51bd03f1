"""The wording in Cantonese (粤语): the calls to experts.

Cantonese words in simplified characters, as people in Guangdong write them: one script for our words and for what
clerks type, the same normaliser, and a script for a speaker who records them. The voice reads both scripts alike
(tests/ivr/speech/test_languages.py compares the sounds of each sign). The rules of zh.py hold: short sentences, the
meaning first and the key after it.
"""

from collections.abc import Mapping

from .facts import InvitationFacts
from .frame import BREATH, LONG, SHORT, Frame, prompts, soon_when, when
from .language import Language
from .parts import Address, Code, Duration, Fixed, Name, Part, Phone, Prompt, Room, Text

HELLO = Fixed("您好。")
WHO = Fixed("广东省综合评标评审专家库。", brisk=True)
TRUST = Fixed("自动来电，唔收费，唔问证件，可打公布电话核实。", brisk=True)
INVITES = Fixed("请您评标，", brisk=True)
CHOICE: tuple[Part, ...] = (Fixed("参加请按1。"), BREATH, Fixed("唔参加请按2。"))
MENU: tuple[Part, ...] = (
    *CHOICE, SHORT, Fixed("再听一次，请按3，或者按星号键。"), SHORT, Fixed("打错咗，或者唔系本人，请按9。"),
)  # fmt: skip
CHOOSE_AGAIN = Fixed("再拣一次，请按星号键。")
REPEAT = Fixed("再听一次，请按3，或者按星号键。")
WRONG_KEY, NO_KEY = Fixed("按键无效。"), Fixed("我哋未收到您嘅按键。")
MAY_HANG_UP = Fixed("听完可以挂线。")
FRAME = Frame(
    hello=HELLO, who=WHO, trust=TRUST, wrong_key=WRONG_KEY, no_key=NO_KEY,
    confirm="确认，请再按一次{key}。", choose_again=CHOOSE_AGAIN, repeat=REPEAT,
)  # fmt: skip

FIXED_INVITATION: Mapping[str, tuple[Part, ...]] = {
    "confirm_accept": (
        Fixed("您拣咗参加。"), SHORT, Fixed("确认参加，请再按一次1。"), SHORT, CHOOSE_AGAIN,
    ),
    "confirm_decline": (
        Fixed("您拣咗唔参加。"), SHORT, Fixed("确认唔参加，请再按一次2。"), SHORT, CHOOSE_AGAIN,
    ),
    "confirm_wrong_person": (
        Fixed("您话打错咗，或者唔系本人。"), SHORT, Fixed("确认，请再按一次9。"), SHORT, CHOOSE_AGAIN,
    ),
    "goodbye_no_key": (Fixed("我哋未收到您嘅选择，稍后可能会再打畀您。再见。"),),
    "received_accept": (Fixed("您嘅选择已经记录，您会参加呢次评标。多谢。"), LONG),
    "received_decline": (Fixed("您嘅选择已经记录，呢次您唔参加。多谢，再见。"),),
    "received_wrong_person": (Fixed("已经记录，对唔住，打搅您。再见。"),),
    "wait": (Fixed("系统而家好忙，请等一等，唔好挂线。"), LONG),
    "promise_call": (Fixed("对唔住，系统暂时未能记录您嘅选择。我哋会再打畀您。再见。"),),
    "apology_taken": (Fixed("对唔住，名额已经满咗，或者呢次邀请已经失效。多谢您，再见。"),),
    "goodbye": (Fixed("多谢您，再见。"),),
    "details_call": FRAME.notice(Fixed("您已经同意参加一次评标，而家话畀您知集合嘅资料。"), SHORT),
}  # fmt: skip


def invitation(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the invitation call, by id."""
    asked: tuple[Part, ...] = (INVITES, *soon_when(facts.gather_at))
    asking = FRAME.question("invitation", asked, CHOICE, _said(facts), MENU)
    return prompts({**FIXED_INVITATION, **asking, "details": details(facts)}, Language.CANTONESE)


def _said(facts: InvitationFacts) -> tuple[Part, ...]:
    length: tuple[Part, ...] = ()
    if facts.duration is not None:
        length = (SHORT, Fixed("评标大约需要"), Duration(facts.duration))
    return (Fixed("集合时间系"), *when(facts.gather_at), SHORT, Fixed("集合地区系"), Address(facts.district), *length)


def details(facts: InvitationFacts) -> tuple[Part, ...]:
    """Where to go and what to show there (集合信息)."""
    contact: tuple[Part, ...] = (Name(facts.contact),) if facts.contact else ()
    told_twice: tuple[Part, ...] = (
        Fixed("集合时间系"), *when(facts.gather_at), SHORT,
        Fixed("集合地点系"), Address(facts.address), SHORT,
        *((Fixed("评标室系"), Room(facts.room), SHORT) if facts.room else ()),
    )  # fmt: skip
    code: tuple[Part, ...] = (Fixed("您嘅6位验证码系"), SHORT, Code(facts.code), LONG)
    return (
        Fixed("请您记低集合嘅资料。"), SHORT, REPEAT, LONG,
        *told_twice,
        Fixed("联络人"), *contact, SHORT,
        Fixed("联络电话"), Phone(facts.contact_phone), LONG,
        *((Fixed("注意事项："), Text(facts.note), LONG) if facts.note else ()),
        *code, Fixed("再讲一次。"), SHORT, *told_twice, *code,
        Fixed("到场嗰阵请出示验证码，唔好讲畀人知。"), SHORT,
        REPEAT, SHORT, MAY_HANG_UP,
    )  # fmt: skip
