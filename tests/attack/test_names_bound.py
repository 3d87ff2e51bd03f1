"""Whoever has the password of the service's role writes somebody else into a pick: nobody wrong is named, rung or written to.

Each attack is a statement (or a few) of that role on the real database, after or during a real draw.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from db.blocking import transaction
from db.contexts import EXPERT_NAME
from db.errors import Forbidden
from db.pool import Database
from drawing import decide, masked, person, result, snapshot
from drawing.binding import Misfit, NotBound
from drawing.chain import Chain
from drawing.evidence import Form, export
from drawing.identities import Unopened
from drawing.lifecycle import Role
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.start import start
from drawing.transcript import EntryType
from drawing.verify import verify
from ivr.dialplans import Timings
from ivr.dispatch import OF_THE_DRAW, Dispatcher, Q
from ivr.lease import Lease
from ivr.messages.states import Retries
from ivr.preparing import Preparer
from ivr.settings import Trunk
from ivr.speech import CommandEngine, Speech
from ivr.trunks import Trunks
from tests.drawing.test_draw import Hand, draw, keys, the_clock_reaches_the_opening  # noqa: F401  fixtures
from tests.ivr.messages.conftest import World, emptied, world  # noqa: F401  fixtures
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, add_picks, condition, make_activity, plan
from tests.system import quick_voice
from web import status

pytestmark = pytest.mark.postgres
Draw = Callable[..., Any]

ANOTHER = "(SELECT min(id) FROM expert WHERE id NOT IN (SELECT expert FROM pick))"
LAST = "id = (SELECT max(id) FROM pick)"
PEOPLE: dict[str, tuple[tuple[str, ...], Misfit]] = {
    "another expert": ((f"UPDATE pick SET expert = {ANOTHER} WHERE {LAST}",), Misfit.EXPERT),
    "two experts exchanged": (
        (
            "CREATE TEMP TABLE was AS SELECT id, expert FROM pick WHERE outcome IN ('open', 'accepted')",
            f"UPDATE pick SET expert = {ANOTHER} WHERE id = (SELECT min(id) FROM was)",
            "UPDATE pick SET expert = (SELECT expert FROM was ORDER BY id LIMIT 1) WHERE id = (SELECT max(id) FROM was)",
            "UPDATE pick SET expert = (SELECT expert FROM was ORDER BY id DESC LIMIT 1) WHERE id = (SELECT min(id) FROM was)",
        ),
        Misfit.EXPERT,
    ),
    "another pool id": ((f"UPDATE pick SET expert = {ANOTHER}, pseudonym = '00000000000000000000' WHERE {LAST}",), Misfit.EXPERT),
    "another seat": ((f"UPDATE pick SET seat = 9 WHERE {LAST}",), Misfit.SEAT),
    "another rank": ((f"UPDATE pick SET rank = 9 WHERE {LAST}",), Misfit.SEAT),
    "another draw": ((f"UPDATE pick SET draw = 2 WHERE {LAST}",), Misfit.SEAT),
    "another code": ((f"UPDATE pick SET code = '123456' WHERE {LAST}",), Misfit.CODE),
    "another key": (("UPDATE activity SET key_enc = (SELECT system_share_enc FROM draw)",), Misfit.UNREADABLE),
}
COMMITTEE: dict[str, tuple[tuple[str, ...], Misfit]] = {
    "who declined": (
        (
            f"UPDATE pick SET outcome = 'declined' WHERE {LAST}",
            "UPDATE pick SET outcome = 'accepted' WHERE id = (SELECT min(id) FROM pick)",
        ),
        Misfit.OUTCOME,
    ),
    "one less": ((f"UPDATE pick SET outcome = 'cancelled' WHERE {LAST}",), Misfit.OUTCOME),
    "one more": (
        (
            "INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, decided_at)"
            f" SELECT activity, 1, 'c1', 3, {ANOTHER}, 'ffffffffffffffffffff', '{{}}', 9, '123456', 'accepted', now()"
            " FROM pick LIMIT 1",
        ),
        Misfit.EXPERT,
    ),
    "another key of the salts": (("UPDATE draw SET pool_key_enc = system_share_enc",), Misfit.UNREADABLE),
    "an entry that nobody signed": (
        (
            "INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig)"
            """ SELECT t.activity, t.seq + 1, t.at, 'absence', '{"condition":"c1","expert":"00","reason":"x","right":"x"}',"""
            " t.hash, sha256('x'), t.sig FROM transcript t ORDER BY seq DESC LIMIT 1",
        ),
        Misfit.CHAIN,
    ),
    "an entry that can't be one": (
        (
            "INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig)"
            " SELECT t.activity, t.seq + 1, t.at, 'x', 'x', t.hash, 'x', 'x' FROM transcript t ORDER BY seq DESC LIMIT 1",
        ),
        Misfit.CHAIN,
    ),
    "a block of names beside the true one": (
        (
            "INSERT INTO name_block (activity, draw, first, data)"
            " SELECT n.activity, n.draw, p.pseudonym, n.data FROM name_block n, (SELECT max(pseudonym) AS pseudonym"
            "  FROM pick WHERE outcome = 'accepted') p WHERE n.first <> p.pseudonym",
        ),
        Misfit.UNREADABLE,
    ),
}


async def sealed(draw: Draw) -> Hand:  # noqa: F811
    """Two seats; the first who is called declines, the others agree; the time of the opening has come."""
    hand: Hand = await draw(8, condition(seats=2))
    first, *_ = await hand.live()
    await hand.answers(first, PickOutcome.DECLINED)
    await hand.advance()
    await hand.ends(first, "declined")
    for call in await hand.live():
        await hand.answers(call, PickOutcome.ACCEPTED)
        await hand.ends(call, "accepted")
    await hand.advance()
    assert await hand.state() == "completed"
    await the_clock_reaches_the_opening(hand)
    return hand


async def does(db: Database, statements: tuple[str, ...]) -> None:
    async with db.transaction() as tx:
        for statement in statements:
            assert await tx.run(statement)


async def alarms(db: Database) -> list[str]:
    sql = "SELECT remark FROM operation WHERE act = %(act)s ORDER BY id"
    return [row.remark for row in await db.all(sql, {"act": person.ALARM})]


async def names(hand: Hand) -> list[str]:
    return [each.name for each in await result.members(hand.db, hand.keys.custody, hand.activity)]


@pytest.mark.parametrize("attack", [*PEOPLE, *COMMITTEE])
@pytest.mark.parametrize("looked", [False, True], ids=["first look", "looked before"])
async def test_a_result_that_does_not_fit_is_not_shown(
    draw: Draw, attack: str, looked: bool, caplog: pytest.LogCaptureFixture  # noqa: F811
) -> None:
    hand = await sealed(draw)
    if looked:
        assert len(await names(hand)) == 2
    statements, misfit = (PEOPLE | COMMITTEE)[attack]
    await does(hand.db, statements)
    with pytest.raises(NotBound) as refused:
        await names(hand)
    assert refused.value.misfit is misfit
    told = [line for line in await alarms(hand.db) if line.startswith("抽取结果")]
    assert told == [f"抽取结果：{misfit.value}"]
    with pytest.raises(NotBound):
        await names(hand)
    assert [line for line in await alarms(hand.db) if line.startswith("抽取结果")] == told  # once for each matter
    assert (await status.health(hand.db)).names_refused == 1
    assert f"{hand.activity}: 抽取结果: {misfit.name}" in caplog.text
    assert "专家" not in caplog.text.replace(person.ALARM, "")


async def test_the_opening_itself_notices(draw: Draw) -> None:  # noqa: F811
    hand = await sealed(draw)
    await does(hand.db, PEOPLE["another expert"][0])
    await result.unseal(hand.db, hand.keys.custody, hand.activity)
    assert await alarms(hand.db) == [f"解密结果：{Misfit.EXPERT.value}"]
    assert (await hand.types())[-1] == "unseal"  # the evidence rests on the transcript alone


async def test_put_right_it_is_shown_again(draw: Draw) -> None:  # noqa: F811
    hand = await sealed(draw)
    before = await names(hand)
    for seat in (9, 1):
        await hand.db.run(f"UPDATE pick SET seat = {seat} WHERE {LAST}")
        if seat == 9:
            with pytest.raises(NotBound):
                await names(hand)
    assert await names(hand) == before


async def test_rows_of_two_activities_exchanged(draw: Draw, db: Database) -> None:  # noqa: F811
    hand = await sealed(draw)
    other = await make_activity(db, hand.keys.custody.vault, plan((condition(seats=2),)))
    assert await db.run("UPDATE pick SET activity = %(a)s WHERE outcome = 'accepted'", {"a": other}) == 2
    with pytest.raises(NotBound) as refused:
        await names(hand)
    assert refused.value.misfit is Misfit.MISSING


async def test_a_changed_row_of_the_expert_changes_no_name(draw: Draw) -> None:  # noqa: F811
    hand = await sealed(draw)
    before = await result.members(hand.db, hand.keys.custody, hand.activity)
    assert not any(each.changed for each in before)
    await hand.db.run(
        "UPDATE expert SET name_enc = o.name_enc, unit = 'x', title = 'x', specialties = '{}' FROM expert o"
        f" WHERE o.id = {ANOTHER} AND expert.id IN (SELECT expert FROM pick)"
    )
    after = await result.members(hand.db, hand.keys.custody, hand.activity)
    assert [each.name for each in after] == [each.name for each in before]
    assert {(each.title, each.specialties) for each in after} == {("高级", ("A0801",))}
    assert [each.unit for each in after] == [each.unit for each in before]
    assert all(each.changed for each in after)  # noted beside: a lawful correction looks the same, and never blocks


def opened_by_row(dsn: str, activity: str = "") -> None:
    """The owner of the tables takes the triggers off and says that the draw is open; `activity`: which has no row of a draw yet."""
    with transaction(dsn.replace("user=expertline_service", "user=expertline_owner")) as tx:
        tx.run("ALTER TABLE draw DISABLE TRIGGER USER")
        tx.run(
            "INSERT INTO draw (activity, no, commit_hash, system_share_enc, pool_key_enc, pool_size, sealed_at)"
            " SELECT id, 1, '', '', '', 0, now() FROM activity WHERE id = %(a)s",
            {"a": activity},
        )
        tx.run("UPDATE draw SET sealed_at = clock_timestamp(), unsealed_at = clock_timestamp()")
        tx.run("ALTER TABLE draw ENABLE TRIGGER USER")


async def test_the_rows_of_an_activity_open_nothing(draw: Draw) -> None:  # noqa: F811
    """Who sets the time of the opening in the row sees nobody: the transcript has not opened it."""
    hand = await draw(4, condition(seats=2))
    for call in await hand.live():
        await hand.answers(call, PickOutcome.ACCEPTED)
        await hand.ends(call, "accepted")
    await hand.advance()
    opened_by_row(hand.dsn)
    assert await names(hand) == []


async def test_what_was_sealed_can_not_be_written_over(draw: Draw, db: Database) -> None:  # noqa: F811
    await draw(2)
    for statement in (
        "UPDATE name_block SET data = ''", "DELETE FROM name_block", "UPDATE pool_block SET root = NULL", "DELETE FROM pool_block",
        "DELETE FROM operation", "DELETE FROM pick",
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            await db.run(statement)


async def test_a_look_while_the_draw_goes_on_raises_no_alarm(draw: Draw) -> None:  # noqa: F811
    """Rows and transcript are read one after the other, and calls decide meanwhile."""
    hand = await draw(12, condition(seats=9))
    opened_by_row(hand.dsn)

    async def decides() -> None:
        for call in await hand.live():
            await hand.answers(call, PickOutcome.ACCEPTED)

    deciding = asyncio.create_task(decides())
    while not deciding.done():
        assert await names(hand) == []
    await deciding
    assert await alarms(hand.db) == []


async def test_the_supervisors_evidence_names_whom_the_chain_names(draw: Draw, tmp_path: Path) -> None:  # noqa: F811
    hand = await sealed(draw)
    before = sorted(await names(hand))
    await does(hand.db, PEOPLE["another expert"][0])
    await does(hand.db, COMMITTEE["one less"][0])
    await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "evidence", Form.SUPERVISOR)
    lines = [json.loads(line) for line in (tmp_path / "evidence" / "names.jsonl").read_bytes().splitlines()]
    assert sorted(line["name"] for line in lines) == before
    assert all(set(line) == {"draw", "id", "name", "unit", "salt1"} for line in lines)
    assert [(line["draw"], line["id"]) for line in lines] == sorted((line["draw"], line["id"]) for line in lines)
    written = b"".join(path.read_bytes() for path in (tmp_path / "evidence").iterdir())
    assert b"440104198001" not in written  # 证件号
    assert verify(tmp_path / "evidence").exit_code != 1
    await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "public")
    assert not (tmp_path / "public" / "names.jsonl").exists()


# --- before anybody is rung -------------------------------------------------------------------------------------


@dataclass
class Telephone:
    """A worker's dispatcher on a hand-made draw: what it would dial."""

    hand: Hand
    dispatcher: Dispatcher
    trunks: Trunks

    async def dials(self) -> list[str]:
        """The numbers of the calls that become live now."""
        tick = asyncio.get_running_loop().time()
        found: list[str] = []
        for call in await self.hand.db.all(Q.due, {"limit": 9, "held": OF_THE_DRAW}):
            ready = await self.dispatcher.make_live(call, self.trunks.together(0, tick), tick)
            if ready is not None:
                found += ready.conversation.numbers
        return sorted(found)


