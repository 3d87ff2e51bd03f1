"""What ends by itself, in a real database: draws are opened by the clock, activities end, chains are closed; heads are kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from db.blocking import transaction
from db.pool import Database
from drawing import halts, heads, ledger, result
from drawing.advance import advance
from drawing.canonical import read
from drawing.chain import Chain, Q, leaf_of
from drawing.closing import Closing
from drawing.decide import lock
from drawing.evidence import FactsSealed, Form, export
from drawing.heads import Given
from drawing.ledger import LedgerHead
from drawing.lifecycle import ActivityState, Role
from drawing.merkle import root
from drawing.result import Sealed
from drawing.seats import PickOutcome
from drawing.start import start
from tests.drawing.test_draw import Hand, the_clock_reaches_the_end, the_clock_reaches_the_opening
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan

pytestmark = pytest.mark.postgres
Begin = Callable[..., Any]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def begin(db: Database, database: TestDatabase, keys: Keys) -> Begin:
    async def begin(experts: int = 6, seats: int = 2, *, on_site: bool = False) -> Hand:
        add_experts(database.dsn, keys.custody.vault, [f"138000000{n:02d}" for n in range(experts)])
        number = await make_activity(db, keys.custody.vault, plan((condition(seats=seats),)))
        await db.run("UPDATE activity SET on_site = %(on_site)s", {"on_site": on_site})
        await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
        hand = Hand(db, database.dsn, keys, number)
        await hand.advance()
        return hand

    return begin


async def all_agree(hand: Hand) -> None:
    """Whoever is called."""
    while calls := await hand.live():
        for call in calls:
            await hand.answers(call, PickOutcome.ACCEPTED)
            await hand.ends(call, "accepted")
        await hand.advance()


async def bodies(hand: Hand, kind: str) -> list[Any]:
    return [read(row.body) for row in await hand.db.all(Q.chain, {"activity": hand.activity}) if row.type == kind]


async def sweep(hand: Hand) -> list[str]:
    """As the worker's loop does it, every two seconds: whatever is due is brought forward; which activities were."""
    due = [row.id for row in await hand.db.all(Q.running)]
    for activity in due:
        async with hand.db.transaction() as tx:
            await advance(tx, hand.keys.custody, hand.orders, activity, wait=False)
    return due


async def test_a_draw_is_opened_by_a_sweep_and_nothing_is_left_to_do(begin: Begin) -> None:
    hand = await begin()
    await all_agree(hand)
    assert await sweep(hand) == []
    await the_clock_reaches_the_opening(hand)
    assert await sweep(hand) == [hand.activity]
    assert await sweep(hand) == []
    assert (await hand.types())[-2:] == ["seal", "unseal"]
    (body,) = await bodies(hand, "unseal")
    assert (body["draw"], body["lead_seconds"], body["gather_at"]) == (1, 1800, body["evaluation_start"])
    acts = await hand.db.all("SELECT act, role, remark FROM operation ORDER BY id DESC LIMIT 1")
    assert [(row.act, row.role, row.remark) for row in acts] == [("unseal", "system", "第 1 次抽取")]
    assert len(await result.members(hand.db, hand.keys.custody, hand.activity)) == 2


async def test_a_later_gathering_opens_later(begin: Begin) -> None:
    hand = await begin()
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    await hand.db.run("UPDATE notice SET gather_at = gather_at + interval '1 hour'")
    assert await sweep(hand) == []
    with pytest.raises(Sealed, match="解密"):
        await result.members(hand.db, hand.keys.custody, hand.activity)
    board = await hand.db.one(Q.board, {"activity": hand.activity, "lead": 1800})
    gather = await hand.db.value("SELECT gather_at - interval '1800 s' FROM notice")
    assert board.opens_at == gather


async def test_what_was_opened_stays_open(begin: Begin) -> None:
    hand = await begin()
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    await sweep(hand)
    await hand.db.run("UPDATE notice SET gather_at = gather_at + interval '1 hour'")
    assert len(await result.members(hand.db, hand.keys.custody, hand.activity)) == 2


async def test_a_completed_activity_off_site_ends_and_is_closed(begin: Begin) -> None:
    hand = await begin()
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    await sweep(hand)
    await the_clock_reaches_the_end(hand)
    assert await sweep(hand) == [hand.activity]
    assert await hand.state() == "ended"
    assert (await hand.types())[-2:] == ["unseal", "close"]
    (close,) = await bodies(hand, "close")
    head = await heads.present(hand.db)
    assert close == {"reason": "ended", "ledger": head.to_json()}
    assert await sweep(hand) == []
    remarks = await hand.db.all("SELECT remark FROM operation WHERE act = 'end'")
    assert [row.remark for row in remarks] == ["预计评标结束时间已到"]
    assert len(await result.members(hand.db, hand.keys.custody, hand.activity)) == 2


