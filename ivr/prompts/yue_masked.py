"""The masked call (隐号通话) in Cantonese (粤语), as far as the expert hears it: as zh_masked.py, prompt by prompt."""

from collections.abc import Mapping

from .facts import MaskedFacts
from .frame import BREATH, LONG, SHORT, prompts
from .language import Language
from .parts import Fixed, Part, Prompt
from .yue import FRAME, REPEAT

FIXED_MASKED: Mapping[str, tuple[Part, ...]] = {
    "masked_thanks": (Fixed("好，唔帮您接通。多谢您，再见。"),),
    "masked_not_connected": (Fixed("我哋未收到您嘅按键，未能接通。再见。"),),
    "masked_gave_up": (Fixed("对唔住，对方已经挂线。再见。"),),
    "masked_failed": (Fixed("对唔住，系统出咗故障，呢次未能接通。再见。"),),
}


def expert(facts: MaskedFacts) -> Mapping[str, Prompt]:
    """The prompts of the expert's leg, by id."""
    recorded: tuple[Part, ...] = (SHORT, Fixed("通话会录音。")) if facts.recorded else ()
    asked: tuple[Part, ...] = (
        *FRAME.opening, Fixed("工作人员想同您讲您嘅评标。"), *recorded, SHORT,
        Fixed("接通，请按1。"), BREATH, Fixed("唔接通，请按2。"), LONG, Fixed("双方都睇唔到对方嘅号码。"), SHORT, REPEAT,
    )  # fmt: skip
    return prompts({**FIXED_MASKED, "masked_expert": asked}, Language.CANTONESE)