@pytest.fixture
async def telephone(db: Database, keys: Keys, tmp_path: Path) -> AsyncIterator[Callable[[Hand], Any]]:  # noqa: F811
    speech = Speech(tmp_path / "sounds", CommandEngine(quick_voice.COMMAND))
    await speech.start()

    async def connected(hand: Hand) -> Telephone:
        lease = Lease(db, "node", 600.0)
        assert await lease.take()
        calling = Rules.load("demo-1").calling
        trunks = Trunks([Trunk(name="line", caller_id="02083186888")], calling, lambda name: 0, asyncio.get_running_loop().time())
        preparer = Preparer(db, keys.custody, speech, Timings())
        return Telephone(hand, Dispatcher(db, keys.custody, lease, preparer, calling, trunks), trunks)

    yield connected
    await speech.close()


ROWS = {attack: PEOPLE[attack] for attack in PEOPLE if attack != "two experts exchanged"} | {
    "another's row": (
        (
            f"CREATE TEMP TABLE was AS SELECT * FROM expert WHERE id = {ANOTHER} OR id IN (SELECT expert FROM pick WHERE {LAST})",
            "UPDATE expert SET phone_hash = sha256(phone_hash) WHERE id IN (SELECT id FROM was)",
            "UPDATE expert SET phone_hash = w.phone_hash, phone_enc = w.phone_enc, name_enc = w.name_enc,"
            " id_card_enc = w.id_card_enc FROM was w WHERE expert.id IN (SELECT id FROM was) AND w.id <> expert.id",
        ),
        Misfit.UNREADABLE,
    ),
    "an outcome that nobody gave": (
        (f"UPDATE pick SET outcome = 'declined', decided_at = now() WHERE {LAST}",),
        Misfit.OUTCOME,
    ),
    "an outcome that nobody signed": (
        (
            f"UPDATE pick SET outcome = 'declined', decided_at = now() WHERE {LAST}",
            "INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig) SELECT t.activity, t.seq + 1, t.at, 'outcome',"
            """ '{"expert":"' || p.pseudonym || '","outcome":"declined","rests_on":[]}', t.hash, sha256('x'), t.sig"""
            " FROM transcript t, pick p WHERE p.id = (SELECT max(id) FROM pick) ORDER BY seq DESC LIMIT 1",
        ),
        Misfit.CHAIN,
    ),
    "another's call": ((f"UPDATE call SET expert = {ANOTHER} WHERE pick = (SELECT max(id) FROM pick)",), Misfit.ACTIVITY),
}  # fmt: skip


