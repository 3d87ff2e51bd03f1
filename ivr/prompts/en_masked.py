"""The masked call (隐号通话) in English, as far as the expert hears it: as zh_masked.py, prompt by prompt."""

from collections.abc import Mapping

from .en import FRAME, REPEAT
from .facts import MaskedFacts
from .frame import BREATH, LONG, SHORT, prompts
from .language import Language
from .parts import Fixed, Part, Prompt

FIXED_MASKED: Mapping[str, tuple[Part, ...]] = {
    "masked_thanks": (Fixed("All right, you will not be connected. Thank you. Goodbye."),),
    "masked_not_connected": (Fixed("We have not received a key, so we can not connect you. Goodbye."),),
    "masked_gave_up": (Fixed("Sorry, the other person has hung up. Goodbye."),),
    "masked_failed": (Fixed("Sorry, the system has failed, and we can not connect you this time. Goodbye."),),
}


def expert(facts: MaskedFacts) -> Mapping[str, Prompt]:
    """The prompts of the expert's leg, by id."""
    recorded: tuple[Part, ...] = (SHORT, Fixed("The call will be recorded.")) if facts.recorded else ()
    asked: tuple[Part, ...] = (
        *FRAME.opening, Fixed("A member of staff would like to talk about your evaluation."), *recorded, SHORT,
        Fixed("To be connected, press 1."), BREATH, Fixed("To refuse, press 2."), LONG,
        Fixed("Neither of you sees the other's number."), SHORT, REPEAT,
    )  # fmt: skip
    return prompts({**FIXED_MASKED, "masked_expert": asked}, Language.ENGLISH)
