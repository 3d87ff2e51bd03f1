"""The masked call (隐号通话, requirements R2, W2, E2): staff first, then the expert, joined only when both have said so.

Staff hears whom the call is for and presses 1; then the expert's telephone rings, and the expert hears who calls:
1 is connected, 2 refuses, 3 or * again. Until then neither hears anything of the other: staff a ringing tone, so
that no greeting of a voicemail, which may say a name, and no announcement of the network comes through. The end of
either leg ends both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from ivr.bridged import Join, Joined, LegCommand, LegEvent, NotJoined, On, PairCommand, PairEvent, Side, To
from ivr.calls import (
    Answered,
    Cancelled,
    CancelTimer,
    Dial,
    DialFailed,
    Digit,
    EarlyMedia,
    Finish,
    HangUp,
    HungUp,
    Outcome,
    Play,
    Played,
    PlayFailed,
    Ringing,
    Started,
    StartTimer,
    TimerFired,
)
from ivr.dialplans.timings import Timings
from ivr.outcomes import classify

CALL = "call"

Commands = Sequence[PairCommand]


class Phase(Enum):
    """How far the two have come."""

    NEW = auto()
    RINGING = auto()  # staff's telephone
    TELLING = auto()  # staff hears whom the call is for
    CALLING = auto()  # the expert's telephone; staff waits
    ASKING = auto()  # the expert hears who calls; staff waits
    JOINING = auto()
    TALKING = auto()  # with each other
    PARTING = auto()  # each hears why, if there is something to say, and is hung up
    FINISHED = auto()


class Stand(Enum):
    """How one leg stands."""

    AWAY = auto()  # not dialled
    RINGING = auto()
    UP = auto()
    LEAVING = auto()  # hears the last prompt
    CLOSING = auto()  # hung up by us, not yet gone
    GONE = auto()


@dataclass(slots=True)
class Party:
    """One side's leg: the prompt that is on, and how patient we have been."""

    side: Side
    question: str
    stand: Stand = Stand.AWAY
    alerted: bool = False
    step: str = ""
    replays: int = 0
    silences: int = 0


WHY: Mapping[Outcome, str] = {
    Outcome.BUSY: "masked_busy",
    Outcome.REJECTED: "masked_refused",
    Outcome.NO_ANSWER: "masked_no_answer",
    Outcome.UNREACHABLE: "masked_unreachable",
    Outcome.INVALID_NUMBER: "masked_unreachable",
    Outcome.HUNG_UP_EARLY: "masked_unconfirmed",
    Outcome.NO_KEY: "masked_unconfirmed",
}
"""What staff hears of an expert who was not connected; for anything else, that the system has failed."""


