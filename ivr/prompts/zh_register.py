"""The wording in Mandarin of the call that verifies a supervisor's number; the rules of the wording are zh.py's.

It names nobody: the number may be anybody's.
"""

from collections.abc import Mapping

from .frame import BREATH, LONG, SHORT, prompts
from .parts import Fixed, Part, Prompt
from .zh import FIXED_INVITATION, FRAME

MENU: tuple[Part, ...] = (
    Fixed("您是监督人，请登录管理台，打开我的登记，准备好6位核验码，再按1。"), SHORT,
    Fixed("您没有登记，或者打错了，请按9。"), SHORT, FRAME.repeat,
)  # fmt: skip
ASKED: tuple[Part, ...] = (Fixed("请您核验监督人电话。", brisk=True), BREATH)
CHOICE: tuple[Part, ...] = (Fixed("您是监督人，请按1。"), BREATH, Fixed("没有登记，请按9。"))
TEXTS: Mapping[str, tuple[Part, ...]] = {
    "number_check": (
        *FRAME.opening, *ASKED, *CHOICE, LONG,
        Fixed("抽取终端把这个电话登记为监督人的电话，以后抽取专家时，会用它请监督人见证。现在请您核验。"), LONG,
        *MENU,
    ),
    "number_check_wrong_key": (FRAME.wrong_key, SHORT, *MENU),
    "number_check_no_key": (FRAME.no_key, SHORT, *MENU),
    "number_check_code": (Fixed("请登录管理台，打开我的登记，输入页面上的6位核验码。"), SHORT, Fixed("重新输入，请按星号键。")),
    "number_check_wrong": (Fixed("核验码不对。"), SHORT, Fixed("请看清页面上的6位核验码，再输入一次。")),
    "confirm_not_mine": (
        Fixed("您表示没有登记，或者打错了。"), SHORT, Fixed("确认，请再按一次9。"), SHORT, FRAME.choose_again,
    ),
    "number_check_received": (Fixed("核验成功，您的电话已经登记。谢谢，再见。"),),
    "received_not_mine": FIXED_INVITATION["received_wrong_person"],
    "number_check_refused": (Fixed("对不起，这次核验已经失效，没有记录。请登录管理台重新核验。再见。"),),
    "number_check_goodbye": (Fixed("没有完成核验。您可以登录管理台，请系统再次呼叫。再见。"),),
    "wait": FIXED_INVITATION["wait"],
    "promise_call": (Fixed("对不起，系统暂时不能记录。请登录管理台，请系统再次呼叫。再见。"),),
}  # fmt: skip


def number_check(facts: None) -> Mapping[str, Prompt]:
    """All prompts of the call, by id."""
    return prompts(TEXTS)
