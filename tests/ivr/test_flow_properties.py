"""What holds for every flow, whatever happens, in whatever order, however often."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls import (
    Answered,
    CallBackWish,
    Cancelled,
    CancelTimer,
    Command,
    Decide,
    DialFailed,
    Digit,
    EarlyMedia,
    Event,
    Finish,
    Flow,
    HungUp,
    Outcome,
    Played,
    PlayFailed,
    Recorded,
    Refused,
    Reply,
    Ringing,
    Started,
    StartTimer,
    TimerFired,
    Unavailable,
)
from ivr.dialplans import KINDS, Again, Inbound, Kind, Timings, Whom
from ivr.dialplans.conversation import CALL, STEP
from tests.ivr.facts import INVITATION, MATTER

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PROMPTS = sorted(
    {name for kind in KINDS.values() if kind.whom is Whom.EXPERT for name in kind.says(INVITATION, MATTER)}
    | {"inbound", "call_back", "confirm_leave", "languages", "language_recorded", "leave_closed"}
    | {"witness_receipt", "witness_ask", "witness_weak", "witness_readback", "witness_received"}
)

DECIDED = (
    *(Outcome.ACCEPTED, Outcome.DECLINED, Outcome.SHARE_GIVEN),
    *(Outcome.STILL_COMES, Outcome.CANT_COME, Outcome.LEAVE_CONFIRMED, Outcome.LEAVE_DENIED),
)
prompts = st.sampled_from(PROMPTS)
keys = st.sampled_from([*"123456789*0#ABCD"])
ends = st.builds(HungUp, st.integers(0, 127), st.sampled_from([0, 486, 503]), st.booleans(), st.booleans())
events: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from([Started(), Ringing(), EarlyMedia(), Answered(), Cancelled()]),
    st.sampled_from([Recorded(), Refused(), Unavailable()]),
    st.builds(Digit, keys, prompts),
    st.builds(Played, prompts),
    st.builds(PlayFailed, prompts),
    st.builds(TimerFired, st.sampled_from([STEP, CALL, "unknown"])),
    ends,
    st.builds(DialFailed, st.integers(0, 127)),
)
# Uniform events seldom get past the answer: these are what a call is mostly made of.
lively: st.SearchStrategy[Event | None] = st.one_of(
    st.builds(Digit, st.sampled_from(["1", "2", "9", "*", "3", "#", "8", "7"]), prompts), st.just(None), events
)
stories = st.lists(st.tuples(lively, st.floats(0, 20)), max_size=60)
# A call from outside is no call of ours, but its flow keeps what every flow keeps.
FLOWS = {
    **KINDS,
    "inbound": Kind("inbound", Whom.EXPERT, Again.NEVER, lambda timings, _: Inbound(timings), lambda _: {}),
}
kinds = pytest.mark.parametrize("kind", list(FLOWS.values()), ids=list(FLOWS))


def weak(digits: str) -> str | None:
    return None if digits else "witness_weak"


class Watcher:
    """Feeds a flow and holds it to what every flow must keep."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.now = flow, NOW
        self.step = ""
        self.timers: set[str] = set()
        self.finished: list[Outcome] = []
        self.dialled = self.channel_gone = False
        self.presses = 0
        self.decided = 0

    def feed(self, event: Event) -> Sequence[Command]:
        match event:
            case TimerFired(name):
                self.timers.discard(name)
            case HungUp() | DialFailed():
                self.channel_gone = True
            case Digit():
                self.presses += 1
            case _:
                pass
        commands = self.flow.receive(event, self.now)
        for command in commands:
            self._look_at(command)
        assert self.finished or not self.dialled or self.timers, f"no timer after {event}"
        return commands

    def _look_at(self, command: Command) -> None:
        assert not self.finished, f"{command} after the end"
        match command:
            case StartTimer(name, _):
                self.timers.add(name)
            case CancelTimer(name):
                self.timers.discard(name)
            case Decide(CallBackWish()):
                assert self.presses >= 1
            case Decide():
                self.decided += 1
                assert self.presses >= 2, "decided by a single press"
            case Finish(outcome):
                assert self.channel_gone or not self.dialled, "finished while the channel may live"
                self.finished.append(outcome)
            case _:
                self.dialled = True
                self.step = getattr(command, "prompt", self.step)


@kinds
@given(story=st.lists(events, max_size=40))
def test_any_events_in_any_order(kind: Kind, story: list[Event]) -> None:
    watcher = Watcher(kind.flow(Timings(), weak))
    for event in story:
        watcher.feed(event)
    assert len(watcher.finished) <= 1


