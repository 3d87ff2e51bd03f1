"""The masked call as a dialogue of two legs, and what holds for it whatever happens."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import bridged
from ivr.bridged import (
    Join,
    Joined,
    LegEvent,
    NotJoined,
    On,
    PairCommand,
    PairEvent,
    PairTrail,
    Side,
    To,
    channels_of,
    second_leg,
)
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
    Heard,
    HungUp,
    Outcome,
    Play,
    Played,
    PlayFailed,
    Ringing,
    Started,
    StartTimer,
    TimerFired,
    Trail,
)
from ivr.dialplans import Timings
from ivr.dialplans.masked import CALL, WHY, Masked
from ivr.evidence import evidence
from ivr.masked import WAITS_SECONDS, PairConversation, too_late
from ivr.prompts import MaskedFacts, Prompt, masked
from ivr.prompts.parts import Digits, Phone
from ivr.prompts.zh_masked import RINGING
from ivr.settings import Trunk
from ivr.speech.normalise import spoken_text

STAFF, EXPERT = Side.STAFF, Side.EXPERT
RING = Timings().ring_seconds
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Script:
    """`tests.ivr.dialogue.Script` for two legs: what each leg gets, what the flow then does, on a virtual clock."""

    def __init__(self, flow: Masked) -> None:
        self.flow, self.now = flow, NOW
        self.steps: dict[Side, str] = {}
        self.timers: dict[str, datetime] = {}
        self.done: list[PairCommand] = []
        self.story: list[str] = []

    def gets(self, *events: PairEvent) -> Self:
        for event in events:
            self.story.append(f"< {event}")
            for command in self.flow.receive(event, self.now):
                self.story.append(f"    > {command}")
                self._carry_out(command)
        return self

    def staff(self, *events: LegEvent) -> Self:
        return self.gets(*(On(STAFF, each) for each in events))

    def expert(self, *events: LegEvent) -> Self:
        return self.gets(*(On(EXPERT, each) for each in events))

    def presses(self, side: Side, key: str, step: str | None = None) -> Self:
        return self.after(1.0).gets(On(side, Digit(key, self.steps.get(side, "") if step is None else step)))

    def hears_out(self, side: Side) -> Self:
        return self.gets(On(side, Played(self.steps[side])))

    def after(self, seconds: float) -> Self:
        end = self.now + timedelta(seconds=seconds)
        while self.timers and min(self.timers.values()) <= end:
            name = min(self.timers, key=lambda each: self.timers[each])
            self.now = self.timers.pop(name)
            self.gets(TimerFired(name))
        self.now = end
        return self

    def does(self, *commands: PairCommand) -> Self:
        wanted, seen = [str(each) for each in commands], [str(each) for each in self.done]
        story = "\n".join(self.story)
        diff = "\n".join(difflib.unified_diff(wanted, seen, "wanted", "done", lineterm=""))
        assert wanted == seen, f"{diff}\n\nthe dialogue so far:\n{story}"
        self.done.clear()
        return self

    def _carry_out(self, command: PairCommand) -> None:
        match command:
            case StartTimer(name, seconds):
                self.timers[name] = self.now + timedelta(seconds=seconds)
                return
            case CancelTimer(name):
                self.timers.pop(name, None)
                return
            case To(side, Play(prompt)):
                self.steps[side] = prompt
            case Join():
                self.steps = dict.fromkeys(Side, "masked_talk")
            case Finish():
                self.timers.clear()
        self.done.append(command)


def told() -> Script:
    """Staff hears whom the call is for."""
    talk = Script(Masked(Timings())).gets(Started()).does(To(STAFF, Dial(RING)))
    return talk.staff(Ringing(), Answered()).does(To(STAFF, Play("masked_staff")))


def calling() -> Script:
    """Staff has pressed 1."""
    return told().presses(STAFF, "1").does(To(STAFF, Play("masked_wait")), To(EXPERT, Dial(RING)))


def asked() -> Script:
    """The expert hears who calls; staff hears the ringing tone."""
    talk = calling().hears_out(STAFF).does(To(STAFF, Play(RINGING)))
    return talk.expert(Ringing(), Answered()).does(To(EXPERT, Play("masked_expert")))


def talking() -> Script:
    return asked().presses(EXPERT, "1").does(Join()).gets(Joined())


def both_hang_up(talk: Script) -> Script:
    return talk.does(To(STAFF, HangUp()), To(EXPERT, HangUp()))


# --- connected ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", list(Side))
def test_the_end_of_either_is_the_end_of_both(first: Side) -> None:
    other = EXPERT if first is STAFF else STAFF
    talk = talking().does().after(60)
    talk.gets(On(first, HungUp(16))).does(To(other, HangUp()))
    talk.gets(On(other, HungUp(16, by_us=True))).does(Finish(Outcome.CONNECTED))


def test_the_expert_is_not_rung_before_staff_has_pressed_1() -> None:
    told().presses(STAFF, "2").does(To(STAFF, Play("masked_staff"))).presses(STAFF, "*").does(
        To(STAFF, Play("masked_staff"))
    ).presses(STAFF, "1").does(To(STAFF, Play("masked_wait")), To(EXPERT, Dial(RING)))


def test_nothing_joins_the_two_before_the_experts_key() -> None:
    """Neither early media, nor the answer, nor staff's key, nor a key of the expert's that means nothing."""
    talk = calling().expert(EarlyMedia(), Ringing(), Answered()).presses(STAFF, "1").presses(EXPERT, "5")
    assert Join() not in talk.done
    talk.presses(EXPERT, "1", step="masked_staff")
    assert Join() not in talk.done
    talk.presses(EXPERT, "1")
    assert talk.done[-1] == Join()


def test_a_conversation_has_a_ceiling() -> None:
    both_hang_up(talking().does().after(Timings().talk_seconds)).staff(HungUp(16)).expert(HungUp(16)).does(
        Finish(Outcome.CONNECTED)
    )


def test_keys_of_the_conversation_mean_nothing() -> None:
    talking().presses(STAFF, "1").presses(EXPERT, "2").does()


def test_a_recorded_one_is_joined_so() -> None:
    talk = Script(Masked(Timings(), record=True)).gets(Started()).staff(Answered()).presses(STAFF, "1")
    assert talk.expert(Answered()).presses(EXPERT, "1").done[-1] == Join(record=True)


# --- not connected --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (HungUp(17, 486), Outcome.BUSY),
        (HungUp(21, 603), Outcome.REJECTED),
        (HungUp(19), Outcome.NO_ANSWER),
        (HungUp(20, 480), Outcome.UNREACHABLE),
        (HungUp(1, 404), Outcome.INVALID_NUMBER),
        (DialFailed(38), Outcome.TRUNK_FAILURE),
    ],
)
def test_an_expert_who_is_not_reached(end: HungUp | DialFailed, outcome: Outcome) -> None:
    """Staff is told; of a number that is wrong no more than that it can't be reached."""
    talk = calling().expert(Ringing(), end).does(To(STAFF, Play(WHY.get(outcome, "masked_trouble"))))
    talk.hears_out(STAFF).does(To(STAFF, HangUp())).staff(HungUp(16, by_us=True)).does(Finish(outcome))


