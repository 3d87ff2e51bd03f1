"""A notice to somebody who has agreed: prompts in turn, of which one is the core. Who has heard that to its end
has been told (DELIVERED), also when they hang up afterwards; nothing is decided.

3 or * plays again from the core on, once it has begun.
"""

from datetime import datetime

from ivr.calls import Digit, Outcome, Played, TimerFired
from ivr.dialplans.conversation import Commands, Conversation
from ivr.dialplans.timings import Timings


class Notice(Conversation):
    def __init__(self, timings: Timings, *prompts: str, core: str) -> None:
        super().__init__(timings)
        self._prompts, self._core = prompts, prompts.index(core)
        self._at = self._repeats = 0

    def answered(self, now: datetime) -> Commands:
        return self.play(self._prompts[0], now)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        last = self._at == len(self._prompts) - 1
        match event:
            case Digit("3" | "*" as key) if self._at >= self._core and self._repeats < self.timings.details_repeats:
                self._repeats += 1
                return self._say(self._core, now, key)
            case Played():
                if self._at == self._core:
                    self.outcome = Outcome.DELIVERED
                return self.patience(self.timings.details_seconds) if last else self._say(self._at + 1, now)
            case TimerFired():  # its silence is over, or its end was lost
                return self.farewell("goodbye", now) if last else self._say(self._at + 1, now)
        return ()

    def recorded(self, now: datetime) -> Commands:  # this call decides nothing
        return ()

    def refused(self, now: datetime) -> Commands:
        return ()

    def _say(self, at: int, now: datetime, key: str | None = None) -> Commands:
        self._at = at
        return self.play(self._prompts[at], now, key)
