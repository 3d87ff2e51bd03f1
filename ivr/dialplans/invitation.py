"""The invitation call (邀请参评, requirements K1 and K2): takes part or not, confirmed, recorded, then the
details.

Keys: 1 takes part, 2 does not, 9 wrong person, 3 or * again. Only a choice confirmed by the same key decides.
"""

from datetime import datetime
from enum import Enum, auto

from ivr.calls import Answer, Digit, Outcome, Played, TimerFired
from ivr.dialplans.conversation import Commands
from ivr.dialplans.question import Question
from ivr.dialplans.timings import Timings


class State(Enum):
    ASKING = auto()  # see Question
    RECEIVED = auto()  # hears that the acceptance is recorded
    DETAILS = auto()


CONFIRM = {"1": "confirm_accept", "2": "confirm_decline", "9": "confirm_wrong_person"}


class Invitation(Question):
    def __init__(self, timings: Timings) -> None:
        super().__init__(timings, "invitation", CONFIRM)
        self.state = State.ASKING
        self._details = 0

    def confirmed(self, key: str, now: datetime) -> Commands:
        match key:
            case "1":
                return self.decide(Answer(Outcome.ACCEPTED))
            case "2":
                return self.decide(Answer(Outcome.DECLINED))
            case _:  # nobody decided anything: the number goes to the administrator's list
                return self.farewell("received_wrong_person", now, Outcome.WRONG_PERSON)

    def recorded(self, now: datetime) -> Commands:
        if self.outcome is Outcome.DECLINED:
            return self.farewell("received_decline", now)
        self.state = State.RECEIVED
        return self.play("received_accept", now)

    def refused(self, now: datetime) -> Commands:
        return self.farewell("apology_taken", now)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        match self.state, event:
            case State.ASKING, _:
                return super().talk(event, now)
            case State.RECEIVED, Played() | TimerFired():
                self.state = State.DETAILS
                return self.play("details", now)
            case State.DETAILS, Digit("3" | "*" as key) if self._details < self.timings.details_repeats:
                self._details += 1
                return self.play("details", now, key)
            case State.DETAILS, Played():
                return self.patience(self.timings.details_seconds)
            case State.DETAILS, TimerFired():
                return self.farewell("goodbye", now)
        return ()
