"""Recordings in the database: sealed, kept once, opened for their own activity only, erased by the rules; each act noted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from db.errors import DatabaseError
from db.pool import Database
from db.vault import Undecipherable
from drawing import recordings
from drawing.call_ids import new_call_id
from drawing.recordings import ERASED, KEPT, NotHere
from drawing.rules import Rules
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, masked_call, plan

pytestmark = pytest.mark.postgres
SAID = b"RIFF" + bytes(range(256)) * 20
DAYS = Rules.load("demo-1").retention.recording_days


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
async def owner(database: TestDatabase) -> AsyncIterator[Database]:
    """Who may make a recording old."""
    async with Database(database.owner_dsn) as db:
        yield db


@pytest.fixture
async def activity(db: Database, database: TestDatabase, keys: Keys) -> str:
    add_experts(database.dsn, keys.custody.vault, ["13800000001", "13800000002"])
    return await make_activity(db, keys.custody.vault, plan((condition(seats=2),)))


async def notes(db: Database, act: str) -> list[str]:
    return [row.remark for row in await db.all("SELECT remark FROM operation WHERE act = %(act)s ORDER BY id", {"act": act})]


async def test_it_is_kept_sealed_once(db: Database, keys: Keys, activity: str) -> None:
    call, vault = await masked_call(db, activity), keys.custody.vault
    assert await recordings.keep(db, vault, call, SAID, 1.5)
    assert await recordings.keep(db, vault, call, SAID, 1.5)  # after a crash before it was deleted on the node
    assert not await recordings.keep(db, vault, call, SAID + b"more", 1.5)
    (kept,) = await recordings.recordings(db, activity)
    digest = sha256(SAID).hexdigest()
    assert (kept.call, kept.n, kept.seconds, kept.sha256, kept.erased_at) == (call, 1, 1.5, digest, None)
    assert await recordings.opened(db, vault, activity, call) == SAID
    assert SAID[:12] not in bytes(await db.value("SELECT data_enc FROM recording"))
    assert await notes(db, KEPT) == [f"{call} {digest}"]


async def test_a_call_that_has_not_ended_keeps_nothing(db: Database, keys: Keys, activity: str) -> None:
    call = await masked_call(db, activity, state="live")
    assert not await recordings.keep(db, keys.custody.vault, call, SAID, 1)
    assert await recordings.recordings(db, activity) == []
    assert await recordings.ended(db, [call, new_call_id()]) == {call: False}


async def test_it_opens_for_its_own_call_and_activity_only(db: Database, keys: Keys, activity: str) -> None:
    vault = keys.custody.vault
    first, second = await masked_call(db, activity), await masked_call(db, activity, expert=2)
    for call in (first, second):
        await recordings.keep(db, vault, call, SAID + call.encode(), 1)
    with pytest.raises(NotHere):
        await recordings.opened(db, vault, "CQSQ209912310001", first)
    await db.run(
        "UPDATE recording SET data_enc = (SELECT data_enc FROM recording WHERE call = %(one)s) WHERE call = %(other)s",
        {"one": first, "other": second},
    )
    with pytest.raises(Undecipherable):
        await recordings.opened(db, vault, activity, second)


async def test_what_was_kept_can_not_be_written_over(db: Database, keys: Keys, activity: str) -> None:
    call = await masked_call(db, activity)
    await recordings.keep(db, keys.custody.vault, call, SAID, 1)
    for wrong in ("UPDATE recording SET sha256 = repeat('0', 64)", "UPDATE recording SET made_at = now()", "DELETE FROM recording"):
        with pytest.raises(DatabaseError, match="permission denied"):
            await db.run(wrong)
    with pytest.raises(DatabaseError, match="there_or_erased"):
        await db.run("UPDATE recording SET data_enc = NULL")


async def test_what_is_older_than_the_rules_allow_is_erased(
    db: Database, keys: Keys, activity: str, owner: Database
) -> None:
    vault = keys.custody.vault
    old, young = await masked_call(db, activity), await masked_call(db, activity, expert=2)
    for call in (old, young):
        await recordings.keep(db, vault, call, SAID, 1)
    for call, age in ((old, f"{DAYS} days"), (young, f"{DAYS} days -1 hour")):
        values = {"age": age, "call": call}
        await owner.run("UPDATE recording SET made_at = now() - %(age)s::interval WHERE call = %(call)s", values)
    assert await recordings.erase_expired(db) == [old]
    assert await recordings.erase_expired(db) == []
    with pytest.raises(NotHere):
        await recordings.opened(db, vault, activity, old)
    assert await recordings.opened(db, vault, activity, young) == SAID
    kept = {each.call: each for each in await recordings.recordings(db, activity)}
    assert kept[old].erased_at is not None
    assert kept[old].sha256 == sha256(SAID).hexdigest()
    assert await notes(db, ERASED) == [f"{old} {kept[old].sha256}"]
    assert await recordings.keep(db, vault, old, SAID, 1)  # found on the node again: known, and not stored anew
    assert await recordings.erase_expired(db) == []
