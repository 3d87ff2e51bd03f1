"""The wording of the call back, in Cantonese (粤语): as zh_line.py, prompt by prompt."""

from collections.abc import Mapping

from .facts import CallBackFacts, InvitationFacts
from .frame import LANGUAGE_MENU, LONG, SHORT, prompts
from .language import Language
from .parts import Fixed, Part, Phone, Prompt
from .yue import FIXED_INVITATION, FRAME, details

SORRY = Fixed("对唔住，系统而家好忙，暂时未能办理。请您稍后再打畀我哋。再见。")
LANGUAGE_KEY = Fixed("选择语言，请按7。")
FAREWELL: tuple[Part, ...] = (SHORT, Fixed("冇其他事，可以挂线。"))

CALLED = Fixed("您头先打过电话畀我哋，而家打返畀您。", brisk=True)
NOT_YOU = Fixed("如果唔系您打嘅，请直接挂线。")
APPOINTMENT_KEYS = Fixed("听集合嘅资料，请按1。")
LEAVE_KEY = Fixed("唔可以参加，需要请假，请按8。")

LEAVE: Mapping[str, tuple[Part, ...]] = {
    "confirm_leave": (
        Fixed("您拣咗请假，呢次评标您唔会参加。"), SHORT,
        Fixed("确认请假，请再按一次8。"), SHORT,
        Fixed("唔请假，请按星号键。"),
    ),
    "received_leave": (Fixed("您嘅请假已经记录，呢次评标您唔使参加。多谢，再见。"),),
    "leave_not_taken": (Fixed("我哋未收到您嘅确认，未有帮您请假，请您准时参加。再见。"),),
}  # fmt: skip


def call_back(facts: CallBackFacts) -> Mapping[str, Prompt]:
    """All prompts of a call back, by id."""
    common = {"wait": FIXED_INVITATION["wait"], "promise_call": (SORRY,), "goodbye": FIXED_INVITATION["goodbye"]}
    intro: tuple[Part, ...] = (*FRAME.greeting, CALLED, SHORT)
    menu = _menu(facts)
    texts = {**common, "languages": LANGUAGE_MENU, "call_back": (*intro, *menu, SHORT, NOT_YOU)}
    texts["language_recorded"] = (Fixed("您拣嘅语言已经记录，以后嘅电话会用。"), LONG, *menu)
    if facts.appointment is not None:
        texts |= {**LEAVE, "leave_closed": _closed(facts.appointment), "details": details(facts.appointment)}
    return prompts(texts, Language.CANTONESE)


def _menu(facts: CallBackFacts) -> tuple[Part, ...]:
    if facts.appointment is None:
        return (Fixed("而家冇需要您办理嘅事。"), SHORT, LANGUAGE_KEY, *FAREWELL)
    asked: tuple[Part, ...] = (LEAVE_KEY, SHORT) if facts.leave else ()
    keys: tuple[Part, ...] = (APPOINTMENT_KEYS, SHORT, *asked, LANGUAGE_KEY)
    return (Fixed("您已经同意参加一次评标。"), SHORT, *keys, *FAREWELL)


def _closed(facts: InvitationFacts) -> tuple[Part, ...]:
    return (
        Fixed("对唔住，电话请假嘅时间已经过咗，或者您嘅安排已经更改。"), SHORT,
        Fixed("请您联络工作人员，联络电话"), Phone(facts.contact_phone), LONG,
    )  # fmt: skip