class Masked:
    """A PairFlow. `record`: what is said is kept; both were told so by the prompts that ask them."""

    def __init__(self, timings: Timings, *, record: bool = False) -> None:
        self.timings, self._record = timings, record
        self.phase = Phase.NEW
        self.outcome: Outcome | None = None
        self._staff = Party(Side.STAFF, "masked_staff")
        self._expert = Party(Side.EXPERT, "masked_expert")

    def receive(self, event: PairEvent, now: datetime) -> Commands:
        """See ivr.bridged.PairFlow."""
        match self.phase, event:
            case Phase.FINISHED, _:
                return ()
            case Phase.NEW, Started():
                self.phase = Phase.RINGING
                return self._dial(self._staff)
            case Phase.NEW, Cancelled():
                return self._finish(Outcome.CANCELLED)
            case Phase.NEW, _:
                return ()
            case _, On(side, happened):
                return self._on(self._party(side), happened)
            case _, TimerFired(name):
                return self._fired(name)
            case Phase.JOINING, Joined():
                self.phase = Phase.TALKING
                return (CancelTimer(Side.EXPERT.value), StartTimer(CALL, self.timings.talk_seconds))
            case Phase.JOINING, NotJoined():
                return self._part(Outcome.INTERRUPTED, staff="masked_trouble", expert="masked_failed")
            case Phase.RINGING | Phase.TELLING | Phase.CALLING, Cancelled():
                return self._part(Outcome.CANCELLED, staff="masked_trouble")
        return ()

    # --- one leg --------------------------------------------------------------------------------------------

    def _on(self, party: Party, event: LegEvent) -> Commands:
        match party.stand, event:
            case Stand.AWAY | Stand.GONE, _:
                return ()
            case _, (HungUp() | DialFailed()) as end:
                return self._gone(party, end)
            case Stand.RINGING, Ringing() | EarlyMedia():
                party.alerted = True
            case Stand.RINGING, Answered():
                return self._answered(party)
            case Stand.LEAVING, Played(prompt) | PlayFailed(prompt) if prompt == party.step:
                return self._close(party)
            case Stand.UP, Digit(key, step) if step == party.step:
                return self._pressed(party, key)
            case Stand.UP, Played(prompt) if prompt == party.step:
                return self._heard_out(party)
            case Stand.UP, PlayFailed(prompt) if prompt == party.question == party.step:
                # who hears no question can't answer
                return self._part(Outcome.INTERRUPTED, staff="masked_trouble", expert="masked_failed")
        return ()

    def _answered(self, party: Party) -> Commands:
        party.stand = Stand.UP
        if party.side is Side.EXPERT:
            self.phase = Phase.ASKING
            return self._ask(party)
        self.phase = Phase.TELLING
        return (StartTimer(CALL, self.timings.call_seconds), *self._ask(party))

    def _pressed(self, party: Party, key: str) -> Commands:
        match self.phase, party.side, key:
            case Phase.TELLING, Side.STAFF, "1":
                self.phase = Phase.CALLING
                return (
                    self._play(party, "masked_wait"), CancelTimer(Side.STAFF.value), *self._dial(self._expert),
                )  # fmt: skip
            case Phase.ASKING, Side.EXPERT, "1":
                return self._join()
            case Phase.ASKING, Side.EXPERT, "2":
                return self._part(Outcome.REJECTED, staff="masked_refused", expert="masked_thanks")
        if party.step == party.question and party.replays < self.timings.replays:
            party.replays += 1
            return self._ask(party)
        return ()

    def _heard_out(self, party: Party) -> Commands:
        if party.step == party.question:
            return (StartTimer(party.side.value, self.timings.reply_seconds),)
        if party.step == "masked_wait":
            return (self._play(party, "masked_ringing"),)
        return ()

    def _gone(self, party: Party, end: HungUp | DialFailed) -> Commands:
        was, party.stand = party.stand, Stand.GONE
        meaning = classify(end, answered=was is not Stand.RINGING, alerted=party.alerted)
        match self.phase, party.side:
            case Phase.PARTING, _:
                return self._finish_when_gone()
            case Phase.TALKING, _:
                return self._part(Outcome.CONNECTED)
            case Phase.RINGING | Phase.TELLING, _:
                return self._part(meaning)
            case _, Side.STAFF:
                gave_up = Outcome.CANCELLED if meaning is Outcome.HUNG_UP_EARLY else meaning
                return self._part(gave_up, expert="masked_gave_up")
            case Phase.JOINING, _ if meaning is Outcome.HUNG_UP_EARLY:  # they had pressed 1, so nobody says that they had not
                return self._part(meaning, staff="masked_refused")
            case _:
                return self._part(meaning, staff=WHY.get(meaning, "masked_trouble"))

    # --- time -----------------------------------------------------------------------------------------------

    def _fired(self, name: str) -> Commands:
        if name == CALL:
            return self._ceiling()
        party = next((each for each in (self._staff, self._expert) if each.side.value == name), None)
        match party:
            case Party(stand=Stand.RINGING):
                outcome = Outcome.NO_ANSWER if party.alerted else Outcome.TRUNK_FAILURE
                return self._part(outcome, staff=WHY.get(outcome, "masked_trouble"))
            case Party(stand=Stand.UP):
                return self._silent(party)
            case Party(stand=Stand.LEAVING | Stand.CLOSING):
                return self._close(party)
        return ()

    def _ceiling(self) -> Commands:
        match self.phase:
            case Phase.TALKING:
                return self._part(Outcome.CONNECTED)
            case Phase.PARTING:  # each leg has its own timer there
                return ()
            case _:
                return self._part(Outcome.INTERRUPTED, staff="masked_trouble", expert="masked_failed")

    def _silent(self, party: Party) -> Commands:
        """No key, a prompt whose end was lost, or a bridge that nothing was heard of."""
        match self.phase, party.side:
            case Phase.TELLING | Phase.ASKING, _ if party.step == party.question:
                if party.silences < self.timings.silences:
                    party.silences += 1
                    return self._ask(party)
                unconfirmed = "masked_no_key" if party.side is Side.STAFF else WHY[Outcome.NO_KEY]
                return self._part(Outcome.NO_KEY, staff=unconfirmed, expert="masked_not_connected")
            case Phase.JOINING, Side.EXPERT:
                return self._part(Outcome.INTERRUPTED)
        return ()

    # --- what is done ---------------------------------------------------------------------------------------

    def _party(self, side: Side) -> Party:
        return self._staff if side is Side.STAFF else self._expert

    def _dial(self, party: Party) -> Commands:
        party.stand = Stand.RINGING
        ring = self.timings.ring_seconds
        return (To(party.side, Dial(ring)), StartTimer(party.side.value, ring + self.timings.ring_grace))

    def _play(self, party: Party, prompt: str) -> To:
        party.step = prompt
        return To(party.side, Play(prompt))

    def _ask(self, party: Party) -> Commands:
        return self._play(party, party.question), StartTimer(party.side.value, self.timings.longest_prompt)

    def _join(self) -> Commands:
        self.phase = Phase.JOINING
        self._staff.step = self._expert.step = "masked_talk"  # keys of a conversation mean nothing
        return (Join(self._record), StartTimer(Side.EXPERT.value, self.timings.join_seconds))

    def _part(self, outcome: Outcome, *, staff: str = "", expert: str = "") -> Commands:
        """The call has come to this: who is on the line hears that prompt and is hung up, who rings is given up."""
        self.phase, self.outcome = Phase.PARTING, outcome
        commands = [*self._leave(self._staff, staff), *self._leave(self._expert, expert)]
        return (*commands, *self._finish_when_gone())

    def _leave(self, party: Party, prompt: str) -> Commands:
        if party.stand is Stand.UP and prompt:
            party.stand = Stand.LEAVING
            return (self._play(party, prompt), StartTimer(party.side.value, self.timings.longest_prompt))
        return self._close(party) if party.stand in (Stand.UP, Stand.RINGING) else ()

    def _close(self, party: Party) -> Commands:
        """Hang up, and again until the channel is gone."""
        party.stand = Stand.CLOSING
        hang_up: LegCommand = HangUp()
        return (To(party.side, hang_up), StartTimer(party.side.value, self.timings.hang_up_seconds))

    def _finish_when_gone(self) -> Commands:
        if any(each.stand not in (Stand.AWAY, Stand.GONE) for each in (self._staff, self._expert)):
            return ()
        return self._finish(self.outcome or Outcome.INTERRUPTED)

    def _finish(self, outcome: Outcome) -> Commands:
        self.phase, self.outcome = Phase.FINISHED, outcome
        return (Finish(outcome),)