@pytest.mark.parametrize("attack", ROWS)
async def test_nobody_is_rung_for_a_pick_that_does_not_fit(
    draw: Draw, telephone: Callable[[Hand], Any], attack: str, caplog: pytest.LogCaptureFixture  # noqa: F811
) -> None:
    hand = await draw(4, condition(seats=1))
    line = await telephone(hand)
    statements, misfit = ROWS[attack]
    await does(hand.db, statements)
    assert await line.dials() == []
    call = await hand.db.one("SELECT id, state::text AS state, not_before > clock_timestamp() AS later FROM call")
    assert (call.state, call.later) == ("waiting", True)  # in case that what was changed is put right
    assert await alarms(hand.db) == [f"呼叫 {call.id}：{misfit.value}"]
    assert (await status.health(hand.db)).names_refused == 1
    assert "1380000" not in caplog.text
    assert "1380000" not in "".join(await alarms(hand.db))


async def test_put_right_it_is_dialled(draw: Draw, telephone: Callable[[Hand], Any]) -> None:  # noqa: F811
    hand = await draw(4, condition(seats=1))
    line = await telephone(hand)
    await hand.db.run("UPDATE pick SET seat = 9")
    assert await line.dials() == []
    await hand.db.run("UPDATE pick SET seat = 1")
    await hand.db.run("UPDATE call SET not_before = clock_timestamp()")
    (number,) = await line.dials()
    expert = await hand.db.value("SELECT expert FROM pick")
    assert number == f"138000000{expert - 1:02d}"


