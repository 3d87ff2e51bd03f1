"""The invitation over real SIP and RTP: what it comes to, what is kept of it, and what was heard."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from asterisk.far_end import Behaviour, read_log
from asterisk.instance import Instance
from asterisk.settings import FarEndSettings, NodeSettings
from drawing.stages import Stage
from ivr.ari.line import Line
from ivr.bridged import Side, second_leg
from ivr.calls import Answer, Outcome, Recorded, Refused, Unavailable
from ivr.dialplans import Invitation, Notice
from ivr.dialplans.masked import Masked
from tests.asterisk.exchange import QUICK, WAIT, Exchange, connected, patient, write_prompts

pytestmark = [pytest.mark.telephone, pytest.mark.asyncio(loop_scope="session")]

ACCEPTED, DECLINED = Answer(Outcome.ACCEPTED), Answer(Outcome.DECLINED)


@pytest.fixture(scope="session")
def media(short_folder: Path) -> Mapping[str, Sequence[str]]:
    folder = short_folder / "prompts"
    folder.mkdir()
    return write_prompts(folder)


@pytest_asyncio.fixture(loop_scope="session")
async def exchange(
    node: Instance[NodeSettings], far_end: Instance[FarEndSettings], media: Mapping[str, Sequence[str]]
) -> AsyncIterator[Exchange]:
    async with connected(node.settings, far_end.settings, media) as made:
        yield made


async def test_accepts(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.ACCEPTS)
    assert call.outcome is Outcome.ACCEPTED
    assert call.decisions == [ACCEPTED]
    assert [(each.key, each.step) for each in call.trail.pressed] == [
        ("1", "invitation"),
        ("1", "confirm_accept"),
    ]
    assert call.prompts == ["invitation", "confirm_accept", "received_accept", "details", "goodbye"]
    assert [each.whole for each in call.trail.heard] == [False, False, True, True, True]
    assert await call.hears("invitation", 0.3)
    assert not await call.hears("invitation")  # it was interrupted by the key
    found = [await call.hears(prompt) for prompt in ("received_accept", "details", "goodbye")]
    assert all(found)
    assert (await call.hears("invitation", 0.3)).at < (await call.hears("confirm_accept", 0.3)).at < found[0].at
    assert found[0].at < found[1].at < found[2].at


async def test_tells_where_the_call_stands(exchange: Exchange) -> None:
    stages: list[Stage] = []
    line = exchange.line(Behaviour.ACCEPTS)
    await exchange.driver.run(line, Invitation(QUICK), exchange.media, exchange.decide, None, stages.append)
    assert [each.value for each in stages] == [
        "dialling", "ringing", "talking", "inviting", "confirming", "gathering", "leaving",
    ]  # fmt: skip


async def test_keeps_the_evidence(exchange: Exchange) -> None:
    trail = (await exchange.call(Behaviour.ACCEPTS)).trail
    assert trail.dialled
    assert trail.ringing
    assert trail.answered
    assert trail.ended
    assert trail.dialled <= trail.ringing <= trail.answered <= trail.ended
    assert (trail.cause, trail.sip, trail.by_us, trail.trunk) == (16, 0, True, "far-end")
    first, second = trail.pressed
    assert 300 < first.at_ms < second.at_ms
    assert 60 <= first.held_ms <= 600
    heard = {each.prompt: each for each in trail.heard}
    assert abs(heard["invitation"].at_ms + heard["invitation"].for_ms - first.at_ms - first.held_ms) < 1000  # of 3 s
    assert 650 <= heard["details"].for_ms <= 4000


async def test_declines(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.DECLINES)
    assert (call.outcome, call.decisions) == (Outcome.DECLINED, [DECLINED])
    assert await call.hears("confirm_decline", 0.3)
    assert await call.hears("received_decline")


async def test_hears_it_again(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.REPEATS_THEN_ACCEPTS)
    assert (call.outcome, call.keys) == (Outcome.ACCEPTED, "311")
    assert call.prompts[:3] == ["invitation", "invitation", "confirm_accept"]


async def test_a_wrong_key_is_told(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.WRONG_KEY_THEN_ACCEPTS)
    assert (call.outcome, call.keys) == (Outcome.ACCEPTED, "511")
    assert await call.hears("wrong_key", 0.3)


async def test_wrong_keys(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.WRONG_KEYS)
    assert (call.outcome, call.decisions) == (Outcome.WRONG_KEYS, [])
    assert await call.hears("goodbye_no_key")


async def test_silence(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.SILENT)
    assert (call.outcome, call.decisions, call.keys) == (Outcome.NO_KEY, [], "")
    assert call.prompts == ["invitation", "no_key", "goodbye_no_key"]
    assert all([await call.hears(prompt) for prompt in call.prompts])


LISTENING = patient(reply_seconds=8.0)
"""Long enough for a greeting to come to its end, and for some silence."""


async def test_a_machine_that_answers(exchange: Exchange) -> None:
    """What it said is timed from the answer: three sentences of 3.2, 2.8 and 2.6 s with their pauses, then the beep."""
    call = await exchange.call(Behaviour.VOICEMAIL, LISTENING)
    assert (call.outcome, call.decisions, call.prompts) == (
        Outcome.VOICEMAIL,
        [],
        ["invitation", "no_key", "goodbye_no_key"],
    )
    assert sum(each.for_ms for each in call.trail.talked) < 12_000
    assert all(await asyncio.gather(*(call.hears(prompt) for prompt in call.prompts)))


async def test_a_notice_that_a_machine_heard_was_told_to_nobody(exchange: Exchange) -> None:
    def notice() -> Notice:
        return Notice(patient(details_seconds=18.0), "details", core="details")

    machine, person = await asyncio.gather(
        exchange.call(Behaviour.VOICEMAIL, flow=notice()), exchange.call(Behaviour.SILENT, flow=notice())
    )
    assert (machine.outcome, person.outcome) == (Outcome.VOICEMAIL, Outcome.DELIVERED)
    assert machine.prompts == person.prompts == ["details", "goodbye"]
    assert machine.trail.heard[0].whole


async def test_a_machine_that_hangs_up(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.VOICEMAIL_FULL, patient(reply_seconds=20.0))
    assert (call.outcome, call.trail.by_us, call.keys) == (Outcome.VOICEMAIL, False, "")


async def test_who_says_hello_is_no_machine(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.HELLO_NO_KEY, LISTENING)
    assert (call.outcome, call.keys) == (Outcome.NO_KEY, "")
    assert len(call.trail.talked) == 3
    call = await exchange.call(Behaviour.SAYS_HELLO)
    assert (call.outcome, call.keys) == (Outcome.ACCEPTED, "11")


async def test_who_talks_on_may_still_press(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.TALKS_OVER, patient(reply_seconds=15.0))
    assert (call.outcome, call.decisions, call.keys) == (Outcome.ACCEPTED, [ACCEPTED], "11")
    assert sum(each.for_ms for each in call.trail.talked) > 5000


async def test_talk_is_noted_where_it_is_wanted_only(exchange: Exchange) -> None:
    line = replace(exchange.line(Behaviour.HELLO_NO_KEY), notes_talk=False)
    call = await exchange.run(line, Invitation(LISTENING))
    assert (call.outcome, call.trail.talked) == (Outcome.NO_KEY, ())


async def test_a_choice_that_is_not_confirmed(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.UNCONFIRMED)
    assert (call.outcome, call.decisions, call.keys) == (Outcome.NO_KEY, [], "1")
    assert call.prompts == ["invitation", "confirm_accept", "confirm_accept", "goodbye_no_key"]


async def test_the_wrong_person(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.WRONG_PERSON)
    assert (call.outcome, call.decisions) == (Outcome.WRONG_PERSON, [])
    assert await call.hears("received_wrong_person")


async def test_an_early_key_stops_the_prompt(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.PRESSES_EARLY)
    assert call.outcome is Outcome.ACCEPTED
    assert call.trail.heard[0].for_ms < 2500
    assert not await call.hears("invitation")


async def test_a_doubled_key_does_not_confirm(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.DOUBLED_KEY)
    assert (call.outcome, call.keys, call.decisions) == (Outcome.ACCEPTED, "111", [ACCEPTED])
    assert call.prompts[1] == "confirm_accept"
    assert call.trail.heard[1].for_ms > 300  # it went on until the press that was meant


async def test_hangs_up_in_the_prompt(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.HANGS_UP_EARLY)
    assert (call.outcome, call.prompts) == (Outcome.HUNG_UP_EARLY, ["invitation"])
    assert not call.trail.by_us
    assert not call.trail.heard[0].whole
    assert call.trail.heard[0].for_ms < 2800


async def test_hangs_up_at_once(exchange: Exchange) -> None:
    assert (await exchange.call(Behaviour.HANGS_UP_AT_ONCE)).outcome is Outcome.HUNG_UP_EARLY


@pytest.mark.parametrize(
    ("behaviour", "outcome", "sip"),
    [
        (Behaviour.BUSY, Outcome.BUSY, 486),
        (Behaviour.REJECTS, Outcome.REJECTED, 603),
        (Behaviour.UNREACHABLE, Outcome.UNREACHABLE, 480),
        (Behaviour.INVALID, Outcome.INVALID_NUMBER, 404),
        (Behaviour.TRUNK_FAILURE, Outcome.TRUNK_FAILURE, 503),
        (Behaviour.ANNOUNCEMENT, Outcome.UNREACHABLE, 480),
    ],
    ids=lambda value: getattr(value, "name", value),
)
async def test_not_answered(exchange: Exchange, behaviour: Behaviour, outcome: Outcome, sip: int) -> None:
    call = await exchange.call(behaviour)
    assert (call.outcome, call.trail.sip, call.trail.answered) == (outcome, sip, None)
    assert call.prompts == []


async def test_no_answer_is_not_unreachable(exchange: Exchange) -> None:
    """After its own time-out Asterisk writes 480 too, which the telephone never said."""
    call = await exchange.call(Behaviour.NEVER_ANSWERS, patient(ring_seconds=1.0))
    assert (call.outcome, call.trail.cause, call.trail.sip) == (Outcome.NO_ANSWER, 19, 0)
    assert call.trail.ringing


async def test_our_own_time_out(exchange: Exchange) -> None:
    """Asterisk would let it ring for 20 s; the flow loses patience after one."""
    call = await exchange.call(Behaviour.NEVER_ANSWERS, patient(ring_seconds=20.0, ring_grace=-19.0))
    assert (call.outcome, call.trail.by_us) == (Outcome.NO_ANSWER, True)


async def test_a_trunk_that_is_not_there(exchange: Exchange) -> None:
    call = await exchange.call(Behaviour.ACCEPTS, trunk="no-such-trunk")
    assert call.outcome is Outcome.TRUNK_FAILURE


async def test_the_database_away_for_a_moment(exchange: Exchange) -> None:
    exchange.answers = [Unavailable(), Recorded()]
    call = await exchange.call(Behaviour.ACCEPTS)
    assert (call.outcome, call.decisions) == (Outcome.ACCEPTED, [ACCEPTED, ACCEPTED])
    assert await call.hears("wait", 0.2)
    assert await call.hears("received_accept")


async def test_the_seat_is_taken(exchange: Exchange) -> None:
    exchange.answers = [Refused()]
    call = await exchange.call(Behaviour.ACCEPTS)
    assert call.outcome is Outcome.WITHDRAWN
    assert await call.hears("apology_taken")


async def test_a_prompt_that_is_not_there(exchange: Exchange) -> None:
    exchange.media = {**exchange.media, "invitation": ["sound:/nowhere/at-all"]}
    call = await exchange.call(Behaviour.SILENT)
    assert (call.outcome, call.trail.by_us) == (Outcome.INTERRUPTED, True)


async def test_several_at_once(exchange: Exchange) -> None:
    """Each call gets its own keys and prompts."""
    behaviours = [Behaviour.ACCEPTS, Behaviour.DECLINES, Behaviour.BUSY, Behaviour.WRONG_PERSON] * 2
    calls = await asyncio.gather(*(exchange.call(each, QUICK) for each in behaviours))
    wanted = [Outcome.ACCEPTED, Outcome.DECLINED, Outcome.BUSY, Outcome.WRONG_PERSON] * 2
    assert [each.outcome for each in calls] == wanted


MASKED = ("masked_staff", "masked_wait", "masked_ringing", "masked_expert", "masked_trouble")


def both(exchange: Exchange, who: Behaviour) -> Mapping[Side, Line]:
    """Staff's line and that of the other one, who behaves so."""
    staff, other = exchange.line(Behaviour.STAFF), exchange.line(who)
    return {Side.STAFF: staff, Side.EXPERT: Line(second_leg(staff.channel), other.number, "far-end", "02012345678")}


