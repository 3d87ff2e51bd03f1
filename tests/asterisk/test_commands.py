"""Commands over the websocket: what Asterisk answers, and what becomes of them when the connection fails. All is real."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from asterisk.far_end import Behaviour
from asterisk.instance import Instance
from asterisk.settings import NodeSettings
from ivr.ari import wire
from ivr.ari.client import Client, Node
from ivr.ari.commands import LARGEST_BODY
from ivr.ari.errors import Replaced, Unanswered
from ivr.ari.line import channel_id
from tests.asterisk.audio import prompt_sound, write_wav
from tests.asterisk.exchange import WAIT
from tests.asterisk.proxy import Proxy

pytestmark = [pytest.mark.telephone, pytest.mark.asyncio(loop_scope="session")]

NOWHERE = "channels/nowhere/play/nothing"


@dataclass
class Ears:
    """A Sink that remembers what it was told."""

    events: list[wire.Event] = field(default_factory=list)

    def received(self, event: wire.Event) -> None:
        self.events.append(event)

    def connected(self) -> None: ...

    def lost(self) -> None: ...

    def replaced(self) -> None: ...

    def has(self, kind: type[wire.Event], channel: str) -> bool:
        return any(isinstance(each, kind) and wire.channel_of(each) == channel for each in self.events)

    def dialled(self, channel: str, how: str) -> bool:
        return any(
            isinstance(each, wire.Dial) and (each.peer.id, each.dialstatus) == (channel, how) for each in self.events
        )


@dataclass
class Wire:
    """A client behind a proxy."""

    client: Client
    proxy: Proxy
    ears: Ears

    async def dial(self, behaviour: Behaviour = Behaviour.NEVER_ANSWERS) -> str:
        """A channel that rings, or is answered."""
        channel, body = self.created(behaviour)
        assert (await self.client.command("POST", "channels/create", body)).status == 200
        await self.ring(channel)
        wanted = "RINGING" if behaviour is Behaviour.NEVER_ANSWERS else "ANSWER"
        await until(lambda: self.ears.dialled(channel, wanted))
        return channel

    async def ring(self, channel: str) -> None:
        """Once it is in the application."""
        await until(lambda: self.ears.has(wire.StasisStart, channel))
        assert (await self.client.command("POST", f"channels/{channel}/dial", wire.dial(60))).status == 204

    def created(self, behaviour: Behaviour = Behaviour.NEVER_ANSWERS) -> tuple[str, bytes]:
        channel, number = channel_id(uuid4().hex), behaviour.number(uuid4().int % 100_000)
        return channel, wire.create(
            self.client.node.app, channel, f"PJSIP/{number}@far-end", "02012345678", notes_talk=True
        )


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def wired(settings: NodeSettings, request_seconds: float = WAIT) -> AsyncIterator[Wire]:
    """Connected; afterwards no channel may be left. It asks for life so seldom that this disturbs no test."""
    async with Proxy(settings.http_port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}/ari"
        node = Node(url, settings.ari_user, settings.ari_password, f"test-{uuid4().hex[:8]}")
        async with Client(node, request_seconds=request_seconds, probe_seconds=10 * WAIT) as client:
            ears = Ears()
            listening = asyncio.create_task(client.listen(ears))
            try:
                async with asyncio.timeout(WAIT):
                    await client.until_connected()
                yield Wire(client, proxy, ears)
                async with asyncio.timeout(WAIT):
                    while await client.channels():
                        await asyncio.sleep(0.02)
            finally:
                listening.cancel()
                with contextlib.suppress(asyncio.CancelledError, Replaced):
                    await listening


@pytest.fixture(scope="module")
def media(short_folder: Path) -> bytes:
    """What to play, for longer than a test lasts."""
    write_wav(short_folder / "commands.wav", prompt_sound("commands", 10.0))
    return wire.play([f"sound:{short_folder}/commands"] * 12)


async def test_the_commands_of_a_call_need_no_http_and_do_not_wait(
    node: Instance[NodeSettings], node_settings: NodeSettings, media: bytes
) -> None:
    """Not for the prompt that plays, either: it is still on when the next one, the stops and the hangup are answered."""
    async with wired(node_settings) as made:
        command, asked = made.client.command, len(made.proxy.requests)
        channel = await made.dial(Behaviour.SILENT)
        for number in (1, 2):
            reply = await command("POST", f"channels/{channel}/play/{channel}-{number}", media)
            assert (reply.status, json.loads(reply.text)["id"]) == (201, f"{channel}-{number}")
        assert (await command("DELETE", f"playbacks/{channel}-2")).status == 204
        assert not made.ears.has(wire.PlaybackFinished, channel)
        assert (await command("DELETE", f"playbacks/{channel}-3")).status == 404
        assert await made.client.hang_up(channel)
        await until(lambda: made.ears.has(wire.ChannelDestroyed, channel))
        assert not await made.client.hang_up(channel)
        assert made.proxy.requests[asked:] == []


async def test_many_at_once_are_told_apart(node: Instance[NodeSettings], node_settings: NodeSettings) -> None:
    """Each gets its own answer, and no event is lost between them."""
    async with wired(node_settings) as made:
        calls = dict(made.created() for _ in range(20))
        replies = await asyncio.gather(
            *(made.client.command("POST", "channels/create", body) for body in calls.values())
        )
        assert [json.loads(reply.text)["id"] for reply in replies] == list(calls)
        await asyncio.gather(*map(made.ring, calls))
        await until(lambda: all(made.ears.has(wire.Dial, channel) for channel in calls))
        assert all(await asyncio.gather(*map(made.client.hang_up, calls)))
        await until(lambda: all(made.ears.has(wire.ChannelDestroyed, channel) for channel in calls))


async def test_a_reason_goes_with_the_hangup(node: Instance[NodeSettings], node_settings: NodeSettings) -> None:
    async with wired(node_settings) as made:
        channel = await made.dial()
        assert await made.client.hang_up(channel, "busy")
        await until(lambda: made.ears.has(wire.ChannelDestroyed, channel))
        ends = [each for each in made.ears.events if isinstance(each, wire.ChannelDestroyed)]
        assert [each.cause for each in ends] == [17]


@pytest.mark.parametrize("quotes", [False, True])
async def test_a_large_body_goes_by_http(
    node: Instance[NodeSettings], node_settings: NodeSettings, quotes: bool
) -> None:
    """The largest that does not is taken, also when each of its bytes is escaped once more, and the websocket stays."""
    async with wired(node_settings) as made:
        letter = '"' if quotes else "a"
        body = wire.play([letter * ((LARGEST_BODY - 20) // (1 + quotes))])
        assert LARGEST_BODY - 20 < len(body) <= LARGEST_BODY
        asked = len(made.proxy.requests)
        assert (await made.client.command("POST", NOWHERE, body)).status == 404
        assert made.proxy.requests[asked:] == []
        larger = wire.play([letter * LARGEST_BODY])
        assert (await made.client.command("POST", NOWHERE, larger)).status == 404
        assert made.proxy.requests[asked:] == [f"POST /ari/{NOWHERE}"]
        assert made.client.connected


async def test_while_the_websocket_is_away_commands_go_by_http(
    node: Instance[NodeSettings], node_settings: NodeSettings
) -> None:
    async with wired(node_settings) as made:
        channel = await made.dial()
        made.proxy.refuse_websockets = True
        made.proxy.cut()
        await until(lambda: not made.client.connected)
        asked = len(made.proxy.requests)
        assert (await made.client.command("POST", NOWHERE, wire.play(["sound:a"]))).status == 404
        assert await made.client.hang_up(channel)
        assert made.proxy.requests[asked:] == [f"POST /ari/{NOWHERE}", f"DELETE /ari/channels/{channel}"]
        made.proxy.refuse_websockets = False


async def test_what_waits_is_in_doubt_as_soon_as_the_websocket_is_lost(
    node: Instance[NodeSettings], node_settings: NodeSettings
) -> None:
    async with wired(node_settings) as made:
        made.proxy.hold_answers = True
        waiting = [asyncio.create_task(made.client.command("DELETE", "playbacks/none")) for _ in range(3)]
        await made.proxy.until_held()
        assert not any(each.done() for each in waiting)
        made.proxy.cut()
        for each in waiting:
            with pytest.raises(Unanswered, match="was lost"):
                await each


async def test_a_hangup_in_doubt_is_repeated_by_http(node: Instance[NodeSettings], node_settings: NodeSettings) -> None:
    """Or a stranger's channel would stay whenever the websocket is lost at the wrong moment."""
    async with wired(node_settings) as made:
        made.proxy.hold_answers = True
        waiting = asyncio.create_task(made.client.hang_up("nobody"))
        await made.proxy.until_held()
        made.proxy.refuse_websockets = True
        asked = len(made.proxy.requests)
        made.proxy.cut()
        assert not await waiting
        assert made.proxy.requests[asked:] == ["DELETE /ari/channels/nobody"]


