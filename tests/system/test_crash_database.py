"""PostgreSQL dies in mid-draw and comes back: nothing that was pressed is lost. In a cluster of these tests' own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from asterisk.far_end import Behaviour
from tests.postgres import Cluster, make_template, private_cluster
from tests.system.conftest import Stack
from tests.system.crash import TALKING, comes_to_its_end, nobody_rung_twice_at_once, watched
from tests.system.test_draw import begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One that may be stopped without harm to other tests."""
    with private_cluster() as cluster:
        make_template(cluster)
        yield cluster


@pytest.mark.parametrize("away", [0.0, 4.0])  # seconds; the lease is 2
async def test_postgresql_stops_at_once_and_comes_back(
    stack: Stack, cluster: Cluster, tmp_path: Path, away: float
) -> None:
    activity = await begin(stack, [Behaviour.ACCEPTS] * 4, opens_in=timedelta(0), gathers_in=timedelta(minutes=20))
    async with watched(stack) as watch:
        worker = await stack.worker(lease=2.0)
        await stack.until(TALKING)
        await asyncio.to_thread(cluster.stop)
        stopped = time.time()
        pressed = _presses(stack)
        while _presses(stack) == pressed or time.time() < stopped + away:  # somebody decides meanwhile
            await asyncio.sleep(0.05)
        await asyncio.to_thread(cluster.start)
        await comes_to_its_end(watch, activity, tmp_path)
    assert worker.process.returncode is None, worker.log.read_text()
    assert await stack.db.value("SELECT epoch FROM node") == 1
    # Who pressed while it was away is kept and written when it is back, or, if that takes too long, promised a call and
    # called again; nobody's key counts as anything else.
    first = await stack.db.all("SELECT outcome::text AS outcome FROM call WHERE flow = 'invitation' AND attempt = 1")
    assert {row.outcome for row in first} <= {"accepted", "interrupted"}
    assert await stack.db.value("SELECT count(*) FROM pick WHERE outcome = 'accepted'") == 2
    assert await stack.db.value("SELECT count(*) FROM pick") == 2
    nobody_rung_twice_at_once(stack)


def _presses(stack: Stack) -> int:
    return sum(event.event == "pressed" for event in stack.telephone_log())
