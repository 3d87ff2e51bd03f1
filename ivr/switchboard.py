"""Calls that are live in the database, carried to their end: conversed, written, and nobody's any more only when gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from db.errors import DatabaseError
from drawing.rules import Calling
from drawing.stages import Stage
from ivr.ari.bridge import LiveBridge
from ivr.ari.client import Client
from ivr.ari.driver import Driver
from ivr.ari.errors import Abandoned, AriError
from ivr.ari.line import Arrival, Line
from ivr.bridged import PairTrail, bridge_of, second_leg
from ivr.calls import Decision, Outcome, Recorded, Refused, Trail, Unavailable
from ivr.dialplans import KINDS, PAIRS, Whom
from ivr.dispatch import Ready
from ivr.lease import Lease
from ivr.masked import PairConversation
from ivr.preparing import Conversation
from ivr.prompts import readback
from ivr.record import Recorder
from ivr.settings import Trunk
from ivr.sound_check import SoundCheck
from ivr.trunks import Trunks

LOG = logging.getLogger(__name__)
LOOK_AGAIN_SECONDS = 0.1
WRITE_AGAIN_SECONDS = 2.0


class Switchboard:
    """One task per live call. `note` is told the activity whenever one of its calls has changed something."""

    def __init__(
        self,
        client: Client,
        lease: Lease,
        recorder: Recorder,
        trunks: Sequence[Trunk],
        calling: Calling,
        note: Callable[[str], None],
        arrived: Callable[[Arrival], None] | None = None,
        show: Callable[[str, Stage], None] | None = None,
        sounds: SoundCheck | None = None,
    ) -> None:
        """show: told where each call with one person stands, for whoever watches. sounds: says whether prompts can be played."""
        self.driver, self._sounds = Driver(client, arrived=arrived, sounds=sounds), sounds
        self._client, self._lease, self._recorder = client, lease, recorder
        self._calling, self._note, self._shown = calling, note, show
        self.trunks = Trunks(trunks, calling, self._channels, asyncio.get_running_loop().time())
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pairs: set[str] = set()  # those among them that have two legs
        self._trunk_of: dict[str, str] = {}  # call: its trunk, where that is known
        self._stopping = self._over = False

    def __len__(self) -> int:
        """The channels that the calls take, or may take."""
        return len(self._tasks) + len(self._pairs)

    def carries(self, call: str) -> bool:
        """Whether that call is being carried here."""
        return call in self._tasks

    def _channels(self, trunk: str) -> int:
        """Also of calls that a holder before us left. One whose trunk nobody knows (from before that was stored) counts on
        each."""
        calls = [*self._tasks, *self._pairs]
        return sum(self._trunk_of.get(call, trunk) == trunk for call in calls)

    def begin(self, ready: Ready) -> None:
        """Dial a call that has just been made live."""
        if ready.flow in PAIRS:
            self._pairs.add(ready.id)
        self.trunks.begun(ready.trunk, 2 if ready.flow in PAIRS else 1)
        self._trunk_of[ready.id] = ready.trunk
        self._tasks[ready.id] = asyncio.create_task(self._call(ready), name=f"call {ready.id}")

    def settle(self, call: Any, *, gone: bool) -> None:
        """Bring a live call to its end that nobody carries; `gone`: its channel is known not to be there."""
        if call.flow in PAIRS:
            self._pairs.add(call.id)
        if call.trunk:
            self._trunk_of[call.id] = call.trunk
        self._tasks[call.id] = asyncio.create_task(self._settle(call, gone), name=f"settle {call.id}")

    def stop(self) -> None:
        """Begin nothing new, give up what rings."""
        self._stopping = True
        self.give_up_ringing()

    def give_up_ringing(self) -> None:
        """What rings is cancelled; an answered call runs on."""
        for channel in self.driver.live():
            self.driver.cancel(channel)

    async def close(self) -> None:
        """Send nothing more; what is not finished is left to the node's next holder."""
        self._over = True
        await self.driver.stop()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # --- one call ---------------------------------------------------------------------------------------------

    async def _call(self, ready: Ready) -> None:
        due = True
        try:
            outcome, trail = await self._converse(ready)
            self.trunks.ended(ready.trunk, outcome, rang=trail.rang)
            due = await self._end(ready, outcome, trail)
        except Abandoned:
            LOG.info("call %s is left to the node's next holder", ready.id)
        finally:
            self._forget(ready.id)
            self._note(ready.activity if due else "")  # a line is free in any case

    async def _settle(self, call: Any, gone: bool) -> None:
        ready, outcome = left_by_another(call)
        try:
            if not gone:
                await self._gone_whole(ready)
            await self._end(ready, outcome, blank(ready))
            LOG.info("call %s, which nobody carried, is settled as %s", call.id, outcome.value)
        except Abandoned:
            LOG.info("call %s is left to the node's next holder", call.id)
        finally:
            self._forget(call.id)
            self._note(ready.activity)

    def _forget(self, call: str) -> None:
        del self._tasks[call]
        self._trunk_of.pop(call, None)
        self._pairs.discard(call)

    async def _converse(self, ready: Ready) -> tuple[Outcome, Trail | PairTrail]:
        conversation = ready.conversation
        if self._stopping or not self._lease.safe_to_dial or not self._would_sound(conversation):
            return Outcome.CANCELLED, blank(ready)
        if conversation.refused:
            LOG.error("call %s: %s; it is not dialled", ready.id, conversation.refused)
            return Outcome.INTERRUPTED, blank(ready)
        if not all(map(self._calling.allows, conversation.numbers)):
            LOG.error("call %s: no pattern of the allowlist fits the number; it is not dialled", ready.id)
            return Outcome.INVALID_NUMBER, blank(ready)

        async def write(decision: Decision, trail: Trail) -> Recorded | Refused | Unavailable:
            answer = await self._recorder.decide(ready, decision, trail)
            self._note(ready.activity)
            return answer

        async def speak(prompt: str, digits: str) -> Sequence[str]:
            return [uri for part in readback(digits) for uri in ready.conversation.media[part]]

        try:
            if isinstance(conversation, PairConversation):
                lines = conversation.lines(ready.id, self.trunks[ready.trunk])
                turn = partial(self._turn, ready.trunk)
                return await self.driver.run_pair(lines, conversation.flow, conversation.media, turn)
            trunk, to_expert = self.trunks[ready.trunk], KINDS[ready.flow].whom is Whom.EXPERT
            line = Line(
                ready.id, conversation.number, ready.trunk, trunk.caller_id,
                notes_talk=to_expert, sends_silence=trunk.sends_silence, trust=trunk.trust,
            )  # fmt: skip
            watch = partial(self._shown, ready.id) if self._shown else None
            return await self.driver.run(line, conversation.flow, conversation.media, write, speak, watch)
        except Abandoned:
            raise
        except Exception:  # a mistake of ours must not hold a seat for ever
            LOG.exception("call %s broke", ready.id)
            await self._gone_whole(ready)
            return Outcome.INTERRUPTED, blank(ready)

    def _would_sound(self, conversation: Conversation | PairConversation) -> bool:
        """Nobody's telephone rings for a call that could not be heard."""
        if self._sounds is None:
            return True
        said = list({each: None for media in conversation.media.values() for each in media})
        if (lost := self._sounds.lost(said)) is not None:
            self._sounds.failed(said, lost)
        return self._sounds.ok

    def _turn(self, trunk: str) -> float:
        """Seconds until that trunk takes one leg more; that turn is then its own."""
        tick = asyncio.get_running_loop().time()
        return self.trunks.turn(trunk, tick) - tick

    async def _gone_whole(self, ready: Ready) -> None:
        """As `_gone`, for every channel that the call may have, and its bridge."""
        await self._gone(ready.id)
        if ready.flow in PAIRS:
            await self._gone(second_leg(ready.id))
            await LiveBridge(self._client, bridge_of(ready.id)).remove()

    async def _gone(self, channel: str) -> None:
        """Return once the channel is known not to be there; raises Abandoned when the node is no longer ours."""
        while True:
            self._check_over(channel)
            try:
                if not await self._client.hang_up(channel):
                    return
            except AriError as error:
                LOG.warning("channel %s: %s", channel, error)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _end(self, ready: Ready, outcome: Outcome, trail: Trail | PairTrail) -> bool:
        """Written however long the database is away: the seat is free only once the row says so. Whether the draw should
        be looked at. Raises Abandoned when the node is no longer ours."""
        while True:
            try:
                return await self._recorder.end(ready, outcome, trail)
            except DatabaseError as error:
                LOG.warning("call %s: its end could not be written: %s", ready.id, error)
                self._check_over(ready.id)
                await asyncio.sleep(WRITE_AGAIN_SECONDS)

    def _check_over(self, call: str) -> None:
        if self._over:
            raise Abandoned(f"call {call} is left to the node's next holder")


def left_by_another(call: Any) -> tuple[Ready, Outcome]:
    """A row of Q.live_calls that nobody carries, and what it came to: what was decided stands, the rest was interrupted, which is
    nobody's try."""
    conversation = Conversation(who=call.who, number="", flow=_NoFlow(), media={})
    ready = Ready(call.id, call.activity or "", call.flow, call.attempt, call.pick, conversation, call.trunk)
    return ready, Outcome.INTERRUPTED if call.outcome is None else Outcome(call.outcome)


def blank(ready: Ready) -> Trail | PairTrail:
    """Of a call that was not dialled, or of which nothing is known."""
    trail = Trail(channel=ready.id, trunk=ready.trunk)
    return PairTrail(trail) if ready.flow in PAIRS else trail


class _NoFlow:
    """Of a call that somebody else had: there is nothing left to say."""

    def receive(self, event: Any, now: datetime) -> Sequence[Any]:
        raise AssertionError("an orphan's flow is never run")
