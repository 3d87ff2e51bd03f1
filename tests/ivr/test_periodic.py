"""What is done once in a while is done as soon as it is asked for, then not before its time; what the database was away for is done
again at once, and what is wrong with it stops nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from db.errors import Conflict, Constraint, Forbidden, StatementError, Unavailable
from db.pool import Database
from drawing import reminders
from ivr.periodic import Periodic
from ivr.reminding import remind_due

CHECK = Conflict(Constraint.CHECK, "some_check", "call")


class Act:
    """Fails as often as it was told to."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.done, self.begun, self._failures, self._error = 0, 0, failures, error or Unavailable("away")

    async def __call__(self) -> None:
        self.begun += 1
        if self._failures:
            self._failures -= 1
            raise self._error
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


@pytest.mark.parametrize("error", [CHECK, Forbidden("no right"), StatementError("wrong", "42P01"), KeyError("a mistake of ours")])
async def test_what_is_wrong_with_it_is_told_and_stops_nobody(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """The worker looks before it makes calls: nothing would be dialled any more."""
    act = Act(failures=9, error=error)
    periodic = Periodic(3_600.0, act)
    for _ in range(3):
        await periodic.look()
    assert act.begun == 1
    assert caplog.text.count("calls go on") == 1


@pytest.mark.postgres
async def test_a_gathering_that_the_database_refuses_stops_no_other(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    reminded = []

    class Gathering:
        def __init__(self, activity: str) -> None:
            self.activity = activity

    async def gatherings(_: Database) -> list[Gathering]:
        return [Gathering("A"), Gathering("B")]

    async def remind(_: Any, gathering: Gathering) -> int:
        if gathering.activity == "A":
            raise CHECK
        reminded.append(gathering.activity)
        return 1

    monkeypatch.setattr(reminders, "gatherings", gatherings)
    monkeypatch.setattr(reminders, "remind", remind)
    await remind_due(db)
    assert reminded == ["B"]