async def test_a_lawful_correction_of_name_and_unit_does_not_block(
    draw: Draw, telephone: Callable[[Hand], Any]  # noqa: F811
) -> None:
    hand = await draw(4, condition(seats=1))
    line = await telephone(hand)
    renamed = hand.keys.custody.vault.encrypt("张三".encode(), EXPERT_NAME.at(1))
    await hand.db.run("UPDATE expert SET name_enc = %(name)s, unit = '另一单位'", {"name": renamed})
    assert len(await line.dials()) == 1


async def test_calls_of_two_activities_exchanged(
    draw: Draw, telephone: Callable[[Hand], Any], db: Database  # noqa: F811
) -> None:
    hand = await draw(4, condition(seats=1))
    line = await telephone(hand)
    other = await make_activity(db, hand.keys.custody.vault, plan((condition(seats=1),)))
    await db.run("UPDATE activity SET state = 'drawing' WHERE id = %(a)s", {"a": other})
    await db.run("UPDATE call SET activity = %(a)s", {"a": other})
    assert await line.dials() == []
    assert (await alarms(db))[0].endswith(Misfit.ACTIVITY.value)


@pytest.mark.parametrize("forged", [True, False])
async def test_an_appointment_of_somebody_else_frees_no_seat(
    draw: Draw, telephone: Callable[[Hand], Any], db: Database, database: TestDatabase, forged: bool  # noqa: F811
) -> None:
    """An appointment elsewhere makes a pick 另有评标: it has to be by the same expert's own pick."""
    hand = await draw(4, condition(seats=1))
    line = await telephone(hand)
    expert = await db.value("SELECT expert FROM pick")
    other = await make_activity(db, hand.keys.custody.vault, plan((condition(seats=4),)))
    agreed = expert % 4 + 1 if forged else expert
    picks = await add_picks(db, hand.keys.custody, other, {agreed: "accepted"})
    with transaction(database.owner_dsn) as tx:  # who owns the tables; the service's role is refused
        tx.run("ALTER TABLE appointment DISABLE TRIGGER keep_appointment")
        tx.run(
            "INSERT INTO appointment (pick, expert, activity, during)"
            " SELECT %(pick)s, %(expert)s, %(activity)s, tstzrange(now(), now() + interval '9 days')",
            {"pick": picks[agreed], "expert": expert, "activity": other},
        )
    assert await line.dials() == []
    outcome = await db.value("SELECT outcome::text FROM pick WHERE activity = %(a)s", {"a": hand.activity})
    assert outcome == ("open" if forged else "unavailable")
    assert [line.endswith(Misfit.ACTIVITY.value) for line in await alarms(db)] == [True] * forged


