"""A whole node dies, worker and Asterisk, while people talk: the worker of another node brings the draw to its end.

How long a call may last is three seconds here, for that worker alone.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from asterisk.far_end import Behaviour
from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import NodeSettings, Trunk
from tests.system.conftest import Stack, Worker
from tests.system.crash import QUIET, SEALED, TALKING, nobody_rung_twice_at_once
from tests.system.test_draw import begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]

LONGEST = 3.0
IN_SHORT = f"""
import sys
import ivr.longest
ivr.longest.LONGEST_CALL_SECONDS = {LONGEST}
from ivr.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@asynccontextmanager
async def another_node(stack: Stack) -> AsyncIterator[Worker]:
    """Its Asterisk with the same trunk, and its worker."""
    short = Path(tempfile.mkdtemp(prefix="xl-", dir="/tmp"))
    trunk = Trunk("carrier", "127.0.0.1", stack.far_end.settings.sip_port, qualify_seconds=0)
    settings = NodeSettings(
        folder=short / "node", sip_port=free_port(socket.SOCK_DGRAM), http_port=free_port(), rtp=free_range(400),
        trunks=(trunk,), inbound_app="expertline", hep_port=free_port(socket.SOCK_DGRAM),
    )  # fmt: skip
    password, file, log = short / "password", short / "worker.toml", stack.folder / "another.log"
    try:
        async with Instance(settings) as node:
            password.write_text(settings.ari_password)
            text = (stack.folder / "worker-0.toml").read_text()
            for before, after in (
                (stack.node.settings.ari_url, settings.ari_url),
                (str(stack.folder / "ari.password"), str(password)),
                (f"port = {stack.node.settings.hep_port}\n", f"port = {settings.hep_port}\n"),
            ):
                assert before in text
                text = text.replace(before, after)
            file.write_text(f'node = "another"\n{text}')
            with log.open("wb") as output:
                process = await asyncio.create_subprocess_exec(
                    "setpriv", "--pdeathsig", "KILL", sys.executable, "-c", IN_SHORT, str(file),
                    stdout=output, stderr=output, env={**os.environ},
                )  # fmt: skip
            worker = Worker(process, log)
            stack.workers.append(worker)  # whose log is shown when something is waited for in vain
            try:
                yield worker
            finally:
                await worker.stop()
            assert node.running
    finally:
        shutil.rmtree(short)


async def test_a_draw_outlives_the_node_that_it_was_called_from(stack: Stack) -> None:
    activity = await begin(stack, [Behaviour.ACCEPTS] * 4, opens_in=timedelta(0), gathers_in=timedelta(minutes=30))
    worker = await stack.worker(lease=2.0)
    await stack.until(TALKING)
    worker.kill()
    await stack.node.kill()
    cut = time.time()
    await worker.ended()
    left = {row.id for row in await stack.db.all("SELECT id FROM call WHERE state = 'live'")}
    decided = {row.id for row in await stack.db.all("SELECT id FROM call WHERE outcome = 'accepted'")}
    assert left
    async with another_node(stack) as other:
        await stack.until("SELECT count(*) = 0 FROM call WHERE state = 'live' AND node = 'node-1'")
        assert time.time() - cut >= LONGEST
        await stack.until(SEALED)
        await stack.until(QUIET)
        await other.says("node node-1 is lost")
    rows = await stack.db.all("SELECT id, outcome::text AS outcome FROM call WHERE id = ANY(%(left)s)", {"left": sorted(left)})
    assert {row.id: row.outcome for row in rows} == {each: "accepted" if each in decided else "interrupted" for each in left}
    assert await stack.db.value("SELECT count(*) FROM pick") == 2  # nobody lost the seat by it
    assert await stack.db.value("SELECT count(*) FROM pick WHERE outcome = 'accepted'") == 2
    assert await stack.db.value("SELECT state::text FROM activity WHERE id = %(a)s", {"a": activity}) == "completed"
    nobody_rung_twice_at_once(stack, [cut])
