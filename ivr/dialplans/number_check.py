"""The call that verifies a supervisor's number (核验监督人电话): whoever answers types the code of the supervisor's own page.

The right code proves two things at once: the number reaches whoever has the account, and the account is used by whoever answers the
number. 9, confirmed, says that the number is not theirs.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto

from ivr.calls import Digit, NumberAnswer, Outcome, Played, StopPlay, TimerFired
from ivr.dialplans.conversation import Commands, Conversation
from ivr.dialplans.timings import Timings

CODE_DIGITS = 6
"""drawing.supervisors.CODE_DIGITS (a test holds them together)."""


class State(Enum):
    MENU = auto()
    CODE = auto()
    DENIAL = auto()


class NumberCheck(Conversation):
    def __init__(self, timings: Timings, wrong: Callable[[str], str | None]) -> None:
        """`wrong` says whether the digits are another code: None if they are the right one."""
        super().__init__(timings)
        self.state = State.MENU
        self._wrong = wrong
        self._digits = ""
        self._replays = self._silences = self._wrong_codes = self._wrong_keys = 0

    def answered(self, now: datetime) -> Commands:
        return self.play("number_check", now)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        match self.state, event:
            case State.MENU | State.DENIAL, Digit("1" as key):
                return self._ask("number_check_code", now, key)
            case State.MENU, Digit("9" as key):
                self.state = State.DENIAL
                return self.play("confirm_not_mine", now, key, confirming=True)
            case State.MENU, Digit("3" | "*" as key) if self._replays < self.timings.replays:
                self._replays += 1
                return self.play("number_check", now, key)
            case State.MENU, Digit(key):
                return self._wrong_key(key, now)

            case State.CODE, Digit("#"):
                return self._complete(now) if self._digits else ()
            case State.CODE, Digit("*" as key):
                return self._ask("number_check_code", now, key)
            case State.CODE, Digit(key) if len(key) == 1 and key in "0123456789":
                return self._digit(key, now)
            case State.CODE, TimerFired() if self._digits:
                return self._complete(now)
            case State.CODE, Played() if self._digits:
                return ()

            case State.DENIAL, Digit("9"):
                return self.decide(NumberAnswer(Outcome.WRONG_PERSON))
            case State.DENIAL, Digit("*" as key):
                self.state = State.MENU
                return self.play("number_check", now, key)

            case _, Played():
                return self.patience(self.timings.reply_seconds)
            case _, TimerFired():
                return self._silence(now)
        return ()

    def recorded(self, now: datetime) -> Commands:
        denied = self.outcome is Outcome.WRONG_PERSON
        return self.farewell("received_not_mine" if denied else "number_check_received", now)

    def refused(self, now: datetime) -> Commands:
        return self.farewell("number_check_refused", now)

    def _ask(self, prompt: str, now: datetime, key: str | None = None) -> Commands:
        self.state, self._digits = State.CODE, ""
        return self.play(prompt, now, key)

    def _digit(self, key: str, now: datetime) -> Commands:
        self._digits += key
        if len(self._digits) >= CODE_DIGITS:
            return self._complete(now)
        silence = (StopPlay(),) if len(self._digits) == 1 else ()
        return (*silence, *self.patience(self.timings.digit_seconds))

    def _complete(self, now: datetime) -> Commands:
        if self._wrong(self._digits) is None:
            return self.decide(NumberAnswer(Outcome.VERIFIED))
        self._wrong_codes += 1
        if self._wrong_codes > self.timings.wrong_keys:
            return self.farewell("number_check_goodbye", now, Outcome.WRONG_KEYS)
        return self._ask("number_check_wrong", now)

    def _wrong_key(self, key: str, now: datetime) -> Commands:
        self._wrong_keys += 1
        if self._wrong_keys > self.timings.wrong_keys:
            return self.farewell("number_check_goodbye", now, Outcome.WRONG_KEYS)
        return self.play("number_check_wrong_key", now, key)

    def _silence(self, now: datetime) -> Commands:
        self._silences += 1
        if self._silences > self.timings.silences:
            return self.farewell("number_check_goodbye", now, Outcome.NO_KEY)
        if self.state is State.CODE:
            return self._ask("number_check_code", now)
        self.state = State.MENU
        return self.play("number_check_no_key", now)
