"""A cancellation that the driver swallowed is raised all the same.

Before Python 3.12 `asyncio.wait_for`, which aiopg waits with, returns the result when it arrives in the same turn of the loop as
the cancellation: the task would go on as if nobody had cancelled it, for ever where it is a loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heeded() -> Iterator[None]:
    """Raises CancelledError at its end when the task was cancelled inside and nothing was raised."""
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    yield
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
