"""Where a chain stands at any moment: draws, picks, seats, who is engaged, and which pick it demands next.

The questions are answered as far as the evidence lets: `Orders.places` is None before the seal, and
`units_known` is false in the public form, where whether colleagues share a unit can't be derived again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from drawing.commit import Commit
from drawing.eligibility import Condition
from drawing.lots import Pick, Placed, next_pick
from drawing.rules import Rules
from drawing.seats import Pause, held_seconds
from drawing.transcript import Entry


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of a draw's conditions; None where the seed is not open yet."""

    places: Mapping[str, Sequence[Placed]] | None
    units_known: bool


@dataclass(slots=True)
class Picked:
    """One pick and what became of it."""

    draw: int
    condition: str
    seat: int
    placed: Placed
    rank: int
    attempts: list[tuple[str, datetime]] = field(default_factory=list)  # evidence, when
    outcome: str | None = None
    absent: bool = False

    @property
    def engaged(self) -> bool:
        """Has agreed, or is being called."""
        return self.outcome is None or (self.outcome == "accepted" and not self.absent)


@dataclass(slots=True)
class Draw:
    """One draw of the activity while it is played."""

    commit: Commit
    entry: Entry
    rules: Rules
    orders: Orders
    witnessed: bool = False
    share: Mapping[str, Any] | None = None
    paused_since: datetime | None = None
    pauses: list[Pause] = field(default_factory=list)
    ended: bool = False
    completed: bool = False
    sealed: bool = False
    tries: int = 0

    def held_seconds(self, since: datetime, until: datetime) -> float:
        """How long a retry has held its seat: pauses don't count."""
        pauses = [*self.pauses, *([(self.paused_since, until)] if self.paused_since else [])]
        return held_seconds(since, until, pauses)


class Progress:
    """What has happened so far in an activity."""

    def __init__(self) -> None:
        self.draws: list[Draw] = []
        self.picks: list[Picked] = []
        self.current: dict[str, Picked] = {}  # by expert: their pick that counts (not one reopened)
        self.unsure = False  # a rule rested on units that the evidence does not show

    @property
    def draw(self) -> Draw:
        """The draw that is on."""
        return self.draws[-1]

    def agreed(self) -> int:
        """How many have agreed in this draw."""
        mine = (pick for pick in self.picks if pick.draw == self.draw.commit.draw)
        return sum(pick.outcome == "accepted" for pick in mine)

    def seats(self) -> int:
        """How many seats this draw has."""
        return sum(condition.seats for condition in self.draw.commit.conditions)

    def open_seats(self, condition: Condition) -> list[int]:
        """The seats that nobody holds, ascending."""
        held = {
            pick.seat
            for pick in self.picks
            if pick.draw == self.draw.commit.draw
            and pick.condition == condition.id
            and pick.outcome in (None, "accepted")
        }
        return [seat for seat in range(1, condition.seats + 1) if seat not in held]

    def prescribed(self) -> tuple[Condition, int, Pick] | None:
        """The pick that the chain demands next; None: none. Only where orders and units are known."""
        for condition in self.draw.commit.conditions:
            if seats := self.open_seats(condition):
                pick = next_pick(self.places(condition.id), self.current, self.engaged())
                if pick is not None:
                    return condition, seats[0], pick
        return None

    def engaged(self) -> list[Placed]:
        """Who has agreed or is being called, in the order of their picks."""
        return [pick.placed for pick in self.picks if pick.engaged]

    def places(self, condition: str) -> Sequence[Placed]:
        """The condition's order."""
        return (self.draw.orders.places or {})[condition]

    def nobody_left(self) -> bool | None:
        """Whether no open seat can be filled; None where the evidence can't say."""
        if not any(map(self.open_seats, self.draw.commit.conditions)):
            return True
        if self.draw.orders.places is None:
            return None
        if self.draw.orders.units_known:
            return self.prescribed() is None
        return self.none_left_in(self.draw.commit.conditions)

    def none_left_in(self, conditions: Sequence[Condition]) -> bool | None:
        """The same for the public form: who was not picked may be a colleague of somebody engaged."""
        waiting = any(
            place.expert not in self.current
            for condition in conditions
            if self.open_seats(condition)
            for place in self.places(condition.id)
        )
        if waiting and self.engaged():
            self.unsure = True
            return None
        return not waiting

    def in_call(self) -> bool:
        """Whether a pick is still without outcome."""
        return any(pick.outcome is None for pick in self.current.values())
