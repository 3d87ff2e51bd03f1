"""Something that is looked at again and again, and done when it is time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Periodic:
    """Act once in `every` seconds; whoever calls `look` does so more often."""

    def __init__(self, every: float, act: Callable[[], Awaitable[object]]) -> None:
        self._every, self._act, self._next = every, act, 0.0

    async def look(self) -> None:
        """Raises what acting raises, such as DatabaseError while the database is away; then the next look acts at once."""
        now = asyncio.get_running_loop().time()
        if now >= self._next:
            await self._act()
            self._next = now + self._every
