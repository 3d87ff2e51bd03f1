"""The diagrams of calls with two legs: as script/flows.py, but a state is named after what each side hears, staff first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from drawing.rules import OUR_FAILURES
from ivr.bridged import Join, Joined, LegEvent, NotJoined, On, PairCommand, PairEvent, PairFlow, Side, To
from ivr.calls import (
    Answered,
    Cancelled,
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
    TimerFired,
)
from ivr.dialplans import PAIRS, PairKind, Timings
from ivr.dialplans.masked import CALL
from ivr.outcomes import classify
from script.diagrams import END, KEYS, Edges, add, diagram, label
from script.walking import BEGINNING, Walked, copied, steps

FEW = Timings(replays=1, silences=1)
APART = " | "
NOTHING, RINGS, JOINING, TOGETHER = "–", "rings", "joining", "the other"
"""What a side hears that is not on the line, whose telephone rings, that waits for the bridge, that is in it."""
SILENCE = dict.fromkeys(Side, NOTHING)
UNANSWERED = (HungUp(17, 486), HungUp(21, 603), HungUp(19), HungUp(20, 480), HungUp(1, 404), DialFailed(38))
"""One for each outcome that a telephone can have that is not answered."""
ENDS = (HungUp(16), HungUp(38))
"""Of one that was: by the person, and by the network."""


@cache
def pairs_text() -> str:
    """A diagram for each kind of call with two legs."""
    return "\n".join(f"### {name}\n\n{_drawn(kind)}" for name, kind in PAIRS.items())


def walked(kind: PairKind) -> Iterator[tuple[_Walked, PairEvent, Sequence[PairCommand], _Walked]]:
    """Every event from every state, until it has come to something."""
    return steps(_Walked(kind.flow(FEW, False)), _events)


# --- walking --------------------------------------------------------------------------------------------------


class _Walked(Walked[PairEvent, PairCommand]):
    """A flow, and what each side hears. `drawn`: where one prompt follows another by itself, the first of them."""

    def __init__(self, flow: PairFlow, hears: Mapping[Side, str] = SILENCE, drawn: Mapping[Side, str] = SILENCE) -> None:
        self.flow, self.hears, self.drawn = flow, dict(hears), dict(drawn)

    def after(self, event: PairEvent, now: datetime) -> tuple[Sequence[PairCommand], _Walked]:
        following = _Walked(_copied(self.flow), self.hears, self.drawn)
        if isinstance(event, On) and isinstance(event.event, HungUp | DialFailed):
            following._hears(event.side, NOTHING)
        elif isinstance(event, Joined):
            following._both_hear(TOGETHER)
        commands = following.flow.receive(event, now)
        for command in commands:
            following._note(command, event)
        return commands, following

    def _note(self, command: PairCommand, event: PairEvent) -> None:
        match command, event:
            case To(side, Dial()), _:
                self._hears(side, RINGS)
            case To(side, Play(prompt)), On(heard, Played()) if heard is side and not self.parting:
                self.hears[side] = prompt
            case To(side, Play(prompt)), _:
                self._hears(side, prompt)
            case To(side, HangUp()), _:
                self._hears(side, NOTHING)
            case Join(), _:
                self._both_hear(JOINING)

    def _hears(self, side: Side, what: str) -> None:
        self.hears[side] = self.drawn[side] = what

    def _both_hear(self, what: str) -> None:
        for side in Side:
            self._hears(side, what)

    def key(self) -> tuple[Any, ...]:
        return *self.hears.values(), *self.drawn.values(), *_plain(self.flow)

    @property
    def state(self) -> str:
        """As it is drawn."""
        return END if set(self.drawn.values()) == {NOTHING} else APART.join(self.drawn.values())

    @property
    def parting(self) -> bool:
        """It has come to something: who is on the line hears the last prompt and is hung up, and nothing leads back."""
        return str(vars(self.flow)["phase"].name) == "PARTING"


def _copied(flow: PairFlow) -> PairFlow:
    """With what it knows of each leg, which it changes."""
    made = copied(flow)
    for name, value in vars(made).items():
        if is_dataclass(value):
            setattr(made, name, copy(value))
    return made


def _plain(flow: PairFlow) -> Iterator[Any]:
    """Everything that it remembers, its legs' too."""
    for value in vars(flow).values():
        if is_dataclass(value) and not isinstance(value, Timings):
            yield from (getattr(value, each.name) for each in fields(value))
        elif isinstance(value, str | int | Enum):
            yield value


def _events(at: _Walked) -> Iterator[PairEvent]:
    """Whatever may happen there, on either side and to us."""
    if at.parting:
        return
    yield from (Started(), Cancelled(), TimerFired(CALL))
    if JOINING in at.hears.values():
        yield from (Joined(), NotJoined())
    for side, hears in at.hears.items():
        yield from (On(side, each) for each in _on_leg(hears))
        yield TimerFired(side.value)