def test_an_expert_whose_telephone_rings_on() -> None:
    talk = calling().expert(Ringing()).after(RING + Timings().ring_grace)
    talk.does(To(STAFF, Play("masked_no_answer")), To(EXPERT, HangUp())).expert(HungUp(16, by_us=True)).does()
    talk.hears_out(STAFF).does(To(STAFF, HangUp())).staff(HungUp(16)).does(Finish(Outcome.NO_ANSWER))


def test_an_expert_who_refuses() -> None:
    talk = asked().presses(EXPERT, "2").does(To(STAFF, Play("masked_refused")), To(EXPERT, Play("masked_thanks")))
    talk.hears_out(EXPERT).does(To(EXPERT, HangUp())).expert(HungUp(16, by_us=True)).does()
    talk.hears_out(STAFF).does(To(STAFF, HangUp())).staff(HungUp(16, by_us=True)).does(Finish(Outcome.REJECTED))


def test_a_voicemail_is_never_joined() -> None:
    talk = asked().hears_out(EXPERT).after(Timings().reply_seconds).does(To(EXPERT, Play("masked_expert")))
    talk.hears_out(EXPERT).after(Timings().reply_seconds)
    talk.does(To(STAFF, Play("masked_unconfirmed")), To(EXPERT, Play("masked_not_connected")))
    talk.hears_out(STAFF).hears_out(EXPERT).does(To(STAFF, HangUp()), To(EXPERT, HangUp()))
    talk.staff(HungUp(16)).expert(HungUp(16)).does(Finish(Outcome.NO_KEY))