@kinds
@given(story=stories, repeat=st.integers(1, 3))
def test_every_call_comes_to_exactly_one_end(kind: Kind, story: list[tuple[Event | None, float]], repeat: int) -> None:
    watcher = Watcher(kind.flow(Timings(), weak))
    for event in (Started(), Ringing(), Answered()):
        watcher.feed(event)
    for drawn, pause in story:
        watcher.now += timedelta(seconds=pause)
        live = Digit(drawn.key, watcher.step) if isinstance(drawn, Digit) else drawn or Played(watcher.step)
        for _ in range(repeat):
            watcher.feed(live)
    watcher.feed(HungUp(16))
    for _ in range(20):  # a decision under way: the database is away for good
        for name in sorted(watcher.timers):
            watcher.feed(TimerFired(name))
    assert len(watcher.finished) == 1


@kinds
@given(story=stories)
def test_left_alone_it_hangs_up_by_itself(kind: Kind, story: list[tuple[Event | None, float]]) -> None:
    """Nothing but timers: every state is left, and in the end the channel is hung up."""
    watcher = Watcher(kind.flow(Timings(), weak))
    done: list[Command] = []
    pressed: list[Event] = [each for each, _ in story if isinstance(each, Digit)]
    for event in (Started(), Answered(), *pressed):
        watcher.feed(event)
    for _ in range(40):
        for name in sorted(watcher.timers - {CALL}):
            done += watcher.feed(TimerFired(name))
    assert any(type(each).__name__ == "HangUp" for each in done)


@kinds
@given(story=stories)
def test_a_decision_needs_its_record(kind: Kind, story: list[tuple[Event | None, float]]) -> None:
    watcher = Watcher(kind.flow(Timings(), weak))
    recorded = False
    for event in (Started(), Answered(), *(each for each, _ in story if each is not None)):
        recorded = recorded or isinstance(event, Recorded)
        live = Digit(event.key, watcher.step) if isinstance(event, Digit) else event
        watcher.now += timedelta(seconds=3)
        watcher.feed(live)
    if watcher.finished and watcher.finished[0] in DECIDED:
        assert recorded
        assert watcher.decided


@kinds
@given(key=keys, again=st.lists(st.floats(0, 1.99), max_size=4).map(sorted))
def test_one_press_delivered_again_and_late_decides_nothing(kind: Kind, key: str, again: list[float]) -> None:
    watcher = pressed(kind, key)
    began = watcher.now
    for seconds in again:
        watcher.now = began + timedelta(seconds=seconds)
        watcher.feed(Digit(key, watcher.step))
    assert not watcher.decided


@kinds
@given(key=keys, pieces=st.lists(st.tuples(st.floats(0, 0.49), st.integers(0, 20_000)), max_size=8))
def test_one_press_in_pieces_decides_nothing(kind: Kind, key: str, pieces: list[tuple[float, int]]) -> None:
    """Each begins soon after the one before, and is held for as long as it likes."""
    watcher = pressed(kind, key)
    for gap, held_ms in pieces:
        watcher.now += timedelta(seconds=gap, milliseconds=held_ms)
        watcher.feed(Digit(key, watcher.step, held_ms))
    assert not watcher.decided


def pressed(kind: Kind, key: str) -> Watcher:
    """A call in which that key was pressed once."""
    watcher = Watcher(kind.flow(Timings(), weak))
    watcher.feed(Started())
    watcher.feed(Answered())
    watcher.feed(Digit(key, watcher.step))
    return watcher


@given(story=stories)
def test_a_call_from_outside_decides_nothing(story: list[tuple[Event | None, float]]) -> None:
    """Whatever is pressed: at most a call back is asked for, which is not for the caller to decide."""
    flow = Inbound(Timings())
    for event in (Started(), Answered(), *(each for each, _ in story if each is not None)):
        for command in flow.receive(event, NOW):
            assert not isinstance(command, Decide) or command.decision == CallBackWish()


@given(story=stories)
def test_leave_needs_its_two_keys_and_its_record(story: list[tuple[Event | None, float]]) -> None:
    watcher = Watcher(KINDS["call_back"].flow(Timings(), weak))
    recorded, last = False, ""
    for event in (Started(), Answered(), *(each or Played(watcher.step) for each, _ in story)):
        live = Digit(event.key, watcher.step) if isinstance(event, Digit) else event
        recorded = recorded or isinstance(live, Recorded)
        watcher.now += timedelta(seconds=2)
        for command in watcher.feed(live):
            if isinstance(command, Decide) and command.decision == Reply(Outcome.LEAVE_CONFIRMED) and isinstance(live, Digit):
                assert (last, live.key) == ("8", "8")
        last = live.key if isinstance(live, Digit) else last
    if watcher.finished and watcher.finished[0] is Outcome.LEAVE_CONFIRMED:
        assert recorded