async def test_on_site_the_registrar_ends_what_is_complete(begin: Begin) -> None:
    hand = await begin(on_site=True)
    await all_agree(hand)
    await the_clock_reaches_the_end(hand)
    await sweep(hand)
    assert await hand.state() == "completed"
    assert (await hand.types())[-1] == "unseal"
    assert await sweep(hand) == []


@pytest.mark.parametrize("on_site", [False, True])
async def test_a_draw_under_way_is_ended_by_the_clock(begin: Begin, on_site: bool) -> None:
    hand = await begin(on_site=on_site)
    first, second = await hand.live()
    await hand.answers(first, PickOutcome.ACCEPTED)
    await hand.ends(first, "accepted")
    await the_clock_reaches_the_end(hand)
    await sweep(hand)
    assert await hand.state() == "ended"
    assert (await hand.types())[-1] == "force_end"  # a call is under way: it ends, and counts
    await hand.answers(second, PickOutcome.ACCEPTED)
    await hand.ends(second, "accepted")
    await sweep(hand)
    assert (await hand.types())[-6:] == ["force_end", "attempt", "outcome", "seal", "unseal", "close"]
    (force_end,) = await bodies(hand, "force_end")
    assert force_end == {"reason": "预计评标结束时间已到，活动仍为“抽取中”", "agreed": 1, "live": 1}
    assert (await bodies(hand, "close"))[0]["reason"] == "force_ended"
    assert await hand.db.value("SELECT count(*) FROM appointment") == 0
    assert await hand.db.value("SELECT count(*) FROM call WHERE flow <> 'invitation'") == 0  # nobody is told to come, or not to
    assert await result.members(hand.db, hand.keys.custody, hand.activity) == []
    assert await sweep(hand) == []


async def test_who_waits_to_be_called_is_not_called_after_the_end(begin: Begin) -> None:
    hand = await begin()
    async with hand.db.transaction() as tx:
        await halts.pause(tx, hand.keys.custody, hand.activity, "clerk", Role.HANDLER, "会场变更")
    await the_clock_reaches_the_end(hand)
    await sweep(hand)
    assert await hand.db.value("SELECT count(*) FROM call WHERE state <> 'ended'") == 0
    assert (await hand.types())[-6:] == ["force_end", "outcome", "outcome", "seal", "unseal", "close"]
    outcomes = [body["outcome"] for body in await bodies(hand, "outcome")]
    assert outcomes == ["cancelled", "cancelled"]


async def test_a_short_draw_is_sealed_and_opened_at_its_moment(begin: Begin) -> None:
    hand = await begin(experts=1)
    await all_agree(hand)
    assert await hand.state() == "short"
    assert await sweep(hand) == []
    assert (await hand.types())[-1] == "outcome"  # who was not reached may still be called again
    await the_clock_reaches_the_opening(hand)
    await sweep(hand)
    assert (await hand.types())[-2:] == ["seal", "unseal"]
    assert await hand.state() == "short"
    assert len(await result.members(hand.db, hand.keys.custody, hand.activity)) == 1
    await the_clock_reaches_the_end(hand)
    await sweep(hand)
    assert (await hand.types())[-1] == "close"
    assert (await bodies(hand, "close"))[0]["reason"] == "ended"
    assert len(await result.members(hand.db, hand.keys.custody, hand.activity)) == 1  # what was opened stays open


