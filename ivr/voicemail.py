"""Whether a machine answered (语音信箱): from when the far side talked and for how long, never from what it said.

A machine greets at once and in one go, whatever it hears meanwhile, beeps, and records in silence. A person says 喂 for a
second or two, hears a voice and listens. Nobody can be sure; in doubt it was a person. Both are a mere "not reached",
so a wrong guess changes when and how often they are called again, and decides nothing.
"""

from collections.abc import Sequence
from itertools import pairwise

from ivr.calls import Outcome, Talked, Trail

BEGINS_MS = 3_000
"""A greeting has begun by then: a machine waits for nobody."""
PAUSE_MS = 1_500
"""Between a greeting's sentences there is less; who says 喂 and waits for an answer pauses longer."""
GREETING_MS = 5_000
"""So much talk, its pauses not counted, is a greeting: 喂，你好，哪位 takes two seconds, the shortest greetings six."""
QUIET_MS = 5_000
"""A recording machine is silent after it, while we speak on. A television in the background never is."""
BEEP_MS = 2_000
"""More than that after the greeting, all together, is no beep: somebody talks, or the line echoes our prompts."""
SCOLDING_MS = 8_000
"""Who hangs up leaves no silence to judge by, and a person may scold for five seconds before they do."""

_DOUBTFUL = frozenset({Outcome.NO_KEY, Outcome.HUNG_UP_EARLY, Outcome.DELIVERED})
"""What a machine's call looks like, for want of a key. Who is told something by DELIVERED must have been somebody (W2)."""


def concluded(outcome: Outcome, trail: Trail) -> Outcome:
    """The outcome that the flow has found, or VOICEMAIL where its call was a machine's. A key is a person's."""
    if outcome not in _DOUBTFUL or trail.pressed or trail.answered is None or trail.ended is None:
        return outcome
    lasted = round((trail.ended - trail.answered).total_seconds() * 1000)
    machine = _greeted(trail.talked, lasted, hung_up=outcome is Outcome.HUNG_UP_EARLY)
    return Outcome.VOICEMAIL if machine else outcome


def _greeted(talked: Sequence[Talked], lasted: int, *, hung_up: bool) -> bool:
    """lasted: ms from the answer to the end; hung_up: by the far side."""
    heard_out = [each for each in talked if each.whole]  # a line that sends nothing in silence shows no end of talk
    greeting = _in_one_go(heard_out)
    if not greeting or greeting[0].at_ms > BEGINS_MS:
        return False
    if sum(each.for_ms for each in heard_out[len(greeting) :]) > BEEP_MS:
        return False
    said = sum(each.for_ms for each in greeting)
    quiet = lasted - greeting[-1].until_ms if len(heard_out) == len(talked) else 0
    return (said >= GREETING_MS and quiet >= QUIET_MS) or (hung_up and said >= SCOLDING_MS)


def _in_one_go(talked: Sequence[Talked]) -> Sequence[Talked]:
    """The first talk, with what follows it after short pauses."""
    breaks = (n for n, (one, next_one) in enumerate(pairwise(talked), 1) if next_one.at_ms - one.until_ms > PAUSE_MS)
    return talked[: next(breaks, len(talked))]
