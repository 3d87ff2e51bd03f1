"""The details call (集合信息): who agreed but did not hear where to go is told once more, and decides nothing.

A short word on what it is about, then the details; 3 or * again. Heard to the end counts as delivered.
"""

from datetime import datetime
from enum import Enum, auto

from ivr.calls import Digit, Outcome, Played, TimerFired
from ivr.dialplans.conversation import Commands, Conversation
from ivr.dialplans.timings import Timings


class State(Enum):
    INTRODUCING = auto()
    DETAILS = auto()


class Details(Conversation):
    def __init__(self, timings: Timings) -> None:
        super().__init__(timings)
        self.state = State.INTRODUCING
        self._repeats = 0

    def answered(self, now: datetime) -> Commands:
        return self.play("details_call", now)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        match self.state, event:
            case State.INTRODUCING, Played() | TimerFired():
                self.state = State.DETAILS
                return self.play("details", now)
            case State.DETAILS, Digit("3" | "*" as key) if self._repeats < self.timings.details_repeats:
                self._repeats += 1
                return self.play("details", now, key)
            case State.DETAILS, Played():
                self.outcome = Outcome.DELIVERED
                return self.patience(self.timings.details_seconds)
            case State.DETAILS, TimerFired():
                return self.farewell("goodbye", now)
        return ()

    def recorded(self, now: datetime) -> Commands:  # this call decides nothing
        return ()

    def refused(self, now: datetime) -> Commands:
        return ()
