"""The invitation call (邀请参评, requirements K1 and K2): takes part or not, confirmed, recorded, then the
details.

Keys: 1 takes part, 2 does not, 9 wrong person, 3 or * again. Only a choice confirmed by the same key decides.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto

from ivr.calls import Answer, Digit, Outcome, Played, TimerFired
from ivr.dialplans.conversation import Commands, Conversation
from ivr.dialplans.timings import Timings


class State(Enum):
    CHOOSING = auto()
    CONFIRMING = auto()
    RECEIVED = auto()  # hears that the acceptance is recorded
    DETAILS = auto()


CONFIRM: Mapping[str, str] = {"1": "confirm_accept", "2": "confirm_decline", "9": "confirm_wrong_person"}


class Invitation(Conversation):
    def __init__(self, timings: Timings) -> None:
        super().__init__(timings)
        self.state = State.CHOOSING
        self._choice = ""
        self._replays = self._wrong_keys = self._silences = self._confirms = self._details = 0

    def answered(self, now: datetime) -> Commands:
        return self.play("invitation", now)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        match self.state, event:
            case State.CONFIRMING, Digit(key) if key == self._choice:
                return self._confirmed(now)
            case State.CHOOSING | State.CONFIRMING, Digit("1" | "2" | "9" as key):
                return self._confirm(key, now)
            case State.CHOOSING | State.CONFIRMING, Digit("3" | "*" as key):
                return self._again(key, now)
            case State.CHOOSING | State.CONFIRMING, Digit(key):
                return self._wrong_key(key, now)
            case State.CHOOSING | State.CONFIRMING, Played():
                return self.patience(self.timings.reply_seconds)
            case State.CHOOSING, TimerFired():
                return self._silence(now)
            case State.CONFIRMING, TimerFired():
                return self._unconfirmed(now)

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

    def recorded(self, now: datetime) -> Commands:
        if self.outcome is Outcome.DECLINED:
            return self.farewell("received_decline", now)
        self.state = State.RECEIVED
        return self.play("received_accept", now)

    def refused(self, now: datetime) -> Commands:
        return self.farewell("apology_taken", now)

    def _confirm(self, key: str, now: datetime) -> Commands:
        if key != self._choice:
            self._confirms = 0
        self.state, self._choice = State.CONFIRMING, key
        return self.play(CONFIRM[key], now, key)

    def _confirmed(self, now: datetime) -> Commands:
        match self._choice:
            case "1":
                return self.decide(Answer(Outcome.ACCEPTED))
            case "2":
                return self.decide(Answer(Outcome.DECLINED))
            case _:  # nobody decided anything: the number goes to the administrator's list
                return self.farewell("received_wrong_person", now, Outcome.WRONG_PERSON)

    def _again(self, key: str, now: datetime) -> Commands:
        if self._replays >= self.timings.replays:
            return ()
        self._replays += 1
        return self._choose("invitation", now, key)

    def _wrong_key(self, key: str, now: datetime) -> Commands:
        self._wrong_keys += 1
        if self._wrong_keys > self.timings.wrong_keys:
            return self.farewell("goodbye_no_key", now, Outcome.WRONG_KEYS)
        return self._choose("wrong_key", now, key)

    def _silence(self, now: datetime) -> Commands:
        self._silences += 1
        if self._silences > self.timings.silences:
            return self.farewell("goodbye_no_key", now, Outcome.NO_KEY)
        return self._choose("no_key", now)

    def _unconfirmed(self, now: datetime) -> Commands:
        self._confirms += 1
        if self._confirms > self.timings.confirm_repeats:
            return self.farewell("goodbye_no_key", now, Outcome.NO_KEY)
        return self.play(CONFIRM[self._choice], now)

    def _choose(self, prompt: str, now: datetime, key: str | None = None) -> Commands:
        """Back to the menu, which these prompts all say."""
        self.state, self._choice = State.CHOOSING, ""
        return self.play(prompt, now, key)