@pytest.mark.parametrize("attack", ["another expert", "who declined"])
async def test_no_masked_call(
    draw: Draw, telephone: Callable[[Hand], Any], attack: str  # noqa: F811
) -> None:
    hand = await sealed(draw)
    await hand.db.run("UPDATE notice SET gather_at = clock_timestamp() + interval '1 hour'")
    statements, misfit = (PEOPLE | COMMITTEE)[attack]
    await does(hand.db, statements)
    wrong = {"another expert": f"SELECT id FROM pick WHERE {LAST}", "who declined": "SELECT min(id) FROM pick"}[attack]
    async with hand.db.transaction() as tx:
        await decide.lock(tx, hand.activity)
        values = (hand.activity, await tx.value(wrong), "13900000001", "经办人甲", "handler")
        call = await masked.ask(tx, hand.keys.custody, *values)
    line = await telephone(hand)
    assert await line.dials() == []
    assert await alarms(hand.db) == [f"呼叫 {call}：{misfit.value}"]
    row = await hand.db.one("SELECT state::text AS state, outcome::text AS outcome FROM call WHERE id = %(c)s", {"c": call})
    assert row.state == "waiting"
    await hand.db.run("""UPDATE call SET not_before = clock_timestamp(), matter = matter || '{"asked": 1}' WHERE flow = 'masked'""")
    assert await line.dials() == []
    ended = "SELECT state::text FROM call WHERE id = %(c)s"
    assert await hand.db.value(ended, {"c": call}) == "ended"  # staff waits no longer than for any other call


