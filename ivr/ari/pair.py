"""One call of two legs being run: its flow, its queue, its timers, two channels and the bridge between them.

As leg.py for two: one event at a time, whichever leg it is about. What plays on one leg is never heard on the other:
they have nothing in common before Join, and nothing plays after it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ivr.ari import wire
from ivr.ari.bridge import LiveBridge
from ivr.ari.channel import LiveChannel, Look
from ivr.ari.client import Client
from ivr.ari.errors import Abandoned, IllegalAct
from ivr.ari.line import Line
from ivr.ari.sounds import AllSound, Sounds
from ivr.ari.timers import Fired, Timers
from ivr.bridged import (
    Join,
    Joined,
    LegCommand,
    LegEvent,
    NotJoined,
    On,
    PairCommand,
    PairEvent,
    PairFlow,
    PairTrail,
    Side,
    To,
    bridge_of,
)
from ivr.calls import (
    Cancelled,
    CancelTimer,
    Dial,
    DialFailed,
    Event,
    Finish,
    HangUp,
    Outcome,
    Play,
    PlayFailed,
    Started,
    StartTimer,
)
from ivr.clock import SteadyClock

_log = logging.getLogger(__name__)

QUEUE_LIMIT = 200
"""Events that may wait for one call of two legs; one that gets more is ended."""
_NORMAL = 16  # Q.850: normal call clearing
TALK = "masked_talk"
"""The step of both legs from the join on: keys pressed then belong to the conversation."""


@dataclass(frozen=True, slots=True)
class _Of:
    side: Side
    what: wire.Event | DialFailed | PlayFailed | Look


@dataclass(frozen=True, slots=True)
class _Turn:
    """The trunk takes the second leg now."""

    ring_seconds: float


@dataclass(frozen=True, slots=True)
class _Flooded:
    """More events than can be followed."""


@dataclass(frozen=True, slots=True)
class _Abandoned:
    """Wakes the loop, which then sees the flag."""


_Mail = _Of | Cancelled | Joined | NotJoined | Fired | _Turn | _Flooded | _Abandoned


class Pair:
    """`lines`: each side's own; the staff's channel has the call's id."""

    deciding: asyncio.Task[None] | None = None  # such a call decides nothing

    def __init__(
        self,
        client: Client,
        clock: Callable[[], datetime],
        lines: Mapping[Side, Line],
        flow: PairFlow,
        media: Mapping[str, Sequence[str]],
        turn: Callable[[], float],
        sounds: Sounds | None = None,
    ) -> None:
        self._flow, self._media, self._turn = flow, media, turn
        self._sounds: Sounds = sounds or AllSound()
        self._call = lines[Side.STAFF].channel
        self._side_of = {line.channel: side for side, line in lines.items()}
        self._loop = asyncio.get_running_loop()
        self._clock = SteadyClock(clock(), self._loop.time())  # as leg.py's
        self._queue: asyncio.Queue[tuple[_Mail, float]] = asyncio.Queue()
        self._channels = {
            side: LiveChannel(client, line, self._clock.at, partial(self._put_of, side), sounds) for side, line in lines.items()
        }
        self.bridge = LiveBridge(client, bridge_of(self._call))
        self._timers = Timers(self._put)
        self._waiting: asyncio.TimerHandle | None = None  # the expert's leg, for its turn on the trunk
        self._flooded = self._abandoned = False
        self._joined: datetime | None = None
        self._parted: datetime | None = None
        self._recording: str | None = None

    # --- what comes in; nothing here waits ------------------------------------------------------------------

    def file(self, event: wire.Event) -> None:
        """From the websocket. A call that can't keep up is ended; its end is still taken in."""
        if self._queue.qsize() < QUEUE_LIMIT or isinstance(event, wire.ChannelDestroyed):
            self._put_of(self._side_of[wire.channel_of(event)], event)
        elif not self._flooded:
            self._flooded = True
            self._put(_Flooded())

    def cancel(self) -> None:
        self._put(Cancelled())

    def look(self) -> None:
        """The websocket was away: see what has become of both."""
        for side in Side:
            self._put_of(side, Look())

    @property
    def media(self) -> Mapping[str, Sequence[str]]:
        """All that it may say, by prompt."""
        return self._media

    def abandon(self) -> None:
        """Nothing more is done: the call is for its next holder."""
        self._abandoned = True
        self._put(_Abandoned())

    def _put_of(self, side: Side, what: wire.Event | DialFailed | PlayFailed | Look) -> None:
        self._put(_Of(side, what))

    def _put(self, mail: _Mail) -> None:
        self._queue.put_nowait((mail, self._loop.time()))

    # --- the one loop ---------------------------------------------------------------------------------------

    async def converse(self) -> tuple[Outcome, PairTrail]:
        """Carry the flow through, until it finishes. Raises Abandoned."""
        try:
            outcome = await self._feed(Started(), self._loop.time())
            while outcome is None:
                mail, tick = await self._queue.get()
                event = await self._read(mail, tick)
                if event is not None:
                    outcome = await self._feed(event, tick)
            return outcome, self._trail()
        except Abandoned:
            raise
        except Exception:
            for channel in self._channels.values():
                await channel.let_go()
            raise
        finally:
            for channel in self._channels.values():
                channel.forget()
            self._timers.close()
            if self._waiting is not None:
                self._waiting.cancel()

    async def _read(self, mail: _Mail, tick: float) -> PairEvent | None:
        """What the flow shall hear of it, if anything."""
        self._check_abandoned()
        match mail:
            case Fired():
                return self._timers.heard(mail)
            case _Flooded():
                _log.warning("call %s is ended: more events than can be followed", self._call)
                for channel in self._channels.values():
                    await channel.hang_up()
                return None
            case Cancelled() | Joined() | NotJoined():
                return mail
            case _Turn(ring_seconds):
                if self._waiting is not None and self._all_sounds():
                    self._waiting = None
                    await self._channels[Side.EXPERT].dial(ring_seconds)
                return None
            case _Abandoned():
                return None
            case _Of(side, what):
                return await self._read_of(side, what, tick)

    def _all_sounds(self) -> bool:
        """What the expert would hear is there still; else whoever is told of it cancels this call."""
        said = [each for media in self._media.values() for each in media]
        if (lost := self._sounds.lost(said)) is not None:
            self._sounds.failed(said, lost)
        return lost is None

    async def _read_of(
        self, side: Side, what: wire.Event | DialFailed | PlayFailed | Look, tick: float
    ) -> PairEvent | None:
        channel = self._channels[side]
        event: Event | None
        match what:
            case Look(sure):
                event = await channel.look(sure)
            case DialFailed() | PlayFailed():
                event = what
            case _:
                event = await channel.read(what, tick)
        if channel.gone and self._joined and not self._parted:
            self._parted = self._now()
        return On(side, event) if isinstance(event, LegEvent) else None

    async def _feed(self, event: PairEvent, tick: float) -> Outcome | None:
        """The flow's `now` is when it happened, however long it waited here."""
        for command in self._flow.receive(event, self._clock.at(tick)):
            self._check_abandoned()
            if isinstance(command, Finish):
                if any(channel.alive for channel in self._channels.values()):
                    raise IllegalAct(f"the flow finished while a channel of call {self._call} lives")
                return command.outcome
            await self._do(command)
        return None

    async def _do(self, command: PairCommand) -> None:
        match command:
            case StartTimer(name, seconds):
                self._timers.start(name, seconds)
            case CancelTimer(name):
                self._timers.cancel(name)
            case Join(record):
                await self._join(record)
            case To(Side.EXPERT, Dial(ring_seconds)):
                self._waiting = self._loop.call_later(self._turn(), self._put, _Turn(ring_seconds))
            case To(Side.EXPERT, HangUp()) if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None
                self._put_of(Side.EXPERT, DialFailed(_NORMAL))
            case To(side, what) if not self._channels[side].gone:
                await self._do_on(self._channels[side], what)

    async def _do_on(self, channel: LiveChannel, command: LegCommand) -> None:
        match command:
            case Dial(ring_seconds):
                await channel.dial(ring_seconds)
            case Play(prompt):
                channel.begin(prompt)
                await channel.play(prompt, self._media.get(prompt, ()))
            case HangUp():
                await channel.hang_up()

    async def _join(self, record: bool) -> None:
        """Asterisk puts a channel into a bridge only when nothing plays on it."""
        for channel in self._channels.values():
            channel.begin(TALK)
            await channel.stop_playing()
        if not await self.bridge.join(tuple(self._side_of)):
            return self._put(NotJoined())
        self._joined = self._now()
        if record and await self.bridge.record(self._call):
            self._recording = self._call
        return self._put(Joined())

    def _now(self) -> datetime:
        return self._clock.at(self._loop.time())

    def _trail(self) -> PairTrail:
        tick = self._loop.time()
        trails = {side: channel.evidence.trail(tick) for side, channel in self._channels.items()}
        expert = trails[Side.EXPERT]
        rung = expert if expert.dialled else None
        return PairTrail(trails[Side.STAFF], rung, self._joined, self._parted, self._recording)

    def _check_abandoned(self) -> None:
        if self._abandoned:
            raise Abandoned(f"call {self._call} was left to its next holder")
