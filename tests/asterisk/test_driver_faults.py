"""What the driver makes of a network, an Asterisk and a lease that fail in mid-call. Everything here is
real.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from asterisk.far_end import Behaviour, read_log
from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import FarEndSettings, NodeSettings, Trunk
from ivr.ari import wire
from ivr.ari.client import Client, Node
from ivr.ari.errors import Abandoned, AccessDenied, IllegalAct, Replaced
from ivr.ari.leg import QUEUE_LIMIT
from ivr.calls import (
    Answer,
    Answered,
    Command,
    Decision,
    Dial,
    Event,
    Finish,
    HungUp,
    Outcome,
    Recorded,
    Share,
    Speak,
    Started,
    Trail,
    Unavailable,
)
from ivr.dialplans import Invitation, Witness
from tests.asterisk.exchange import QUICK, WAIT, Exchange, Result, connected, patient, write_prompts
from tests.asterisk.proxy import Proxy

pytestmark = [pytest.mark.telephone, pytest.mark.asyncio(loop_scope="session")]

FarEnd = Instance[FarEndSettings]
ringing_or_answered = pytest.mark.parametrize(
    ("behaviour", "so_far"), [(Behaviour.SILENT, "answered"), (Behaviour.NEVER_ANSWERS, "ringing")]
)
LONG = patient(reply_seconds=30.0)
"""Waits for keys longer than any disturbance lasts."""


@pytest.fixture(scope="module")
def media(short_folder: Path) -> Mapping[str, Sequence[str]]:
    folder = short_folder / "prompts-faults"
    folder.mkdir()
    return write_prompts(folder)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def slow(short_folder: Path) -> AsyncIterator[FarEnd]:
    """Telephones that leave time between the answer and their keys for something to break and heal."""
    settings = FarEndSettings(
        folder=short_folder / "slow",
        sip_port=free_port(socket.SOCK_DGRAM),
        http_port=free_port(),
        rtp=free_range(),
        node_port=free_port(socket.SOCK_DGRAM),
        answer_after=0.2,
        press_after=5.0,
        press_again_after=2.0,
        hang_up_after=5.0,
    )
    async with Instance(settings) as running:
        yield running


@pytest.fixture(scope="module")
def settings(short_folder: Path, slow: FarEnd) -> NodeSettings:
    return NodeSettings(
        folder=short_folder / "frail",
        sip_port=slow.settings.node_port,
        http_port=free_port(),
        rtp=free_range(),
        trunks=(Trunk("far-end", "127.0.0.1", slow.settings.sip_port),),
    )


@pytest_asyncio.fixture(loop_scope="session")
async def frail(settings: NodeSettings) -> AsyncIterator[Instance[NodeSettings]]:
    """A node of its own for each test, since some of them kill it."""
    async with Instance(settings) as running:
        yield running


async def until_happened(far: FarEnd, number: str, event: str) -> None:
    """The telephone has come so far."""
    async with asyncio.timeout(WAIT):
        while not any(each.number == number and each.event == event for each in read_log(far.settings.calls_log)):
            await asyncio.sleep(0.02)


async def until(true: asyncio.Event) -> None:
    async with asyncio.timeout(WAIT):
        await true.wait()


async def begin(
    exchange: Exchange, far: FarEnd, behaviour: Behaviour, until_event: str = "answered"
) -> tuple[asyncio.Task[Result], str]:
    """A call that has come so far, and its channel."""
    line = exchange.line(behaviour)
    running = asyncio.create_task(exchange.run(line, Invitation(LONG)))
    await until_happened(far, line.number, until_event)
    return running, line.channel


async def until_disconnected(client: Client) -> None:
    async with asyncio.timeout(WAIT):
        while client.connected:
            await asyncio.sleep(0.01)


async def test_a_cut_websocket_leaves_the_call_alive(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    """The flow lives on, and keys pressed after the reconnect count."""
    async with (
        Proxy(frail.settings.http_port) as proxy,
        connected(frail.settings, slow.settings, media, port=proxy.port) as exchange,
    ):
        running, _ = await begin(exchange, slow, Behaviour.ACCEPTS)
        proxy.cut()
        await until_disconnected(exchange.client)
        await exchange.client.until_connected()
        call = await running
        assert (call.outcome, call.decisions) == (Outcome.ACCEPTED, [Answer(Outcome.ACCEPTED)])
        assert await call.hears("received_accept")


async def test_what_was_missed_while_away_is_found_out(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    """A hangup that nobody heard of: the channel is missed at the reconnect, and nobody is said to have
    hung up.
    """
    async with (
        Proxy(frail.settings.http_port) as proxy,
        connected(frail.settings, slow.settings, media, port=proxy.port) as exchange,
    ):
        running, channel = await begin(exchange, slow, Behaviour.SILENT)
        proxy.refuse = True
        proxy.cut()
        await until_disconnected(exchange.client)
        async with Client(node_of(frail.settings)) as other:
            assert await other.hang_up(channel)
        proxy.refuse = False
        call = await running
        assert call.outcome is Outcome.INTERRUPTED
        assert call.trail.ended


async def test_a_websocket_that_falls_silent_is_given_up(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with (
        Proxy(frail.settings.http_port) as proxy,
        connected(frail.settings, slow.settings, media, port=proxy.port, probe_seconds=0.5) as exchange,
    ):
        running, _ = await begin(exchange, slow, Behaviour.ACCEPTS)
        proxy.silence_websockets()
        await until_disconnected(exchange.client)
        assert (await running).outcome is Outcome.ACCEPTED


async def test_nothing_is_dialled_while_the_websocket_is_away(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with (
        Proxy(frail.settings.http_port) as proxy,
        connected(frail.settings, slow.settings, media, port=proxy.port) as exchange,
    ):
        proxy.refuse = True
        proxy.cut()
        await until_disconnected(exchange.client)
        call = await exchange.call(Behaviour.ACCEPTS)
        proxy.refuse = False
        assert (call.outcome, call.trail.dialled) == (Outcome.TRUNK_FAILURE, None)


async def test_a_lost_answer_to_dialling_is_no_second_call(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    """Asterisk has dialled, but we are not told: the call goes on by its events, and rings once."""
    async with (
        Proxy(frail.settings.http_port) as proxy,
        connected(
            frail.settings, slow.settings, media, port=proxy.port, request_seconds=1.0, probe_seconds=60.0
        ) as exchange,
    ):
        proxy.lose_answers = True
        running, _ = await begin(exchange, slow, Behaviour.ACCEPTS)
        proxy.lose_answers = False
        call = await running
        assert call.outcome is Outcome.ACCEPTED
        log = read_log(slow.settings.calls_log)
        assert [each.event for each in log if each.number == call.number].count("answered") == 1


async def test_a_websocket_lost_before_the_answer_to_dialling(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    """In doubt, as above: after the reconnect the call is found, goes on, and has rung once."""
    async with (
        Proxy(frail.settings.http_port) as proxy,
        connected(frail.settings, slow.settings, media, port=proxy.port) as exchange,
    ):
        proxy.hold_answers = True
        running, _ = await begin(exchange, slow, Behaviour.ACCEPTS)
        proxy.hold_answers = False
        proxy.cut()
        call = await running
        assert (call.outcome, call.decisions) == (Outcome.ACCEPTED, [Answer(Outcome.ACCEPTED)])
        log = read_log(slow.settings.calls_log)
        assert [each.event for each in log if each.number == call.number].count("answered") == 1


async def test_a_websocket_lost_before_the_answer_to_a_prompt(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    """What stopped the question before it is in doubt; the receipt goes by HTTP and is heard."""
    async with (
        Proxy(frail.settings.http_port) as proxy,
        connected(frail.settings, slow.settings, media, port=proxy.port) as exchange,
    ):

        async def decide(decision: Decision, trail: Trail) -> Recorded:
            proxy.hold_answers = True
            return Recorded()

        running = asyncio.create_task(exchange.call(Behaviour.ACCEPTS, LONG, decide=decide))
        async with asyncio.timeout(WAIT):
            await proxy.until_held()
        proxy.hold_answers = False
        proxy.cut()
        call = await running
        assert call.outcome is Outcome.ACCEPTED
        assert await call.hears("received_accept")


@ringing_or_answered
async def test_asterisk_killed_in_mid_call(
    frail: Instance[NodeSettings],
    slow: FarEnd,
    media: Mapping[str, Sequence[str]],
    behaviour: Behaviour,
    so_far: str,
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        running, _ = await begin(exchange, slow, behaviour, so_far)
        await frail.kill()
        await until_disconnected(exchange.client)
        assert not running.done()  # nobody knows yet that the channel is gone
        await frail.start()
        call = await running
        assert (call.outcome, call.decisions) == (Outcome.INTERRUPTED, [])
        assert not call.trail.by_us


async def test_a_recorded_key_outlives_asterisk(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        recorded = asyncio.Event()

        async def decide(decision: Decision, trail: Trail) -> Recorded:
            await frail.kill()
            recorded.set()
            return Recorded()

        running = asyncio.create_task(exchange.call(Behaviour.ACCEPTS, LONG, decide=decide))
        await until(recorded)
        await until_disconnected(exchange.client)
        await frail.start()
        assert (await running).outcome is Outcome.ACCEPTED


async def test_a_hangup_while_the_decision_is_written(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        line = exchange.line(Behaviour.ACCEPTS)

        async def decide(decision: Decision, trail: Trail) -> Recorded:
            assert [each.key for each in trail.pressed] == ["1", "1"]
            assert trail.ended is None
            await exchange.client.hang_up(line.channel)
            await exchange.until_idle()
            return Recorded()

        assert (await exchange.run(line, Invitation(LONG), decide)).outcome is Outcome.ACCEPTED


async def test_a_database_that_raises_is_one_that_is_away(
    frail: Instance[NodeSettings],
    slow: FarEnd,
    media: Mapping[str, Sequence[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:

        async def decide(decision: Decision, trail: Trail) -> Unavailable:
            raise ConnectionError("no route to the database")

        call = await exchange.call(Behaviour.ACCEPTS, LONG, decide=decide)
        assert call.outcome is Outcome.INTERRUPTED
        assert await call.hears("promise_call")
        assert "no route" in caplog.text


async def test_who_is_replaced_sends_nothing_more(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    """The next holder takes the application; the first leaves its call as it is, and the second sweeps
    it away.
    """
    async with connected(frail.settings, slow.settings, media, app="worker") as first:
        running, channel = await begin(first, slow, Behaviour.SILENT)
        async with connected(frail.settings, slow.settings, media, app="worker") as second:
            with pytest.raises(Abandoned):
                await running
            with pytest.raises(Replaced):
                await first.listening
            assert [each.id for each in await second.client.channels()] == [channel]
            with pytest.raises(Abandoned):
                await first.call(Behaviour.ACCEPTS)
            assert await second.driver.sweep(keep=[channel]) == ()
            assert await second.driver.sweep() == (channel,)
            assert await second.client.channels() == []


async def test_a_lost_lease_waits_for_what_is_being_written(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        asked, go, written = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def decide(decision: Decision, trail: Trail) -> Recorded:
            asked.set()
            await go.wait()
            written.set()
            return Recorded()

        running = asyncio.create_task(exchange.call(Behaviour.ACCEPTS, LONG, decide=decide))
        await until(asked)
        stopping = asyncio.create_task(exchange.driver.stop())
        with pytest.raises(Abandoned):
            await running
        assert not stopping.done()
        go.set()
        await stopping
        assert written.is_set()
        assert exchange.driver.live() == ()
        await exchange.driver.sweep()


@ringing_or_answered
async def test_a_stranger_is_hung_up(
    frail: Instance[NodeSettings],
    slow: FarEnd,
    media: Mapping[str, Sequence[str]],
    behaviour: Behaviour,
    so_far: str,
) -> None:
    """A worker that lost its lease dials late: ringing or answered, the channel doesn't stay."""
    async with connected(frail.settings, slow.settings, media) as exchange:
        line = exchange.line(behaviour)
        body = b'{"app": "%b", "channelId": "%b", "endpoint": "%b", "timeout": 30}' % tuple(
            each.encode() for each in (exchange.client.node.app, line.channel, line.endpoint)
        )
        assert (await exchange.client.request("POST", "channels", body)).status == 200
        await exchange.until_idle()
        await until_happened(slow, line.number, "ended")