async def test_no_message(world: World) -> None:  # noqa: F811
    """Of three who agreed one row names somebody else: the other two are written to."""
    hand = await world.agreed([f"138000000{n:02d}" for n in range(3)])
    add_experts(world.database.dsn, world.keys.custody.vault, ["13800000099"], cards=99)
    expert = await world.db.value(f"SELECT expert FROM pick WHERE {LAST}")
    await does(world.db, PEOPLE["another expert"][0])
    await emptied(await world.sender(Retries(1, (0,))))
    told = sorted(each["to"] for each in world.gateway.requests)
    assert told == [f"138000000{n:02d}" for n in range(3) if n != expert - 1]
    (message,) = await world.db.all("SELECT id, error FROM message WHERE state = 'sending'")
    assert message.error == f"{person.ALARM}，未发送"
    assert await alarms(hand.db) == [f"短信 {message.id}：{Misfit.EXPERT.value}"]


# --- before the commit ------------------------------------------------------------------------------------------


async def test_who_can_not_be_opened_is_not_left_out_unseen(db: Database, database: TestDatabase, keys: Keys) -> None:  # noqa: F811
    add_experts(database.dsn, keys.custody.vault, ["13800000000", "13800000001"])
    activity = await make_activity(db, keys.custody.vault, plan((condition(),)))
    await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
    kept = await db.value("SELECT name_enc FROM expert WHERE id = 2")
    await db.run("UPDATE expert SET name_enc = phone_enc WHERE id = 2")
    for _ in range(2):
        with pytest.raises(Unopened, match="expert 2 "):
            snapshot.commit_draw(database.dsn, keys.master, keys.signing, activity)
    assert await alarms(db) == ["不能固定专家池：编号 2 的专家，其加密的姓名或证件号不能打开，须先修复"]
    assert await db.value("SELECT count(*) FROM transcript") == 0
    await db.run("UPDATE expert SET name_enc = %(kept)s WHERE id = 2", {"kept": kept})
    assert snapshot.commit_draw(database.dsn, keys.master, keys.signing, activity)


async def test_who_is_avoided_for_an_earlier_part_took_part_in_it(draw: Draw, database: TestDatabase) -> None:  # noqa: F811
    """是否已抽取专家 = 是: somebody else's row would free who took part, and shut out who did not."""
    hand = await sealed(draw)
    again = await make_activity(hand.db, hand.keys.custody.vault, plan((condition(),)))
    values = {"activity": again, "earlier": hand.activity}
    await hand.db.run("INSERT INTO activity_before (activity, earlier) VALUES (%(activity)s, %(earlier)s)", values)
    await start(hand.db, hand.keys.custody.vault, again, "clerk", Role.HANDLER)
    await does(hand.db, PEOPLE["another expert"][0])
    with pytest.raises(NotBound):
        snapshot.commit_draw(database.dsn, hand.keys.master, hand.keys.signing, again)
    assert (await alarms(hand.db))[-1] == f"不能固定专家池：此前活动的参评专家或回避人员：{Misfit.EXPERT.value}"


# --- draws from before names were sealed ------------------------------------------------------------------------


async def test_an_older_draw_opens_by_its_transcript(db: Database, database: TestDatabase, keys: Keys) -> None:  # noqa: F811
    add_experts(database.dsn, keys.custody.vault, [f"1380000000{n}" for n in range(4)])
    activity = await make_activity(db, keys.custody.vault, plan((condition(seats=2),)))
    await add_picks(db, keys.custody, activity, {1: "accepted", 2: "accepted", 3: "declined"})
    async with db.transaction() as tx:
        chain = Chain.of(tx, await decide.lock(tx, activity), keys.custody.signer)
        await chain.append(EntryType.SEAL, {"system_share": "00" * 32})
        await chain.append(EntryType.UNSEAL, {"lead_seconds": 1800, "evaluation_start": "x"})
    opened_by_row(database.dsn, activity)
    hand = Hand(db, database.dsn, keys, activity)
    assert await names(hand) == ["专家0", "专家1"]
    await db.run("UPDATE pick SET expert = 4 WHERE expert = 2")
    with pytest.raises(NotBound):
        await names(hand)
