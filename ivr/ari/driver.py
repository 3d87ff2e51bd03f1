"""All calls of one node: who gets which event, strangers, the websocket's coming and going, the end of a
lease.

The application is subscribed to its own channels only, not to everything (subscribeAll): what a stale
worker still dials carries the application's name, so its events come here all the same, at the first
ringing. A call is run from Started to Finish, and `run` returns only when its channel is known to be gone.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime

from ivr.ari import wire
from ivr.ari.announcer import Announcer
from ivr.ari.client import Client
from ivr.ari.errors import Abandoned, AriError, IllegalAct
from ivr.ari.leg import Decider, Leg, Speaker, Watcher
from ivr.ari.line import Arrival, Line, is_ours
from ivr.ari.pair import Pair
from ivr.ari.sounds import Sounds
from ivr.bridged import PairFlow, PairTrail, Side
from ivr.calls import Flow, Outcome, Trail

_log = logging.getLogger(__name__)

_LOOK_AGAIN = 0.2

INBOUND = "inbound"
"""The argument with which the node's dialplan sends calls from outside here (asterisk/templates/node)."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _may_arrive(channel: wire.WholeChannel) -> bool:
    """Only what a trunk sent is a call from outside: not a channel of ours, and none that Asterisk made by itself (Local)."""
    return channel.technology == "PJSIP" and not is_ours(channel.id)


def _arrival(channel: wire.WholeChannel) -> Arrival:
    return Arrival(channel.id, channel.caller.number, channel.endpoint, channel.protocol_id)


