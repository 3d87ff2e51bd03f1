"""The wording in Cantonese (粤语) of the call that verifies a supervisor's number: as zh_register.py, prompt by prompt."""

from collections.abc import Mapping

from .frame import BREATH, LONG, SHORT, prompts
from .language import Language
from .parts import Fixed, Part, Prompt
from .yue import FIXED_INVITATION, FRAME

MENU: tuple[Part, ...] = (
    Fixed("您系监督人，请登录管理台，打开我嘅登记，准备好6位核验码，再按1。"), SHORT,
    Fixed("您冇登记，或者打错咗，请按9。"), SHORT, FRAME.repeat,
)  # fmt: skip
ASKED: tuple[Part, ...] = (Fixed("请您核验监督人电话。", brisk=True), BREATH)
CHOICE: tuple[Part, ...] = (Fixed("您系监督人，请按1。"), BREATH, Fixed("冇登记，请按9。"))
TEXTS: Mapping[str, tuple[Part, ...]] = {
    "number_check": (
        *FRAME.opening, *ASKED, *CHOICE, LONG,
        Fixed("抽取终端将呢个电话登记为监督人嘅电话，以后抽取专家嗰阵，会用佢请监督人见证。而家请您核验。"), LONG,
        *MENU,
    ),
    "number_check_wrong_key": (FRAME.wrong_key, SHORT, *MENU),
    "number_check_no_key": (FRAME.no_key, SHORT, *MENU),
    "number_check_code": (Fixed("请登录管理台，打开我嘅登记，输入页面上嘅6位核验码。"), SHORT, Fixed("重新输入，请按星号键。")),
    "number_check_wrong": (Fixed("核验码唔啱。"), SHORT, Fixed("请睇清楚页面上嘅6位核验码，再输入一次。")),
    "confirm_not_mine": (
        Fixed("您话冇登记，或者打错咗。"), SHORT, Fixed("确认，请再按一次9。"), SHORT, FRAME.choose_again,
    ),
    "number_check_received": (Fixed("核验成功，您嘅电话已经登记。多谢，再见。"),),
    "received_not_mine": FIXED_INVITATION["received_wrong_person"],
    "number_check_refused": (Fixed("对唔住，呢次核验已经失效，未有记录。请登录管理台重新核验。再见。"),),
    "number_check_goodbye": (Fixed("核验未完成。您可以登录管理台，请系统再打畀您。再见。"),),
    "wait": FIXED_INVITATION["wait"],
    "promise_call": (Fixed("对唔住，系统暂时未能记录。请登录管理台，请系统再打畀您。再见。"),),
}  # fmt: skip


def number_check(facts: None) -> Mapping[str, Prompt]:
    """All prompts of the call, by id."""
    return prompts(TEXTS, Language.CANTONESE)
