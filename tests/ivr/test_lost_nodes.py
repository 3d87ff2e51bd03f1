"""A node whose worker and Asterisk are gone for good: another node's worker settles its calls, once none of them can be alive."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from db.pool import Database
from drawing.decide import NotOurs
from drawing.lifecycle import Role
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.start import start
from ivr.dispatch import Q
from ivr.lease import Lease
from ivr.longest import LONGEST_CALL_SECONDS
from ivr.lost_nodes import LostNodes
from ivr.reception import Reception
from ivr.record import Recorder
from tests.drawing.test_draw import Hand
from tests.ivr.test_lease import Machine
from tests.postgres import TestDatabase
from tests.scenes import add_experts, condition, make_activity, make_keys, plan, witness

pytestmark = pytest.mark.postgres
SECONDS = 15.0
CALLS = "SELECT state::text AS state, outcome::text AS outcome, flow, attempt, epoch FROM call ORDER BY pick, flow, attempt"


@dataclass
class Scene:
    """Two calls are live on node n, which is held; nodes m and k are others."""

    hand: Hand
    machine: Machine
    lost: Lease
    calls: list[Any]
    noted: list[str] = field(default_factory=list)

    async def survivor(self, node: str = "m", machine: Machine | None = None) -> LostNodes:
        """The worker of another node, whose own lease holds however the clock of its machine runs."""
        here, db = machine or self.machine, self.hand.db
        own = Lease(db, node, 10.0**6, reading=here.reading)
        assert await own.take()
        nothing: Any = None
        custody = self.hand.keys.custody
        reception = Reception(db, custody.vault, nothing, own, Rules.load("gd-3"), nothing, self.noted.append, nothing)
        recorder = Recorder(db, custody, self.hand.orders, own.epoch)
        return LostNodes(db, own, recorder, reception, self.noted.append)

    async def live(self) -> int:
        return int(await self.hand.db.value("SELECT count(*) FROM call WHERE state = 'live'"))

    def longest_passes(self) -> None:
        self.machine.pass_by(SECONDS + LONGEST_CALL_SECONDS + 1)


@pytest.fixture
async def scene(db: Database, database: TestDatabase, tmp_path: Path) -> Scene:
    keys, machine = make_keys(tmp_path), Machine()
    add_experts(database.dsn, keys.custody.vault, [f"138000000{n:02d}" for n in range(5)])
    number = await make_activity(db, keys.custody.vault, plan([condition(seats=2)]))
    await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
    hand = Hand(db, database.dsn, keys, number)
    await hand.advance()
    lost = Lease(db, "n", SECONDS, reading=machine.reading)
    assert await lost.take()
    return Scene(hand, machine, lost, await hand.live())


async def test_what_was_decided_stands_and_the_rest_counts_against_nobody(scene: Scene, db: Database) -> None:
    agreed, talking = scene.calls
    await scene.hand.answers(agreed, PickOutcome.ACCEPTED)
    survivor = await scene.survivor()
    scene.longest_passes()
    await survivor.look()
    rows = {row.id: row.outcome for row in await db.all("SELECT id, outcome::text AS outcome FROM call WHERE state = 'ended'")}
    assert rows == {agreed.id: "accepted", talking.id: "interrupted"}
    assert set(scene.noted) == {scene.hand.activity}
    await scene.hand.advance()
    picks = await db.all("SELECT id, outcome::text AS outcome FROM pick ORDER BY id")
    assert {row.id: row.outcome for row in picks} == {agreed.pick: "accepted", talking.pick: "open"}
    waiting = await db.all("SELECT pick, flow FROM call WHERE state = 'waiting' ORDER BY pick")
    assert {(row.pick, row.flow) for row in waiting} == {(agreed.pick, "details"), (talking.pick, "invitation")}
    assert (await scene.hand.types()).count("attempt") == 2


async def test_nothing_is_settled_while_a_call_could_be_alive(scene: Scene) -> None:
    survivor = await scene.survivor()
    scene.machine.pass_by(SECONDS + LONGEST_CALL_SECONDS - 0.1)
    await survivor.look()
    assert await scene.live() == 2
    scene.machine.pass_by(0.2)
    await survivor.look()
    assert await scene.live() == 0


async def test_a_node_that_is_held_is_not_lost_however_long_it_is(scene: Scene) -> None:
    survivor = await scene.survivor()
    for _ in range(5):
        scene.machine.pass_by(LONGEST_CALL_SECONDS)
        assert await scene.lost.renew()
        await survivor.look()
    assert await scene.live() == 2


async def test_from_another_machine_it_waits_until_it_has_seen_so_much_itself(scene: Scene) -> None:
    """The monotonic clocks of two machines can't be compared: nor can those of one before and after its restart."""
    there = Machine("there", 5)
    survivor = await scene.survivor(machine=there)
    scene.longest_passes()  # on a machine that nobody sees any more
    await survivor.look()
    there.pass_by(SECONDS + LONGEST_CALL_SECONDS - 0.1)
    await survivor.look()
    assert await scene.live() == 2
    there.pass_by(0.2)
    await survivor.look()
    assert await scene.live() == 0


async def test_one_that_was_let_go_with_calls_is_waited_for_too(scene: Scene) -> None:
    """A worker that ends with an error releases its lease; its Asterisk may carry the calls on."""
    survivor = await scene.survivor()
    await scene.lost.release()
    scene.machine.pass_by(LONGEST_CALL_SECONDS - 0.1)
    await survivor.look()
    assert await scene.live() == 2
    scene.machine.pass_by(0.2)
    await survivor.look()
    assert await scene.live() == 0


