"""The timers of one call: named by its flow, and filed among all else that happens to it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ivr.calls import TimerFired


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer ran out; see `Timers.heard`."""

    name: str
    generation: int


class Timers:
    """`file` puts what fired into the call's queue."""

    def __init__(self, file: Callable[[Fired], None]) -> None:
        self._file = file
        self._loop = asyncio.get_running_loop()
        self._running: dict[str, asyncio.TimerHandle] = {}
        self._generations: dict[str, int] = {}

    def start(self, name: str, seconds: float) -> None:
        """Anew, if it runs already."""
        self.cancel(name)
        self._running[name] = self._loop.call_later(seconds, self._file, Fired(name, self._generations[name]))

    def cancel(self, name: str) -> None:
        """Also when it has fired and waits in the queue."""
        self._generations[name] = self._generations.get(name, 0) + 1
        if handle := self._running.pop(name, None):
            handle.cancel()

    def heard(self, fired: Fired) -> TimerFired | None:
        """What the flow is told; None when the timer was cancelled or started anew since."""
        return TimerFired(fired.name) if self._generations.get(fired.name) == fired.generation else None

    def close(self) -> None:
        for handle in self._running.values():
            handle.cancel()
