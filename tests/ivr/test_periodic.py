"""What is done once in a while is done as soon as it is asked for, then not before its time; what failed is done again at once."""

from __future__ import annotations

import pytest

from db.errors import Unavailable
from ivr.periodic import Periodic


class Act:
    """Fails as often as it was told to."""

    def __init__(self, failures: int = 0) -> None:
        self.done, self._failures = 0, failures

    async def __call__(self) -> None:
        if self._failures:
            self._failures -= 1
            raise Unavailable("away")
        self.done += 1


@pytest.mark.parametrize(("every", "done"), [(3_600.0, 1), (0.0, 3)])
async def test_it_acts_when_it_is_time(every: float, done: int) -> None:
    act = Act()
    periodic = Periodic(every, act)
    for _ in range(3):
        await periodic.look()
    assert act.done == done


async def test_what_failed_is_done_at_the_next_look() -> None:
    act = Act(failures=2)
    periodic = Periodic(3_600.0, act)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await periodic.look()
    await periodic.look()
    await periodic.look()
    assert act.done == 1