async def test_a_supplement_is_opened_by_itself_and_withheld_until_then(begin: Begin, tmp_path: Path) -> None:
    hand = await begin(experts=1)
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    await sweep(hand)
    await _supplement(hand)
    (call,) = await hand.live()
    await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "open", Form.SUPERVISOR)
    withheld = [json.loads(line).get("withheld", False) for line in _lines(tmp_path / "open", "transcript.jsonl")]
    assert not any(withheld)  # the first draw is open, the second has neither share nor seal yet
    facts = {(line["draw"], "facts" in line) for line in map(json.loads, _lines(tmp_path / "open", "pool.jsonl"))}
    assert facts == {(1, True), (2, False)}
    assert len(await result.members(hand.db, hand.keys.custody, hand.activity)) == 1
    await hand.db.run("UPDATE notice SET gather_at = gather_at + interval '1 hour'")
    await hand.answers(call, PickOutcome.ACCEPTED)
    await hand.ends(call, "accepted")
    await hand.advance()
    assert (await hand.types())[-1] == "seal"
    await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "sealed", Form.SUPERVISOR)
    lines = [json.loads(line) for line in _lines(tmp_path / "sealed", "transcript.jsonl")]
    assert [line["type"] for line in lines if line.get("withheld")] == ["seal"]
    assert len(await result.members(hand.db, hand.keys.custody, hand.activity)) == 1
    await hand.db.run("UPDATE notice SET gather_at = gather_at - interval '1 hour'")
    await sweep(hand)
    assert [body["draw"] for body in await bodies(hand, "unseal")] == [1, 2]
    members = await result.members(hand.db, hand.keys.custody, hand.activity)
    assert sorted(member.code[0] == "*" for member in members) == [False, True]


async def _supplement(hand: Hand) -> None:
    """补抽 with more experts than before; how a clerk starts one comes later."""
    add_experts(hand.dsn, hand.keys.custody.vault, ["13900000001", "13900000002"], units=("甲", "乙"), cards=50)
    await hand.db.run("UPDATE activity SET state = 'drawing'")
    await hand.advance()


def _lines(folder: Path, name: str) -> list[bytes]:
    return (folder / name).read_bytes().splitlines()


async def test_a_first_draw_is_opened_while_a_supplement_is_drawn(begin: Begin) -> None:
    hand = await begin(experts=1)
    await all_agree(hand)
    await the_clock_reaches_the_opening(hand)
    await hand.db.run("UPDATE notice SET gather_at = gather_at + interval '1 hour'")
    async with hand.db.transaction() as tx:  # sealed without being opened, as by the start of a supplement
        row = await lock(tx, hand.activity)
        closing = Closing(tx, hand.keys.custody, row, Chain.of(tx, row, hand.keys.custody.signer))
        draw = await tx.one(Q.current_draw, {"activity": hand.activity})
        await closing.seal(ActivityState.SHORT, 1, draw.system_share_enc)
    await _supplement(hand)
    await hand.db.run("UPDATE notice SET gather_at = gather_at - interval '1 hour'")
    assert hand.activity in await sweep(hand)
    assert await hand.state() == "drawing"
    assert [body["draw"] for body in await bodies(hand, "unseal")] == [1]


async def test_a_released_activity_is_opened_for_its_evidence_and_names_nobody(begin: Begin, tmp_path: Path) -> None:
    hand = await begin()
    await all_agree(hand)
    await hand.db.run("UPDATE activity SET state = 'released'")
    assert await sweep(hand) == []
    with pytest.raises(FactsSealed):
        await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "early", Form.SUPERVISOR)
    await the_clock_reaches_the_opening(hand)
    await sweep(hand)
    assert (await hand.types())[-3:] == ["seal", "unseal", "close"]
    assert (await bodies(hand, "close"))[0]["reason"] == "released"
    assert await result.members(hand.db, hand.keys.custody, hand.activity) == []
    await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "open", Form.SUPERVISOR)


async def test_what_never_had_a_chain_is_not_closed(begin: Begin, db: Database, keys: Keys) -> None:
    number = await make_activity(db, keys.custody.vault, plan((condition(),)))
    await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
    async with db.transaction() as tx:
        await halts.force_end(tx, keys.custody, number, "clerk", Role.HANDLER, "流标")
    assert await db.all(Q.running) == []
    assert await db.value("SELECT count(*) FROM transcript") == 0


