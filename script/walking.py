"""Driving a flow with every event from every state that it can reach, one step at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Self, TypeVar

E = TypeVar("E")
C = TypeVar("C")
F = TypeVar("F")
W = TypeVar("W", bound="Walked[Any, Any]")

APART = timedelta(seconds=20)
"""Between two events: no key counts as a bounce of the one before."""
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Walked(ABC, Generic[E, C]):
    """A flow somewhere on its way, with what the drawing says of where it is. Never changed: `after` makes another one."""

    @abstractmethod
    def after(self, event: E, now: datetime) -> tuple[Sequence[C], Self]:
        """What it does then, and where it then is."""

    @abstractmethod
    def key(self) -> tuple[Any, ...]:
        """What tells two of them apart."""


def copied(flow: F) -> F:
    """As `copy.copy` makes it, without its detours: a walk makes a copy at every step."""
    made: F = object.__new__(type(flow))
    vars(made).update(vars(flow))
    return made


def steps(start: W, events: Callable[[W], Iterator[E]]) -> Iterator[tuple[W, E, Sequence[Any], W]]:
    """Every event from every state that can be reached: the state, the event, what the flow then does, the state after it."""
    waiting, seen, now = deque([start]), {start.key()}, BEGINNING
    while waiting:
        before = waiting.popleft()
        for event in events(before):
            now += APART
            commands, after = before.after(event, now)
            yield before, event, commands, after
            if (key := after.key()) not in seen:
                seen.add(key)
                waiting.append(after)