def _on_leg(hears: str) -> Iterator[LegEvent]:
    if hears == RINGS:
        yield from (Ringing(), EarlyMedia(), Answered(), *UNANSWERED)
    elif hears != NOTHING:
        yield from (Digit(key, hears) for key in KEYS)
        yield from (Played(hears), PlayFailed(hears), *ENDS)


# --- drawing --------------------------------------------------------------------------------------------------


@dataclass
class _Drawing:
    """What leads where, and what it comes to where nobody hears anything more; what fails on our side is told beside it."""

    leads: Edges = field(default_factory=dict)
    ends: Edges = field(default_factory=dict)
    """From a state to an outcome."""
    fails: dict[str, dict[str, None]] = field(default_factory=dict)
    told: dict[str, None] = field(default_factory=dict)
    follows: dict[str, str] = field(default_factory=dict)
    """The prompt that comes after this one by itself."""

    def step(self, before: _Walked, event: PairEvent, commands: Sequence[PairCommand], after: _Walked) -> None:
        """Take in one step."""
        self.follows |= {after.drawn[side]: now for side, now in after.hears.items() if now != after.drawn[side]}
        if after.parting or any(isinstance(each, Finish) for each in commands):
            self._end(before, event, came_to(after, commands), after)
        elif before.state != after.state or (commands and not _is_played(event)):
            add(self.leads, before.state, after.state, _what(before, event))

    def _end(self, before: _Walked, event: PairEvent, outcome: str, after: _Walked) -> None:
        what = _what(before, event)
        if outcome in OUR_FAILURES and not _is_persons(event):
            self.fails.setdefault(outcome, {})[before.state] = None
            self.told |= dict.fromkeys(each for each in after.drawn.values() if each != NOTHING)
        elif after.state == END:
            add(self.ends, before.state, "" if what.endswith(f" {outcome}") else f" ({outcome})", what)
        else:
            add(self.leads, before.state, after.state, what)
            add(self.ends, after.state, "", outcome)

    def text(self) -> str:
        """As the page has it."""
        edges: Edges = {(one, other): [_by_side(labels)] for (one, other), labels in self.leads.items()}
        for (state, outcome), labels in self.ends.items():
            add(edges, state, END, _by_side(labels) + outcome)
        named = {(self._named(one), self._named(other)): labels for (one, other), labels in edges.items()}
        return f"{diagram(named)}\n{self._failures()}"

    def _failures(self) -> str:
        told = " or ".join(f"`{each}`" for each in self.told)
        parts = (f"`{outcome}` (from {self._list(states)})" for outcome, states in self.fails.items())
        return f"What fails on our side or in the network is told by {told}, and comes to {', '.join(parts)}.\n"

    def _list(self, states: Iterable[str]) -> str:
        return "; ".join(self._named(each) for each in states if each != END)

    def _named(self, state: str) -> str:
        """With the prompts that follow by themselves."""
        return APART.join(f"{each} then {self.follows[each]}" if each in self.follows else each for each in state.split(APART))


def _drawn(kind: PairKind) -> str:
    drawing = _Drawing()
    for step in walked(kind):
        drawing.step(*step)
    return drawing.text()


def came_to(at: _Walked, commands: Sequence[PairCommand]) -> str:
    """Its outcome, once both legs are gone."""
    for side in Side:
        if not any(isinstance(each, Finish) for each in commands):
            commands, at = at.after(On(side, HungUp(16, by_us=True)), BEGINNING)
    return next(each.outcome.value for each in commands if isinstance(each, Finish))


def _is_persons(event: PairEvent) -> bool:
    """They hung up."""
    return isinstance(event, On) and isinstance(event.event, HungUp) and event.event.cause == 16


def _is_played(event: PairEvent) -> bool:
    return isinstance(event, On) and isinstance(event.event, Played)


def _what(before: _Walked, event: PairEvent) -> str:
    match event:
        case On(side, happened):
            return f"{side.value} {_on(before.hears[side], happened)}"
        case TimerFired(name) if name != CALL:
            return f"{name} {Outcome.NO_ANSWER.value if before.hears[Side(name)] == RINGS else 'silence'}"
        case _:
            return {Started: "asked for", Joined: "joined"}.get(type(event), "time is up")


def _on(hears: str, happened: LegEvent) -> str:
    match happened:
        case Digit(key):
            return key
        case (HungUp() | DialFailed()) as end if hears == RINGS:
            return classify(end, answered=False, alerted=True).value
        case HungUp(cause):
            return "hangs up" if cause == 16 else "breaks off"
        case Answered():
            return "answers"
        case _:
            return "prompt's end"


def _by_side(labels: Sequence[str]) -> str:
    """Each side's together."""
    rest, parts = list(labels), []
    for side in Side:
        mine = [each for each in labels if each.startswith(f"{side.value} ")]
        rest = [each for each in rest if each not in mine]
        parts += [f"{side.value} {label([each.partition(' ')[2] for each in mine])}"] * bool(mine)
    return ", ".join([*parts, *rest])
