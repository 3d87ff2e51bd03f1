"""script/server as an operator runs it: every process is real, and each of them dies here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from asterisk.far_end import Behaviour
from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import FarEndSettings
from db.cluster import Cluster
from db.errors import DatabaseError
from db.pool import Database
from db.vault import Signer, Vault
from drawing.chain import Custody
from drawing.lifecycle import Role
from drawing.start import start
from script.parts import CARRIER
from script.state_lock import left_over
from tests.scenes import add_experts, condition, make_activity, plan
from tests.system import quick_voice
from tests.system.crash import TALKING

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]
PATIENCE = 300.0
PARTS = ("worker", "console", "auditor", CARRIER)
IVR = """
dsn = "{dsn} user=expertline_worker"
master_key = "{state}/master.key"
signing_key = "{state}/signing.key"
rules = "demo-1"
lease_seconds = 2.0
[ari]
url = "http://127.0.0.1:{ari}/ari"
user = "expertline"
password_file = "{state}/asterisk-node/ari-password"
[hep]
port = {hep}
[trunk]
name = "carrier"
caller_id = "02083186888"
[speech]
cache = "{speech}"
languages = ["cmn"]
command = {voice}
"""
WEB = """
dsn = "{dsn} user=expertline_console"
master_key = "{state}/master.key"
signing_key = "{state}/signing.key"
port = {web}
"""


@dataclass
class Server:
    """One state folder, the telephones, and the servers that are started with them."""

    state: Path
    far_end: Instance[FarEndSettings]
    web: int
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    async def start(self) -> asyncio.subprocess.Process:
        """As script/server does once it has set everything up."""
        self.starts += 1
        with (self.state / f"server-{self.starts}.log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "script.held_signals", "script.server", stdout=log, stderr=log, env=self.environment
            )
        return self.process

    @property
    def log(self) -> str:
        return (self.state / f"server-{self.starts}.log").read_text()

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until it is true; say what the server said when it never is."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not (found := condition()):
                    await asyncio.sleep(0.05)
                return found
        except TimeoutError:
            raise AssertionError(f"never true:\n{self.log[-6000:]}") from None

    async def health(self) -> dict[str, Any]:
        """What the console says; nothing where it does not answer."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
                session.get(f"http://127.0.0.1:{self.web}/health") as reply,
            ):
                told: dict[str, Any] = await reply.json()
                return told
        return {}

    async def is_well(self) -> None:
        """The console answers, it can save, and a worker with its Asterisk can call."""
        async with asyncio.timeout(PATIENCE):
            while not ((told := await self.health()).get("ready") and not told["degraded"].keys() - {"disk_low"}):
                assert self.process is not None
                assert self.process.returncode is None, self.log[-6000:]
                await asyncio.sleep(0.1)

    def pid(self, part: str) -> int:
        """Of a part that runs."""
        (found,) = left_over(part, self.state)
        return found

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.state / "postgres")

    def dsn(self) -> str:
        return f"{self.cluster.dsn_prefix} dbname=expertline"

    async def ends(self, *signals: signal.Signals) -> int:
        """Its exit code after these signals; nothing of it is left."""
        process = self.process
        assert process is not None
        for number in signals:
            process.send_signal(number)
        await self.until(lambda: process.returncode is not None)
        code = await process.wait()
        assert [part for part in (*PARTS, "install") if left_over(part, self.state)] == []
        assert not self.cluster.running()
        assert "Traceback" not in self.log
        return code


