"""The diagrams of docs/flows.md, made from the flows themselves: each is driven with every event from every state it can
reach, and what it then does is drawn as a state diagram (mermaid).

A state is named after what it began last: the prompt that is heard, or the decision that is being written. Counters
(silences, repeats) are states of the flow, but one state of the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from enum import Enum
from functools import cache
from typing import Any

from ivr import prompts
from ivr.calls import (
    Answer,
    Answered,
    CallBackWish,
    Cancelled,
    Command,
    Decide,
    DialFailed,
    Digit,
    EarlyMedia,
    Event,
    Finish,
    Flow,
    HangUp,
    HungUp,
    LanguageChoice,
    NumberAnswer,
    Play,
    Played,
    PlayFailed,
    Recorded,
    Refused,
    Reply,
    Ringing,
    Share,
    Speak,
    Started,
    TimerFired,
    Unavailable,
)
from ivr.dialplans import KINDS, WITNESS_SENT, Again, Inbound, Kind, Timings, Whom
from ivr.dialplans.conversation import CALL, STEP
from script.diagrams import END, KEYS, Edges, add, diagram, merged
from script.walking import Walked, copied, steps

FEW = Timings(replays=1, wrong_keys=2, silences=2, confirm_repeats=1, details_repeats=1, weak_numbers=1)
"""Every limit can be reached, soon; what may happen twice does."""
FEWEST = Timings(replays=0, wrong_keys=1, silences=1, confirm_repeats=0, decide_tries=2)
_DAY = time(8), time(21)
INBOUND = {
    "inbound": Kind("inbound", Whom.EXPERT, Again.NEVER, lambda timings, _: Inbound(timings), lambda _: prompts.inbound(*_DAY))
}
"""A call from outside is no call of ours, but a flow like the others."""
SENT = {"witness, with the receipt sent before": WITNESS_SENT}
NAMES: Mapping[type[Event], str] = {
    Started: "started", Ringing: "rings", EarlyMedia: "early media", Answered: "answered", Played: "prompt's end",
    PlayFailed: "prompt fails", HungUp: "hung up", DialFailed: "not put through", Recorded: "recorded",
    Digit: "a key", TimerFired: "time is up", Refused: "refused", Unavailable: "database away", Cancelled: "cancelled",
}  # fmt: skip


@cache
def flows_text() -> str:
    """A diagram for each kind of call, with what it comes to when they hang up."""
    return "\n".join(f"### {name}\n\n{_drawn(kind)}" for name, kind in (KINDS | SENT | INBOUND).items())


@cache
def common_text() -> str:
    """What every call goes through, whatever is said."""
    edges: Edges = {(END, "new"): ["asked for"]}
    for before, event, _, after in steps(_begun(KINDS["leave"], FEWEST), _all_events):
        source, target = _phase(before), _phase(after)
        if source != target:
            add(edges, source, target, NAMES[type(event)])
    return diagram(edges)


@cache
def prompts_named(kind: Kind) -> frozenset[str]:
    """Every prompt that its flow may play, also when the database is away."""
    walked = steps(_begun(kind, FEWEST), _spoken_or_away)
    return frozenset({each.prompt for _, _, commands, _ in walked for each in commands if isinstance(each, Play | Speak)})


# --- walking --------------------------------------------------------------------------------------------------


_TOLD = (str, int, Enum)
_NOT_TOLD = ("_led_by", "_digits")


class _Walked(Walked[Event, Command]):
    """A flow, and the name of the state of the drawing that it is in."""

    def __init__(self, flow: Flow, state: str = "", step: str = "", *, over: bool = False) -> None:
        """`over`: the prompt of this step has come to its end."""
        self.flow, self.state, self.step, self.over = flow, state, step, over

    def after(self, event: Event, now: datetime) -> tuple[Sequence[Command], _Walked]:
        flow = copied(self.flow)
        commands = flow.receive(event, now)
        following = _Walked(flow, self.state, self.step, over=self.over or isinstance(event, Played))
        for command in commands:
            following._note(command)
        return commands, following

    def _note(self, command: Command) -> None:
        match command:
            case Play(prompt) | Speak(prompt, _):
                self.state = self.step = prompt
                self.over = False
            case Decide(Answer(outcome) | Reply(outcome) | NumberAnswer(outcome)):
                self.state = f"records_{outcome.value}"
            case Decide(Share()):
                self.state = "records_share"
            case Decide(CallBackWish()):
                self.state = "records_wish"
            case Decide(LanguageChoice()):
                self.state = "records_language"
            case HangUp():
                self.state = "hangs_up"
            case Finish():
                self.state = END
            case _:
                pass

    def key(self) -> tuple[Any, ...]:
        """What tells two of them apart: of digits only the first (see `_begun`), and no times."""
        known = vars(self.flow)
        told = [each for name, each in known.items() if isinstance(each, _TOLD) and name not in _NOT_TOLD]
        return (self.state, self.step, self.over, known.get("_digits", "")[:1], *told)


def _begun(kind: Kind, timings: Timings = FEW) -> _Walked:
    """A new call of that kind, in which digits that begin with 1 are good."""
    return _Walked(kind.flow(timings, lambda digits: None if digits.startswith("1") else "witness_weak"))


def _all_events(walked: _Walked) -> Iterator[Event]:
    if not walked.state:
        yield from (Started(), Ringing(), EarlyMedia(), Answered(), Cancelled())
    else:
        yield from (Recorded(), Refused(), Unavailable())
    yield from (Digit(key, walked.step) for key in KEYS)
    yield from (Played(walked.step), TimerFired(STEP), PlayFailed(walked.step), TimerFired(CALL), HungUp(16), DialFailed(17))


def _said(walked: _Walked) -> Iterator[Event]:
    """What happens while they talk and all is well with us."""
    yield from (Digit(key, walked.step) for key in KEYS)
    yield TimerFired(STEP) if walked.over else Played(walked.step)


def _spoken(walked: _Walked) -> Iterator[Event]:
    if walked.state == "":
        yield from (Started(), Answered())
    elif walked.state.startswith("records_"):
        yield from (Recorded(), Refused())
    elif walked.state != "hangs_up":
        yield from _said(walked)
    yield HungUp(16)


def _spoken_or_away(walked: _Walked) -> Iterator[Event]:
    yield from _spoken(walked)
    if walked.state.startswith("records_"):
        yield Unavailable()


# --- drawing --------------------------------------------------------------------------------------------------


def _drawn(kind: Kind) -> str:
    edges: Edges = {}
    ends: dict[str, list[str]] = {}
    for before, event, commands, after in steps(_begun(kind), _spoken):
        if not before.state or before.state == "hangs_up":
            if isinstance(event, Answered) and after.state:
                add(edges, END, after.state, "answered")
            continue
        outcome = next((each.outcome.value for each in commands if isinstance(each, Finish)), "")
        if outcome:
            ends.setdefault(outcome, []).append(before.state)
        elif after.state == "hangs_up":
            add(edges, before.state, END, _came_to(after))
        elif after.state != before.state or _begins_anew(event, commands):
            add(edges, before.state, after.state, _event(event))
    return diagram(merged(edges)) + "\n" + _hung_up(ends)


def _begins_anew(event: Event, commands: Sequence[Command]) -> bool:
    """Whether something happens though the state's name stays."""
    return bool(commands) if isinstance(event, Digit) else any(isinstance(each, Play | Speak) for each in commands)


def _came_to(closing: _Walked) -> str:
    commands, _ = closing.after(HungUp(16, by_us=True), datetime(2026, 1, 2, tzinfo=UTC))
    return next(each.outcome.value for each in commands if isinstance(each, Finish))


def _event(event: Event) -> str:
    match event:
        case Digit(key):
            return key
        case TimerFired():
            return "silence"
        case _:
            return NAMES[type(event)]


def _phase(walked: _Walked) -> str:
    return END if walked.state == END else str(vars(walked.flow)["phase"].name).lower()


def _hung_up(ends: Mapping[str, Sequence[str]]) -> str:
    parts = (f"`{outcome}` ({', '.join(dict.fromkeys(states))})" for outcome, states in ends.items())
    return f"They hang up: {'; '.join(parts)}.\n"
