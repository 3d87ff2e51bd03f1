"""What is kept of a call while it runs (requirement K6). Pure: times come in as arguments.

`at` is the wall clock, `tick` the monotonic clock in seconds; distances within a call are measured by
ticks only.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ivr.calls import EndedBy, Gap, Heard, Media, OnHold, Pressed, Reason, Talked, Trail
from ivr.media import SHORTEST_GAP_MS, Sample, Span, overlap, unreceived, unsent

TALKED_KEPT = STRETCHES_KEPT = 100
"""So many stretches of talk, holds and gaps are kept of one call: a bad line has no end of them, and nobody needs more."""
WHOLE_BUT_MS = 500
"""So much of a prompt may be lost, and it still counts as heard to its end: looks are a second apart."""


class Evidence:
    def __init__(self, channel: str, trunk: str) -> None:
        self._trail = Trail(channel=channel, trunk=trunk)
        self._answered_tick = self._ended_tick = 0.0
        self._heard: list[tuple[str, Span, bool]] = []  # prompt, from when to when it was played, to its end
        self._pressed: list[tuple[str, float, int, str]] = []  # key, when it went down, how long, step
        self._talked: list[Talked] = []
        self._talks_since: float | None = None
        self._steps: list[tuple[float, str]] = []
        self._sounding: tuple[str, float] | None = None
        self._holds: list[Span] = []
        self._held_since: float | None = None
        self._samples: list[Sample] = []

    @property
    def answered(self) -> bool:
        return self._trail.answered is not None

    @property
    def had_early_media(self) -> bool:
        return self._trail.early_media is not None

    def note_dialled(self, at: datetime) -> None:
        self._trail = replace(self._trail, dialled=at)

    def note_ringing(self, at: datetime) -> None:
        if self._trail.ringing is None:
            self._trail = replace(self._trail, ringing=at)

    def note_early_media(self, at: datetime) -> None:
        if self._trail.early_media is None:
            self._trail = replace(self._trail, early_media=at)

    def note_answered(self, at: datetime, tick: float) -> None:
        if self._trail.answered is None:
            self._trail, self._answered_tick = replace(self._trail, answered=at), tick

    def note_codec(self, codec: str) -> None:
        self._trail = replace(self._trail, codec=codec)

    def note_media(self, sample: Sample) -> None:
        """What the node counted. The first is where counting begins: it is taken at the answer, or is 0 there."""
        self._samples.append(sample)

    def note_ended_by(self, who: EndedBy) -> None:
        """Of an answered call."""
        self._trail = replace(self._trail, ended_by=who)

    def note_ended(self, at: datetime, tick: float, cause: int, sip: int, by_us: bool) -> None:
        self.silent(tick)
        self._ended_tick = tick
        if self._talks_since is not None:
            self.talked(tick, round((tick - self._talks_since) * 1000), whole=False)
        ended = max(at, self._trail.answered or at)  # an answer that a reply told may have crossed with the end
        self._trail = replace(self._trail, ended=ended, cause=cause, sip=sip, by_us=by_us)

    def note_reason(self, reason: Reason | None, *, given_up: bool = False) -> None:
        """What the other side's network said of the end, and whether it had waited in vain for an answer of ours."""
        self._trail = replace(self._trail, reason=reason, given_up=given_up)

    def begin(self, step: str, tick: float) -> None:
        """A step began: keys that go down from now on are its keys."""
        self._steps.append((tick, step))

    def sounding(self, prompt: str, tick: float) -> None:
        """The prompt began to sound."""
        self.silent(tick)
        self._sounding = (prompt, tick)

    def silent(self, tick: float, whole: bool = False) -> None:
        """What sounded has ended, by itself (whole) or because it was stopped or hung up on."""
        if self._sounding is not None:
            prompt, began = self._sounding
            self._heard.append((prompt, (began, tick), whole))
            self._sounding = None

    def held(self, tick: float) -> None:
        """The person's side holds the call from now on."""
        if self._held_since is None:
            self._held_since = tick

    def resumed(self, tick: float) -> None:
        """It has taken the call back."""
        if self._held_since is not None:
            self._holds.append((self._held_since, tick))
            self._held_since = None

    def key(self, key: str, tick: float, held_ms: int) -> str:
        """Note a key that was let go at `tick`; the step it belongs to is the one that was on when it
        went down.
        """
        down = tick - held_ms / 1000
        step = next((name for began, name in reversed(self._steps) if began <= down), "")
        self._pressed.append((key, down, held_ms, step))
        return step

    def talk_began(self, tick: float) -> None:
        self._talks_since = tick

    def talked(self, tick: float, for_ms: int, whole: bool = True) -> None:
        """Note that the far side talked until `tick`, for so long. What sounded before the answer was the network."""
        self._talks_since = None
        until = self._ms(tick)
        began = max(0, until - for_ms)
        if self.answered and began < until and len(self._talked) < TALKED_KEPT:
            self._talked.append(Talked(began, until - began, whole))

    def trail(self, tick: float) -> Trail:
        """All of it so far, with what sounds at this moment."""
        until = self._ended_tick or tick
        zero = self._answered_tick or until
        pressed = tuple(Pressed(key, round((down - zero) * 1000), held, step) for key, down, held, step in self._pressed)
        heard = [*self._heard, *([(*self._sounding_so_far(until), False)] if self._sounding else [])]
        gaps = unsent(self._samples, [span for _, span, _ in heard], until)
        held = [] if self._held_since is None else [(self._held_since, until)]
        holds = [*self._holds, *held]
        return replace(
            self._trail,
            heard=tuple(self._as_heard(*each, [*gaps, *holds]) for each in heard),
            pressed=pressed,
            talked=tuple(self._talked),
            holds=tuple(self._as_hold(span, whole=span not in held) for span in holds[:STRETCHES_KEPT]),
            media=self._media(gaps, until),
        )

    def _sounding_so_far(self, until: float) -> tuple[str, Span]:
        assert self._sounding is not None
        prompt, began = self._sounding
        return prompt, (began, until)

    def _as_heard(self, prompt: str, span: Span, whole: bool, silent: Sequence[Span]) -> Heard:
        """silent: when nobody could hear it."""
        lost = round(overlap(span, silent) * 1000)
        played = max(0, round((span[1] - span[0]) * 1000))
        return Heard(prompt, self._ms(span[0]), played - lost, whole and lost < WHOLE_BUT_MS, lost)

    def _as_hold(self, span: Span, *, whole: bool) -> OnHold:
        return OnHold(self._ms(span[0]), round((span[1] - span[0]) * 1000), whole)

    def _media(self, gaps: Sequence[Span], until: float) -> Media | None:
        if len(self._samples) < 2:
            return None
        first, last = self._samples[0], self._samples[-1]
        silent = [gap for gap in map(self._as_gap, unreceived(self._samples, until)) if gap.for_ms >= SHORTEST_GAP_MS]
        return Media(
            sent=max(0, last.sent - first.sent),
            received=max(0, last.received - first.received),
            watched_ms=self._ms(last.told),
            unsent=tuple(map(self._as_gap, gaps))[:STRETCHES_KEPT],
            unreceived=tuple(silent[:STRETCHES_KEPT]),
        )

    def _as_gap(self, span: Span) -> Gap:
        return Gap(self._ms(span[0]), round((span[1] - span[0]) * 1000))

    def _ms(self, tick: float) -> int:
        return round((tick - self._answered_tick) * 1000)
