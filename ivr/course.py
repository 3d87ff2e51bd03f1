"""How far a call has come, from what happens to it and what is done about it: what a board may show, and no more.

The driver asks after each event and before each command. What was keyed goes in and does not come out.
"""

from __future__ import annotations

from drawing.stages import STAGES, Stage
from ivr.calls import Answered, Command, Dial, EarlyMedia, Event, Play, Played, Ringing, Speak

_ASKED = frozenset({Stage.INVITING, Stage.BRIEFING, Stage.NOTIFYING})
"""What ends with somebody being waited for."""


def stage_after(stage: Stage | None, what: Event | Command) -> Stage | None:
    """Where it stands afterwards; None before it is dialled.

    >>> stage_after(Stage.RINGING, EarlyMedia()), stage_after(Stage.DIALLING, Ringing())
    (<Stage.RINGING: 'ringing'>, <Stage.RINGING: 'ringing'>)
    """
    match what:
        case Dial():
            return Stage.DIALLING
        case Ringing() if stage is None or not stage.answered:
            return Stage.RINGING
        case EarlyMedia() if stage is Stage.DIALLING:  # after 180 it still rings
            return Stage.EARLY_MEDIA
        case Answered() if stage is None or not stage.answered:
            return Stage.TALKING
        case Play(prompt) | Speak(prompt, _):
            return STAGES.get(prompt, Stage.TALKING)
        case Played() if stage in _ASKED:
            return Stage.REPLYING
    return stage
