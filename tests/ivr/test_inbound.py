from datetime import time

import pytest

from ivr import prompts
from ivr.calls import (
    Answered,
    CallBackWish,
    Cancelled,
    Decide,
    DialFailed,
    Finish,
    HangUp,
    HungUp,
    Outcome,
    PickUp,
    Play,
    Recorded,
    Refused,
    Started,
    Unavailable,
)
from ivr.dialplans import Inbound, Timings
from ivr.speech.saying import saying
from tests.ivr.dialogue import Script, script

ASK = Decide(CallBackWish())


def picked_up() -> Script:
    said = script(Inbound(Timings())).gets(Started()).does(PickUp())
    return said.gets(Answered()).does(Play("inbound"))


def gone(said: Script, outcome: Outcome, end: HungUp | None = None) -> None:
    said.gets(end or HungUp(16, by_us=True)).does(Finish(outcome)).after(1000).does_nothing()


def test_asks_to_be_called_back() -> None:
    said = picked_up().presses("1").does(ASK).gets(Recorded()).does(Play("inbound_recorded"))
    gone(said.hears_out().does(HangUp()), Outcome.CALL_BACK_ASKED)


def test_who_hangs_up_at_once_after_the_key_is_called_back_all_the_same() -> None:
    picked_up().presses("1").does(ASK).gets(HungUp(16)).does_nothing().gets(Recorded()).does(Finish(Outcome.CALL_BACK_ASKED))


def test_silence_ends_the_call() -> None:
    said = picked_up().hears_out().after(8).does(Play("inbound_goodbye")).hears_out().does(HangUp())
    gone(said, Outcome.NO_KEY)


@pytest.mark.parametrize("key", ["3", "*"])
def test_again(key: str) -> None:
    said = picked_up()
    for _ in range(3):
        said.presses(key).does(Play("inbound"))
    said.presses(key).does_nothing().presses("1").does(ASK)


def test_other_keys_mean_nothing() -> None:
    said = picked_up().presses("5").does(Play("inbound")).presses("8").does(Play("inbound"))
    gone(said.presses("2").does(Play("inbound_goodbye")).hears_out().does(HangUp()), Outcome.WRONG_KEYS)


def test_outside_the_hours_only_those_are_said() -> None:
    said = script(Inbound(Timings(), open_now=False)).gets(Started()).does(PickUp())
    said.gets(Answered()).does(Play("inbound_closed")).presses("1").does_nothing().hears_out().does(HangUp())
    gone(said, Outcome.DELIVERED)


def test_nobody_keeps_the_line() -> None:
    """Whatever is pressed and however long: the call ends within its ceiling."""
    said = picked_up()
    for _ in range(3):
        said.after(25).presses("3")
    said.after(Timings().inbound_seconds)
    assert HangUp() in said.done


def test_the_database_away() -> None:
    said = picked_up().presses("1").does(ASK).gets(Unavailable()).does(Play("wait"))
    for _ in range(3):
        said.after(4).does(ASK).gets(Unavailable())
    gone(said.does(Play("promise_call")).hears_out().does(HangUp()), Outcome.INTERRUPTED)


def test_another_holder_has_the_node() -> None:
    said = picked_up().presses("1").does(ASK).gets(Refused()).does(Play("promise_call")).hears_out().does(HangUp())
    said.gets(HungUp(16, by_us=True)).does(Finish(Outcome.INTERRUPTED))


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (HungUp(16), Outcome.HUNG_UP_EARLY),
        (HungUp(0, lost=True), Outcome.INTERRUPTED),
        (HungUp(16, by_us=True), Outcome.INTERRUPTED),
    ],
)
def test_hangs_up(end: HungUp, outcome: Outcome) -> None:
    picked_up().gets(end).does(Finish(outcome))


def test_is_gone_before_it_is_picked_up() -> None:
    script(Inbound(Timings())).gets(Started()).does(PickUp()).gets(HungUp(127)).does(Finish(Outcome.HUNG_UP_EARLY))
    script(Inbound(Timings())).gets(Started()).does(PickUp()).gets(DialFailed(38)).does(Finish(Outcome.INTERRUPTED))


def test_can_not_be_picked_up() -> None:
    said = script(Inbound(Timings())).gets(Started()).does(PickUp()).after(5).does(HangUp()).after(5).does(HangUp())
    said.gets(HungUp(16, by_us=True))


def test_the_worker_stops() -> None:
    script(Inbound(Timings())).gets(Started()).does(PickUp()).gets(Cancelled()).does(HangUp())
    picked_up().gets(Cancelled()).does_nothing().presses("1").does(ASK)


def test_every_prompt_is_there_and_gives_nothing_away() -> None:
    """One set of prompts for everybody; it promises a call only to a number on file, and asks for no digits."""
    made = prompts.inbound(time(8), time(21))
    ids = {"inbound", "inbound_recorded", "inbound_goodbye", "inbound_closed", "wait", "promise_call"}
    assert set(made) == ids
    said = {name: "/".join(saying(part, prompt.language).text for part in prompt.spoken()) for name, prompt in made.items()}
    assert said["inbound"] == (
        "您好。/广东省综合评标评审专家库。/这是自动语音电话，您可以随时按键。/来电不能直接办理事项。"
        "/需要我们给您回电话，请按一。/呢度系专家库，要我哋打返畀您，请按一。"
        "/This is the expert pool. To be called back, press one./我们只拨打已经登记的号码。/再听一遍，请按三，或者按星号键。"
        "/我们不会询问您的证件号码，也不会要您付款。"
    )
    assert said["inbound_closed"] == (
        "您好。/广东省综合评标评审专家库。/现在不是回电时间。/每天的回电时间是/上午八点整至晚上九点整/请您到时再打。再见。"
        "/每日打返电话嘅时间系/上午八点正至晚上九点正"
        "/We call back every day/from eight o'clock in the morning to nine o'clock in the evening/Please call again then."
    )
    assert said["inbound_recorded"] == (
        "已经收到。/如果您的来电号码是登记的号码，我们马上给您回电话。/请现在挂机。再见。"
        "/如果您嘅号码已经登记，我哋即刻打返畀您，请挂线。"
        "/If your number is on file, we will call you back. Please hang up now."
    )
    assert not any(word in text for text in said.values() for word in ("邀请", "评标时间", "请假", "专家您"))



