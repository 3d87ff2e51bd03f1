"""What is told to those who have agreed: the core heard to its end is delivered, whatever comes after."""

import pytest

from ivr.calls import Answered, Dial, Finish, HangUp, HungUp, Outcome, Play, PlayFailed, Started
from ivr.dialplans import KINDS, Timings
from tests.ivr.dialogue import Script, script

AFTER = {"release": "release_more", "withdrawal": "withdrawal_more", "urging": "urging_more", "reminder": "details"}
notices = pytest.mark.parametrize(("core", "after"), AFTER.items())


def answered(kind: str) -> Script:
    said = script(KINDS[kind].flow(Timings(), lambda _: None)).gets(Started()).does(Dial(30.0))
    return said.gets(Answered())


def told(core: str, after: str) -> Script:
    return answered(core).does(Play(core)).hears_out().does(Play(after))


def gone(said: Script, outcome: Outcome, end: HungUp | None = None) -> None:
    said.gets(end or HungUp(16, by_us=True)).does(Finish(outcome)).after(1000).does_nothing()


@notices
def test_listens_to_everything(core: str, after: str) -> None:
    said = told(core, after).hears_out().after(5).does(Play("goodbye")).hears_out().does(HangUp())
    gone(said, Outcome.DELIVERED)


@notices
def test_hangs_up_after_the_core(core: str, after: str) -> None:
    gone(told(core, after), Outcome.DELIVERED, HungUp(16))


@notices
def test_hangs_up_in_the_core(core: str, after: str) -> None:
    gone(answered(core).does(Play(core)), Outcome.HUNG_UP_EARLY, HungUp(16))


@notices
def test_again_from_the_core_and_not_for_ever(core: str, after: str) -> None:
    said = answered(core).does(Play(core)).presses("*").does(Play(core)).hears_out().does(Play(after))
    said.presses("3").does(Play(core)).presses("3", "*", "1", "5").does_nothing()
    gone(said, Outcome.DELIVERED, HungUp(16))  # what was heard once stays heard


@notices
def test_a_core_that_cannot_be_played_was_not_heard(core: str, after: str) -> None:
    said = answered(core).does(Play(core)).gets(PlayFailed(core)).does(HangUp())
    gone(said, Outcome.INTERRUPTED)


@notices
def test_what_follows_may_fail(core: str, after: str) -> None:
    said = told(core, after).gets(PlayFailed(after)).after(5).does(Play("goodbye"))
    gone(said, Outcome.DELIVERED, HungUp(16))


@notices
def test_an_end_that_is_lost_is_not_taken_for_heard(core: str, after: str) -> None:
    said = answered(core).does(Play(core)).after(Timings().longest_prompt).does(Play(after))
    gone(said, Outcome.HUNG_UP_EARLY, HungUp(16))


def test_the_details_call_introduces_itself_and_repeats_only_the_details() -> None:
    said = answered("details").does(Play("details_call")).presses("3").does_nothing()
    said.hears_out().does(Play("details")).presses("3").does(Play("details")).hears_out()
    said.after(5).does(Play("goodbye")).hears_out().does(HangUp())
    gone(said, Outcome.DELIVERED)
