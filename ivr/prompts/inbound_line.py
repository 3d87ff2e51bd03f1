"""The wording of the inbound line: Mandarin, and the one thing to know in Cantonese and English too.

It says the same to everybody: who tries forged numbers must not hear which of them are experts'. So nothing is known of
a caller's language either. It names no matter and no evaluation, asks for no digits of a 证件, and promises a call only
to a number that is on file. The rules of wording are those of zh.py.
"""

from collections.abc import Mapping
from datetime import time

from .frame import LONG, SHORT, prompts
from .language import Language
from .parts import ClockRange, Fixed, Part, Prompt
from .zh import ASKS_NOTHING, AUTOMATIC, FIXED_INVITATION, FRAME, REPEAT
from .zh_line import SORRY

YUE, EN = Language.CANTONESE, Language.ENGLISH

INBOUND: Mapping[str, tuple[Part, ...]] = {
    "inbound": (
        *FRAME.greeting, AUTOMATIC, LONG,
        Fixed("来电不能直接办理事项。"), SHORT,
        Fixed("需要我们给您回电话，请按1。"), SHORT,
        Fixed("呢度系专家库，要我哋打返畀您，请按1。", language=YUE), SHORT,
        Fixed("This is the expert pool. To be called back, press 1.", language=EN), SHORT,
        Fixed("我们只拨打已经登记的号码。"), SHORT,
        REPEAT, LONG,
        ASKS_NOTHING,
    ),
    "inbound_recorded": (
        Fixed("已经收到。"), SHORT,
        Fixed("如果您的来电号码是登记的号码，我们马上给您回电话。"), SHORT,
        Fixed("请现在挂机。再见。"), SHORT,
        Fixed("如果您嘅号码已经登记，我哋即刻打返畀您，请挂线。", language=YUE), SHORT,
        Fixed("If your number is on file, we will call you back. Please hang up now.", language=EN),
    ),
    "inbound_goodbye": (Fixed("没有收到您的按键。谢谢您的来电，再见。"),),
    "wait": FIXED_INVITATION["wait"],
    "promise_call": (SORRY,),
}  # fmt: skip


def inbound(begin: time, end: time) -> Mapping[str, Prompt]:
    """All prompts of a call from outside, by id; begin and end of the hours in which we call, local."""
    closed: tuple[Part, ...] = (
        *FRAME.greeting, Fixed("现在不是回电时间。"), SHORT, Fixed("每天的回电时间是"), ClockRange(begin, end), SHORT,
        Fixed("请您到时再打。再见。"), SHORT,
        Fixed("每日打返电话嘅时间系", language=YUE), ClockRange(begin, end, language=YUE), SHORT,
        Fixed("We call back every day", language=EN), ClockRange(begin, end, language=EN), SHORT,
        Fixed("Please call again then.", language=EN),
    )  # fmt: skip
    return prompts({**INBOUND, "inbound_closed": closed})
