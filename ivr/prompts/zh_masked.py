"""The masked call (隐号通话) in Mandarin: what staff hears, and what the expert hears.

The wording keeps the rules of zh.py. To staff it never says whether a number is wrong: that is the registry's business.
"""

from collections.abc import Mapping

from .facts import MaskedFacts
from .frame import BREATH, LEAD, LONG, SHORT, prompts
from .parts import Fixed, Name, Part, Prompt, Text
from .zh import FRAME, REPEAT

HIDDEN = Fixed("双方都看不到对方的号码。")
RECORDED = Fixed("通话将会录音。")

FIXED_MASKED: Mapping[str, tuple[Part, ...]] = {
    # staff
    "masked_wait": (Fixed("正在呼叫，请不要挂机。"),),
    "masked_no_key": (Fixed("没有收到您的按键，没有呼叫。再见。"),),
    "masked_busy": (Fixed("对方正在通话中，请稍后再拨。再见。"),),
    "masked_refused": (Fixed("对方现在不方便通话。再见。"),),
    "masked_no_answer": (Fixed("对方没有接听，请稍后再拨。再见。"),),
    "masked_unreachable": (Fixed("对方的电话无法接通，请稍后再拨。再见。"),),
    "masked_unconfirmed": (
        Fixed("对方的电话有人接听，但是没有按键确认，可能是语音信箱，所以没有接通。"), SHORT, Fixed("再见。"),
    ),
    "masked_trouble": (Fixed("对不起，系统出现故障，这次不能接通，请稍后再拨。再见。"),),
    # the expert
    "masked_thanks": (Fixed("好的，不为您接通。谢谢您，再见。"),),
    "masked_not_connected": (Fixed("没有收到您的按键，不能接通。再见。"),),
    "masked_gave_up": (Fixed("对不起，对方已经挂机。再见。"),),
    "masked_failed": (Fixed("对不起，系统出现故障，这次不能接通。再见。"),),
}  # fmt: skip

RINGING = "masked_ringing"
"""Not a voice: the ringing tone that staff hears while the expert's telephone rings (see ivr.bridged)."""


def masked(facts: MaskedFacts) -> Mapping[str, Prompt]:
    """All prompts of the masked call, by id; the ringing tone is Asterisk's."""
    return prompts({**FIXED_MASKED, "masked_staff": _staff(facts), "masked_expert": _expert(facts)})


def _staff(facts: MaskedFacts) -> tuple[Part, ...]:
    return (
        LEAD, Fixed("您好。这是专家库系统打来的电话。"), SHORT,
        Fixed("您将要通话的是"), _whom(facts.whom), SHORT, HIDDEN, *_recorded(facts), LONG,
        Fixed("现在呼叫，请按1。"), SHORT, REPEAT, SHORT, Fixed("不想呼叫，请直接挂机。"),
    )  # fmt: skip


def _expert(facts: MaskedFacts) -> tuple[Part, ...]:
    return (
        *FRAME.opening, Fixed("工作人员想和您谈您的评标。"), *_recorded(facts), SHORT,
        Fixed("接通，请按1。"), BREATH, Fixed("不接通，请按2。"), LONG, HIDDEN, SHORT, REPEAT,
    )  # fmt: skip


def _whom(whom: int | str) -> Part:
    """第 N 位专家, or the masked name with 某 where the page shows an asterisk."""
    return Text(f"第{whom}位专家") if isinstance(whom, int) else Name(whom.replace("*", "某"))


def _recorded(facts: MaskedFacts) -> tuple[Part, ...]:
    return (SHORT, RECORDED) if facts.recorded else ()