async def test_cancelled_while_it_rings(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        running, channel = await begin(exchange, slow, Behaviour.NEVER_ANSWERS, "ringing")
        assert exchange.driver.live() == (channel,)
        exchange.driver.cancel(channel)
        call = await running
        assert (call.outcome, call.trail.by_us) == (Outcome.CANCELLED, True)
        exchange.driver.cancel(channel)  # too late is no mistake
        await until_happened(slow, call.number, "ended")


async def test_cancelled_after_the_answer_runs_on(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        running, channel = await begin(exchange, slow, Behaviour.ACCEPTS)
        async with asyncio.timeout(WAIT):  # until we have heard of the answer, too
            while (await exchange.client.request("GET", f"playbacks/{channel}-0001")).status != 200:
                await asyncio.sleep(0.02)
        exchange.driver.cancel(channel)
        assert (await running).outcome is Outcome.ACCEPTED


async def test_the_witness_gives_its_digits(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    """No fault, but a telephone that takes its time: it presses when the receipt is over and the
    question is on.
    """
    async with connected(frail.settings, slow.settings, media) as exchange:
        digits = slow.settings.witness_digits
        spoken = []

        async def speak(prompt: str, what: str) -> Sequence[str]:
            spoken.append((prompt, what))
            return media[prompt]

        flow = Witness(patient(reply_seconds=6.0, typing_seconds=0.5), lambda _: None)
        call = await exchange.run(exchange.line(Behaviour.WITNESS), flow, speak=speak)
        assert (call.outcome, call.keys) == (Outcome.SHARE_GIVEN, f"1{digits}#1")
        assert call.decisions == [Share(digits)]
        assert spoken == [("witness_readback", digits)]
        assert await call.hears("witness_receipt")
        assert await call.hears("witness_received")
        assert call.trail.heard[1].prompt == "witness_ask"
        assert call.trail.heard[1].whole  # it listens before it presses


class Reciter:
    """A flow that asks for a prompt to be made, which can take as long as a test wants."""

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        match event:
            case Started():
                return (Dial(20.0),)
            case Answered():
                return (Speak("read", "12"),)
            case HungUp(by_us=by_us):
                return (Finish(Outcome.INTERRUPTED if by_us else Outcome.HUNG_UP_EARLY),)
        return ()


async def test_a_flood_ends_the_call_that_drowns(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        asked, go = asyncio.Event(), asyncio.Event()

        async def speak(prompt: str, digits: str) -> Sequence[str]:
            asked.set()
            await go.wait()
            return media["invitation"]

        line = exchange.line(Behaviour.SILENT)
        running = asyncio.create_task(exchange.driver.run(line, Reciter(), media, exchange.decide, speak))
        await until(asked)
        key = wire.ChannelDtmfReceived(channel=wire.Channel(id=line.channel), digit="1", duration_ms=100)
        for _ in range(2 * QUEUE_LIMIT):
            exchange.driver.received(key)
        go.set()
        outcome, trail = await running
        assert (outcome, trail.by_us) == (Outcome.INTERRUPTED, True)
        assert len(trail.pressed) <= QUEUE_LIMIT


class Careless:
    """A flow that makes a mistake: it ends while its channel lives."""

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        return (Dial(20.0),) if isinstance(event, Started) else (Finish(Outcome.ACCEPTED),)


async def test_a_mistake_of_ours_raises_and_leaves_no_channel(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        with pytest.raises(IllegalAct):
            await exchange.call(Behaviour.SILENT, flow=Careless())


async def test_a_channel_s_id_is_used_once(
    frail: Instance[NodeSettings], slow: FarEnd, media: Mapping[str, Sequence[str]]
) -> None:
    async with connected(frail.settings, slow.settings, media) as exchange:
        running, channel = await begin(exchange, slow, Behaviour.HANGS_UP_EARLY)
        with pytest.raises(IllegalAct):
            await exchange.run(replace(exchange.line(Behaviour.ACCEPTS), channel=channel), Invitation(QUICK))
        assert (await running).outcome is Outcome.HUNG_UP_EARLY


async def test_a_wrong_password_says_what_to_do(frail: Instance[NodeSettings]) -> None:
    wrong = replace(node_of(frail.settings), password="wrong")
    async with Client(wrong) as client:
        with pytest.raises(AccessDenied, match=r"ari\.conf"):
            await client.channels()


async def test_no_number_in_the_log(
    frail: Instance[NodeSettings],
    slow: FarEnd,
    media: Mapping[str, Sequence[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with connected(frail.settings, slow.settings, media) as exchange:
        line = exchange.line(Behaviour.BUSY)
        await exchange.run(line, Invitation(QUICK))
        assert line.number not in caplog.text
        assert line.number not in repr(line)


def node_of(settings: NodeSettings) -> Node:
    return Node(settings.ari_url, settings.ari_user, settings.ari_password, f"test-{uuid4().hex[:8]}")
