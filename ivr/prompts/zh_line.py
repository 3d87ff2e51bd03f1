"""The wording of the call back, in Mandarin (普通话); the rules of wording are those of zh.py."""

from collections.abc import Mapping

from .facts import CallBackFacts, InvitationFacts
from .frame import LANGUAGE_MENU, LONG, SHORT, prompts
from .parts import Fixed, Part, Phone, Prompt
from .zh import FIXED_INVITATION, FRAME, details

SORRY = Fixed("对不起，系统正忙，现在不能办理。请您稍后再给我们打电话。再见。")
LANGUAGE_KEY = Fixed("选择语言，请按7。")
FAREWELL: tuple[Part, ...] = (SHORT, Fixed("没有其他事项，可以挂机。"))

CALLED = Fixed("您刚才给我们打过电话，现在给您回电话。", brisk=True)
NOT_YOU = Fixed("如果不是您打的，请直接挂机。")
APPOINTMENT_KEYS = Fixed("听集合信息，请按1。")
LEAVE_KEY = Fixed("不能参加，需要请假，请按8。")

LEAVE: Mapping[str, tuple[Part, ...]] = {
    "confirm_leave": (
        Fixed("您选择了请假，这次评标您将不参加。"), SHORT,
        Fixed("确认请假，请再按一次8。"), SHORT,
        Fixed("不请假，请按星号键。"),
    ),
    "received_leave": (Fixed("您的请假已经记录，这次评标您不用参加。谢谢，再见。"),),
    "leave_not_taken": (Fixed("没有收到您的确认，没有为您请假，请您按时参加。再见。"),),
}  # fmt: skip


def call_back(facts: CallBackFacts) -> Mapping[str, Prompt]:
    """All prompts of a call back, by id."""
    common = {"wait": FIXED_INVITATION["wait"], "promise_call": (SORRY,), "goodbye": FIXED_INVITATION["goodbye"]}
    intro: tuple[Part, ...] = (*FRAME.greeting, CALLED, SHORT)
    menu = _menu(facts)
    texts = {**common, "languages": LANGUAGE_MENU, "call_back": (*intro, *menu, SHORT, NOT_YOU)}
    texts["language_recorded"] = (Fixed("您选择的语言已经记录，以后的电话会使用。"), LONG, *menu)
    if facts.appointment is None:
        return prompts(texts)
    texts |= {**LEAVE, "leave_closed": _closed(facts.appointment), "details": details(facts.appointment)}
    return prompts(texts)


def _menu(facts: CallBackFacts) -> tuple[Part, ...]:
    if facts.appointment is None:
        return (Fixed("目前没有需要您办理的事项。"), SHORT, LANGUAGE_KEY, *FAREWELL)
    asked: tuple[Part, ...] = (LEAVE_KEY, SHORT) if facts.leave else ()
    keys: tuple[Part, ...] = (APPOINTMENT_KEYS, SHORT, *asked, LANGUAGE_KEY)
    return (Fixed("您已经同意参加一次评标。"), SHORT, *keys, *FAREWELL)


def _closed(facts: InvitationFacts) -> tuple[Part, ...]:
    return (
        Fixed("对不起，电话请假的时间已经过了，或者您的安排已经变更。"), SHORT,
        Fixed("请您联系工作人员，联系电话"), Phone(facts.contact_phone), LONG,
    )  # fmt: skip
