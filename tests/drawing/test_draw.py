"""A whole draw in a real database, without a telephone: what calls would come to is written as the worker writes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.errors import Conflict, Forbidden
from db.pool import Database
from drawing import decide, result, snapshot
from drawing.__main__ import main
from drawing.advance import Need, advance
from drawing.board import board
from drawing.chain import Q
from drawing.decide import Call, NotOurs, Owing
from drawing.evidence import FactsSealed, Form, export
from drawing.lifecycle import Role
from drawing.orders import Orders
from drawing.result import Sealed, unseal
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.start import CannotStart, start
from drawing.transcript import stamp
from drawing.verify import verify
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan, shift_times, witness

pytestmark = pytest.mark.postgres


class Hand:
    """Does by hand what the worker does: makes calls live, decides, ends them."""

    def __init__(self, db: Database, dsn: str, keys: Keys, activity: str) -> None:
        self.db, self.dsn, self.keys, self.activity = db, dsn, keys, activity
        self.orders = Orders(keys.custody.vault)

    async def advance(self) -> None:
        """As the worker does: until nothing is needed."""
        for _ in range(4):
            async with self.db.transaction() as tx:
                need = await advance(tx, self.keys.custody, self.orders, self.activity)
            if need is Need.COMMIT:
                snapshot.commit_draw(self.dsn, self.keys.master, self.keys.signing, self.activity)
            elif need is Need.ORDER:
                snapshot.order_draw(self.dsn, self.keys.master, self.activity)
            else:
                return

    async def live(self) -> list[Any]:
        """Make every waiting call live that is due some day."""
        await self.db.run("INSERT INTO node (name, epoch) VALUES ('n', 1) ON CONFLICT DO NOTHING")
        await self.db.run(
            "UPDATE call SET state = 'live', numbers = '{}', node = 'n', epoch = 1, dialled_at = clock_timestamp()"
            " WHERE state = 'waiting' AND not_before < 'infinity'"
        )
        return await self.db.all(
            "SELECT c.id, c.pick, p.pseudonym, c.attempt FROM call c LEFT JOIN pick p ON p.id = c.pick"
            " WHERE c.state = 'live' ORDER BY c.pick"
        )

    async def answers(self, call: Any, outcome: PickOutcome) -> None:
        async with self.db.transaction() as tx:
            await decide.answer(tx, self.keys.custody, self._call(call), outcome, self._facts(call, outcome.value))

    async def ends(self, call: Any, outcome: str) -> None:
        async with self.db.transaction() as tx:
            facts = self._facts(call, outcome)
            await decide.end_call(tx, self.keys.custody, self._call(call), outcome, facts, "{}")

    def _call(self, call: Any) -> Call:
        return Call(call.id, self.activity, 1)

    def _facts(self, call: Any, outcome: str) -> dict[str, Any]:
        return {"activity": self.activity, "call": call.id, "expert": call.pseudonym, "attempt": call.attempt, "outcome": outcome}

    async def types(self) -> list[str]:
        return [row.type for row in await self.db.all(Q.chain, {"activity": self.activity})]

    async def state(self) -> str:
        return str(await self.db.value("SELECT state::text FROM activity"))


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def draw(db: Database, database: TestDatabase, keys: Keys) -> Callable[..., Any]:
    async def begin(experts: int, *conditions: Any, units: tuple[str, ...] = (), **changes: Any) -> Hand:
        phones = [f"138000000{n:02d}" for n in range(experts)]
        add_experts(database.dsn, keys.custody.vault, phones, units=units)
        number = await make_activity(db, keys.custody.vault, plan(conditions or (condition(seats=2),), **changes))
        await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
        hand = Hand(db, database.dsn, keys, number)
        await hand.advance()
        return hand

    return begin


async def test_seats_are_filled_and_the_draw_is_sealed(draw: Callable[..., Any]) -> None:
    hand = await draw(6)
    for call in await hand.live():
        await hand.answers(call, PickOutcome.ACCEPTED)
        await hand.ends(call, "accepted")
    await hand.advance()
    assert await hand.types() == [
        "commit", "pick", "pick", "attempt", "outcome", "attempt", "outcome", "complete", "seal",
    ]  # fmt: skip
    assert await hand.state() == "completed"
    assert [row.kind for row in await hand.db.all(Q.ledger)] == ["commit", "seal", "log"]


async def test_a_refusal_takes_the_next_and_nobody_is_picked_twice(draw: Callable[..., Any]) -> None:
    hand = await draw(5)
    seen = set()
    for _ in range(3):
        call = (await hand.live())[0]
        seen.add(call.pseudonym)
        await hand.answers(call, PickOutcome.DECLINED)
        await hand.advance()
        await hand.ends(call, "declined")
        await hand.advance()
    assert len(seen) == 3
    assert await hand.db.value("SELECT count(*) FROM pick WHERE outcome IN ('open', 'accepted')") == 2


async def test_no_entry_comes_before_the_pick_for_a_free_seat(draw: Callable[..., Any]) -> None:
    hand = await draw(6)
    first, second = await hand.live()
    await hand.answers(first, PickOutcome.DECLINED)
    with pytest.raises(Owing):
        await hand.answers(second, PickOutcome.DECLINED)
    await hand.advance()
    await hand.answers(second, PickOutcome.DECLINED)
    assert (await hand.types())[-5:] == ["attempt", "outcome", "pick", "attempt", "outcome"]


async def test_a_decision_said_twice_is_recorded_once(draw: Callable[..., Any]) -> None:
    hand = await draw(3)
    call = (await hand.live())[0]
    await hand.answers(call, PickOutcome.ACCEPTED)
    before = await hand.types()
    await hand.answers(call, PickOutcome.ACCEPTED)
    assert await hand.types() == before
    with pytest.raises(NotOurs):
        await hand.answers(call, PickOutcome.DECLINED)


async def test_an_accepted_key_stands_when_the_line_is_lost(draw: Callable[..., Any]) -> None:
    hand = await draw(3)
    call = (await hand.live())[0]
    await hand.answers(call, PickOutcome.ACCEPTED)
    await hand.ends(call, "interrupted")
    assert await hand.db.value("SELECT outcome::text FROM call WHERE id = %(id)s", {"id": call.id}) == "accepted"


async def test_who_is_not_reached_is_called_again_and_then_the_next_is_picked(draw: Callable[..., Any]) -> None:
    hand = await draw(3, condition(seats=1))
    (call,) = await hand.live()
    await hand.ends(call, "busy")
    await hand.advance()
    again = await hand.db.one(
        "SELECT attempt, not_before > clock_timestamp() AS later FROM call WHERE state = 'waiting'"
    )
    assert (again.attempt, again.later) == (2, True)
    for _ in range(2):
        (call,) = await hand.live()
        await hand.ends(call, "busy")
        await hand.advance()
    outcomes = await hand.db.all("SELECT outcome::text AS outcome FROM pick ORDER BY id")
    assert [row.outcome for row in outcomes] == ["unreached", "open"]


async def test_used_up_means_short(draw: Callable[..., Any]) -> None:
    hand = await draw(1, condition(seats=2))
    (call,) = await hand.live()
    await hand.answers(call, PickOutcome.DECLINED)
    await hand.advance()
    assert await hand.state() == "short"


async def test_colleagues_are_passed_while_one_of_them_is_asked(draw: Callable[..., Any]) -> None:
    hand = await draw(4, condition(seats=2), units=("同一单位", "同一单位", "同一单位", "同一单位"))
    assert await hand.db.value("SELECT count(*) FROM pick") == 1
    (call,) = await hand.live()
    await hand.answers(call, PickOutcome.DECLINED)
    await hand.advance()
    assert await hand.db.value("SELECT count(*) FROM pick") == 2


async def test_the_seat_constraint_refuses_a_second_expert(draw: Callable[..., Any]) -> None:
    hand = await draw(4, condition(seats=1))
    with pytest.raises(Conflict, match="one_expert_per_seat"):
        await hand.db.run(
            "INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code)"
            " SELECT activity, draw, condition, seat, (SELECT min(id) FROM expert e WHERE e.id <> p.expert), 'x', '{}', 9,"
            " '000000' FROM pick p"
        )


async def test_the_draw_waits_for_its_witness(draw: Callable[..., Any]) -> None:
    hand = await draw(4, condition(seats=1), witnesses=(witness(),))
    assert await hand.types() == ["commit"]
    (call,) = await hand.db.all(
        "SELECT id, NULL::int AS pick, 'supervisor-1' AS pseudonym, attempt FROM call WHERE flow = 'witness'"
    )
    await hand.live()
    async with hand.db.transaction() as tx:
        await decide.share(
            tx, hand.keys.custody, Call(call.id, hand.activity, 1), "48291306", {"expert": "supervisor-1"}
        )
    await hand.ends(call, "share_given")
    await hand.advance()
    assert await hand.types() == ["commit", "witness", "pick"]


async def test_rules_with_witness_refuse_to_start_without(db: Database, database: TestDatabase, keys: Keys) -> None:
    number = await make_activity(db, keys.custody.vault, plan((condition(),), rules="gd-1"))
    with pytest.raises(CannotStart, match="监督人"):
        await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)


async def the_clock_reaches_the_opening(hand: Hand) -> None:
    """Hours pass; only the owner of the tables, with the trigger taken off, can do that."""
    shift_times(hand.dsn, hand.activity, start="29 minutes")


async def the_clock_reaches_the_end(hand: Hand) -> None:
    """The same for 预计评标结束."""
    shift_times(hand.dsn, hand.activity, start="-3 hours", end="0 s")


async def test_the_evidence_verifies_before_and_after_the_unsealing(
    draw: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand = await draw(8, condition(seats=2), condition("c2", seats=1), units=tuple("aabbccdd"), witnesses=(witness(),))
    (call,) = await hand.db.all("SELECT id FROM call WHERE flow = 'witness'")
    await hand.live()
    async with hand.db.transaction() as tx:
        await decide.share(
            tx, hand.keys.custody, Call(call.id, hand.activity, 1), "48291306", {"expert": "supervisor-1"}
        )
        facts = {"expert": "supervisor-1"}
        await decide.end_call(tx, hand.keys.custody, Call(call.id, hand.activity, 1), "share_given", facts, "{}")
    await hand.advance()
    first = True
    while calls := await hand.live():
        outcome = PickOutcome.DECLINED if first else PickOutcome.ACCEPTED
        first = False
        await hand.answers(calls[0], outcome)
        await hand.advance()
        await hand.ends(calls[0], outcome.value)
        await hand.advance()
    sealed = tmp_path / "sealed"
    await export(hand.db, hand.keys.custody, hand.activity, sealed)
    assert main(["verify", str(sealed)]) == 2, capsys.readouterr().out
    assert b"48291306" not in (sealed / "transcript.jsonl").read_bytes()
    with pytest.raises(Sealed, match="解密"):
        await unseal(hand.db, hand.keys.custody, hand.activity)
    with pytest.raises(FactsSealed):
        await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "early", Form.SUPERVISOR)
    with pytest.raises(Forbidden, match="fixed"):
        await hand.db.run("UPDATE activity SET evaluation_start = evaluation_start - interval '1 second'")
    await the_clock_reaches_the_opening(hand)
    members = await result.members(hand.db, hand.keys.custody, hand.activity)
    assert len(members) == 3
    assert all(member.name.startswith("专家") for member in members)
    for form in Form:
        folder = tmp_path / form.value
        await export(hand.db, hand.keys.custody, hand.activity, folder, form)
        assert main(["verify", str(folder), "--share", "48291306"]) == 3, capsys.readouterr().out
    await the_clock_reaches_the_end(hand)
    await hand.advance()
    for form in Form:
        folder = tmp_path / f"{form.value}-closed"
        await export(hand.db, hand.keys.custody, hand.activity, folder, form)
        assert main(["verify", str(folder), "--share", "48291306"]) == 0, capsys.readouterr().out


async def test_a_retry_holds_its_seat_for_a_time_only(draw: Callable[..., Any]) -> None:
    hand = await draw(3, condition(seats=1))
    (call,) = await hand.live()
    await hand.ends(call, "busy")
    await hand.advance()
    longer = Rules.load("demo-1").hold_s + 5
    await hand.db.run("UPDATE pick SET picked_at = picked_at - %(s)s * interval '1 second'", {"s": longer})
    await hand.db.run(
        "UPDATE call SET ended_at = ended_at - %(s)s * interval '1 second' WHERE state = 'ended'", {"s": longer}
    )
    await hand.advance()
    outcomes = await hand.db.all("SELECT outcome::text AS outcome FROM pick ORDER BY id")
    assert [row.outcome for row in outcomes] == ["unreached", "open"]


async def test_a_line_that_stays_bad_ends_a_pick(draw: Callable[..., Any], tmp_path: Path) -> None:
    """Six faults of the line, whatever their kind, and the next one is picked; the clerk reads why."""
    hand = await draw(3, condition(seats=1), rules="demo-4")
    faults = ["no_media", "trunk_failure", "line_dropped"] * 2
    for n, outcome in enumerate(faults):
        assert await hand.db.value("SELECT count(*) FROM pick") == 1, f"after {n} faults"
        (call,) = await hand.live()
        await hand.ends(call, outcome)
        await hand.advance()
    shown = await board(hand.db, hand.activity, 0)
    assert [(row.outcome, row.result) for row in shown.rows] == [
        (PickOutcome.UNREACHED, "线路原因未接通"),
        (PickOutcome.OPEN, ""),
    ]
    (call,) = await hand.live()
    await hand.answers(call, PickOutcome.ACCEPTED)
    await hand.ends(call, "accepted")
    await hand.advance()
    await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "evidence")
    report = verify(tmp_path / "evidence")
    assert report.broken == []


@pytest.mark.parametrize(("paused", "unreached"), [(False, True), (True, False)])
async def test_a_pause_holds_no_seat(draw: Callable[..., Any], paused: bool, unreached: bool) -> None:
    """One busy call, 150 s ago; the rules let a retry hold its seat for 120, but 60 of them were a pause."""
    hand = await draw(3, condition(seats=1))
    (call,) = await hand.live()
    await hand.ends(call, "busy")
    await hand.advance()  # the retry waits
    await hand.db.run("UPDATE call SET ended_at = ended_at - interval '150 s' WHERE state = 'ended'")
    await hand.db.run("UPDATE pick SET picked_at = picked_at - interval '160 s'")
    for kind, ago in (("pause", 130), ("resume", 70)) if paused else ():
        at = stamp(datetime.now(UTC) - timedelta(seconds=ago))
        await hand.db.run(
            "INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig)"
            " SELECT activity, max(seq) + 1, %(at)s, %(kind)s, '{}', '', '', '' FROM transcript GROUP BY activity",
            {"at": at, "kind": kind},
        )
    await hand.advance()
    outcome = await hand.db.value("SELECT outcome::text FROM pick ORDER BY id LIMIT 1")
    assert (outcome == "unreached") is unreached