async def test_who_is_replaced_repeats_no_hangup(node: Instance[NodeSettings], node_settings: NodeSettings) -> None:
    async with wired(node_settings) as made:
        made.proxy.hold_answers = True
        waiting = asyncio.create_task(made.client.hang_up("nobody"))
        await made.proxy.until_held()
        asked = len(made.proxy.requests)
        async with Client(made.client.node) as next_holder:
            listening = asyncio.create_task(next_holder.listen(Ears()))
            with pytest.raises(Unanswered, match="was lost"):
                await waiting
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
        assert "DELETE /ari/channels/nobody" not in made.proxy.requests[asked:]


async def test_an_answer_that_comes_too_late_is_dropped(
    node: Instance[NodeSettings], node_settings: NodeSettings
) -> None:
    """While it is overdue nothing more is sent behind it; once it has come, the websocket is used again."""
    async with wired(node_settings, request_seconds=2.0) as made:
        made.proxy.hold_answers = True
        with pytest.raises(Unanswered, match="was not answered"):
            await made.client.command("DELETE", "playbacks/late")
        asked = len(made.proxy.requests)
        assert (await made.client.command("DELETE", "playbacks/next")).status == 404
        assert made.proxy.requests[asked:] == ["DELETE /ari/playbacks/next"]
        made.proxy.release()
        async with asyncio.timeout(WAIT):
            while len(made.proxy.requests) > asked:
                asked = len(made.proxy.requests)
                assert (await made.client.command("POST", NOWHERE, wire.play(["sound:a"]))).status == 404
        assert made.client.connected
