"""(c): this project as an operator runs it: `python -m ivr` on a durable PostgreSQL, with the real voice.

Fixed phrases are recordings (tones), so that the receipt is as long as in (a) and (b); what varies is synthesised. With
`Voice` all is said, but for that receipt, and some telephones listen to the end.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from asterisk.far_end import Behaviour
from asterisk.sounds import tone, write_wav
from bench.telephony import cpu
from bench.telephony.ground import CALLER_ID, RECEIPT_SECONDS, Ground, Load, number
from bench.telephony.measured import Receipt
from bench.telephony.telephones import TRUNK
from db.blocking import transaction
from db.cluster import Cluster
from db.migrate import migrate
from db.pool import Database
from db.rights import OLD_ROLE, WORKER
from drawing.activities import Notice
from drawing.lifecycle import Role
from drawing.start import start
from ivr.prompts import fixed_phrases
from ivr.prompts.zh import FIXED_INVITATION
from ivr.speech.recordings import recording_name
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan

RULES = "bench-3"
RECEIPT = FIXED_INVITATION["received_decline"][0].text  # type: ignore[union-attr]  # it is a Fixed
EXPERTS, ACTIVITIES = 4000, 20
STEADY = 300.0  # how long it may take until all draws are calling


@dataclass(frozen=True, slots=True)
class Voice:
    """Calls that can be listened to. `natural`: the folder of that voice, None for espeak-ng's; `notice`: of every activity; each
    `listener`-th expert has a PATIENT telephone.
    """

    natural: Path | None
    cache: Path
    notice: Notice
    listener: int

    def is_listener(self, n: int) -> bool:
        """Whether the n-th expert is one, counted from 0."""
        return n % self.listener == 0


@dataclass
class Project:
    """The worker runs, and all draws are calling."""

    db: Database
    worker: asyncio.subprocess.Process
    postmaster: int

    def cpu(self) -> Mapping[str, float]:
        """Seconds so far."""
        helpers = {child: cpu.command_line(child) for child in cpu.children(self.worker.pid)}
        voices = {child for child, line in helpers.items() if "pyttsx3_process" in line}
        return {
            "python": cpu.own(self.worker.pid) + sum(cpu.own(child) for child in helpers.keys() - voices),
            "voice": sum(map(cpu.own, voices)),
            "postgresql": cpu.cluster(self.postmaster),
        }

    async def stop(self) -> None:
        """No new calls; those under way end by themselves. Raises RuntimeError when the worker does not end well."""
        self.worker.terminate()
        if await self.worker.wait():
            raise RuntimeError(f"the worker ended with {self.worker.returncode}")

    async def receipts(self) -> list[Receipt]:
        """From the trails that the worker wrote."""
        rows = await self.db.all(
            "SELECT expert, extract(epoch FROM (trail->>'answered')::timestamptz)::float8"
            " + (h->>'at_ms')::int / 1000.0::float8 AS at"
            " FROM call, jsonb_array_elements(trail->'heard') h WHERE h->>'prompt' = 'received_decline'"
        )
        return [Receipt(row.at, number(row.expert - 1)) for row in rows]

    async def refused(self, window: tuple[float, float]) -> int:
        """Calls dialled in that time that no telephone heard of."""
        return int(
            await self.db.value(
                "SELECT count(*) FROM call WHERE outcome IN ('trunk_failure', 'no_media', 'line_dropped', 'interrupted')"
                " AND trail->>'answered' IS NULL AND extract(epoch FROM dialled_at) BETWEEN %(first)s AND %(last)s",
                {"first": window[0], "last": window[1]},
            )
        )


@asynccontextmanager
async def project(ground: Ground, load: Load, voice: Voice | None = None) -> AsyncIterator[Project]:
    """Everything started; returns when all draws are calling and the ramp is over."""
    cluster = Cluster(ground.folder / "postgres")
    async with AsyncExitStack() as stack:
        stack.callback(cluster.stop)
        cluster.start()
        dsn = _database(cluster)
        keys = make_keys(ground.folder)
        add_experts(dsn, keys.custody.vault, [subscriber(n, voice) for n in range(EXPERTS)])
        db = await stack.enter_async_context(Database(dsn))
        await _draws(db, keys, load, voice)
        worker = await _worker(ground, load, cluster.dsn(user=WORKER), keys, voice)
        stack.push_async_callback(_end, worker)
        made = Project(db, worker, int((cluster.folder / "data/postmaster.pid").read_text().splitlines()[0]))
        await _until_calling(made, ground)
        await asyncio.sleep(load.ramp)
        yield made


def subscriber(n: int, voice: Voice | None) -> str:
    """The n-th expert's number."""
    return Behaviour.PATIENT.number(n) if voice and voice.is_listener(n) else number(n)


