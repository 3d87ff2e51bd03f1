"""The call back (回拨, requirement K4), to the number on file: what is open, by keys.

With an open invitation (邀请) it is the invitation itself, and this flow is not begun. Else: the appointment again, leave
(请假) until its limit, and the language. Keys: 1 hears where to go, 8 asks for leave and the same key once more confirms it,
7 the language (1 普通话, 2 粤语, 3 English), 3 or * again. Nothing that matters is said before a key: a machine may have
answered. Whether it is still time for leave is judged by the database's clock when it is recorded.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto

from ivr.calls import Digit, LanguageChoice, Outcome, Played, Reply, TimerFired
from ivr.dialplans.conversation import Commands, Conversation
from ivr.dialplans.timings import Timings
from ivr.prompts.language import Language


class Matter(Enum):
    """What is open for the person who is called back; an open invitation is its own kind of call."""

    APPOINTMENT = auto()  # has agreed to come, and the time of it is still ahead
    NOTHING = auto()


class State(Enum):
    MENU = auto()
    DETAILS = auto()
    LEAVING = auto()  # asked for leave, not yet confirmed
    LANGUAGES = auto()


LANGUAGES: Mapping[str, Language] = {"1": Language.MANDARIN, "2": Language.CANTONESE, "3": Language.ENGLISH}
PLAYED: Mapping[State, str] = {
    State.MENU: "call_back",
    State.DETAILS: "details",
    State.LEAVING: "confirm_leave",
    State.LANGUAGES: "languages",
}


class CallBack(Conversation):
    def __init__(self, timings: Timings, matter: Matter) -> None:
        super().__init__(timings)
        self.state = State.MENU
        self._matter = matter
        self._replays = self._wrong_keys = self._confirms = 0

    def answered(self, now: datetime) -> Commands:
        return self.play("call_back", now)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        match self.state, event:
            case State.LANGUAGES, Digit("1" | "2" | "3" as key):
                return self.decide(LanguageChoice(LANGUAGES[key]))
            case State.LEAVING, Digit("8"):
                return self.decide(Reply(Outcome.LEAVE_CONFIRMED))
            case State.LEAVING, Digit("*" as key):
                return self._to(State.MENU, now, key)
            case State.LEAVING, TimerFired():
                return self._unconfirmed(now)

            case State.MENU | State.DETAILS, Digit("1" as key) if self._matter is Matter.APPOINTMENT:
                return self._again(key, now) if self.state is State.DETAILS else self._to(State.DETAILS, now, key)
            case State.MENU | State.DETAILS, Digit("8" as key) if self._matter is Matter.APPOINTMENT:
                return self._to(State.LEAVING, now, key)
            case State.MENU | State.DETAILS, Digit("7" as key):
                return self._to(State.LANGUAGES, now, key)
            case State.MENU | State.DETAILS | State.LANGUAGES, Digit("3" | "*" as key):
                return self._again(key, now)
            case _, Digit(key):
                return self._wrong_key(key, now)

            case _, Played(prompt):
                if prompt == "details" or (prompt == "call_back" and self._matter is Matter.NOTHING):
                    self.outcome = Outcome.DELIVERED
                return self.patience(self.timings.reply_seconds)
            case _, TimerFired():
                return self.farewell("goodbye", now, self.outcome or Outcome.NO_KEY)

    def recorded(self, now: datetime) -> Commands:
        if self.outcome is Outcome.LEAVE_CONFIRMED:
            return self.farewell("received_leave", now)
        self.state = State.MENU
        return self.play("language_recorded", now)

    def refused(self, now: datetime) -> Commands:
        return self.farewell("leave_closed" if self.state is State.LEAVING else "promise_call", now)

    def _unconfirmed(self, now: datetime) -> Commands:
        """Silence is no leave; that is said, so that nobody stays away in good faith."""
        self._confirms += 1
        if self._confirms > self.timings.confirm_repeats:
            return self.farewell("leave_not_taken", now, self.outcome or Outcome.NO_KEY)
        return self.play("confirm_leave", now)

    def _to(self, state: State, now: datetime, key: str | None = None) -> Commands:
        self.state = state
        return self.play(PLAYED[state], now, key, confirming=state is State.LEAVING)

    def _again(self, key: str, now: datetime) -> Commands:
        if self._replays >= self.timings.replays:
            return ()
        self._replays += 1
        return self._to(self.state, now, key)

    def _wrong_key(self, key: str, now: datetime) -> Commands:
        self._wrong_keys += 1
        if self._wrong_keys > self.timings.wrong_keys:
            last = "leave_not_taken" if self.state is State.LEAVING else "goodbye"
            return self.farewell(last, now, self.outcome or Outcome.WRONG_KEYS)
        return self._to(State.MENU, now, key)
