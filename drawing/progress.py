"""Where a chain stands at any moment: draws, picks, seats, who is engaged, and which pick it demands next.

The questions are answered as far as the evidence lets: `Orders.places` is None before the seed is open, and
`units_known` is false in the public form, where whether colleagues share a unit can't be derived again. Each answer
costs about the same however long the chain is: evidence of many thousand picks takes seconds, not hours.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from drawing.commit import Commit
from drawing.eligibility import Condition
from drawing.lots import SAME_UNIT, Pick, Placed
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
    """One pick and what became of it. `number`: its place among all picks of the chain."""

    number: int
    draw: int
    condition: str
    seat: int
    placed: Placed
    rank: int
    at: datetime
    attempts: list[tuple[str, datetime]] = field(default_factory=list)  # evidence, when
    calls: list[str] = field(default_factory=list)  # what each came to
    outcome: str | None = None
    absent: bool = False
    replaced: bool = False  # a supplement draws the absent one's seat again

    @property
    def engaged(self) -> bool:
        """Has agreed, or is being called."""
        return self.outcome is None or (self.outcome == "accepted" and not self.absent)


@dataclass(slots=True)
class Seats:
    """The numbered seats of a condition: 1, 2 …; the lowest free one is taken first."""

    planned: int
    _next: int = 1
    _freed: list[int] = field(default_factory=list)

    def lowest(self) -> int | None:
        """The lowest seat that nobody holds; None: all are held."""
        if self._freed:
            return self._freed[0]
        return self._next if self._next <= self.planned else None

    def take(self) -> None:
        """The lowest free seat is held from now on."""
        if self._freed:
            heappop(self._freed)
        else:
            self._next += 1

    def free(self, seat: int) -> None:
        """That seat is held no more."""
        heappush(self._freed, seat)


@dataclass(slots=True)
class Draw:
    """One draw of the activity while it is played."""

    commit: Commit
    entry: Entry
    rules: Rules
    orders: Orders
    seats: dict[str, Seats]
    witnessed: bool = False
    share: Mapping[str, Any] | None = None
    paused_since: datetime | None = None
    pauses: list[Pause] = field(default_factory=list)
    ended: bool = False
    completed: bool = False
    sealed: bool = False
    unsealed: bool = False
    agreed: int = 0
    in_call: int = 0  # picks without outcome
    first_left: dict[str, int] = field(default_factory=dict)  # condition → rank before which all were picked

    @property
    def planned(self) -> int:
        """How many seats it has."""
        return sum(seats.planned for seats in self.seats.values())

    def held_seconds(self, since: datetime, until: datetime) -> float:
        """How long a retry has held its seat: pauses don't count."""
        pauses = [*self.pauses, *([(self.paused_since, until)] if self.paused_since else [])]
        return held_seconds(since, until, pauses)


class Engaged:
    """Who has agreed or is being called: for a candidate, the first of them by order of picks who shares a unit."""

    def __init__(self) -> None:
        self._by_unit: dict[str, list[int]] = {}
        self._picks: dict[int, Picked] = {}

    def __bool__(self) -> bool:
        return bool(self._picks)

    def add(self, pick: Picked) -> None:
        """From now on."""
        self._picks[pick.number] = pick
        for unit in pick.placed.units:
            insort(self._by_unit.setdefault(unit, []), pick.number)

    def remove(self, pick: Picked) -> None:
        """No more."""
        del self._picks[pick.number]
        for unit in pick.placed.units:
            self._by_unit[unit].remove(pick.number)

    def colleague(self, candidate: Placed) -> str | None:
        """As `lots.same_unit`."""
        having = [numbers[0] for unit in candidate.units if (numbers := self._by_unit.get(unit))]
        return self._picks[min(having)].placed.expert if having else None


class Progress:
    """What has happened so far in an activity."""

    def __init__(self) -> None:
        self.draws: list[Draw] = []
        self.picks: list[Picked] = []
        self.current: dict[str, Picked] = {}  # by expert: their pick that counts (not one reopened)
        self.engaged = Engaged()
        self.unsure = False  # a rule rested on units that the evidence does not show
        self._demanded: tuple[Condition, int, Pick] | None = None
        self._looked = False  # whether `_demanded` says how it is now

    @property
    def draw(self) -> Draw:
        """The draw that is on."""
        return self.draws[-1]

    def changed(self) -> None:
        """Picks, outcomes or absences are not what they were."""
        self._looked = False

    def open_conditions(self) -> Iterable[Condition]:
        """Those with a seat that nobody holds, in the commit's order."""
        return (each for each in self.draw.commit.conditions if self.draw.seats[each.id].lowest() is not None)

    def prescribed(self) -> tuple[Condition, int, Pick] | None:
        """The pick that the chain demands next; None: none. Only where orders and units are known."""
        if not self._looked:
            found = ((each, self.draw.seats[each.id].lowest(), self.next_in(each)) for each in self.open_conditions())
            filled = ((each, seat, pick) for each, seat, pick in found if seat is not None and pick is not None)
            self._demanded, self._looked = next(filled, None), True
        return self._demanded

    def next_in(self, condition: Condition) -> Pick | None:
        """As `lots.next_pick` in the condition's order, but those before the first one left are not read again."""
        places = self.places(condition.id)
        passed: list[tuple[str, str, str]] = []
        for rank in range(self.first_left(condition.id), len(places)):
            candidate = places[rank]
            if candidate.expert in self.current:
                continue
            colleague = self.engaged.colleague(candidate)
            if colleague is None:
                return Pick(candidate.expert, rank, tuple(passed))
            passed.append((candidate.expert, SAME_UNIT, colleague))
        return None

    def first_left(self, condition: str) -> int:
        """The first rank in the condition's order whose expert was not picked; the order's length: all were."""
        places, rank = self.places(condition), self.draw.first_left.get(condition, 0)
        while rank < len(places) and places[rank].expert in self.current:
            rank += 1
        self.draw.first_left[condition] = rank
        return rank

    def places(self, condition: str) -> Sequence[Placed]:
        """The condition's order."""
        return (self.draw.orders.places or {})[condition]

    def nobody_left(self) -> bool | None:
        """Whether no open seat can be filled; None where the evidence can't say."""
        if next(iter(self.open_conditions()), None) is None:
            return True
        if self.draw.orders.places is None:
            return None
        if self.draw.orders.units_known:
            return self.prescribed() is None
        return self.none_left_in(self.draw.commit.conditions)

    def none_left_in(self, conditions: Iterable[Condition]) -> bool | None:
        """Whether nobody can be picked for an open seat of these; in the public form who was not may be a colleague."""
        conditions = [each for each in conditions if self.draw.seats[each.id].lowest() is not None]
        if self.draw.orders.units_known:
            return all(self.next_in(each) is None for each in conditions)
        waiting = any(self.first_left(each.id) < len(self.places(each.id)) for each in conditions)
        if waiting and self.engaged:
            self.unsure = True
            return None
        return not waiting