async def test_heads_are_fixed_with_commit_and_seal_and_the_same_for_all_receipts(
    begin: Begin, db: Database, database: TestDatabase, keys: Keys
) -> None:
    hand = await begin()
    commit = await heads.receipt(db, hand.activity, 1, Given.COMMIT, Given.CALL, "supervisor-1")
    other = await make_activity(db, keys.custody.vault, plan((condition(main=("B01",)),)))  # nobody is called
    await start(db, keys.custody.vault, other, "clerk", Role.HANDLER)
    await Hand(db, database.dsn, keys, other).advance()
    leaves = [leaf_of(row).digest() for row in await db.all(Q.ledger)]
    assert commit == LedgerHead(1, root(leaves[:1]).hex())
    for given in (Given.SMS, Given.PAGE, Given.CALL):
        assert await heads.receipt(db, hand.activity, 1, Given.COMMIT, given, "supervisor-1") == commit
    assert await heads.last(db, hand.activity) == commit
    assert await heads.present(db) == LedgerHead(2, root(leaves).hex())
    await all_agree(hand)
    leaves = [leaf_of(row).digest() for row in await db.all(Q.ledger)]
    assert await db.value("SELECT kind FROM ledger ORDER BY n DESC LIMIT 1") == "log"  # the operation log's head follows a seal
    assert await heads.last(db, hand.activity) == LedgerHead(len(leaves) - 1, root(leaves[:-1]).hex())
    kept = await db.all("SELECT given, whom FROM ledger_head WHERE activity = %(a)s ORDER BY id", {"a": hand.activity})
    who = "supervisor-1"
    assert [tuple(row) for row in kept] == [("commit", ""), ("call", who), ("sms", who), ("page", who), ("seal", "")]


async def test_a_ledger_without_peaks_goes_on(begin: Begin, db: Database, keys: Keys, database: TestDatabase) -> None:
    """One that an older version wrote; and a receipt of a draw that it committed."""
    hand = await begin()
    with transaction(database.owner_dsn) as tx:
        for table in ("ledger", "ledger_head"):
            tx.run(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        tx.run("UPDATE ledger SET peaks = NULL")
        tx.run("DELETE FROM ledger_head")
        for table in ("ledger", "ledger_head"):
            tx.run(f"ALTER TABLE {table} ENABLE TRIGGER append_only")
    before = [leaf_of(row).digest() for row in await db.all(Q.ledger)]
    assert await heads.present(db) == LedgerHead(1, root(before).hex())
    assert await heads.receipt(db, hand.activity, 1, Given.COMMIT, Given.CALL, "w") == LedgerHead(1, root(before).hex())
    await all_agree(hand)
    leaves = [leaf_of(row).digest() for row in await db.all(Q.ledger)]
    assert await heads.present(db) == LedgerHead(3, root(leaves).hex())  # commit, seal, the operation log's head


async def test_an_export_has_a_signed_head_and_every_head_before(begin: Begin, tmp_path: Path) -> None:
    hand = await begin()
    await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "first", whom="somebody")
    await all_agree(hand)
    await export(hand.db, hand.keys.custody, hand.activity, tmp_path / "second", whom="somebody")
    (head,) = map(json.loads, _lines(tmp_path / "second", "head.json"))
    last = json.loads(_lines(tmp_path / "second", "transcript.jsonl")[-1])
    assert (head["entries"], head["hash"]) == (len(await hand.types()), last["hash"])
    assert head["key"] == hand.keys.custody.signer.fingerprint
    assert head["at"] >= last["at"]
    (document,) = map(json.loads, _lines(tmp_path / "second", "ledger.json"))
    assert document["head"] == head["ledger"]
    assert [(each["size"], each["proof"] == []) for each in document["earlier"]] == [(1, False), (2, False), (3, True)]
    own = [ledger.Leaf(n, each["leaf"]["kind"], tuple(each["leaf"]["lots"]), each["leaf"]["hash"])
           for n, each in enumerate(document["entries"])]  # fmt: skip
    ledger.check(document, own)  # raises what does not hold


class Grows(Database):
    """While it is exported, something happens: before each statement of a snapshot the chain grows."""

    hand: Hand

    @asynccontextmanager
    async def transaction(self, *, snapshot: bool = False) -> AsyncIterator[Any]:
        async with super().transaction(snapshot=snapshot) as tx:
            if snapshot:
                await tx.all(Q.chain, {"activity": self.hand.activity})
                await all_agree(self.hand)
            yield tx


async def test_a_chain_that_grows_while_it_is_exported_does_not_tear(begin: Begin, tmp_path: Path) -> None:
    hand = await begin()
    before = await hand.types()
    growing = Grows(hand.dsn)
    growing.hand = hand
    async with growing:
        await export(growing, hand.keys.custody, hand.activity, tmp_path / "evidence")
    assert len(await hand.types()) > len(before)
    (head,) = map(json.loads, _lines(tmp_path / "evidence", "head.json"))
    (document,) = map(json.loads, _lines(tmp_path / "evidence", "ledger.json"))
    assert (head["entries"], head["ledger"]["size"]) == (len(before), 1)
    assert len(document["entries"]) == before.count("commit") + before.count("seal")
    assert len(_lines(tmp_path / "evidence", "transcript.jsonl")) == len(before)
