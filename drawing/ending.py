"""When an activity ends by the clock, which draws are opened, and when its chain is closed (pure).

A draw is opened after its own seal, from its moment on (T1): the rules' lead before the later of 预计评标开始 and the earliest
current 集合时间. What was opened stays open. The chain is closed once the activity is over and all its draws are open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from drawing.lifecycle import ActivityState

OVER = frozenset({ActivityState.ENDED, ActivityState.RELEASED})
"""Nothing is drawn any more, and nobody is expected who has not agreed."""
UNFINISHED = frozenset({ActivityState.DRAWING, ActivityState.PAUSED, ActivityState.SHORT})


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw of an activity as far as its opening goes."""

    no: int
    sealed: bool
    unsealed: bool
    opens_at: datetime


def is_past(state: ActivityState, *, on_site: bool, end: datetime, now: datetime, under_way: bool) -> bool:
    """Whether the clock ends the activity now (A6): at 预计评标结束 what is unfinished, on site (进场) or not; what is complete
    and sealed only off site, where no registrar sees the experts leave. `under_way`: its last draw is not sealed.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    >>> states = ActivityState.SHORT, ActivityState.COMPLETED
    >>> [is_past(state, on_site=True, end=noon, now=noon, under_way=False) for state in states]
    [True, False]
    """
    if now < end:
        return False
    return state in UNFINISHED or (state is ActivityState.COMPLETED and not on_site and not under_way)


def seals_short(state: ActivityState, draws: Sequence[Draw], now: datetime, *, live: bool) -> bool:
    """Whether a short draw (待补抽) is sealed now: until it is opened, its unreached may still be called again (重呼未接通专家)."""
    return state is ActivityState.SHORT and not live and not draws[-1].sealed and draws[-1].opens_at <= now


def to_open(draws: Iterable[Draw], now: datetime) -> list[Draw]:
    """The draws that are opened now."""
    return [draw for draw in draws if draw.sealed and not draw.unsealed and draw.opens_at <= now]


def names_nobody(state: ActivityState, *, force_ended: bool) -> bool:
    """Whether a draw that is opened now is opened for its evidence only."""
    return force_ended or state is ActivityState.RELEASED


def close_reason(state: ActivityState, draws: Sequence[Draw], *, force_ended: bool, live: bool) -> str | None:
    """Why the chain is closed now, as `close` has it; None while it stays open. `live`: a call may still write an entry."""
    if state not in OVER or live or not draws or not all(draw.unsealed for draw in draws):
        return None
    if force_ended:
        return "force_ended"
    return "released" if state is ActivityState.RELEASED else "ended"