def test_staff_hangs_up_while_the_expert_is_rung() -> None:
    talk = calling().expert(Ringing()).staff(HungUp(16)).does(To(EXPERT, HangUp()))
    talk.expert(HungUp(16, by_us=True)).does(Finish(Outcome.CANCELLED))


def test_staff_hangs_up_while_the_expert_is_asked() -> None:
    talk = asked().staff(HungUp(16)).does(To(EXPERT, Play("masked_gave_up")))
    talk.hears_out(EXPERT).does(To(EXPERT, HangUp())).expert(HungUp(16)).does(Finish(Outcome.CANCELLED))


def test_an_expert_who_hangs_up_after_the_key() -> None:
    """Staff is not told that there was none."""
    talk = asked().presses(EXPERT, "1").does(Join()).expert(HungUp(16)).does(To(STAFF, Play("masked_refused")))
    talk.hears_out(STAFF).does(To(STAFF, HangUp())).staff(HungUp(16)).does(Finish(Outcome.HUNG_UP_EARLY))


def test_staff_is_not_reached() -> None:
    """The expert is not rung at all."""
    talk = Script(Masked(Timings())).gets(Started()).does(To(STAFF, Dial(RING)))
    talk.staff(Ringing(), HungUp(17, 486)).does(Finish(Outcome.BUSY))


def test_staff_presses_nothing() -> None:
    talk = told().hears_out(STAFF).after(Timings().reply_seconds).does(To(STAFF, Play("masked_staff")))
    talk.hears_out(STAFF).after(Timings().reply_seconds).does(To(STAFF, Play("masked_no_key")))
    talk.hears_out(STAFF).does(To(STAFF, HangUp())).staff(HungUp(16)).does(Finish(Outcome.NO_KEY))


def test_a_bridge_that_does_not_come_to_be() -> None:
    talk = asked().presses(EXPERT, "1").does(Join()).gets(NotJoined())
    talk.does(To(STAFF, Play("masked_trouble")), To(EXPERT, Play("masked_failed")))


def test_a_worker_that_stops_gives_up_what_rings_and_lets_run_out_what_talks() -> None:
    calling().gets(Cancelled()).does(To(STAFF, Play("masked_trouble")), To(EXPERT, HangUp()))
    talking().does().gets(Cancelled()).does()


# --- whatever happens -----------------------------------------------------------------------------------------

STEPS = ["masked_staff", "masked_expert", "masked_wait", "masked_talk", RINGING, "masked_trouble", "masked_failed", "masked_thanks"]
prompts = st.sampled_from(STEPS)
keys = st.sampled_from([*"12345*#"])
leg_events: st.SearchStrategy[LegEvent] = st.one_of(
    st.sampled_from([Ringing(), EarlyMedia(), Answered()]),
    st.builds(Digit, keys, prompts),
    st.builds(Played, prompts),
    st.builds(PlayFailed, prompts),
    st.builds(HungUp, st.integers(0, 127), st.sampled_from([0, 486, 503]), st.booleans(), st.booleans()),
    st.builds(DialFailed, st.integers(0, 127)),
)
sides = st.sampled_from(list(Side))
events: st.SearchStrategy[PairEvent] = st.one_of(
    st.sampled_from([Started(), Cancelled(), Joined(), NotJoined()]),
    st.builds(TimerFired, st.sampled_from([CALL, "staff", "expert", "unknown"])),
    st.builds(On, sides, leg_events),
)


@dataclass(frozen=True)
class PressesOne:
    """The key that leads on, in whatever step is on: uniform events seldom get past the first answer."""

    side: Side


lively = st.one_of(
    st.builds(PressesOne, sides),
    st.builds(On, sides, st.one_of(st.builds(Played, st.just("")), st.just(Answered()))),
    st.just(Joined()),
    events,
)


