"""The whole thing on real parts: PostgreSQL, our Asterisk, the far end's telephones, the worker as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from asterisk.far_end import LoggedEvent, read_log
from asterisk.instance import Instance, authorization
from asterisk.ports import free_port, free_range
from asterisk.settings import FarEndSettings, NodeSettings, Trunk
from db.errors import Unavailable
from db.pool import Database
from tests.asterisk.lines import free_front
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import Keys, make_keys
from tests.system import masked as masked_calls
from tests.system import quick_voice
from tests.system.talk import TIMES, Talk, held

CALLER_ID = "02083186888"
PATIENCE = 300.0
"""Seconds until a condition counts as never met; a busy machine is slow, not wrong."""
POLL = 0.01


@pytest.fixture(scope="session")
def speech_cache() -> Iterator[Path]:
    """Prompts are rendered once for the whole run."""
    folder = Path(tempfile.mkdtemp(prefix="xl-speech-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@dataclass
class Worker:
    """`python -m ivr` as an operator runs it."""

    process: asyncio.subprocess.Process
    log: Path

    def kill(self) -> None:
        self.process.kill()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def says(self, text: str) -> None:
        """Wait until its log has the text: a line is written after what it tells of is in the database."""
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in self.log.read_text():
                    await asyncio.sleep(POLL)
                    if self.process.returncode is not None and text not in self.log.read_text():
                        raise TimeoutError
        except TimeoutError:
            raise AssertionError(f"never said: {text}\n{self.log.read_text()[-4000:]}") from None

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.go_on()
            self.process.terminate()
        await self.ended()


@dataclass
class Stack:
    """One test's own world."""

    db: Database
    database: TestDatabase
    keys: Keys
    node: Instance[NodeSettings]
    far_end: Instance[FarEndSettings]
    folder: Path
    speech: Path
    workers: list[Worker] = field(default_factory=list)
    environment: Mapping[str, str] = field(default_factory=dict)
    """What workers find in theirs besides ours."""

    async def worker(
        self, *, lease: float = 3.0, quick: bool = True, ari_url: str = "", more: str = "",
        trunks: Sequence[str] = ("carrier",), channels: int = 1000, languages: Sequence[str] = ("cmn",),
    ) -> Worker:  # fmt: skip
        """Start one more worker for the node; `quick`: a tone for each phrase instead of speech; `ari_url`: a way round;
        `more`: sections of its settings; `channels`: of each trunk.
        """
        name = f"worker-{len(self.workers)}"
        password = self.folder / "ari.password"
        password.write_text(self.node.settings.ari_password)
        settings = self.folder / f"{name}.toml"
        settings.write_text(
            f'dsn = "{self.database.worker_dsn}"\nmaster_key = "{self.keys.master}"\nsigning_key = "{self.keys.signing}"\n'
            f'lease_seconds = {lease}\nrules = "demo-1"\n'
            f'[ari]\nurl = "{ari_url or self.node.settings.ari_url}"\nuser = "{self.node.settings.ari_user}"\n'
            f'password_file = "{password}"\n'
            + "".join(f'[[trunk]]\nname = "{trunk}"\ncaller_id = "{CALLER_ID}"\nchannels = {channels}\n' for trunk in trunks)
            + f'[hep]\nport = {self.node.settings.hep_port or 0}\n'
            + f'[speech]\ncache = "{self.speech}"\nlanguages = {list(languages)}\n'
            + self._voice(quick)
            + more
        )
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL",  # it ends with the tests, however those end
                sys.executable, "-m", "ivr", str(settings), stdout=output, stderr=output, env={**os.environ, **self.environment},
            )  # fmt: skip
        worker = Worker(process, log)
        self.workers.append(worker)
        return worker

    @staticmethod
    def _voice(quick: bool) -> str:
        return f"command = {list(quick_voice.COMMAND)!r}\n" if quick else ""

    async def until(self, sql: str, patience: float = PATIENCE, **params: Any) -> Any:
        """Wait until the query's first value is true; say what the workers said when it never comes."""
        try:
            async with asyncio.timeout(patience):
                while not (value := await self._value(sql, params)):
                    await asyncio.sleep(POLL)
                    if self.workers and all(each.process.returncode is not None for each in self.workers):
                        raise TimeoutError
                return value
        except TimeoutError:
            logs = "\n".join(f"--- {each.log.name}\n{each.log.read_text()[-4000:]}" for each in self.workers)
            raise AssertionError(f"never true: {sql}\n{logs}") from None

    async def _value(self, sql: str, params: dict[str, Any]) -> Any:
        with contextlib.suppress(Unavailable):  # some tests restart it
            return await self.db.value(sql, params)
        return None

    async def channels(self) -> list[str]:
        """Channels on our node now."""
        settings = self.node.settings
        headers = {"Authorization": authorization(settings.ari_user, settings.ari_password)}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{settings.ari_url}/channels") as reply,
        ):
            return [channel["id"] for channel in await reply.json()]

    async def no_channels(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.channels():
                await asyncio.sleep(0.1)

    async def hang_up(self, number: str) -> None:
        """The telephone of that number breaks off."""
        settings = self.far_end.settings
        headers = {"Authorization": authorization(settings.ari_user, settings.ari_password)}
        async with aiohttp.ClientSession(headers=headers) as session:
            async with session.get(f"{settings.ari_url}/channels") as reply:
                channels = [each["id"] for each in await reply.json()]
            for channel in channels:
                url = f"{settings.ari_url}/channels/{channel}"
                async with session.get(f"{url}/variable", params={"variable": "NUMBER"}) as reply:
                    theirs = (await reply.json()).get("value") == number
                if theirs:
                    await session.delete(url)

    def telephone_log(self) -> tuple[LoggedEvent, ...]:
        return read_log(self.far_end.settings.calls_log)


FRONT = os.environ.get("EXPERTLINE_TEST_FRONT") == "yes"
"""Whether all nodes have a SIP front: every system test can be run so."""


@contextlib.asynccontextmanager
async def running_stack(
    db: Database, database: TestDatabase, folder: Path, speech: Path, dead_trunk: bool = False, /, *,
    qualify_seconds: float = 0, front: float = FRONT, **telephones: float,
) -> AsyncIterator[Stack]:  # fmt: skip
    """Both Asterisks, and room for workers; `telephones` are times of asterisk.settings.FarEndSettings; `qualify_seconds`:
    how often the node asks whether the trunk is there. dead_trunk: there is one more, at whose other end nobody is. front
    (not 0): a SIP front stands before the node.
    """
    dead = (Trunk("dead", "127.0.0.9", free_port(), "tcp"),) if dead_trunk else ()
    keys = make_keys(folder)
    short = Path(tempfile.mkdtemp(prefix="xl-", dir="/tmp"))
    sip, far_sip = (free_port(socket.SOCK_DGRAM) for _ in range(2))
    http, far_http = free_port(), free_port()
    node_rtp, far_rtp = free_range(400), free_range(400)
    node = Instance(
        NodeSettings(
            folder=short / "node", sip_port=sip, http_port=http, rtp=node_rtp,
            trunks=(Trunk("carrier", "127.0.0.1", far_sip, qualify_seconds=int(qualify_seconds)), *dead),
            inbound_app="expertline", hep_port=free_port(socket.SOCK_DGRAM), front=free_front(sip) if front else None,
        )
    )  # fmt: skip
    times: Any = {"press_after": 1.0, "press_again_after": 2.5, "answer_after": 0.1} | telephones
    far_end = Instance(
        FarEndSettings(folder=short / "far", sip_port=far_sip, http_port=far_http, rtp=far_rtp, node_port=sip, **times)
    )
    try:
        async with far_end, node:
            made = Stack(db, database, keys, node, far_end, folder, speech)
            try:
                yield made
            finally:
                for worker in made.workers:
                    if worker.process.returncode is None:
                        worker.go_on()
                        worker.kill()
                        await worker.ended()
    finally:
        shutil.rmtree(short)


@pytest.fixture
async def stack(
    db: Database, database: TestDatabase, tmp_path: Path, speech_cache: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Stack]:
    """`parametrize("stack", [{…}], indirect=True)` changes the far end's settings."""
    paces = dict(getattr(request, "param", {}))
    dead_trunk = bool(paces.pop("dead_trunk", False))
    async with running_stack(db, database, tmp_path, speech_cache, dead_trunk, **paces) as made:
        yield made


@pytest.fixture(scope="session")
def talk(cluster: Cluster, speech_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """What is left of everybody's calls; the modules that read it are one group, which stays in one process."""
    with fresh_database(cluster) as database:
        yield asyncio.run(_talk(database, tmp_path_factory.mktemp("talk"), speech_cache))


async def _talk(database: TestDatabase, folder: Path, cache: Path) -> Talk:
    async with Database(database.dsn) as db, running_stack(db, database, folder, cache, **TIMES) as stack:
        return await held(stack)


@pytest.fixture(scope="session")
def masked(cluster: Cluster, speech_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[masked_calls.Masked]:
    """What is left of the masked calls, for all modules that read it."""
    with fresh_database(cluster) as database:
        yield asyncio.run(_masked(database, tmp_path_factory.mktemp("masked"), speech_cache))


async def _masked(database: TestDatabase, folder: Path, cache: Path) -> masked_calls.Masked:
    async with (
        Database(database.dsn) as db,
        running_stack(db, database, folder, cache, **masked_calls.TIMES) as stack,
    ):
        return await masked_calls.held(stack)
