"""What calls from outside lead to, on the real database: calls are written as the worker writes them, nobody dials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db.pool import Database
from db.vault import confirm
from drawing import decide, evidence
from drawing.__main__ import main
from drawing.call_outcomes import CallOutcome
from drawing.decide import Call, NotOurs
from drawing.lifecycle import Role
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.start import start
from ivr.call_backs import follow
from ivr.dispatch import OF_THE_DRAW, Q
from tests.attack import test_sealed_values as sealed_values
from tests.drawing.test_draw import Hand
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan

pytestmark = pytest.mark.postgres
RULE = Rules.load("demo-1").inbound
desk = sealed_values.desk
PHONES = ["13800000000", "13800000001", "13800000002"]


class Line(Hand):
    """A draw, and a line that people call."""

    async def rings_us(self, number: str = PHONES[0], *, wanted: bool = True, rule: Any = RULE) -> Any:
        """Somebody calls from that number; how the row stands afterwards."""
        caller = self.keys.custody.vault.keyed_hash("phone", number)
        values = {"channel": "1.1", "trunk": "t", "caller": caller, "node": "n", "epoch": 1}
        await self.db.run("INSERT INTO node (name, epoch) VALUES ('n', 1) ON CONFLICT DO NOTHING")
        entry = (await self.db.one(Q.take_inbound, values)).id
        if wanted:
            assert await self.db.run(Q.want_call_back, {"id": entry, "epoch": 1})
        async with self.db.transaction() as tx:
            end = {"id": entry, "epoch": 1, "outcome": "call_back_asked", "trail": None, "why_not": None}
            await follow(tx, entry, await tx.one(Q.end_inbound, end), rule)
        return await self.db.one(
            "SELECT i.why_not, c.id, c.flow, c.pick, c.matter FROM inbound i LEFT JOIN call c ON c.id = i.call WHERE i.id = %(id)s",
            {"id": entry},
        )

    async def due(self) -> list[str]:
        return [row.flow for row in await self.db.all(Q.due, {"limit": 9, "held": OF_THE_DRAW})]

    async def begins(self, flow: str) -> Any:
        """The waiting call of that kind becomes live, as the dispatcher makes it."""
        sql = """UPDATE call SET state = 'live', numbers = '{}', node = 'n', epoch = 1, dialled_at = clock_timestamp()
                 WHERE state = 'waiting' AND flow = %(flow)s RETURNING id, pick"""
        await self.db.run("INSERT INTO node (name, epoch) VALUES ('n', 1) ON CONFLICT DO NOTHING")
        call = await self.db.one(sql, {"flow": flow})
        if flow == "call_back_invitation":
            async with self.db.transaction() as tx:
                await tx.value(Q.number_attempt, {"call": call.id})
        return await self.db.one(
            "SELECT c.id, c.pick, p.pseudonym, c.attempt FROM call c JOIN pick p ON p.id = c.pick WHERE c.id = %(id)s",
            {"id": call.id},
        )

    async def leaves(self, call: Any) -> None:
        async with self.db.transaction() as tx:
            facts = self._facts(call, "leave_confirmed")
            await decide.leave(tx, Call(call.id, self.activity, 1), "leave_confirmed", facts)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def line(db: Database, database: TestDatabase, keys: Keys) -> Callable[..., Any]:
    async def begin(opens_in: timedelta = timedelta(days=1)) -> Line:
        add_experts(database.dsn, keys.custody.vault, PHONES[:1])
        number = await make_activity(db, keys.custody.vault, plan((condition(),), opens_in=opens_in))
        await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
        made = Line(db, database.dsn, keys, number)
        await made.advance()
        return made

    return begin


async def test_an_open_invitation_is_adopted(line: Callable[..., Any]) -> None:
    made = await line()
    assert await made.due() == ["invitation"]
    row = await made.rings_us()
    assert (row.why_not, row.flow) == (None, "call_back_invitation")
    assert await made.due() == ["call_back_invitation"]  # the first call waits behind it


async def test_accepting_in_the_call_back_ends_the_matter(line: Callable[..., Any]) -> None:
    made = await line()
    (first,) = await made.live()
    await made.ends(first, "no_answer")
    await made.advance()
    await made.rings_us()
    call = await made.begins("call_back_invitation")
    assert call.attempt == 2
    await made.answers(call, PickOutcome.ACCEPTED)
    assert await made.db.value("SELECT count(*) FROM call WHERE state = 'waiting'") == 0  # the retry is dropped
    await made.ends(call, "accepted")
    await made.advance()
    assert await made.state() == "completed"
    assert (await made.types()).count("attempt") == 2


async def test_after_the_last_try_a_call_back_decides_nothing_more(line: Callable[..., Any]) -> None:
    """Between the end of the call that makes the tries enough and `advance`, which says 未接通."""
    made = await line()
    await _used_up(made)
    row = await made.rings_us()
    assert row.flow == "call_back_invitation"
    back = await made.begins("call_back_invitation")
    with pytest.raises(NotOurs):
        await made.answers(back, PickOutcome.ACCEPTED)
    await made.ends(back, "no_key")
    await made.advance()
    assert await made.db.value("SELECT outcome::text FROM pick") == "unreached"
    await evidence.export(made.db, made.keys.custody, made.activity, made.keys.master.parent / "evidence")
    assert main(["verify", str(made.keys.master.parent / "evidence")]) in (0, 2, 3)


async def test_nor_is_anybody_rung_for_it(line: Callable[..., Any], desk: sealed_values.Desk, db: Database, keys: Keys) -> None:
    """They are told that nothing is open, as they would be a moment later."""
    await confirm(keys.custody.vault, db)
    made = await line()
    await _used_up(made)
    await made.rings_us()
    assert await desk.make_live() == []
    assert await db.value("SELECT flow FROM call WHERE state = 'waiting'") == "call_back_nothing"
    await made.advance()
    assert await db.value("SELECT outcome::text FROM pick") == "unreached"


async def test_before_the_last_try_they_are(line: Callable[..., Any], desk: sealed_values.Desk, db: Database, keys: Keys) -> None:
    await confirm(keys.custody.vault, db)
    made = await line()
    (call,) = await made.live()
    await made.ends(call, "no_answer")
    await made.rings_us()
    assert [each.flow for each in await desk.make_live()] == ["call_back_invitation"]


async def _used_up(made: Line) -> None:
    """All tries, and nothing has followed from the last one yet."""
    rules = Rules.load(await made.db.value("SELECT rules FROM activity"))
    for _ in range(rules.unreached_tries[CallOutcome.NO_ANSWER]):
        await made.advance()
        (call,) = await made.live()
        await made.ends(call, "no_answer")


async def test_a_call_back_that_comes_to_nothing_is_no_try(line: Callable[..., Any]) -> None:
    """Who forges an expert's number must not use their tries up, nor shorten the pauses between them."""
    made = await line()
    (first,) = await made.live()
    await made.ends(first, "no_answer")
    await made.advance()
    due = "SELECT not_before FROM call WHERE flow = 'invitation' AND state = 'waiting'"
    before = await made.db.value(due)
    for _ in range(4):
        await made.rings_us()
        await made.ends(await made.begins("call_back_invitation"), "no_answer")
        await made.advance()
    assert await made.db.value("SELECT outcome::text FROM pick") == "open"
    assert await made.db.value(due) == before
    assert (await made.types()).count("attempt") == 1


