"""What is kept of a call while it runs (requirement K6). Pure: times come in as arguments.

`at` is the wall clock, `tick` the monotonic clock in seconds; distances within a call are measured by
ticks only.
"""

from dataclasses import replace
from datetime import datetime

from ivr.calls import Heard, Pressed, Reason, Talked, Trail

TALKED_KEPT = 100
"""So many stretches of talk are kept of one call: a noisy line has no end of them, and nobody needs more."""


class Evidence:
    def __init__(self, channel: str, trunk: str) -> None:
        self._trail = Trail(channel=channel, trunk=trunk)
        self._answered_tick = self._ended_tick = 0.0
        self._heard: list[Heard] = []
        self._pressed: list[tuple[str, float, int, str]] = []  # key, when it went down, how long, step
        self._talked: list[Talked] = []
        self._talks_since: float | None = None
        self._steps: list[tuple[float, str]] = []
        self._sounding: tuple[str, float] | None = None

    @property
    def answered(self) -> bool:
        return self._trail.answered is not None

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

    def note_ended(self, at: datetime, tick: float, cause: int, sip: int, by_us: bool) -> None:
        self.silent(tick)
        self._ended_tick = tick
        if self._talks_since is not None:
            self.talked(tick, round((tick - self._talks_since) * 1000), whole=False)
        self._trail = replace(self._trail, ended=at, cause=cause, sip=sip, by_us=by_us)

    def note_reason(self, reason: Reason | None) -> None:
        """What the other side's network said of the end."""
        self._trail = replace(self._trail, reason=reason)

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
            self._heard.append(self._so_far(*self._sounding, tick, whole))
            self._sounding = None

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
        sounding = (self._so_far(*self._sounding, tick, False),) if self._sounding else ()
        zero = self._answered_tick or self._ended_tick or tick
        pressed = tuple(Pressed(key, round((down - zero) * 1000), held, step) for key, down, held, step in self._pressed)
        return replace(self._trail, heard=(*self._heard, *sounding), pressed=pressed, talked=tuple(self._talked))

    def _so_far(self, prompt: str, began: float, tick: float, whole: bool) -> Heard:
        return Heard(prompt, self._ms(began), max(0, round((tick - began) * 1000)), whole)

    def _ms(self, tick: float) -> int:
        return round((tick - self._answered_tick) * 1000)
