"""The inbound line (来电, requirement K4): says who we are, offers to call back the number on file, and hangs up.

Key 1 asks for the call back; 3 or * again. Outside the hours in which we call it says those, for nobody shall be woken by
whoever forged their number. The flow does not know who calls, and so says the same to everybody, in the
same time: a caller's number can be forged, and whoever tries numbers shall not learn which of them belong to experts.
Whether anybody is called back is decided by rows, after the line is free again.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ivr.calls import CallBackWish, Command, DialFailed, Digit, HungUp, Outcome, PickUp, Played, StartTimer, TimerFired
from ivr.dialplans.conversation import STEP, Commands, Conversation, Phase
from ivr.dialplans.timings import Timings


class Inbound(Conversation):
    def __init__(self, timings: Timings, *, open_now: bool = True) -> None:
        """open_now: whether now is a time in which anybody may be called; else that is all that is said."""
        super().__init__(replace(timings, call_seconds=timings.inbound_seconds))
        self._open = open_now
        self._replays = self._wrong_keys = 0

    def opening(self) -> Sequence[Command]:
        self.phase = Phase.DIALLING
        return (PickUp(), StartTimer(STEP, self.timings.pick_up_seconds))

    def answered(self, now: datetime) -> Commands:
        return self.play("inbound", now) if self._open else self.farewell("inbound_closed", now, Outcome.DELIVERED)

    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        match event:
            case Digit("1"):
                return self.decide(CallBackWish())
            case Digit("3" | "*" as key):
                return self._again(key, now)
            case Digit(key):
                return self._wrong_key(key, now)
            case Played():
                return self.patience(self.timings.reply_seconds)
            case TimerFired():
                return self.farewell("inbound_goodbye", now, Outcome.NO_KEY)

    def recorded(self, now: datetime) -> Commands:
        return self.farewell("inbound_recorded", now)

    def refused(self, now: datetime) -> Commands:  # another holder has the node: it is for the next call
        return self.farewell("promise_call", now, Outcome.INTERRUPTED)

    def _again(self, key: str, now: datetime) -> Commands:
        if self._replays >= self.timings.replays:
            return ()
        self._replays += 1
        return self.play("inbound", now, key)

    def _wrong_key(self, key: str, now: datetime) -> Commands:
        self._wrong_keys += 1
        if self._wrong_keys > self.timings.wrong_keys:
            return self.farewell("inbound_goodbye", now, Outcome.WRONG_KEYS)
        return self.play("inbound", now, key)

    def _meaning(self, end: HungUp | DialFailed) -> Outcome:
        """Nothing was dialled, so nothing is known of a trunk: whoever called has hung up, or we were cut off."""
        lost = isinstance(end, DialFailed) or end.lost or end.by_us
        return Outcome.INTERRUPTED if lost else Outcome.HUNG_UP_EARLY