async def test_a_second_leg_is_dialled_when_its_turn_on_the_trunk_has_come(exchange: Exchange) -> None:
    media = dict.fromkeys(MASKED, exchange.media["witness_ask"])
    talk = patient(talk_seconds=0.5, reply_seconds=10.0)
    async with asyncio.timeout(WAIT):
        outcome, trail = await exchange.driver.run_pair(
            both(exchange, Behaviour.TALKS), Masked(talk), media, lambda: 1.0
        )
    assert outcome is Outcome.CONNECTED
    assert trail.staff.answered
    assert trail.expert
    assert trail.expert.dialled
    pressed = trail.staff.answered + timedelta(
        milliseconds=trail.staff.pressed[0].at_ms + trail.staff.pressed[0].held_ms
    )
    assert trail.expert.dialled - pressed > timedelta(seconds=0.9)


async def test_a_second_leg_that_is_given_up_before_its_turn_rings_nobody(exchange: Exchange) -> None:
    asked = asyncio.Event()

    def in_an_hour() -> float:
        asked.set()
        return 3600.0

    lines, media = both(exchange, Behaviour.TALKS), dict.fromkeys(MASKED, exchange.media["goodbye"])
    call = asyncio.create_task(exchange.driver.run_pair(lines, Masked(QUICK), media, in_an_hour))
    async with asyncio.timeout(WAIT):
        await asked.wait()
        exchange.driver.cancel(lines[Side.STAFF].channel)
        outcome, trail = await call
    assert (outcome, trail.expert) == (Outcome.CANCELLED, None)
    assert trail.staff.pressed[0].key == "1"
    assert exchange.far is not None
    assert lines[Side.EXPERT].number not in {each.number for each in read_log(exchange.far.calls_log)}