async def test_a_live_call_back_holds_the_seat(line: Callable[..., Any]) -> None:
    made = await line()
    (first,) = await made.live()
    await made.ends(first, "no_answer")
    await made.advance()
    await made.rings_us()
    call = await made.begins("call_back_invitation")
    await made.db.run("UPDATE pick SET picked_at = picked_at - interval '1 day'")
    await made.db.run("UPDATE call SET ended_at = ended_at - interval '1 day' WHERE state = 'ended'")
    await made.advance()
    assert await made.db.value("SELECT outcome::text FROM pick") == "open"
    await made.answers(call, PickOutcome.ACCEPTED)


async def test_whichever_decides_first_wins(line: Callable[..., Any]) -> None:
    made = await line()
    (first,) = await made.live()
    row = await made.rings_us()
    assert row.flow == "call_back_invitation"
    await made.answers(first, PickOutcome.DECLINED)
    states = {r.flow: r.state for r in await made.db.all("SELECT flow, state::text FROM call")}
    assert states == {"invitation": "live", "call_back_invitation": "ended"}


async def test_a_ringing_call_is_asked_to_give_way(line: Callable[..., Any]) -> None:
    made = await line()
    (first,) = await made.live()
    async with made.db.listen("work") as wakes:
        await made.rings_us()
        told = {wake.payload for wake in await wakes.wait()}
        while first.id not in told:
            told |= {wake.payload for wake in await wakes.wait()}


async def agreed(made: Line) -> None:
    (call,) = await made.live()
    await made.answers(call, PickOutcome.ACCEPTED)
    await made.ends(call, "accepted")


async def test_leave_is_recorded_and_then_nothing_is_open(line: Callable[..., Any]) -> None:
    made = await line()
    await agreed(made)
    row = await made.rings_us()
    assert (row.flow, row.matter) == ("call_back", {"leave": True})
    call = await made.begins("call_back")
    await made.leaves(call)
    await made.ends(call, "leave_confirmed")
    assert await made.db.value("SELECT outcome::text FROM pick") == "accepted"
    assert (await made.rings_us()).flow == "call_back_nothing"