def _database(cluster: Cluster) -> str:
    """For what the bench does by itself; the worker has a role of its own."""
    with transaction(cluster.dsn()) as tx:
        tx.run(f"CREATE ROLE {OLD_ROLE} LOGIN")
    migrate(cluster.dsn(), keep_old_role=True)
    return cluster.dsn(user=OLD_ROLE)


async def _draws(db: Database, keys: Keys, load: Load, voice: Voice | None) -> None:
    """Seats for three times the calls that are under way at once, so that there is always somebody to ring."""
    seats = max(20, int(load.at_once * 3 / ACTIVITIES))
    for _ in range(ACTIVITIES):
        made = plan([condition(seats=seats)], rules=RULES)
        made = replace(made, notices=(voice.notice,)) if voice else made
        activity = await make_activity(db, keys.custody.vault, made)
        await start(db, keys.custody.vault, activity, "bench", Role.HANDLER)


async def _worker(
    ground: Ground, load: Load, dsn: str, keys: Keys, voice: Voice | None
) -> asyncio.subprocess.Process:
    node = ground.node.settings
    recorded = ground.folder / "recorded"
    await asyncio.to_thread(_record, recorded, [RECEIPT] if voice else fixed_phrases())
    natural = f'natural = "{voice.natural}"\n' if voice and voice.natural else ""
    cache = voice.cache if voice else ground.folder / "speech"
    password = ground.folder / "ari.password"
    password.write_text(node.ari_password)
    settings = ground.folder / "ivr.toml"
    settings.write_text(
        f'dsn = "{dsn}"\nmaster_key = "{keys.master}"\nsigning_key = "{keys.signing}"\nrules = "{RULES}"\n'
        f'[ari]\nurl = "{node.ari_url}"\nuser = "{node.ari_user}"\npassword_file = "{password}"\n'
        f'[trunk]\nname = "{TRUNK}"\ncaller_id = "{CALLER_ID}"\ncalls_per_second = {load.rate}\n'
        f'[hep]\nport = {node.hep_port or 0}\n'
        f'[speech]\ncache = "{cache}"\nrecorded = "{recorded}"\nlanguages = ["cmn"]\n{natural}'
    )
    with (ground.folder / "ivr.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *_python(), "-m", "ivr", str(settings), stdout=log, stderr=log, env=os.environ
        )


def _python() -> list[str]:
    """With BENCH_PROFILE=FILE the worker runs under cProfile, which makes it slower: for looking, not for measuring."""
    profile = os.environ.get("BENCH_PROFILE")
    return [sys.executable, *(["-m", "cProfile", "-o", profile] if profile else [])]


def _record(folder: Path, phrases: Iterable[str]) -> None:
    folder.mkdir()
    write_wav(folder / "phrase", tone(500.0, RECEIPT_SECONDS))
    for phrase in phrases:
        shutil.copyfile(folder / "phrase", folder / recording_name(phrase))


async def _until_calling(made: Project, ground: Ground) -> None:
    ready = "SELECT count(*) FILTER (WHERE witnessed_at IS NOT NULL) = %(all)s FROM draw"
    async with asyncio.timeout(STEADY):
        while not await made.db.value(ready, {"all": ACTIVITIES}):
            if made.worker.returncode is not None:
                raise RuntimeError(f"the worker ended:\n{(ground.folder / 'ivr.log').read_text()[-4000:]}")
            await asyncio.sleep(0.2)


async def _end(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is None:
        worker.kill()
        await worker.wait()
