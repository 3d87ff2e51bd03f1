"""The witness call (见证): the supervisor hears what is committed, then gives digits nobody could foresee.

The receipt is heard whole at least once: until then only 3 or * (from the start) does anything, and a 1 is
kept and goes on at its end. Where it went ahead as a 短信 that is 已送达 (`sent`), only its fingerprint's end is said, to be
compared, and 3 or * plays the whole. From then on keys belong to the number: it is taken from the steps that ask
for it (`witness_ask`, `witness_no_key` and the refusals), the first digit silences the prompt, # or the
twelfth digit or a long pause ends it, * starts it over.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto

from ivr.calls import Digit, Outcome, Played, Share, StopPlay, TimerFired
from ivr.dialplans.conversation import Commands, Conversation
from ivr.dialplans.timings import Timings

LONGEST = 12
"""Digits of a share at most (verifiable-draw.md)."""


class State(Enum):
    RECEIPT = auto()
    NUMBER = auto()
    READBACK = auto()


class Witness(Conversation):
    def __init__(self, timings: Timings, weak: Callable[[str], str | None], *, sent: bool = False) -> None:
        """`weak` names the prompt that says why the digits can't be used (such as `witness_weak`), or
        None: they can. `sent`: the witness has the receipt already.
        """
        super().__init__(timings)
        self._sent = sent
        self.state = State.RECEIPT
        self._weak = weak
        self._digits = ""
        self._heard = self._go_on = False
        self._replays = self._silences = self._refusals = self._wrong_keys = self._repeats = 0

    def answered(self, now: datetime) -> Commands:
        return self.play("witness_receipt_sent" if self._sent else "witness_receipt", now)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        match self.state, event:
            case State.RECEIPT, Digit("3" | "*" as key) if self._replays < self.timings.replays:
                self._replays += 1
                self._go_on = False
                return self.play("witness_receipt", now, key)
            case State.RECEIPT, Digit("1" as key) if self._heard:
                return self._ask(now, key)
            case State.RECEIPT, Digit("1"):
                self._go_on = True
                return ()
            case State.RECEIPT, Played():
                self._heard = True
                return self._ask(now) if self._go_on else self.patience(self.timings.reply_seconds)
            case State.RECEIPT, TimerFired() if self._heard:
                return self._ask(now)
            case State.RECEIPT, TimerFired():  # its end never came, so it can't be said to have been heard
                return self.close(Outcome.INTERRUPTED)

            case State.NUMBER, Digit("#" as key):
                return self._complete(now, key)
            case State.NUMBER, Digit("*" as key):
                return self._ask(now, key)
            case State.NUMBER, Digit(key) if len(key) == 1 and key in "0123456789":
                return self._digit(key, now)
            case State.NUMBER, Played() if not self._digits:
                return self.patience(self.timings.reply_seconds)
            case State.NUMBER, TimerFired() if self._digits:
                return self._complete(now)
            case State.NUMBER, TimerFired():
                return self._silence(now)

            case State.READBACK, Digit() as key if self.since_begun(key, now) < self.timings.typing_seconds:
                return ()
            case State.READBACK, Digit("1"):
                return self.decide(Share(self._digits))
            case State.READBACK, Digit("*" as key):
                return self._ask(now, key)
            case State.READBACK, Digit("#"):  # the end of a number of twelve, which had ended by itself
                return ()
            case State.READBACK, Digit(key):
                return self._wrong_key(key, now)
            case State.READBACK, Played():
                return self.patience(self.timings.reply_seconds)
            case State.READBACK, TimerFired():
                return self._unconfirmed(now)
        return ()

    def recorded(self, now: datetime) -> Commands:
        return self.farewell("witness_received", now)

    def refused(self, now: datetime) -> Commands:
        return self.farewell("witness_refused", now)

    def _ask(self, now: datetime, key: str | None = None) -> Commands:
        return self._collect("witness_ask", now, key)

    def _collect(self, prompt: str, now: datetime, key: str | None = None) -> Commands:
        self.state, self._digits = State.NUMBER, ""
        return self.play(prompt, now, key)

    def _digit(self, key: str, now: datetime) -> Commands:
        self._digits += key
        if len(self._digits) >= LONGEST:
            return self._complete(now, key)
        silence = (StopPlay(),) if len(self._digits) == 1 else ()
        return (*silence, *self.patience(self.timings.digit_seconds))

    def _complete(self, now: datetime, key: str | None = None) -> Commands:
        refusal = self._weak(self._digits)
        if refusal is None:
            self.state, self._repeats = State.READBACK, 0
            return self.speak("witness_readback", self._digits, now, key)
        self._refusals += 1
        if self._refusals > self.timings.weak_numbers:
            return self.farewell("witness_goodbye", now, Outcome.WRONG_KEYS)
        return self._collect(refusal, now, key)

    def _silence(self, now: datetime) -> Commands:
        self._silences += 1
        if self._silences > self.timings.silences:
            return self.farewell("witness_goodbye", now, Outcome.NO_KEY)
        return self._collect("witness_no_key", now)

    def _wrong_key(self, key: str, now: datetime) -> Commands:
        self._wrong_keys += 1
        if self._wrong_keys > self.timings.wrong_keys:
            return self.farewell("witness_goodbye", now, Outcome.WRONG_KEYS)
        return self.play("witness_wrong_key", now, key)

    def _unconfirmed(self, now: datetime) -> Commands:
        self._repeats += 1
        if self._repeats > self.timings.confirm_repeats:
            return self.farewell("witness_goodbye", now, Outcome.NO_KEY)
        return self.speak("witness_readback", self._digits, now)
