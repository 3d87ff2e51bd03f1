"""Recordings on a real node, as a worker that died at any step leaves them: the next round brings them in and removes them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from asterisk.instance import Instance
from asterisk.settings import NodeSettings
from db.pool import Database
from drawing import recordings
from drawing.call_ids import new_call_id
from ivr.ari.bridge import LiveBridge
from ivr.ari.client import Client, Node
from ivr.ari.driver import Driver
from ivr.bridged import bridge_of
from ivr.collecting import Collecting
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, masked_call, plan, wav

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.asyncio(loop_scope="session")]


PATIENCE, POLL = 300.0, 0.05


@dataclass
class Ground:
    """A node, an activity, and who collects."""

    db: Database
    keys: Keys
    client: Client
    activity: str
    folder: Path
    collecting: Collecting

    async def ended(self, expert: int = 1) -> str:
        return await masked_call(self.db, self.activity, expert)

    def lies(self, name: str, data: bytes) -> Path:
        path = self.folder / f"{name}.wav"
        path.write_bytes(data)
        return path

    async def kept(self, call: str) -> bytes:
        return await recordings.opened(self.db, self.keys.custody.vault, self.activity, call)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest_asyncio.fixture(loop_scope="session")
async def ground(database: TestDatabase, node: Instance[NodeSettings], tmp_path: Path) -> AsyncIterator[Ground]:
    keys, settings = make_keys(tmp_path), node.settings
    add_experts(database.dsn, keys.custody.vault, ["13800000001", "13800000002"])
    where = Node(settings.ari_url, settings.ari_user, settings.ari_password, "expertline")
    async with Database(database.dsn) as db, Client(where) as client:
        activity = await make_activity(db, keys.custody.vault, plan((condition(seats=2),)))
        collecting = Collecting(db, keys.custody.vault, client)
        made = Ground(db, keys, client, activity, settings.folder / "spool/recording", collecting)
        yield made
        for path in made.folder.iterdir():
            path.unlink()


async def test_a_recording_of_an_ended_call_is_kept_and_removed(
    ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = await ground.ended(), await ground.ended(2)
    ground.lies(first, wav(0.5, loud=1))
    ground.lies(second, wav(0.5, loud=2))
    with caplog.at_level(logging.INFO):
        assert not await ground.collecting.collect()
    assert (await ground.kept(first), await ground.kept(second)) == (wav(0.5, loud=1), wav(0.5, loud=2))
    assert ground.files() == []
    assert {first, second} <= set(caplog.text.replace(":", " ").split())


async def test_one_that_was_kept_but_not_removed_is_removed(ground: Ground) -> None:
    """The worker died between the two."""
    call = await ground.ended()
    await recordings.keep(ground.db, ground.keys.custody.vault, call, wav(0.5), 0.5)
    ground.lies(call, wav(0.5))
    await ground.collecting.collect()
    assert ground.files() == []
    assert await ground.db.value("SELECT count(*) FROM recording") == 1


async def test_one_of_a_call_under_way_is_left(ground: Ground) -> None:
    call = await masked_call(ground.db, ground.activity, state="live")
    ground.lies(call, wav(0.5))
    assert not await ground.collecting.collect()
    assert ground.files() == [f"{call}.wav"]


async def test_another_one_than_is_kept_is_left_for_a_person(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    """Neither is thrown away: which one is right can't be told. It keeps no other."""
    call, other = await ground.ended(), await ground.ended(2)
    await recordings.keep(ground.db, ground.keys.custody.vault, call, wav(0.5, loud=3), 0.5)
    ground.lies(call, wav(0.5, loud=4))
    ground.lies(other, wav(0.5))
    for _ in range(2):
        await ground.collecting.collect()
    assert await ground.kept(call) == wav(0.5, loud=3)
    assert await ground.kept(other) == wav(0.5)
    assert ground.files() == [f"{call}.wav"]
    assert caplog.text.count("a person must look") == 1


async def test_what_is_of_no_call_is_removed_only_if_named_as_ours(
    ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    stray = new_call_id()
    ground.lies(stray, wav(0.5))
    ground.lies("13800138000", wav(0.5))
    for _ in range(2):
        await ground.collecting.collect()
    assert ground.files() == ["13800138000.wav"]
    assert f"recording {stray} is of no call" in caplog.text
    assert caplog.text.count("not named as ours") == 1
    assert "13800138000" not in caplog.text


async def test_one_whose_asterisk_died_gets_its_length(ground: Ground) -> None:
    call, whole = await ground.ended(), wav(2.0)
    ground.lies(call, whole[:4] + bytes(4) + whole[8:40] + bytes(4) + whole[44:])
    await ground.collecting.collect()
    assert await ground.kept(call) == whole
    (kept,) = await recordings.recordings(ground.db, ground.activity)
    assert kept.seconds == 2.0


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no wav at all, but long enough to have the header of one"])
async def test_what_is_no_wav_is_kept_as_it_is(ground: Ground, data: bytes) -> None:
    call = await ground.ended()
    ground.lies(call, data)
    await ground.collecting.collect()
    assert await ground.kept(call) == data
    assert ground.files() == []


async def test_one_that_is_still_being_made_is_closed_first(ground: Ground) -> None:
    """Its call has ended, and nobody has removed the bridge."""
    call = await ground.ended()
    bridge = LiveBridge(ground.client, bridge_of(call))
    await bridge.join(())
    assert await bridge.record(call)
    async with asyncio.timeout(PATIENCE):
        while not await ground.client.recordings():  # Asterisk answers before the file is there
            await asyncio.sleep(POLL)
    assert await ground.collecting.collect()  # told to close it: not yet
    async with asyncio.timeout(PATIENCE):
        while await ground.collecting.collect():
            await asyncio.sleep(POLL)
    assert ground.files() == []
    assert (await ground.kept(call))[:4] == b"RIFF"
    await bridge.remove()


async def test_a_worker_that_stops_brings_what_its_last_call_left(ground: Ground) -> None:
    call = await ground.ended()
    ground.lies(call, wav(0.5))
    listening = asyncio.create_task(ground.client.listen(Driver(ground.client)))
    await ground.client.until_connected()
    ground.collecting.stop()
    await ground.collecting.run()
    assert await ground.kept(call) == wav(0.5)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