async def test_its_old_holder_writes_nothing_when_it_wakes(scene: Scene, db: Database) -> None:
    """A virtual machine that was paused for an hour: what its worker has heard meanwhile is nothing."""
    survivor = await scene.survivor()
    scene.longest_passes()
    await survivor.look()
    before = await db.all(CALLS)
    with pytest.raises(NotOurs):
        await scene.hand.answers(scene.calls[0], PickOutcome.DECLINED)
    await scene.hand.ends(scene.calls[1], "declined")
    assert await db.all(CALLS) == before
    assert not await scene.lost.renew()


async def test_who_comes_back_in_time_has_its_calls(scene: Scene, db: Database) -> None:
    survivor = await scene.survivor()
    scene.machine.pass_by(SECONDS + LONGEST_CALL_SECONDS - 1)
    back = Lease(db, "n", SECONDS, reading=scene.machine.reading)
    assert await back.take()
    scene.machine.pass_by(5)
    await survivor.look()
    assert await scene.live() == 2
    assert {row.epoch for row in await db.all(CALLS)} == {back.epoch}


async def test_who_comes_back_later_gets_the_node_at_once_and_no_call(scene: Scene, db: Database) -> None:
    survivor = await scene.survivor()
    scene.longest_passes()
    await survivor.look()
    back = Lease(db, "n", SECONDS, reading=scene.machine.reading)
    assert await back.take()
    assert await db.all(Q.live_calls, {"node": "n", "epoch": back.epoch}) == []


async def test_of_two_survivors_each_call_is_settled_once(scene: Scene) -> None:
    survivors = [await scene.survivor(node) for node in ("m", "k")]
    scene.longest_passes()
    await asyncio.gather(*(each.look() for each in survivors))
    assert await scene.live() == 0
    assert (await scene.hand.types()).count("attempt") == 2


async def test_a_survivor_that_dies_in_the_middle_leaves_the_rest_to_the_next(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without another wait: no call has become younger by it."""
    first, second = await scene.survivor("m"), await scene.survivor("k")
    scene.longest_passes()

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(LostNodes, "_end", dies)
        with pytest.raises(asyncio.CancelledError):
            await first.look()
    assert await scene.live() == 2
    await second.look()
    assert await scene.live() == 0


async def test_one_call_that_can_not_be_settled_keeps_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    survivor, whole = await scene.survivor(), LostNodes._end
    scene.longest_passes()

    async def end(self: LostNodes, recorder: Recorder, call: Any) -> None:
        if call.id == min(each.id for each in scene.calls):
            raise ValueError("a row that does not fit")
        await whole(self, recorder, call)

    with monkeypatch.context() as patch:
        patch.setattr(LostNodes, "_end", end)
        await survivor.look()
        assert await scene.live() == 1
    await survivor.look()  # tried again
    assert await scene.live() == 0


async def test_a_survivor_whose_own_lease_is_in_doubt_settles_nothing(scene: Scene) -> None:
    survivor = await scene.survivor()
    scene.machine.pass_by(10.0**6)
    await survivor.look()
    assert await scene.live() == 2


async def test_whoever_asked_for_a_call_back_gets_it(scene: Scene, db: Database) -> None:
    caller = scene.hand.keys.custody.vault.keyed_hash("phone", "13800000000")
    values = {"channel": "1.1", "trunk": "t", "caller": caller, "node": "n", "epoch": 1}
    entry = (await db.one(Q.take_inbound, values)).id
    assert await db.run(Q.want_call_back, {"id": entry, "epoch": 1})
    survivor = await scene.survivor()
    scene.longest_passes()
    await survivor.look()
    row = await db.one("SELECT ended_at IS NOT NULL AS ended, outcome::text AS outcome FROM inbound")
    assert (row.ended, row.outcome) == (True, "interrupted")


async def test_a_node_with_nothing_but_a_call_from_outside_is_found_too(scene: Scene, db: Database) -> None:
    for call in scene.calls:
        await scene.hand.ends(call, "busy")
    await db.one(Q.take_inbound, {"channel": "1.1", "trunk": "t", "caller": None, "node": "n", "epoch": 1})
    survivor = await scene.survivor()
    scene.longest_passes()
    await survivor.look()
    assert await db.value("SELECT ended_at IS NOT NULL FROM inbound")


async def test_the_next_try_is_one_more_that_counts_for_nothing(scene: Scene, db: Database) -> None:
    """As after a take-over of the node itself."""
    survivor = await scene.survivor()
    scene.longest_passes()
    await survivor.look()
    await scene.hand.advance()
    rows = await db.all("SELECT attempt FROM call WHERE state = 'waiting' ORDER BY pick")
    assert [row.attempt for row in rows] == [2, 2]
    assert await db.value("SELECT count(*) FROM pick WHERE outcome <> 'open'") == 0


async def test_the_call_to_a_witness_is_settled_too(db: Database, database: TestDatabase, tmp_path: Path) -> None:
    keys, machine = make_keys(tmp_path), Machine()
    add_experts(database.dsn, keys.custody.vault, ["13800000001"])
    number = await make_activity(db, keys.custody.vault, plan([condition()], witnesses=(witness("13900000001"),)))
    await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
    hand = Hand(db, database.dsn, keys, number)
    await hand.advance()
    lost = Lease(db, "n", SECONDS, reading=machine.reading)
    assert await lost.take()
    scene = Scene(hand, machine, lost, await hand.live())
    survivor = await scene.survivor()
    scene.longest_passes()
    await survivor.look()
    rows = await db.all("SELECT flow, outcome::text AS outcome FROM call WHERE state = 'ended' AND flow = 'witness'")
    assert [row.outcome for row in rows] == ["interrupted"]
    assert await scene.live() == 0
