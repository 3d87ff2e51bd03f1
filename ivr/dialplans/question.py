"""One question by telephone: its keys, each confirmed by the same key once more, and all that can go wrong on
the way. 3 or * plays the question again; silence and keys that mean nothing are answered a few times.

A kind of call adds what a confirmed key leads to (`confirmed`). Its prompts, besides its own: `wrong_key`,
`no_key` (both end in the menu) and `goodbye_no_key`.
"""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime

from ivr.calls import Digit, Outcome, Played, TimerFired
from ivr.dialplans.conversation import Commands, Conversation
from ivr.dialplans.timings import Timings


class Question(Conversation):
    def __init__(self, timings: Timings, question: str, confirm: Mapping[str, str]) -> None:
        """`question` is the prompt that asks; `confirm` names, for each key, the prompt that asks for it again."""
        super().__init__(timings)
        self._question, self._confirm = question, confirm
        self._choice = ""  # the key to be confirmed, if one is
        self._replays = self._wrong_keys = self._silences = self._confirms = 0

    @abstractmethod
    def confirmed(self, key: str, now: datetime) -> Commands:
        """The same key a second time."""

    def answered(self, now: datetime) -> Commands:
        return self.play(self._question, now)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        match event:
            case Digit(key) if key == self._choice:
                return self.confirmed(key, now)
            case Digit(key) if key in self._confirm:
                return self._ask_again(key, now)
            case Digit("3" | "*" as key):
                return self._replay(key, now)
            case Digit(key):
                return self._wrong_key(key, now)
            case Played():
                return self.patience(self.timings.reply_seconds)
            case TimerFired() if self._choice:
                return self._unconfirmed(now)
            case TimerFired():
                return self._silence(now)

    def _ask_again(self, key: str, now: datetime) -> Commands:
        self._choice, self._confirms = key, 0
        return self.play(self._confirm[key], now, key, confirming=True)

    def _replay(self, key: str, now: datetime) -> Commands:
        if self._replays >= self.timings.replays:
            return ()
        self._replays += 1
        return self._menu(self._question, now, key)

    def _wrong_key(self, key: str, now: datetime) -> Commands:
        self._wrong_keys += 1
        if self._wrong_keys > self.timings.wrong_keys:
            return self.farewell("goodbye_no_key", now, Outcome.WRONG_KEYS)
        return self._menu("wrong_key", now, key)

    def _silence(self, now: datetime) -> Commands:
        self._silences += 1
        if self._silences > self.timings.silences:
            return self.farewell("goodbye_no_key", now, Outcome.NO_KEY)
        return self._menu("no_key", now)

    def _unconfirmed(self, now: datetime) -> Commands:
        self._confirms += 1
        if self._confirms > self.timings.confirm_repeats:
            return self.farewell("goodbye_no_key", now, Outcome.NO_KEY)
        return self.play(self._confirm[self._choice], now)

    def _menu(self, prompt: str, now: datetime, key: str | None = None) -> Commands:
        """Back to the choice; these prompts all say it."""
        self._choice = ""
        return self.play(prompt, now, key)
