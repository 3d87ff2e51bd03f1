"""Rows of calls from outside: one caller has one place, whichever node, trunk or process brings them once more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from db.errors import Conflict, Unavailable
from db.pool import Database
from db.vault import Vault
from drawing.rules import Rules
from ivr import call_backs, reception
from ivr.ari.line import Arrival
from ivr.dispatch import Q
from ivr.lease import Lease
from ivr.reception import Reception
from ivr.sound_check import SoundCheck

pytestmark = pytest.mark.postgres
ANN, BEN = b"a" * 32, b"b" * 32


@pytest.fixture
async def nodes(db: Database) -> None:
    await db.run("INSERT INTO node (name, epoch) VALUES ('n', 1), ('m', 1)")


def _values(caller: bytes | None, **changes: Any) -> dict[str, Any]:
    return {"channel": "1.1", "trunk": "t", "caller": caller, "node": "n", "epoch": 1, "seconds": 120} | changes


async def _take(db: Database, caller: bytes | None, **changes: Any) -> Any:
    return await db.one(Q.take_inbound, _values(caller, **changes))


async def _end(db: Database, entry: int) -> None:
    end = {"id": entry, "epoch": 1, "outcome": "no_key", "trail": None, "why_not": None}
    assert await db.one(Q.end_inbound, end) is not None


async def test_who_calls_while_nothing_is_known_of_the_sounds_is_turned_away_in_the_end(
    db: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asterisk has gone meanwhile: nobody tests a sound, and a worker that is stopped would wait for that call for ever."""
    monkeypatch.setattr(reception, "SOUNDS_SECONDS", 0.01)
    lease, away = Lease(db, "n", 15.0), list[tuple[str, str]]()
    assert await lease.take()

    class Switch:
        def turn_away(self, channel: str, reason: str) -> None:
            away.append((channel, reason))

    nothing: Any = None
    switch: Any = Switch()
    sounds = SoundCheck(db, lease, nothing, nothing, lambda: switch, lambda: None)
    made = Reception(db, vault, nothing, lease, Rules.load("gd-3"), lambda: switch, nothing, sounds)
    made.arrived(Arrival("1.1", "13800000000", "t"))
    async with asyncio.timeout(60):
        while made:
            await asyncio.sleep(0.001)
    assert away == [("1.1", "congestion")]


@pytest.mark.usefixtures("nodes")
async def test_a_caller_has_one_place_at_a_time(db: Database) -> None:
    first = await _take(db, ANN)
    assert await _take(db, ANN, node="m", trunk="u") is None
    assert await _take(db, BEN) is not None
    await _end(db, first.id)
    assert await _take(db, ANN, node="m") is not None


@pytest.mark.usefixtures("nodes")
async def test_of_many_at_once_one_has_it(db: Database) -> None:
    taken = await asyncio.gather(*(_take(db, ANN, node="nm"[n % 2]) for n in range(8)))
    assert sum(each is not None for each in taken) == 1


@pytest.mark.usefixtures("nodes")
async def test_who_withholds_the_number_is_not_taken_for_another(db: Database) -> None:
    assert None not in [await _take(db, None) for _ in range(3)]


@pytest.mark.usefixtures("nodes")
async def test_a_place_is_no_other_callers(db: Database) -> None:
    entry = (await _take(db, ANN)).id
    with pytest.raises(Conflict):
        await db.run("UPDATE inbound SET place = %(b)s WHERE id = %(id)s", {"b": BEN, "id": entry})


@pytest.mark.usefixtures("nodes")
@pytest.mark.parametrize(("changes", "freed"), [({}, 0), ({"epoch": 2}, 1), ({"node": "m", "epoch": 2}, 0), ({"seconds": -1}, 1)])
async def test_whose_call_is_gone_keeps_no_place(db: Database, changes: dict[str, Any], freed: int) -> None:
    """By an earlier holder of the same node, or longer ago than any call lasts; a live one keeps it."""
    await _take(db, ANN)
    assert await db.run(Q.free_place, _values(ANN, **changes)) == freed
    assert (await _take(db, ANN) is not None) == bool(freed)


@pytest.mark.usefixtures("nodes")
async def test_forks_do_not_use_up_the_callers_calls_an_hour(db: Database) -> None:
    """A carrier that forks every INVITE would halve them."""
    for _ in range(3):
        entry = (await _take(db, ANN)).id
        fork = await db.value(Q.take_fork, _values(ANN))
        for row, why_not in ((entry, "not_wanted"), (fork, "same_caller")):
            end = {"id": row, "epoch": 1, "outcome": "cancelled", "trail": None, "why_not": why_not}
            await db.one(Q.end_inbound, end)
    assert (await _take(db, ANN)).recent == 3


async def test_what_was_left_is_settled_though_the_database_was_away_meanwhile(
    db: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken over, and not ended, it would have no end before the next worker, and whoever asked for a call back would get none."""
    before, lease = Lease(db, "n", 15.0), Lease(db, "n", 15.0)
    assert await before.take()
    entry = (await _take(db, ANN)).id
    assert await db.run(Q.want_call_back, {"id": entry, "epoch": 1})
    await before.release()
    assert await lease.take()
    errors: list[Exception] = [Unavailable("away")]

    async def follow(*given: Any) -> str | None:
        if errors:
            raise errors.pop()
        return await call_backs.follow(*given)

    monkeypatch.setattr(reception, "follow", follow)
    nothing: Any = None
    made = Reception(db, vault, nothing, lease, Rules.load("gd-3"), nothing, nothing, nothing)
    with pytest.raises(Unavailable):
        await made.settle_left()
    await made.settle_left()
    row = await db.one("SELECT ended_at IS NOT NULL AS ended, why_not FROM inbound")
    assert (row.ended, row.why_not) == (True, "unknown")