@pytest.fixture
async def server(speech_cache: Path) -> AsyncIterator[Server]:
    """Not started yet."""
    state = Path(tempfile.mkdtemp(prefix="xl-", dir="/tmp"))
    state.chmod(0o755)
    sip, far_sip, ari, web = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM), free_port(), free_port()
    hep, rtp, far_rtp = free_port(socket.SOCK_DGRAM), free_range(400), free_range(400)
    values = {
        "dsn": f"host={state}/postgres/run dbname=expertline", "state": state, "ari": ari, "hep": hep, "web": web,
        "speech": speech_cache, "voice": list(quick_voice.COMMAND),
    }  # fmt: skip
    (state / "ivr.toml").write_text(IVR.format(**values))
    (state / "web.toml").write_text(WEB.format(**values))
    environment = os.environ | {
        "EXPERTLINE_STATE": str(state), "EXPERTLINE_SIP_PORT": str(sip), "EXPERTLINE_ARI_PORT": str(ari),
        "EXPERTLINE_HEP_PORT": str(hep), "EXPERTLINE_RTP_PORTS": f"{rtp.first}-{rtp.last}",
        "EXPERTLINE_TRUNKS": f"carrier=127.0.0.1:{far_sip}",
    }  # fmt: skip
    settings = FarEndSettings(
        folder=state / "far", sip_port=far_sip, http_port=free_port(), rtp=far_rtp, node_port=sip,
        press_after=4.0, press_again_after=3.0, answer_after=0.1,
    )  # fmt: skip
    async with Instance(settings) as far_end:
        made = Server(state, far_end, web, environment)
        try:
            yield made
        finally:
            if made.process is not None and made.process.returncode is None:
                made.process.kill()
                await made.process.wait()
            for part in (*PARTS, "install"):
                for left in left_over(part, state):
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(left, signal.SIGKILL)
            made.cluster.stop("immediate")
    shutil.rmtree(state)


async def test_no_part_ends_another_one_and_each_comes_back(server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.web))
        taken.listen()
        await server.start()
        await server.until(lambda: server.log.count("console: ended") >= 4)  # more often than anything is given up after
        await server.until(lambda: "is ours, epoch 1" in server.log)
        assert f"port {server.web}" in server.log
        worker = server.pid("worker")
    await server.is_well()
    assert server.pid("worker") == worker  # through all of it
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "script.server", stderr=asyncio.subprocess.PIPE, env=server.environment
    )
    _, told = await second.communicate()
    assert server.process is not None
    assert (second.returncode, f"process {server.process.pid}," in told.decode()) == (1, True)
    await server.is_well()
    web = server.state / "web.toml"
    for part in ("postgres", *PARTS):
        before = server.cluster.pid() if part == "postgres" else server.pid(part)
        assert before is not None
        good = web.read_text()
        if part == "console":
            web.write_text(f"{good}prot = 8080\n")  # a bad line: found at its next start
        said = server.log.count("console: ended")
        os.kill(before, signal.SIGKILL)
        if part == "console":
            await server.until(lambda said=said: server.log.count("console: ended") >= said + 5)  # type: ignore[misc]
            assert "prot" in server.log
            web.write_text(good)
        await server.until(lambda part=part, before=before: _is_another(server, part, before))  # type: ignore[misc]
        await server.is_well()
    assert await server.ends(signal.SIGTERM) == 0


def _is_another(server: Server, part: str, before: int) -> bool:
    now = server.cluster.pid() if part == "postgres" else next(iter(left_over(part, server.state)), None)
    return now not in (None, before)


async def begin(server: Server, seats: int = 1) -> Database:
    """A draw whose people accept, on that server; its database, to look at."""
    vault = Vault.open(server.state / "master.key")
    custody = Custody(vault, Signer.open(server.state / "signing.key", vault))
    add_experts(server.dsn(), vault, [Behaviour.ACCEPTS.number(n) for n in range(seats + 2)])
    db = Database(server.dsn())
    made = plan([condition(seats=seats)], opens_in=timedelta(0), gathers_in=timedelta(minutes=30))
    number = await make_activity(db, custody.vault, made)
    await start(db, custody.vault, number, "clerk", Role.HANDLER)
    return db


async def talking(db: Database) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await db.value(TALKING):
            await asyncio.sleep(0.02)


