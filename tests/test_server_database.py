"""script/server's PostgreSQL: started again whenever it ends, stopped last. In a cluster of these tests' own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from db.blocking import transaction
from db.cluster import Cluster
from db.errors import Unavailable
from script.parts import Database, gone

pytestmark = pytest.mark.postgres


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Not made yet; in a short folder, because a socket's path has 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="xl-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder)  # durable: what was committed is there after a kill
    yield cluster
    cluster.stop("immediate")
    shutil.rmtree(folder)


@asynccontextmanager
async def kept(database: Database) -> AsyncIterator[None]:
    await database.start()
    keeping = asyncio.create_task(database.keep())
    try:
        yield
        assert not keeping.done()
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await database.stop()


async def answers(cluster: Cluster) -> int:
    """What is in the table, as soon as it can be asked."""
    async with asyncio.timeout(300):
        while True:
            try:
                with transaction(cluster.dsn()) as tx:
                    return int(tx.value("SELECT n FROM kept"))
            except Unavailable:
                await asyncio.sleep(0.05)



@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGQUIT, signal.SIGINT, signal.SIGTERM])
async def test_it_is_started_again_however_it_ended(cluster: Cluster, how: signal.Signals) -> None:
    """kill -9, the operator's pg_ctl stop, or PostgreSQL's own way out: the console answered 503 for ever."""
    async with kept(Database(cluster)):
        with transaction(cluster.dsn()) as tx:
            tx.run("CREATE TABLE kept AS SELECT 7 AS n")
        for _ in range(2):
            process = cluster.pid()
            assert process is not None
            os.kill(process, how)
            await gone(process)
            assert await answers(cluster) == 7
            assert cluster.pid() != process
    assert not cluster.running()


async def test_a_start_under_way_is_waited_for_before_it_is_stopped(cluster: Cluster) -> None:
    """Else it would run on without a server."""
    database = Database(cluster)
    starting = asyncio.create_task(database.start())
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await database.stop()
    assert not cluster.running()
    assert cluster.pid() is None


async def test_it_goes_on_trying_while_it_can_not_be_started(cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    async with kept(Database(cluster)):
        with transaction(cluster.dsn()) as tx:
            tx.run("CREATE TABLE kept AS SELECT 7 AS n")
        control, away = cluster.folder / "data/global/pg_control", cluster.folder / "away"
        process = cluster.pid()
        assert process is not None
        control.rename(away)
        os.kill(process, signal.SIGKILL)
        told = ""
        async with asyncio.timeout(300):
            while told.count("can't be started yet") < 2:
                told += capfd.readouterr().err
                await asyncio.sleep(0.05)
        away.rename(control)
        assert await answers(cluster) == 7


def test_what_a_killed_initdb_has_left_is_made_anew(cluster: Cluster) -> None:
    """The version's file is written first: a folder that has it seemed to be whole."""
    half = cluster.folder / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("17\n")
    cluster.start()
    assert cluster.running()


async def test_gone_returns_for_a_process_that_is_no_more() -> None:
    child = await asyncio.create_subprocess_exec("true")
    await child.wait()
    await gone(child.pid)