class Watcher:
    """Feeds the flow and holds it to what it must keep."""

    def __init__(self) -> None:
        self.flow, self.now = Masked(Timings()), NOW
        self.steps = dict.fromkeys(Side, "")
        self.timers: set[str] = set()
        self.finished: list[Outcome] = []
        self.alive: set[Side] = set()
        self.dialled: set[Side] = set()
        self.key: set[Side] = set()

    def feed(self, event: Any) -> Sequence[PairCommand]:
        match event:
            case TimerFired(name):
                self.timers.discard(name)
            case PressesOne(side):
                event = On(side, Digit("1", self.steps[side]))
            case On(side, Played("")):
                event = On(side, Played(self.steps[side]))
        match event:
            case On(side, HungUp() | DialFailed()):
                self.alive.discard(side)
            case On(side, Digit("1")):
                self.key.add(side)
        commands = self.flow.receive(event, self.now)
        for command in commands:
            self._look_at(command)
        assert self.finished or not self.dialled or self.timers, f"no timer after {event}"
        return commands

    def _look_at(self, command: PairCommand) -> None:
        assert not self.finished, f"{command} after the end"
        match command:
            case StartTimer(name, _):
                self.timers.add(name)
            case CancelTimer(name):
                self.timers.discard(name)
            case To(side, Dial()):
                assert side not in self.dialled, "dialled twice"
                assert side is STAFF or STAFF in self.key, "the expert is rung before staff has pressed 1"
                self.dialled.add(side)
                self.alive.add(side)
            case To(side, Play(prompt)):
                assert side in self.dialled
                self.steps[side] = prompt
            case Join():
                assert self.key == set(Side), "joined without both keys"
                assert self.alive == set(Side)
            case Finish(outcome):
                assert not self.alive, "finished while a channel may live"
                self.finished.append(outcome)


@given(story=st.lists(events, max_size=40))
def test_any_events_in_any_order(story: list[PairEvent]) -> None:
    watcher = Watcher()
    for event in story:
        watcher.feed(event)
    assert len(watcher.finished) <= 1


WAY = (Started(), On(STAFF, Answered()), PressesOne(STAFF), On(EXPERT, Answered()), PressesOne(EXPERT), Joined())
ways = st.integers(1, len(WAY)).map(lambda steps: WAY[:steps])
"""So far it has come as it should."""


@given(way=ways, story=st.lists(lively, max_size=60), repeat=st.integers(1, 3))
def test_every_call_comes_to_exactly_one_end(way: Sequence[Any], story: list[Any], repeat: int) -> None:
    watcher = Watcher()
    for event in way:
        watcher.feed(event)
    for event in story:
        for _ in range(repeat):
            watcher.feed(event)
    for side in Side:
        watcher.feed(On(side, HungUp(16)))
    assert len(watcher.finished) == 1


@given(way=ways, story=st.lists(lively, max_size=30))
def test_left_alone_it_hangs_up_whatever_lives(way: Sequence[Any], story: list[Any]) -> None:
    watcher = Watcher()
    done: list[PairCommand] = []
    for event in (*way, *story):
        done += watcher.feed(event)
    for _ in range(12):
        for name in sorted(watcher.timers):
            done += watcher.feed(TimerFired(name))
    assert all(To(side, HangUp()) in done for side in watcher.alive)
    for side in sorted(watcher.alive, key=str):
        watcher.feed(On(side, HungUp(16)))
    assert len(watcher.finished) == 1


# --- secrecy --------------------------------------------------------------------------------------------------


def test_the_flow_has_no_access_to_any_number() -> None:
    """It is made of durations and a yes or no; nothing that it gets or gives has room for a number."""
    assert list(inspect.signature(Masked.__init__).parameters) == ["self", "timings", "record"]
    told_or_done = {Join, Joined, NotJoined, *get_args(bridged.LegEvent), *get_args(bridged.LegCommand), StartTimer}
    names = {each.name for kind in told_or_done if is_dataclass(kind) for each in fields(kind)}
    assert names == {
        "record", "key", "step", "held_ms", "prompt", "cause", "sip", "by_us", "given_up", "lost", "reason", "ring_seconds", "name",
        "seconds",
    }  # fmt: skip


def said(prompt: Prompt) -> str:
    return "/".join(spoken_text(part) for part in prompt.spoken())