async def test_too_late_for_leave(line: Callable[..., Any]) -> None:
    made = await line()
    await agreed(made)
    soon = "UPDATE notice SET gather_at = clock_timestamp() + interval '30 seconds'"
    row = await made.rings_us()
    call = await made.begins("call_back")
    await made.db.run(soon)
    with pytest.raises(NotOurs):
        await made.leaves(call)
    assert await made.db.value("SELECT outcome FROM call WHERE id = %(id)s", {"id": call.id}) is None
    await made.ends(call, "withdrawn")
    again = await made.rings_us()
    assert (row.matter, again.matter) == ({"leave": True}, {"leave": False})


async def test_called_back_so_often_and_no_more(line: Callable[..., Any]) -> None:
    made = await line()
    await agreed(made)
    rule = replace(RULE, call_backs_hour=2)
    for _ in range(2):
        await made.rings_us(rule=rule)
        await made.ends(await made.begins("call_back"), "no_answer")
    assert (await made.rings_us(rule=rule)).why_not == "limit"
    await made.db.run("UPDATE call SET dialled_at = dialled_at - interval '61 minutes'")
    assert (await made.rings_us(rule=rule)).flow == "call_back"
    await made.ends(await made.begins("call_back"), "no_answer")
    assert (await made.rings_us(rule=replace(rule, call_backs_day=3))).why_not == "limit"


async def test_one_call_back_at_a_time(line: Callable[..., Any]) -> None:
    made = await line()
    await agreed(made)
    await made.rings_us()
    assert (await made.rings_us()).why_not == "under_way"
    await made.begins("call_back")
    assert (await made.rings_us()).why_not == "under_way"


@pytest.mark.parametrize(
    ("number", "wanted", "why"),
    [("13900000000", True, "unknown"), (PHONES[1], True, "nothing"), (PHONES[0], False, "not_wanted")],
)
async def test_nobody_is_called(
    line: Callable[..., Any], database: TestDatabase, number: str, wanted: bool, why: str
) -> None:
    made = await line()
    other = made.keys.custody.vault.keyed_hash("phone", PHONES[1])
    sql = """INSERT INTO expert (name_enc, id_card_enc, phone_enc, id_card_hash, phone_hash, name_hash, residence, willing,
               specialties, title, qualifications, authorities, unit)
             SELECT name_enc, id_card_enc, phone_enc, 'other', %(hash)s, name_hash, residence, willing, specialties, title,
               qualifications, authorities, unit FROM expert"""
    await made.db.run(sql, {"hash": other})
    row = await made.rings_us(number, wanted=wanted)
    assert (row.why_not, row.flow) == (why, None)


async def test_a_call_back_that_cannot_be_made_lapses(line: Callable[..., Any]) -> None:
    made = await line()
    await made.rings_us()
    await made.db.run(Q.lapse_call_backs, {"seconds": 900.0})
    assert await made.due() == ["call_back_invitation"]
    await made.db.run("UPDATE inbound SET ended_at = ended_at - interval '16 minutes'")
    await made.db.run(Q.lapse_call_backs, {"seconds": 900.0})
    assert await made.due() == ["invitation"]


async def test_while_a_draw_is_paused_nothing_is_open(line: Callable[..., Any]) -> None:
    made = await line()
    await made.db.run("UPDATE activity SET state = 'paused'")
    assert (await made.rings_us()).flow == "call_back_nothing"


async def test_a_language_is_the_persons_own_and_only_on_the_line(line: Callable[..., Any]) -> None:
    made = await line()
    await agreed(made)
    await made.rings_us()
    call = await made.begins("call_back")
    choice = {"call": call.id, "epoch": 1, "language": "yue"}
    assert await made.db.run(Q.choose_language, choice | {"epoch": 2}) == 0
    assert await made.db.run(Q.choose_language, choice) == 1
    assert await made.db.value("SELECT language FROM expert") == "yue"
    await made.ends(call, "delivered")
    assert await made.db.run(Q.choose_language, choice) == 0


async def test_calls_from_one_number_are_counted_by_the_hour(line: Callable[..., Any]) -> None:
    made = await line()
    values = {"channel": "1.1", "trunk": "t", "node": "n", "epoch": 1}
    await made.db.run("INSERT INTO node (name, epoch) VALUES ('n', 1)")
    for before in range(3):
        entry = await made.db.one(Q.take_inbound, values | {"caller": b"x"})
        assert entry.recent == before
        end = {"id": entry.id, "epoch": 1, "outcome": "no_key", "trail": None, "why_not": None}
        await made.db.one(Q.end_inbound, end)
    await made.db.run("UPDATE inbound SET arrived_at = arrived_at - interval '61 minutes'")
    assert (await made.db.one(Q.take_inbound, values | {"caller": b"x"})).recent == 0
    assert (await made.db.one(Q.take_inbound, values | {"caller": None})).recent == 0  # withheld
