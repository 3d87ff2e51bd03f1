"""Keys on the worst of lines: one press is never two, an early one none, and one in the instant of the hangup counts or does not.

The telephones are SIPp's with RTP of their own, as in test_sipp.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.calls import Answer, Digit, EarlyMedia, Outcome
from tests.asterisk.exchange import patient
from tests.asterisk.lines import Case, Hand, Made, all_called, presses, twice
from tests.asterisk.telephones import Telephone, Watched

pytestmark = pytest.mark.telephone

ONCE = patient(reply_seconds=7.0, silences=0, confirm_repeats=0, key_guard=0.5, confirm_seconds=5.0)
"""What comes late comes within two seconds, also on a busy machine; only the confirmation's guard is longer than it will be."""
NO_RETRANSMISSION = ("-nr",)
"""SIPp takes the same ACK once more for a lost 200 of its own, and would send that without end."""
ASKED_AGAIN = patient(reply_seconds=4.0, silences=0, key_guard=0.5, confirm_seconds=5.0)


async def then_info(flow: Watched, phone: Telephone) -> None:
    """One key, which an INFO says once more."""
    await presses("none")(flow, phone)
    await phone.go_on()


async def then_on_purpose(flow: Watched, phone: Telephone) -> None:
    """One key whose end comes late, and another one when the question is asked again."""
    await presses("late end")(flow, phone)
    await flow.until("confirm_accept", times=2)
    await phone.rtp.hears(25)
    await phone.rtp.press("1", "none")


async def early(flow: Watched, phone: Telephone) -> None:
    """Two keys before the answer."""
    await phone.invite()
    for _ in range(2):
        await phone.rtp.press("1", "none")
    await phone.go_on()


async def held_over(flow: Watched, phone: Telephone) -> None:
    """Down before the answer, up while the invitation sounds."""
    await phone.invite()
    began = await phone.rtp.holds("1")
    await phone.go_on()
    await flow.until("invitation")
    phone.rtp.lets_go("1", began)


async def with_its_own_number(flow: Watched, phone: Telephone) -> None:
    """Keys go out with the payload number of the answer, not with the one that was offered."""
    phone.rtp.events = 96
    await twice("none")(flow, phone)


def leaves(*, key_first: bool) -> Hand:
    """The end of the confirming key, and the BYE: one after the other, in the same instant."""

    async def leave(flow: Watched, phone: Telephone) -> None:
        invite = await phone.invite()
        await presses("none")(flow, phone)
        await flow.until("confirm_accept")
        await phone.rtp.hears(40)
        began = await phone.rtp.holds("1")
        if key_first:
            phone.rtp.lets_go("1", began)
        phone.hangs_up(invite)
        if not key_first:
            phone.rtp.lets_go("1", began)
        await phone.go_on()

    return leave


ONE_PRESS: Mapping[str, Case] = {
    "late end": Case(Outcome.NO_KEY, hand=presses("late end"), timings=ONCE),
    "late update": Case(Outcome.NO_KEY, hand=presses("late update"), timings=ONCE),
    "info comes late": Case(Outcome.NO_KEY, "info_late", hand=then_info, dtmf_mode="auto_info", timings=ONCE),
    "bounced": Case(Outcome.NO_KEY, hand=presses("bounced"), timings=ONCE),
    "broken": Case(Outcome.NO_KEY, hand=presses("broken"), timings=ONCE),
    "in pieces": Case(Outcome.NO_KEY, hand=presses("in pieces"), timings=ONCE),
    "lagging": Case(Outcome.NO_KEY, hand=presses("lagging"), timings=ONCE),
    "new source": Case(Outcome.NO_KEY, hand=presses("new source"), timings=ONCE),
    "re-invited": Case(Outcome.NO_KEY, "reinvited", hand=presses("long"), timings=ONCE),
}
"""A person has pressed 1 once, and the line makes of it what it likes."""
EARLY: Mapping[str, Case] = {
    "early keys": Case(Outcome.NO_KEY, "early_keys", hand=early, timings=ONCE),
    "held over the answer": Case(Outcome.NO_KEY, "early_keys", hand=held_over, timings=ONCE),
}
LEAVING: Mapping[str, Case] = {
    "key then bye": Case(Outcome.ACCEPTED, "leaves", hand=leaves(key_first=True)),
    "bye then key": Case(Outcome.ACCEPTED, "leaves", hand=leaves(key_first=False)),
}
ELSEWHERE: Mapping[str, Case] = {
    "answers 96, sends 101": Case(Outcome.ACCEPTED, "events_elsewhere", "11", twice("none"), values={"events": 96}),
    "answers 96, sends 96": Case(
        Outcome.ACCEPTED, "events_elsewhere", "11", with_its_own_number, values={"events": 96}
    ),
    "never said, sends 96": Case(Outcome.NO_KEY, hand=with_its_own_number, timings=ONCE),
}
"""telephone-event with another payload number than was offered (RFC 3264 section 6.1)."""
OTHERS: Mapping[str, Case] = {
    "then on purpose": Case(Outcome.ACCEPTED, hand=then_on_purpose, timings=ASKED_AGAIN),
    "forked": Case(Outcome.ACCEPTED, "forked", hand=twice("none"), options=NO_RETRANSMISSION),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[False, True], ids=["node", "front"])