@pytest.mark.parametrize(("whom", "words"), [(3, "第三位专家"), (12, "第十二位专家"), ("测**", "测某某")])
def test_staff_is_told_whom_and_nothing_more(whom: int | str, words: str) -> None:
    texts = masked(MaskedFacts(whom))
    assert said(texts["masked_staff"]) == (
        f"您好。这是专家库系统打来的电话。/您将要通话的是/{words}/双方都看不到对方的号码。"
        "/现在呼叫，请按一。/再听一遍，请按三，或者按星号键。/不想呼叫，请直接挂机。"
    )
    assert not any(words in said(prompt) for name, prompt in texts.items() if name != "masked_staff")


def test_the_expert_is_told_who_calls() -> None:
    assert said(masked(MaskedFacts(1))["masked_expert"]) == (
        "您好。/广东省综合评标评审专家库。/自动来电，不收费，不问证件，可拨公布电话核实。/工作人员想和您谈您的评标。"
        "/接通，请按一。/不接通，请按二。/双方都看不到对方的号码。/再听一遍，请按三，或者按星号键。"
    )


def test_recording_is_announced_to_both() -> None:
    asking = ("masked_staff", "masked_expert")
    assert all("通话将会录音。" in said(masked(MaskedFacts(1, recorded=True))[name]) for name in asking)
    assert not any("录音" in said(masked(MaskedFacts(1))[name]) for name in asking)


def test_no_prompt_can_say_a_number() -> None:
    for facts in (MaskedFacts(9_999, recorded=True), MaskedFacts("欧阳某")):
        for prompt in masked(facts).values():
            assert not any(isinstance(part, Phone | Digits) for part in prompt.spoken())
    for wrong in ("测12", "13800138000", "", 0, 13_800_138_000):
        with pytest.raises(ValueError, match=r"figures|counts"):
            MaskedFacts(wrong)


def test_every_prompt_that_the_flow_names_is_there() -> None:
    named = {*WHY.values(), "masked_staff", "masked_expert", "masked_wait", "masked_no_key", "masked_trouble"}
    named |= {"masked_thanks", "masked_not_connected", "masked_gave_up", "masked_failed"}
    assert named == set(masked(MaskedFacts(1)))


def test_the_ids_are_of_one_length_and_of_no_other_call() -> None:
    call = "el" + "0" * 32
    ids = {*channels_of(call), bridged.bridge_of(call)}
    assert len(ids) == 3
    assert {len(each) for each in ids} == {len(call)}
    assert channels_of(call) == channels_of(call)


# --- around it ------------------------------------------------------------------------------------------------


def leg(channel: str) -> Trail:
    return Trail(channel, "carrier", NOW, cause=16, heard=(Heard("masked_staff", 0, 900, True),))


def test_the_evidence_has_both_legs() -> None:
    """Beside what any call's evidence has: each leg's own, and when they were joined."""
    call = "el" + "0" * 32
    trail = PairTrail(leg(call), leg(second_leg(call)), NOW, NOW + timedelta(seconds=61))
    facts = evidence(trail, activity="A", flow="masked", who="p1", attempt=2, outcome=Outcome.CONNECTED)
    assert (facts["call"], facts["expert"], facts["outcome"], facts["attempt"]) == (call, "p1", "connected", 2)
    assert (facts["leg_staff"]["call"], facts["leg_expert"]["call"]) == channels_of(call)
    assert facts["joined"] < facts["parted"]
    assert facts["leg_staff"]["heard"][0]["prompt"] == "masked_staff"
    alone = evidence(PairTrail(leg(call)), activity="A", flow="masked", who="p1", attempt=1, outcome=Outcome.BUSY)
    assert alone["leg_expert"] is None


def test_staff_waits_a_minute_at_most() -> None:
    matter = {"asked": NOW.timestamp()}
    assert not too_late(matter, NOW + timedelta(seconds=WAITS_SECONDS))
    assert too_late(matter, NOW + timedelta(seconds=WAITS_SECONDS + 1))


def test_each_leg_has_one_number_and_shows_the_published_one() -> None:
    talk = PairConversation("p1", "13800000002", "13800000001", Masked(Timings()), {})
    lines = talk.lines("el" + "0" * 32, Trunk(name="carrier", caller_id="02083186888"))
    assert {side: (line.number, line.caller_id) for side, line in lines.items()} == {
        STAFF: ("13800000001", "02083186888"), EXPERT: ("13800000002", "02083186888"),
    }  # fmt: skip
    assert not any(number in f"{talk!r}{lines!r}{talk}" for number in talk.numbers)
