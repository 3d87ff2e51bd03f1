"""A channel of ours: each command carried out by REST, and what is known of it since. Awaits and never
decides.

What a request brings about comes back as an event through `report`; what remains in doubt is looked up a
little later.

A call out is made in two steps: the channel is created, and dials once it is in the application. Originate, which does
both, follows a redirect (302), to whatever number, technology and trunk the far end names; so made, none is followed.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.ari import wire
from ivr.ari.client import Client
from ivr.ari.errors import IllegalAct, Unanswered, Unsent
from ivr.ari.evidence import Evidence
from ivr.ari.line import Arrival, Line
from ivr.ari.media_watch import MediaWatch
from ivr.ari.sip_end import SipEnd
from ivr.ari.sounds import AllSound, Playing, Sounds
from ivr.calls import Answered, DialFailed, Digit, EarlyMedia, Event, HungUp, Played, PlayFailed, Ringing
from ivr.endings import who_ended

_log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How long the websocket is given to tell what a request has hinted at, before Asterisk is asked."""

_OUT_OF_ORDER = 38  # Q.850: network out of order


@dataclass(frozen=True, slots=True)
class Look:
    """Ask Asterisk what has become of the channel. sure: what it says now is believed."""

    sure: bool = False


class LiveChannel:
    def __init__(
        self,
        client: Client,
        line: Line | Arrival,
        clock: Callable[[float], datetime],
        report: Callable[[Answered | DialFailed | PlayFailed | Look], None],
        sounds: Sounds | None = None,
    ) -> None:
        """An Arrival is there already; a Line's channel only once it is dialled. clock: the time at a tick of the event loop's."""
        self._client, self._line, self._clock, self._report = client, line, clock, report
        self._sounds: Sounds = sounds or AllSound()
        self._loop = asyncio.get_running_loop()
        self._looking: asyncio.TimerHandle | None = None
        self._playing: Playing | None = None
        self._playbacks = 0
        self._sip = 0
        self._leaving = self._by_us = False
        self._sip_end = SipEnd(client.hep, line)
        self._ring_seconds: float | None = None  # how long it shall ring, until that has been asked for
        self.dialled, self.gone = isinstance(line, Arrival), False
        self.evidence = Evidence(line.channel, line.trunk)
        self._media = MediaWatch(client, line.channel, self.evidence)

    @property
    def alive(self) -> bool:
        """It may exist, as far as is known."""
        return self.dialled and not self.gone

    def forget(self) -> None:
        """Nothing is asked any more."""
        self._stop_looking()
        self._media.stop()
        self._sip_end.forget()

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()

    # --- what Asterisk tells --------------------------------------------------------------------------------

    async def read(self, event: wire.Event, tick: float) -> Event | None:
        """What the flow shall hear of it, if anything."""
        match event:
            case wire.ChannelDestroyed(cause=cause):
                await self._sip_end.listen(wait=not (self.gone or self._by_us))
                return self._ended(tick, cause)
            case _ if self.gone:
                return None
            case wire.StasisStart(channel=channel):
                self._sip_end.follow(channel.protocol_id)
                await self._ring()
            case wire.Dial(dialstatus="ANSWER"):
                return self._answered(tick)
            case wire.Dial(dialstatus="RINGING"):
                self.evidence.note_ringing(self._clock(tick))
                return Ringing()
            case wire.Dial():
                self.evidence.note_early_media(self._clock(tick))
                return EarlyMedia()
            case wire.ChannelDtmfReceived(digit=key, duration_ms=held):
                return Digit(key, self.evidence.key(key, tick, held), held)
            case wire.ChannelTalkingStarted():
                self.evidence.talk_began(tick)
            case wire.ChannelTalkingFinished(duration=duration):
                self.evidence.talked(tick - wire.HUSH_MS / 1000, duration)
            case wire.ChannelHold():
                self.evidence.held(tick)
            case wire.ChannelUnhold():
                self.evidence.resumed(tick)
            case wire.PlaybackFinished(playback=playback):
                return self._finished(playback.id, playback.state != "failed", tick)
            case wire.ChannelHangupRequest(tech_cause=sip):
                self._leaving, self._sip = True, sip or self._sip
        return None

    def _answered(self, tick: float) -> Event:
        if not self.evidence.answered and isinstance(self._line, Line):  # calls from outside are not counted on
            self._media.start(tick)
        self.evidence.note_answered(self._clock(tick), tick)
        return Answered()

    def _finished(self, playback: str, well: bool, tick: float) -> Event | None:
        """Only the end of what plays now counts; `failed` on the way out is the hangup's doing."""
        playing = self._playing
        if playing is None or playing.id != playback:
            return None
        self._playing = None
        well = well and not playing.is_too_short(tick)
        self.evidence.silent(tick, whole=well)
        if well:
            return Played(playing.prompt)
        if self._leaving:
            return None
        self._sounds.failed(playing.media, self._sounds.lost(playing.media))
        return PlayFailed(playing.prompt)

    def _ended(self, tick: float, cause: int, lost: bool = False) -> Event | None:
        if self.gone:
            return None
        self.gone, self._playing = True, None
        self._media.stop()
        self.evidence.note_ended(self._clock(tick), tick, cause, self._sip, self._by_us)
        self.evidence.note_reason(self._sip_end.reason, given_up=self._sip_end.given_up)
        believed, lost, given_up = self._sip_end.believed(self._sip), lost and not self._by_us, self._sip_end.given_up
        end = HungUp(cause, self._sip, by_us=self._by_us, lost=lost, reason=believed, given_up=given_up)
        if self.evidence.answered:
            self.evidence.note_ended_by(who_ended(end))
        return end

    # --- what Asterisk is asked -----------------------------------------------------------------------------

    async def look(self, sure: bool) -> Event | None:
        """Compare with Asterisk, which is right. The first look only hints: events may still be on
        their way.
        """
        if not self.alive:
            return None
        try:
            found = await self._client.channel(self._line.channel)
            unseen = found is None or (found.state == "Up" and not self.evidence.answered)
            if unseen and not sure:
                self._look_later(sure=True)
                return None
            if unseen and found is not None:
                return self._answered(self._loop.time())
            if unseen:
                await self._sip_end.listen(wait=False)
                return self._ended(self._loop.time(), 0, lost=True)
            if found is not None and found.state == "Down":  # what told that it is there was lost
                self._sip_end.follow(found.protocol_id)
                await self._ring()
            return await self._look_at_playback()
        except (Unsent, Unanswered):
            if self._client.connected:  # else the reconnect makes us look
                self._look_later(sure)
            return None

    async def _look_at_playback(self) -> Event | None:
        if self._playing is None:
            return None
        playback = self._playing.id
        reply = await self._client.request("GET", f"playbacks/{playback}")
        return self._finished(playback, True, self._loop.time()) if reply.status == 404 else None

    def _look_later(self, sure: bool) -> None:
        self._stop_looking()
        self._looking = self._loop.call_later(LOOK_SECONDS, self._report, Look(sure))

    # --- commands -------------------------------------------------------------------------------------------

    async def dial(self, ring_seconds: float) -> None:
        """Create the channel, which dials as soon as it is in the application. Never twice with one id."""
        if not self._client.connected:
            return self._report(DialFailed(_OUT_OF_ORDER))
        self.evidence.note_dialled(self._clock(self._loop.time()))
        self.dialled, self._ring_seconds = True, ring_seconds
        try:
            reply = await self._client.command("POST", "channels/create", self._origin())
        except Unsent:
            return self._not_dialled()
        except Unanswered:
            return self._look_later(sure=True)
        if reply.status in (400, 409):
            self.dialled = False
            raise IllegalAct(f"creation of channel {self._line.channel}: {reply.status}")
        return None if reply.status == 200 else self._not_dialled()  # 500: no such trunk, or it is of no use

    async def pick_up(self) -> None:
        """Answer a call from outside. The reply tells that it is up: no event does for a channel that is in the
        application already."""
        try:
            reply = await self._client.request("POST", f"channels/{self._line.channel}/answer")
        except (Unsent, Unanswered):
            return self._look_later(sure=True)
        if reply.status != 204:  # it has hung up meanwhile
            return self._look_later(sure=True)
        tick = self._loop.time()
        self.evidence.note_answered(self._clock(tick), tick)
        return self._report(Answered())

    async def _ring(self) -> None:
        """Once only: after a time-out it may be ringing, or have rung. What comes of it, events tell."""
        if self._ring_seconds is None:
            return None
        body, self._ring_seconds = wire.dial(self._ring_seconds), None
        try:
            reply = await self._client.command("POST", f"channels/{self._line.channel}/dial", body)
        except (Unsent, Unanswered):
            return self._look_later(sure=True)
        return None if reply.status == 204 else self._look_later(sure=True)  # it has been hung up meanwhile

    def _origin(self) -> bytes:
        line, app = self._line, self._client.node.app
        if isinstance(line, Arrival):
            raise IllegalAct(f"channel {line.channel} came from outside and can't be dialled")
        return wire.create(app, line.channel, line.endpoint, line.caller_id, notes_talk=line.notes_talk)

    def _not_dialled(self) -> None:
        self.dialled = False
        self._report(DialFailed(_OUT_OF_ORDER))

    def begin(self, step: str) -> None:
        """Keys that go down from now on belong to this step."""
        self.evidence.begin(step, self._loop.time())

    async def play(self, prompt: str, media: Sequence[str]) -> None:
        """Stop what plays, and play this, without waiting in between: a person has pressed a key and listens."""
        stopping = self._silenced()
        lost = self._sounds.lost(media)
        if lost is not None or not media:
            if media:
                self._sounds.failed(media, lost)
            await self._stop(stopping)
            return self._report(PlayFailed(prompt))
        self._playbacks += 1
        playback = f"{self._line.channel}-{self._playbacks:04d}"
        self._playing = Playing(playback, prompt, media, self._loop.time(), self._sounds.heard_for(media))
        path = f"channels/{self._line.channel}/play/{playback}"
        try:
            _, reply = await asyncio.gather(self._stop(stopping), self._client.command("POST", path, wire.play(media)))
        except (Unsent, Unanswered):
            return self._look_later(sure=False)
        if reply.status == 201:
            return self.evidence.sounding(prompt, self._loop.time())
        self._playing = None
        if reply.status in (404, 409):  # the channel is leaving or has left
            return self._look_later(sure=True)
        self._sounds.failed(media, None)
        return self._report(PlayFailed(prompt))

    async def stop_playing(self) -> None:
        await self._stop(self._silenced())

    def _silenced(self) -> str | None:
        """The playback that is to be stopped, if one is on: from now on it counts as not heard."""
        if self._playing is None:
            return None
        playback, self._playing = self._playing.id, None
        self.evidence.silent(self._loop.time())
        return playback

    async def _stop(self, playback: str | None) -> None:
        if playback is None:
            return
        try:
            await self._client.command("DELETE", f"playbacks/{playback}")
        except (Unsent, Unanswered):
            self._look_later(sure=False)

    async def hang_up(self) -> None:
        if not self.alive:
            return
        try:
            if await self._client.hang_up(self._line.channel):
                self._by_us = True
            else:
                self._look_later(sure=True)
        except (Unsent, Unanswered):
            self._look_later(sure=False)

    async def let_go(self) -> None:
        """After a mistake of ours no channel may stay."""
        if not self.alive:
            return
        try:
            await self._client.hang_up(self._line.channel)
        except (Unsent, Unanswered):
            _log.warning("channel %s could not be hung up", self._line.channel)
