"""Whether who has agreed still comes, or asks for leave: one question, each key confirmed, recorded before it is said to be."""

from dataclasses import dataclass

import pytest

from ivr.calls import (
    Answered,
    Decide,
    Dial,
    Finish,
    HangUp,
    HungUp,
    Outcome,
    Play,
    Recorded,
    Refused,
    Reply,
    Started,
    Unavailable,
)
from ivr.dialplans import KINDS, Timings
from tests.ivr.dialogue import Script, script


@dataclass(frozen=True)
class Case:
    kind: str
    key: str
    reply: Outcome

    @property
    def confirm(self) -> Play:
        return Play(f"confirm_{self.reply.value}")

    @property
    def received(self) -> Play:
        return Play(f"received_{self.reply.value}")


CASES = [
    Case("change_of_time", "1", Outcome.STILL_COMES),
    Case("change_of_time", "2", Outcome.CANT_COME),
    Case("leave", "1", Outcome.LEAVE_CONFIRMED),
    Case("leave", "2", Outcome.LEAVE_DENIED),
]
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.reply.value)


def asked(kind: str) -> Script:
    said = script(KINDS[kind].flow(Timings(), lambda _: None)).gets(Started()).does(Dial(30.0))
    return said.gets(Answered()).does(Play(kind))


def replying(case: Case) -> Script:
    return asked(case.kind).presses(case.key).does(case.confirm).presses(case.key).does(Decide(Reply(case.reply)))


def gone(said: Script, outcome: Outcome, end: HungUp | None = None) -> None:
    said.gets(end or HungUp(16, by_us=True)).does(Finish(outcome)).after(1000).does_nothing()


@cases
def test_replies_and_hears_that_it_is_recorded(case: Case) -> None:
    gone(replying(case).gets(Recorded()).does(case.received).hears_out().does(HangUp()), case.reply)


@cases
def test_hangs_up_while_it_is_recorded(case: Case) -> None:
    replying(case).gets(HungUp(16)).does_nothing().gets(Recorded()).does(Finish(case.reply))


@cases
def test_the_seat_is_theirs_no_more(case: Case) -> None:
    said = replying(case).gets(Refused()).does(Play("apology_taken")).hears_out().does(HangUp())
    gone(said, Outcome.WITHDRAWN)


@cases
def test_one_press_decides_nothing(case: Case) -> None:
    said = asked(case.kind).presses(case.key).does(case.confirm)
    gone(said, Outcome.HUNG_UP_EARLY, HungUp(16))


@cases
def test_another_key_is_another_choice(case: Case) -> None:
    other = next(each for each in CASES if each.kind == case.kind and each != case)
    said = asked(case.kind).presses(case.key).does(case.confirm).presses(other.key).does(other.confirm)
    said.presses(other.key).does(Decide(Reply(other.reply)))


@cases
def test_the_database_is_away(case: Case) -> None:
    said = replying(case).gets(Unavailable()).does(Play("wait")).after(4).does(Decide(Reply(case.reply)))
    said.gets(Recorded()).does(case.received)


@pytest.mark.parametrize("kind", ["change_of_time", "leave"])
def test_heard_again(kind: str) -> None:
    asked(kind).presses("3").does(Play(kind)).presses("*").does(Play(kind))


@pytest.mark.parametrize("kind", ["change_of_time", "leave"])
def test_silence_leaves_it_as_it_was(kind: str) -> None:
    said = asked(kind).hears_out().after(8).does(Play("no_key")).hears_out().after(8)
    gone(said.does(Play("goodbye_no_key")).hears_out().does(HangUp()), Outcome.NO_KEY)


@pytest.mark.parametrize("kind", ["change_of_time", "leave"])
def test_wrong_keys_leave_it_as_it_was(kind: str) -> None:
    said = asked(kind).presses("9").does(Play("wrong_key")).presses("7").does(Play("wrong_key")).presses("#")
    gone(said.does(Play("goodbye_no_key")).hears_out().does(HangUp()), Outcome.WRONG_KEYS)
