"""Something that is looked at again and again, and done when it is time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from db.errors import Unavailable

LOG = logging.getLogger(__name__)


class Periodic:
    """Act once in `every` seconds; whoever calls `look` does so more often. What is wrong with the act itself stops nothing else:
    it is told in the log, and tried again when it is time.
    """

    def __init__(self, every: float, act: Callable[[], Awaitable[object]]) -> None:
        self._every, self._act, self._next = every, act, 0.0

    async def look(self) -> None:
        """Raises Unavailable while the database is away; then the next look acts at once."""
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return
        try:
            await self._act()
        except Unavailable:
            raise
        except Exception:
            LOG.exception("what is done every %.0f s failed; calls go on", self._every)
        self._next = now + self._every