OUTCOMES = "SELECT array_agg(outcome::text ORDER BY outcome) FROM call WHERE flow = 'invitation' AND dialled_at IS NOT NULL"


async def test_sigterm_lets_calls_end_and_takes_the_console_last(server: Server) -> None:
    await server.start()
    await server.is_well()
    async with await begin(server, 2) as db:
        await talking(db)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        await server.until(lambda: "worker: waiting for its calls to end, at most" in server.log)
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGHUP)
        await server.until(lambda: server.log.count("stopping already") == 2)
        assert (await server.health())["live"]
        assert await db.value("SELECT count(*) FROM call WHERE state = 'live'") > 0
    assert await server.ends() == 0
    order = [server.log.index(f"[server] {part}: stopping") for part in ("worker", CARRIER, "console", "PostgreSQL")]
    assert order == sorted(order)
    assert "channels are in calls, which end first" in server.log
    server.cluster.start()
    async with Database(server.dsn()) as db:
        assert await db.value(OUTCOMES) == ["accepted", "accepted"]
        assert await db.value("SELECT count(*) FROM call WHERE state = 'live'") == 0
    server.cluster.stop()


async def test_a_server_that_is_killed_leaves_calls_alone_and_the_next_one_lets_them_end(server: Server) -> None:
    await server.start()
    await server.is_well()
    async with await begin(server) as db:
        await talking(db)
        assert server.process is not None
        server.process.kill()
        await server.process.wait()
        await server.start()
        await server.until(lambda: "worker: starting" in server.log)  # the old one has ended its calls
        await server.is_well()
        assert await db.value(OUTCOMES) == ["accepted"]
    assert "worker: ended by force" not in server.log
    assert await server.ends(signal.SIGINT) == 0


async def test_sigquit_cuts_calls_off_and_the_next_start_calls_again(server: Server) -> None:
    await server.start()
    await server.is_well()
    async with await begin(server) as db:
        await talking(db)
        assert await server.ends(signal.SIGTERM, signal.SIGQUIT) == 0
    await server.start()
    await server.until(lambda: "worker: starting" in server.log)
    async with Database(server.dsn()) as db:
        async with asyncio.timeout(PATIENCE):
            while await _value(db, "SELECT count(*) FROM pick WHERE outcome = 'accepted'") != 1:
                await asyncio.sleep(0.1)
        assert await db.value(OUTCOMES) == ["accepted", "interrupted"]
    assert await server.ends(signal.SIGTERM, signal.SIGQUIT) == 0


async def _value(db: Database, sql: str) -> Any:
    with contextlib.suppress(DatabaseError):  # it is being started
        return await db.value(sql)
    return None


MOMENTS: tuple[tuple[str, tuple[signal.Signals, ...]], ...] = (
    ("PostgreSQL: starting", (signal.SIGINT, signal.SIGINT)),
    ("install: starting", (signal.SIGTERM,)),
    ("[install] database", (signal.SIGINT,)),
    ("[install] schema", (signal.SIGHUP, signal.SIGTERM)),
    ("[install] master key", (signal.SIGHUP,)),
    ("console: starting", (signal.SIGTERM, signal.SIGTERM)),
    ("Asterisk: starting", (signal.SIGHUP,)),
    ("worker: starting", (signal.SIGINT, signal.SIGTERM)),
)
"""What a first start says one after another, and the signals that come then; "worker: starting" is the last of it."""


async def test_signals_at_every_moment_of_the_first_start_leave_nothing_behind(server: Server) -> None:
    """What was half made is in nobody's way: each start goes on where the one before was broken off, and the last one serves."""
    for moment, numbers in MOMENTS:
        await server.start()
        await server.until(lambda moment=moment: moment in server.log or MOMENTS[-1][0] in server.log)  # type: ignore[misc]
        assert await server.ends(*numbers) == 0, (moment, server.log)
    await server.start()
    await server.is_well()
    assert await server.ends(signal.SIGINT, signal.SIGINT) == 0