class Driver:
    """One per connection. It is the Sink of its client: `client.listen(driver)` runs beside it."""

    def __init__(
        self,
        client: Client,
        *,
        clock: Callable[[], datetime] = _utc_now,
        arrived: Callable[[Arrival], None] | None = None,
        sounds: Sounds | None = None,
    ) -> None:
        """sounds: what is known of the files that calls play.
        arrived: told of each call from outside, after a gap perhaps twice; it waits for `run` or
        `turn_away`. A channel that no call here owns is hung up (a worker that lost its lease may have dialled it),
        and so is a call from outside when nobody wants any."""
        self._client = client
        self._clock = clock
        self._arrived, self._sounds = arrived, sounds
        self.announcer = Announcer(client)
        self._legs: dict[str, Leg | Pair] = {}
        self._over = False
        self._sent_away: dict[str, asyncio.Task[None]] = {}
        self._settling: set[asyncio.Task[None]] = set()

    async def run(
        self,
        line: Line | Arrival,
        flow: Flow,
        media: Mapping[str, Sequence[str]],
        decide: Decider,
        speak: Speaker | None = None,
        watch: Watcher | None = None,
    ) -> tuple[Outcome, Trail]:
        """Carry one call through; returns when its channel is known to be gone.

        media: for each prompt the URIs to play in turn (`sound:/folder/name`, without the ending). decide:
        see ivr.calls.Decide; what it raises counts as Unavailable. speak: makes the media of a Speak. watch:
        told where the call stands.
        While the websocket is away this waits for it and then compares with Asterisk. Raises Abandoned
        when the driver is stopped, and IllegalAct for a mistake of ours (the channel is then hung up). Who
        cancels it leaves the channel to be found as a stranger.
        """
        if self._over:
            raise Abandoned("this driver was stopped")
        if line.channel in self._legs:
            raise IllegalAct(f"channel {line.channel} is in use")
        leg = self._legs[line.channel] = Leg(
            self._client, self._clock, line, flow, media, decide, speak, watch, self._sounds
        )
        if isinstance(line, Arrival):
            self._keep(asyncio.get_running_loop().create_task(self._hear_end(line.channel, leg)))
        try:
            return await leg.converse()
        finally:
            del self._legs[line.channel]
            self._keep(leg.deciding)

    async def _hear_end(self, channel: str, leg: Leg) -> None:
        """Of a channel that came through the dialplan Asterisk tells us no more once it has left the application, not even that it
        is gone, unless we ask to be told. It may have gone already."""
        path = f"applications/{self._client.node.app}/subscription"
        with contextlib.suppress(AriError):
            await self._client.request("POST", path, wire.subscription(f"channel:{channel}"))
        leg.look()

    async def run_pair(
        self,
        lines: Mapping[Side, Line],
        flow: PairFlow,
        media: Mapping[str, Sequence[str]],
        turn: Callable[[], float] = lambda: 0.0,
    ) -> tuple[Outcome, PairTrail]:
        """As `run`, for a call of two legs: returns when both channels are known to be gone.

        lines: each side's, the expert's channel with the id second_leg(call), the staff's with the call's own. turn: asked
        once, when the expert is to be dialled, for the seconds until the trunk takes one more call.
        """
        if self._over:
            raise Abandoned("this driver was stopped")
        channels = [line.channel for line in lines.values()]
        if any(channel in self._legs for channel in channels):
            raise IllegalAct(f"call {channels[0]} is in use")
        pair = Pair(self._client, self._clock, lines, flow, media, turn, self._sounds)
        self._legs |= dict.fromkeys(channels, pair)
        try:
            return await pair.converse()
        finally:
            for channel in channels:
                del self._legs[channel]
            if pair.bridge.asked_for and not self._over:
                self._put_away(pair.bridge.identity, pair.bridge.remove())

    def turn_away(self, channel: str, reason: str) -> None:
        """Hang up a call from outside unanswered; reason is ARI's, which the caller's network shows."""
        self._send_away(channel, reason)

    def live(self) -> tuple[str, ...]:
        """The channels of the calls that are being run."""
        return tuple(self._legs)

    def cancel(self, channel: str) -> None:
        """Have a call end: what rings is given up, what is answered runs out. One that is not there is
        over already.
        """
        if leg := self._legs.get(channel):
            leg.cancel()

    def give_up(self, saying: Callable[[Sequence[str]], bool]) -> None:
        """Have every call end that would say what that is true of; what is answered runs out."""
        for leg in self._legs.values():
            if any(saying(media) for media in leg.media.values()):
                leg.cancel()

    async def stop(self) -> None:
        """The lease is lost: send nothing more, let every `run` raise Abandoned. Decisions being written
        are waited for: the database knows whose they are."""
        self.replaced()
        for leg in tuple(self._legs.values()):
            self._keep(leg.deciding)
        for away in self._sent_away.values():
            away.cancel()
        await asyncio.gather(*self._settling, *self._sent_away.values(), return_exceptions=True)

    async def sweep(self, keep: Collection[str] = ()) -> tuple[str, ...]:
        """For a new holder of the node: hang up every channel of ours that is not in `keep`, and every call from
        outside that an earlier holder answered, remove our bridges, and return the channels' ids once they are known to
        be gone. Raises Unsent or Unanswered while the node can't be reached.
        """
        swept: set[str] = set()
        for bridge in await self._client.bridges():
            if is_ours(bridge.id) and bridge.id not in keep:
                await self._client.request("DELETE", f"bridges/{bridge.id}")
        while found := await self._unkept(keep):
            for channel in found:
                await self._client.hang_up(channel)
            swept |= found
            await asyncio.sleep(_LOOK_AGAIN)
        return tuple(sorted(swept))

    # --- the client's Sink --------------------------------------------------------------------------------

    def received(self, event: wire.Event) -> None:
        channel = wire.channel_of(event)
        if leg := self._legs.get(channel):
            leg.file(event)
        elif isinstance(event, wire.PlaybackFinished):
            self.announcer.finished(event.playback)
        elif isinstance(event, wire.StasisStart | wire.Dial) and not self._over:
            self._unowned(event, channel)

    def _unowned(self, event: wire.StasisStart | wire.Dial, channel: str) -> None:
        outside = isinstance(event, wire.StasisStart) and event.args == (INBOUND,) and _may_arrive(event.channel)
        if isinstance(event, wire.StasisStart) and outside and self._arrived is not None:
            self._arrived(_arrival(event.channel))
        else:
            self._send_away(channel)

    def connected(self) -> None:
        """After a gap: events were lost, so every call looks for itself, and calls from outside may wait unseen."""
        for leg in self._legs.values():
            leg.look()
        if self._arrived is not None:
            self._keep(asyncio.get_running_loop().create_task(self._take_unseen(self._arrived)))

    def lost(self) -> None:
        if self._legs:
            _log.warning("no events from Asterisk; %d calls wait for it", len(self._legs))

    def replaced(self) -> None:
        self._over = True
        for leg in self._legs.values():
            leg.abandon()

    # --- strangers ----------------------------------------------------------------------------------------

    def _send_away(self, channel: str, reason: str = "") -> None:
        if channel not in self._sent_away:
            self._put_away(channel, self._hang_up_stranger(channel, reason))

    def _put_away(self, identity: str, work: Coroutine[None, None, None]) -> None:
        """In a task of its own, which `stop` gives up."""
        task = asyncio.get_running_loop().create_task(work)
        self._sent_away[identity] = task
        task.add_done_callback(lambda _: self._sent_away.pop(identity, None))

    async def _hang_up_stranger(self, channel: str, reason: str) -> None:
        try:
            if await self._client.hang_up(channel, reason) and not reason:
                _log.warning("channel %s belongs to no call here and was hung up", channel)
        except AriError as error:
            _log.warning("channel %s belongs to no call here and could not be hung up: %s", channel, error)

    async def _take_unseen(self, arrived: Callable[[Arrival], None]) -> None:
        """What waits is announced (again, perhaps); what was answered by somebody who is gone can't be carried on."""
        try:
            channels = await self._client.channels()
        except AriError as error:
            _log.warning("looking for calls from outside: %s", error)
            return
        for each in channels:
            if each.id in self._legs or self._over:
                continue
            if self._is_answered(each):
                self._send_away(each.id)
            elif self._is_from_outside(each):
                arrived(_arrival(each))

    async def _unkept(self, keep: Collection[str]) -> set[str]:
        channels = await self._client.channels()
        left = {each.id for each in channels if is_ours(each.id) or self._is_answered(each)}
        return left - {*keep, *self._legs}

    def _is_answered(self, channel: wire.WholeChannel) -> bool:
        """A call from outside that somebody has picked up; one that only waits is nobody's yet."""
        return self._is_from_outside(channel) and channel.state == "Up"

    def _is_from_outside(self, channel: wire.WholeChannel) -> bool:
        data = f"{self._client.node.app},{INBOUND}"
        return channel.dialplan.app_name == "Stasis" and channel.dialplan.app_data == data and _may_arrive(channel)

    def _keep(self, task: asyncio.Task[None] | None) -> None:
        if task is not None:
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
