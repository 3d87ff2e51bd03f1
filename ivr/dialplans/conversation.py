"""What every call of ours has in common: dialling, deciding, taking leave, and knowing that the channel is
gone.

A kind of call adds what is said: it writes `answered`, `talk`, `recorded` and `refused`. One timer,
`step`, always runs while the flow is alive and is started anew by whatever happens next; a second, `call`,
is the ceiling of the whole call.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto

from ivr.calls import (
    Answer,
    Answered,
    CallBackWish,
    Cancelled,
    Command,
    Decide,
    Decision,
    Dial,
    DialFailed,
    Digit,
    EarlyMedia,
    Event,
    Finish,
    HangUp,
    HungUp,
    LanguageChoice,
    NumberAnswer,
    Outcome,
    Play,
    Played,
    PlayFailed,
    Recorded,
    Refused,
    Reply,
    Ringing,
    Speak,
    Started,
    StartTimer,
    TimerFired,
    Unavailable,
)
from ivr.dialplans.timings import Timings
from ivr.outcomes import classify

STEP, CALL = "step", "call"

Commands = Sequence[Command]


class Phase(Enum):
    NEW = auto()
    DIALLING = auto()
    TALKING = auto()  # the kind of call's own states
    DECIDING = auto()  # a decision is being written
    WAITING = auto()  # it could not be written; the person is asked to wait
    FAREWELL = auto()  # the last prompt
    CLOSING = auto()  # hung up by us, not yet gone
    GONE = auto()  # hung up while a decision was being written
    FINISHED = auto()


class Conversation(ABC):
    """A Flow but for what is said. `outcome` is what the call has come to so far, if anything."""

    def __init__(self, timings: Timings) -> None:
        self.timings = timings
        self.phase = Phase.NEW
        self.outcome: Outcome | None = None
        self.step = ""
        self._began: datetime | None = None
        self._led_by: str | None = None
        self._let_go: datetime | None = None  # when the key that led here was
        self._confirming = False
        self._answered = self._alerted = False
        self._decision: Decision | None = None
        self._tries = 0

    @abstractmethod
    def answered(self, now: datetime) -> Commands:
        """The person is on the line."""

    @abstractmethod
    def talk(self, event: Digit | Played | TimerFired, now: datetime) -> Commands:
        """A key of this step, the end of this step's prompt, or the end of patience (a lost end of a
        prompt too).
        """

    @abstractmethod
    def recorded(self, now: datetime) -> Commands:
        """The decision is committed: `outcome` is set."""

    @abstractmethod
    def refused(self, now: datetime) -> Commands:
        """The decision was not taken: `outcome` is WITHDRAWN."""

    def receive(self, event: Event, now: datetime) -> Commands:
        """See ivr.calls.Flow."""
        match self.phase, event:
            case Phase.FINISHED, _:
                return ()
            case Phase.NEW, Started():
                return self.opening()
            case Phase.NEW, Cancelled():
                return self._finish(Outcome.CANCELLED)
            case Phase.NEW, _:
                return ()

            case Phase.DECIDING | Phase.WAITING, HungUp():  # the timer of the decision goes on
                self.phase = Phase.GONE
                return ()
            case Phase.GONE, HungUp() | DialFailed():
                return ()
            case _, (HungUp() | DialFailed()) as end:
                return self._finish(self.outcome or self._meaning(end))

            case Phase.DIALLING, Ringing() | EarlyMedia():
                self._alerted = True
                return ()
            case Phase.DIALLING, Answered():
                self.phase, self._answered = Phase.TALKING, True
                return (StartTimer(CALL, self.timings.call_seconds), *self.answered(now))
            case Phase.DIALLING, Cancelled():
                return self.close(Outcome.CANCELLED)
            case Phase.DIALLING, TimerFired(name) if name == STEP:
                return self.close(Outcome.NO_ANSWER if self._alerted else Outcome.TRUNK_FAILURE)

            case Phase.TALKING, Digit() if not self._counts(event, now):
                return ()
            case Phase.TALKING, Played(prompt) | PlayFailed(prompt) if prompt != self.step:
                return ()
            case Phase.TALKING, PlayFailed() if self.outcome is None:  # who hears no question can't answer
                return self.close(Outcome.INTERRUPTED)
            case Phase.TALKING, PlayFailed(prompt):
                return self.talk(Played(prompt), now)
            case Phase.TALKING, (Digit() | Played()) as heard:
                return self.talk(heard, now)
            case Phase.TALKING, TimerFired(name) as fired if name == STEP:
                return self.talk(fired, now)

            case Phase.DECIDING | Phase.WAITING, Recorded():
                self.phase, self.outcome = Phase.TALKING, self._decided()
                return self.recorded(now)
            case Phase.GONE, Recorded():
                return self._finish(self._decided())
            case _, Recorded() if self._decision:  # later than our patience, but it stands
                self.outcome = self._decided()
                return ()
            case Phase.DECIDING | Phase.WAITING, Refused():
                self.phase, self.outcome = Phase.TALKING, Outcome.WITHDRAWN
                return self.refused(now)
            case Phase.GONE, Refused():
                return self._finish(Outcome.WITHDRAWN)
            case Phase.DECIDING, Unavailable():
                return self._wait(now)
            case Phase.DECIDING, TimerFired(name) if name == STEP:
                return self._wait(now)
            case Phase.WAITING, TimerFired(name) if name == STEP:
                self.phase = Phase.DECIDING
                return self._write()
            case Phase.GONE, Unavailable():
                return (StartTimer(STEP, self.timings.decide_pause),)
            case Phase.GONE, TimerFired(name) if name == STEP:
                if self._tries < self.timings.decide_tries:
                    return self._write()
                return self._finish(Outcome.INTERRUPTED)

            case Phase.FAREWELL, Played(prompt) | PlayFailed(prompt) if prompt == self.step:
                return self.close()
            case Phase.FAREWELL, TimerFired():
                return self.close()
            case Phase.CLOSING, TimerFired(name) if name == STEP:
                return self.close()
            case Phase.TALKING, TimerFired(name) if name == CALL:
                return self.close(self.outcome or Outcome.NO_KEY)
            case Phase.DECIDING | Phase.WAITING, TimerFired(name) if name == CALL:
                return (HangUp(), StartTimer(CALL, self.timings.hang_up_seconds))
        return ()

    def opening(self) -> Commands:
        """How the call begins: we dial. A call from outside is picked up instead."""
        return self._dial()

    # --- what a kind of call says and does ------------------------------------------------------------------

    def play(self, prompt: str, now: datetime, key: str | None = None, *, confirming: bool = False) -> Commands:
        """Begin the step `prompt`; `key` is the press that led there. confirming: the same key once more decides."""
        return self._begin(Play(prompt), now, key, confirming)

    def speak(self, prompt: str, digits: str, now: datetime, key: str | None = None) -> Commands:
        return self._begin(Speak(prompt, digits), now, key)

    def patience(self, seconds: float) -> Commands:
        """The prompt is over; wait so long for a key."""
        return (StartTimer(STEP, seconds),)

    def decide(self, decision: Decision) -> Commands:
        self.phase, self._decision, self._tries = Phase.DECIDING, decision, 0
        return self._write()

    def farewell(self, prompt: str, now: datetime, outcome: Outcome | None = None) -> Commands:
        """The last prompt, then hang up."""
        self.phase, self.outcome = Phase.FAREWELL, outcome or self.outcome
        return self.play(prompt, now)

    def close(self, outcome: Outcome | None = None) -> Commands:
        """Hang up, and again until the channel is gone."""
        self.phase, self.outcome = Phase.CLOSING, self.outcome or outcome
        return (HangUp(), StartTimer(STEP, self.timings.hang_up_seconds))

    # --- the common steps -----------------------------------------------------------------------------------

    def _begin(self, command: Play | Speak, now: datetime, key: str | None, confirming: bool = False) -> Commands:
        self.step, self._began, self._led_by, self._let_go = command.prompt, now, key, now
        self._confirming = confirming
        return (command, StartTimer(STEP, self.timings.longest_prompt))

    def since_begun(self, key: Digit, now: datetime) -> float:
        """How long this step was on when the key went down, in seconds; `now` is when it was let go."""
        return _seconds(self._began, key, now)

    def _counts(self, key: Digit, now: datetime) -> bool:
        """One press decides nothing alone, in however many pieces, how often and how late the line delivers it."""
        if self._is_same_press(key, now) or key.step != self.step:
            return False
        self._led_by = None  # that press is over: a digit that comes twice is meant twice
        return True

    def _is_same_press(self, key: Digit, now: datetime) -> bool:
        if key.key != self._led_by:
            return False
        let_go, self._let_go = self._let_go, now
        guard = self.timings.confirm_seconds if self._confirming else self.timings.key_guard
        return self.since_begun(key, now) < guard or _seconds(let_go, key, now) < self.timings.key_guard

    def _dial(self) -> Commands:
        self.phase = Phase.DIALLING
        ring = self.timings.ring_seconds
        return (Dial(ring), StartTimer(STEP, ring + self.timings.ring_grace))

    def _decided(self) -> Outcome:
        match self._decision:
            case Answer(outcome) | Reply(outcome) | NumberAnswer(outcome):
                return outcome
            case CallBackWish():
                return Outcome.CALL_BACK_ASKED
            case LanguageChoice():  # a wish beside the matter: that it was heard is all that the call came to
                return Outcome.DELIVERED
            case _:
                return Outcome.SHARE_GIVEN

    def _write(self) -> Commands:
        assert self._decision is not None
        self._tries += 1
        return (Decide(self._decision), StartTimer(STEP, self.timings.decide_seconds))

    def _wait(self, now: datetime) -> Commands:
        if self._tries >= self.timings.decide_tries:
            return self.farewell("promise_call", now, Outcome.INTERRUPTED)
        self.phase = Phase.WAITING
        say = self.play("wait", now)[:1] if self._tries == 1 else ()
        return (*say, StartTimer(STEP, self.timings.decide_pause))

    def _meaning(self, end: HungUp | DialFailed) -> Outcome:
        return classify(end, answered=self._answered, alerted=self._alerted)

    def _finish(self, outcome: Outcome) -> Commands:
        self.phase, self.outcome = Phase.FINISHED, outcome
        return (Finish(outcome),)


def _seconds(since: datetime | None, key: Digit, now: datetime) -> float:
    """From then until the key went down."""
    return 0.0 if since is None else (now - since).total_seconds() - key.held_ms / 1000
