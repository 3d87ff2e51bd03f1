"""Calls to those who have agreed, on the real database: asked for once, repeated by the rules, and visible when given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.pool import Database
from drawing import decide, notices, reminders
from drawing.decide import Call, NotOurs
from drawing.notices import Round, Standing
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan

pytestmark = pytest.mark.postgres
KIND = "withdrawal"  # as the rules of demo-1 say, three tries


class Agreed:
    """An activity in which three experts have agreed."""

    def __init__(self, db: Database, keys: Keys, activity: str, picks: list[int]) -> None:
        self.db, self.keys, self.activity, self.picks = db, keys, activity, picks

    async def ask(self, **more: Any) -> list[int]:
        picks = more.pop("picks", self.picks)
        async with self.db.transaction() as tx:
            await decide.lock(tx, self.activity)
            return await notices.ask(tx, more.pop("kind", KIND), self.activity, picks, **more)

    async def live(self, pick: int) -> Call:
        sql = """UPDATE call SET state = 'live', numbers = '{}', node = 'n', epoch = 1, dialled_at = clock_timestamp()
                 WHERE pick = %(pick)s AND state = 'waiting' RETURNING id"""
        return Call(await self.db.value(sql, {"pick": pick}), self.activity, 1)

    async def ends(self, pick: int, outcome: str) -> None:
        call = await self.live(pick)
        async with self.db.transaction() as tx:
            facts = {"expert": "x", "attempt": 1, "outcome": outcome}
            await decide.end_call(tx, self.keys.custody, call, outcome, facts, "{}", regardless=True)
            await notices.follow_up(tx, call.id, outcome)

    async def standing(self, kind: str = KIND) -> dict[int, Standing]:
        async with self.db.transaction() as tx:
            return {pick: each.standing for pick, each in (await notices.rounds(tx, self.activity, kind)).items()}

    async def calls(self) -> list[Any]:
        sql = """SELECT pick, flow, attempt, state::text AS state, outcome::text AS outcome, matter,
                 extract(epoch FROM not_before - clock_timestamp())::float8 AS due_in FROM call ORDER BY pick, attempt, id"""
        return await self.db.all(sql)


@pytest.fixture
async def agreed(db: Database, database: TestDatabase, tmp_path: Any) -> Agreed:
    keys = make_keys(tmp_path)
    add_experts(database.dsn, keys.custody.vault, [f"1380000000{n}" for n in range(3)])
    activity = await make_activity(db, keys.custody.vault, plan((condition(seats=3),)))
    await db.run("INSERT INTO node (name, epoch) VALUES ('n', 1)")
    sql = """INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, decided_at)
             SELECT %(activity)s, 1, 'c1', id, id, 'p' || id, '{}', id, to_char(id, 'FM000000'), 'accepted', clock_timestamp()
             FROM expert ORDER BY id RETURNING id"""
    rows = await db.all(sql, {"activity": activity})
    return Agreed(db, keys, activity, [row.id for row in rows])


async def test_asking_twice_adds_nothing(agreed: Agreed) -> None:
    assert await agreed.ask(matter={"ground": "流标"}) == agreed.picks
    assert await agreed.ask(matter={"ground": "流标"}) == []
    assert set((await agreed.standing()).values()) == {Standing.CALLING}


async def test_a_new_matter_takes_the_place_of_one_that_waits(agreed: Agreed) -> None:
    both = agreed.picks[:2]
    await agreed.ask(picks=both, matter={"earlier": "09:00"})
    await agreed.live(both[0])  # on the line: it is not cut off
    assert await agreed.ask(picks=both, matter={"earlier": "10:00"}) == both[1:]
    assert [(call.state, call.outcome, call.matter) for call in await agreed.calls()] == [
        ("live", None, {"earlier": "09:00"}),
        ("ended", "cancelled", {"earlier": "09:00"}), ("waiting", None, {"earlier": "10:00"}),
    ]  # fmt: skip


async def test_three_tries_and_then_not_reached(agreed: Agreed, caplog: pytest.LogCaptureFixture) -> None:
    pick = agreed.picks[0]
    await agreed.ask(matter={"ground": "流标"})
    for outcome in ("busy", "trunk_failure", "no_answer", "interrupted", "cancelled"):  # ours are no tries
        await agreed.ends(pick, outcome)
        assert (await agreed.standing())[pick] is Standing.CALLING
    assert "not reached" not in caplog.text
    await agreed.ends(pick, "hung_up_early")
    assert (await agreed.standing())[pick] is Standing.NOT_REACHED
    assert "not reached" in caplog.text
    async with agreed.db.transaction() as tx:
        assert (await notices.rounds(tx, agreed.activity, KIND))[pick] == Round(Standing.NOT_REACHED, "hung_up_early", 6)


async def test_the_pauses_are_the_rules(agreed: Agreed) -> None:
    first, second, third = agreed.picks
    await agreed.ask()
    await agreed.ends(first, "busy")
    await agreed.ends(second, "trunk_failure")
    await agreed.ends(third, "cancelled")
    due = {call.pick: call.due_in for call in await agreed.calls() if call.state == "waiting"}
    assert 3 < due[first] <= 4
    assert 1 < due[second] <= 2
    assert due[third] <= 0


@pytest.mark.parametrize("outcome", ["delivered", "still_comes", "cant_come", "leave_confirmed", "withdrawn"])
async def test_what_was_heard_is_not_said_again(agreed: Agreed, outcome: str) -> None:
    await agreed.ask()
    await agreed.ends(agreed.picks[0], outcome)
    assert (await agreed.standing())[agreed.picks[0]] is Standing.REACHED


async def test_nobody_is_urged_more_than_three_times(agreed: Agreed) -> None:
    pick = agreed.picks[0]
    for outcome in ("delivered", "interrupted", "delivered", "delivered"):
        await agreed.ask(kind="urging", picks=[pick])
        await agreed.ends(pick, outcome)
    assert await agreed.ask(kind="urging", picks=agreed.picks) == agreed.picks[1:]


async def test_a_new_matter_is_a_new_round(agreed: Agreed) -> None:
    pick = agreed.picks[0]
    await agreed.ask(matter={"earlier": "09:00"})
    for _ in range(3):
        await agreed.ends(pick, "busy")
    await agreed.ask(picks=[pick], matter={"earlier": "10:00"})
    await agreed.ends(pick, "busy")
    assert (await agreed.standing())[pick] is Standing.CALLING
    assert [call.attempt for call in await agreed.calls() if call.pick == pick] == [1, 2, 3, 4, 5]


async def test_calls_can_be_dropped(agreed: Agreed) -> None:
    await agreed.ask(kind="release")
    await agreed.ask(kind="details", not_before=datetime.now(UTC) + timedelta(hours=1))
    async with agreed.db.transaction() as tx:
        assert await notices.drop(tx, agreed.activity, ["details", "reminder"]) == 3
    assert {call.flow for call in await agreed.calls() if call.state == "waiting"} == {"release"}


async def test_who_is_let_go_is_called_about_nothing_else(agreed: Agreed) -> None:
    first, second, _ = agreed.picks
    await agreed.ask(kind="reminder")
    await agreed.ask(kind="details")
    live = await agreed.db.value(
        "UPDATE call SET state = 'live', numbers = '{}', node = 'n', epoch = 1"
        " WHERE pick = %(pick)s AND flow = 'details' RETURNING id",
        {"pick": first},
    )
    await agreed.ask(picks=[first, second])
    async with agreed.db.transaction() as tx:
        await tx.run(
            "UPDATE call SET state = 'ended', outcome = 'busy', ended_at = clock_timestamp() WHERE id = %(id)s", {"id": live}
        )
        await notices.follow_up(tx, live, "busy")
    waiting = {(call.pick, call.flow) for call in await agreed.calls() if call.state == "waiting"}
    assert waiting == {(first, KIND), (second, KIND), (agreed.picks[2], "reminder"), (agreed.picks[2], "details")}


async def test_a_reply_touches_no_pick_and_is_written_once(agreed: Agreed) -> None:
    first, second, _ = agreed.picks
    await agreed.ask(kind="change_of_time")
    call = await agreed.live(first)
    facts = {"expert": "x", "attempt": 1, "outcome": "cant_come"}
    for _ in range(2):  # its first answer got lost
        async with agreed.db.transaction() as tx:
            await decide.reply(tx, call, "cant_come", facts)
    with pytest.raises(NotOurs):
        async with agreed.db.transaction() as tx:
            await decide.reply(tx, Call(call.id, call.activity, 2), "still_comes", facts)
    gone = await agreed.live(second)
    await agreed.db.run("UPDATE pick SET outcome = 'cancelled' WHERE id = %(pick)s", {"pick": second})
    with pytest.raises(NotOurs):  # they hold no seat any more
        async with agreed.db.transaction() as tx:
            await decide.reply(tx, gone, "still_comes", facts)
    sql = """SELECT p.outcome::text AS pick, c.outcome::text AS call, c.evidence
             FROM pick p JOIN call c ON c.pick = p.id ORDER BY p.id"""
    kept = [(row.pick, row.call, row.evidence is not None) for row in await agreed.db.all(sql)]
    assert kept == [("accepted", "cant_come", True), ("cancelled", None, False), ("accepted", None, False)]
    assert await agreed.db.value("SELECT count(*) FROM transcript") == 0


# --- reminders ------------------------------------------------------------------------------------------------


async def remind(agreed: Agreed, before: timedelta, *, agreed_before: timedelta = timedelta(days=3)) -> int:
    """Sweep when the gathering is so far away."""
    await agreed.db.run(
        "UPDATE notice SET gather_at = clock_timestamp() + %(before)s * interval '1 second'",
        {"before": before.total_seconds()},
    )
    await agreed.db.run(
        "UPDATE pick SET decided_at = clock_timestamp() - %(ago)s * interval '1 second'",
        {"ago": agreed_before.total_seconds()},
    )
    reminded = 0
    for gathering in await reminders.gatherings(agreed.db):
        async with agreed.db.transaction() as tx:
            reminded += await reminders.remind(tx, gathering)
    return reminded


async def test_reminders_are_asked_for_once_and_again_for_a_changed_time(agreed: Agreed) -> None:
    await agreed.db.run("UPDATE activity SET state = 'completed'")
    assert await remind(agreed, timedelta(hours=40)) == 0
    assert await remind(agreed, timedelta(minutes=119)) == 3
    for gathering in await reminders.gatherings(agreed.db):
        async with agreed.db.transaction() as tx:
            assert await reminders.remind(tx, gathering) == 0
    await agreed.db.run(
        "UPDATE call SET state = 'ended', outcome = 'delivered', ended_at = clock_timestamp(), node = 'n', epoch = 1"
    )
    assert await remind(agreed, timedelta(minutes=100)) == 3  # another 集合时间
    assert await remind(agreed, timedelta(minutes=-1)) == 0


async def test_who_has_just_agreed_or_is_let_go_is_not_reminded(agreed: Agreed) -> None:
    assert await remind(agreed, timedelta(minutes=100)) == 0  # no draw has begun
    await agreed.db.run("UPDATE activity SET state = 'completed'")
    assert await remind(agreed, timedelta(minutes=100), agreed_before=timedelta(minutes=5)) == 0
    await agreed.ask(picks=agreed.picks[:2])
    assert await remind(agreed, timedelta(minutes=100)) == 1
