"""One call being run: its flow, its queue and its timers. One event at a time, each handed to the flow.

What happens comes in through `file` (from the websocket), from timers, from the channel's own requests and
from the database, and all of it goes through the one queue.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from drawing.stages import Stage
from ivr import media as media_of_call
from ivr import voicemail
from ivr.ari import wire
from ivr.ari.channel import LiveChannel, Look
from ivr.ari.client import Client
from ivr.ari.errors import Abandoned, IllegalAct
from ivr.ari.line import Arrival, Line
from ivr.ari.sounds import Sounds
from ivr.ari.timers import Fired, Timers
from ivr.calls import (
    Answered,
    Cancelled,
    CancelTimer,
    Command,
    Decide,
    Decision,
    Dial,
    DialFailed,
    Event,
    Finish,
    Flow,
    HangUp,
    Outcome,
    PickUp,
    Play,
    PlayFailed,
    Recorded,
    Refused,
    Speak,
    Started,
    StartTimer,
    StopPlay,
    Trail,
    Unavailable,
)
from ivr.clock import SteadyClock
from ivr.course import stage_after

_log = logging.getLogger(__name__)

QUEUE_LIMIT = 100
"""Events from the websocket that may wait for one call; one that gets more is ended."""

Decider = Callable[[Decision, Trail], Awaitable[Recorded | Refused | Unavailable]]
Speaker = Callable[[str, str], Awaitable[Sequence[str]]]
Watcher = Callable[[Stage], None]
"""Told where the call stands whenever that changes; it neither waits nor fails."""


@dataclass(frozen=True, slots=True)
class _Flooded:
    """More events than can be followed."""


@dataclass(frozen=True, slots=True)
class _Abandoned:
    """Wakes the loop, which then sees the flag."""


_Filed = Answered | Cancelled | DialFailed | PlayFailed | Recorded | Refused | Unavailable
_Mail = wire.Event | _Filed | Fired | Look | _Flooded | _Abandoned


class Leg:
    def __init__(
        self,
        client: Client,
        clock: Callable[[], datetime],
        line: Line | Arrival,
        flow: Flow,
        media: Mapping[str, Sequence[str]],
        decide: Decider,
        speak: Speaker | None,
        watch: Watcher | None,
        sounds: Sounds | None = None,
    ) -> None:
        """clock: the wall clock, which is looked at once; the call's time goes on by the monotonic one."""
        self._line, self._flow = line, flow
        self._media, self._decider, self._speaker = media, decide, speak
        self._watch = watch
        self._stage: Stage | None = None
        self._loop = asyncio.get_running_loop()
        self._clock = SteadyClock(clock(), self._loop.time())
        self._queue: asyncio.Queue[tuple[_Mail, float]] = asyncio.Queue()
        self._channel = LiveChannel(client, line, self._clock.at, self._put, sounds)
        self._timers = Timers(self._put)
        self._flooded = self._abandoned = False
        self.deciding: asyncio.Task[None] | None = None

    # --- what comes in; nothing here waits ------------------------------------------------------------------

    def file(self, event: wire.Event) -> None:
        """From the websocket. A call that can't keep up is ended; its end is still taken in."""
        if self._queue.qsize() < QUEUE_LIMIT or isinstance(event, wire.ChannelDestroyed):
            self._put(event)
        elif not self._flooded:
            self._flooded = True
            self._put(_Flooded())

    def cancel(self) -> None:
        self._put(Cancelled())

    def look(self) -> None:
        """The websocket was away: see what has become of the call."""
        self._put(Look())

    @property
    def media(self) -> Mapping[str, Sequence[str]]:
        """All that it may say, by prompt."""
        return self._media

    def abandon(self) -> None:
        """Nothing is sent from now on."""
        self._abandoned = True
        self._put(_Abandoned())

    def _put(self, mail: _Mail) -> None:
        self._queue.put_nowait((mail, self._loop.time()))

    # --- the one loop ---------------------------------------------------------------------------------------

    async def converse(self) -> tuple[Outcome, Trail]:
        """Carry the flow through, until it finishes. Raises Abandoned."""
        try:
            outcome = await self._feed(Started(), self._loop.time())
            while outcome is None:
                mail, tick = await self._queue.get()
                event = await self._read(mail, tick)
                if event is not None:
                    outcome = await self._feed(event, tick)
            trail = self._channel.evidence.trail(self._loop.time())
            return self._concluded(outcome, trail), trail
        except Abandoned:
            raise
        except Exception:
            await self._channel.let_go()
            raise
        finally:
            self._channel.forget()
            self._timers.close()

    def _concluded(self, outcome: Outcome, trail: Trail) -> Outcome:
        """What the evidence of the whole call makes of the outcome that the flow has found."""
        sends_silence = not isinstance(self._line, Line) or self._line.sends_silence
        heard = media_of_call.concluded(outcome, trail, sends_silence=sends_silence)
        return voicemail.concluded(heard, trail)

    async def _read(self, mail: _Mail, tick: float) -> Event | None:
        """What the flow shall hear of it, if anything."""
        self._check_abandoned()
        match mail:
            case Fired():
                return self._timers.heard(mail)
            case Look(sure):
                return await self._channel.look(sure)
            case _Flooded():
                _log.warning("channel %s is ended: more events than can be followed", self._line.channel)
                await self._channel.hang_up()
                return None
            case Answered() | Cancelled() | DialFailed() | PlayFailed() | Recorded() | Refused() | Unavailable():
                return mail
            case _Abandoned():
                return None
            case _:
                return await self._channel.read(mail, tick)

    async def _feed(self, event: Event, tick: float) -> Outcome | None:
        """The flow's `now` is when it happened: a key doubled by the line stays one, however long it waited here, and
        however the machine's clock was set since.
        """
        self._show(event)
        for command in self._flow.receive(event, self._clock.at(tick)):
            self._check_abandoned()
            if isinstance(command, Finish):
                if self._channel.alive:
                    raise IllegalAct(f"the flow finished while channel {self._line.channel} lives")
                return command.outcome
            self._show(command)
            await self._do(command)
        return None

    def _show(self, what: Event | Command) -> None:
        """Of a key nothing goes out but that a question follows it (ivr.course)."""
        stage = stage_after(self._stage, what)
        if stage is not self._stage and stage is not None and self._watch is not None:
            self._watch(stage)
        self._stage = stage

    async def _do(self, command: Command) -> None:
        match command:
            case StartTimer(name, seconds):
                self._timers.start(name, seconds)
            case CancelTimer(name):
                self._timers.cancel(name)
            case Decide(decision):
                self._decide(decision)
            case _ if self._channel.gone:  # it went while this was being decided
                return
            case Dial(ring_seconds):
                await self._channel.dial(ring_seconds)
            case PickUp():
                await self._channel.pick_up()
            case Play(prompt):
                self._channel.begin(prompt)
                await self._channel.play(prompt, self._media.get(prompt, ()))
            case Speak(prompt, digits):
                await self._speak(prompt, digits)
            case StopPlay():
                await self._channel.stop_playing()
            case HangUp():
                await self._channel.hang_up()

    def _check_abandoned(self) -> None:
        if self._abandoned:
            raise Abandoned(f"channel {self._line.channel} was left to its next holder")

    # --- decisions and what is made for this call -----------------------------------------------------------

    async def _speak(self, prompt: str, digits: str) -> None:
        if self._speaker is None:
            raise IllegalAct("this call was begun without a voice for what is keyed")
        self._channel.begin(prompt)
        await self._channel.stop_playing()
        try:
            media = await self._speaker(prompt, digits)
        except Exception:
            _log.exception("a prompt could not be made for channel %s", self._line.channel)
            media = ()
        await self._channel.play(prompt, media)

    def _decide(self, decision: Decision) -> None:
        """In a task of its own: keys and the hangup are followed meanwhile."""
        if self.deciding is None:
            trail = self._channel.evidence.trail(self._loop.time())
            self.deciding = self._loop.create_task(self._ask(decision, trail))

    async def _ask(self, decision: Decision, trail: Trail) -> None:
        answer: Recorded | Refused | Unavailable
        try:
            answer = await self._decider(decision, trail)
        except Exception:
            _log.exception("a decision of channel %s could not be written", self._line.channel)
            answer = Unavailable()
        self.deciding = None
        self._put(answer)