async def made(
    tmp_path_factory: pytest.TempPathFactory, short_folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Mapping[str, Made]]:
    """All telephones at once: at a node, and at one with a SIP front."""
    every = {**ONE_PRESS, **EARLY, **LEAVING, **ELSEWHERE, **OTHERS}
    async with all_called(every, tmp_path_factory.mktemp("sipp"), short_folder, front=request.param) as results:
        yield results


def ended_once(call: Made) -> bool:
    """As it was written, with one outcome, and its channel is gone (that none is left, the fixture looks)."""
    assert call.complaint == ""
    return call.flow.finishes == 1 and call.trail.ended is not None


@pytest.mark.parametrize("name", ONE_PRESS)
def test_one_press_decides_nothing(made: Mapping[str, Made], name: str) -> None:
    """Asterisk makes up to a hundred keys of it; the evidence has them all."""
    call = made[name]
    assert (call.outcome, call.decisions) == (Outcome.NO_KEY, [])
    assert ended_once(call)
    assert {each.key for each in call.trail.pressed} == {"1"}


@pytest.mark.parametrize("name", ["late end", "late update", "info comes late", "bounced", "in pieces"])
def test_the_flow_saw_it_twice(made: Mapping[str, Made], name: str) -> None:
    """It is the flow that takes it for one: the same test without it would show a second key in the question."""
    assert [each.step for each in made[name].trail.pressed][:2] == ["invitation", "confirm_accept"]


def test_another_press_is_one(made: Mapping[str, Made]) -> None:
    call = made["then on purpose"]
    assert (call.outcome, call.decisions) == (Outcome.ACCEPTED, [Answer(Outcome.ACCEPTED)])
    assert len(call.trail.pressed) == 3
    assert ended_once(call)


@pytest.mark.parametrize("name", EARLY)
def test_a_key_before_the_answer_is_no_key_of_any_step(made: Mapping[str, Made], name: str) -> None:
    call = made[name]
    assert (call.outcome, call.decisions) == (Outcome.NO_KEY, [])
    assert ended_once(call)
    assert EarlyMedia() in call.flow.events
    assert {each.step for each in call.flow.events if isinstance(each, Digit)} == {""}
    assert all(each.at_ms < 0 for each in call.trail.pressed)


@pytest.mark.parametrize("name", LEAVING)
def test_a_key_in_the_instant_of_the_hangup_counts_or_does_not(made: Mapping[str, Made], name: str) -> None:
    """Which of the two Asterisk takes in first is its threads' affair; nothing lies in between."""
    call = made[name]
    counts = "confirm_accept" in {each.step for each in call.trail.pressed}
    assert call.outcome is (Outcome.ACCEPTED if counts else Outcome.HUNG_UP_EARLY)
    assert call.decisions == ([Answer(Outcome.ACCEPTED)] if counts else [])
    assert ended_once(call)
    assert not call.trail.by_us


@pytest.mark.parametrize("name", ELSEWHERE)
def test_keys_with_another_payload_number(made: Mapping[str, Made], name: str) -> None:
    """Heard with either number of the two that were said; with none of them nothing comes, which an alarm of the trunk tells."""
    call, case = made[name], ELSEWHERE[name]
    assert (call.outcome, "".join(each.key for each in call.trail.pressed)) == (case.outcome, case.keys)
    assert ended_once(call)


def test_a_second_telephone_that_answers_changes_nothing(made: Mapping[str, Made]) -> None:
    """What becomes of it is in the scenario: ACK in the first one's name, and 481 to its BYE."""
    call = made["forked"]
    assert (call.outcome, call.decisions) == (Outcome.ACCEPTED, [Answer(Outcome.ACCEPTED)])
    assert ended_once(call)
