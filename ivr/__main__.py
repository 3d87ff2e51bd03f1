"""`python -m ivr SETTINGS.toml`: the telephone's process; its one composition root."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.logs import start_logging
from db.pool import Database
from db.settings_file import SettingsRefused
from db.vault import Signer, Vault, confirm
from drawing.chain import Custody
from drawing.earlier_draws import fill_keys
from drawing.experts.rehash import rehash_names
from drawing.rules import BadRules
from ivr.ari.client import Client, Node
from ivr.ari.errors import AriError
from ivr.clock_watch import ClockWatch
from ivr.hep.receiver import Receiver
from ivr.lease import Lease
from ivr.messages import office
from ivr.noting import Notes
from ivr.prompts import ready_made
from ivr.settings import Settings
from ivr.speech import Speech, SpeechError, make_speech
from ivr.worker import LeaseLost, Worker

LOG = logging.getLogger("ivr")
CONNECTIONS = 24  # some for the loop, the others so that no confirmed key waits for one
_EXPECTED = (SettingsRefused, KeyFileRefused, BadRules, SpeechError, DatabaseError, AriError, LeaseLost, OSError)


async def serve(settings: Settings) -> None:
    """Wait for the node's lease, then work until SIGTERM or SIGINT."""
    vault = Vault.open(settings.master_key)
    custody = Custody(vault, Signer.open(settings.signing_key, vault))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Database(settings.dsn, size=CONNECTIONS) as db:
        await confirm(vault, db)
        await asyncio.to_thread(_bring_names_up_to_date, settings.dsn, vault)
        voices = _speech(settings)
        await voices.start()
        try:
            if not await _before(stop, _make_ready(voices)):
                return
            _keep_for_good()
            await _hold(settings, db, custody, voices, stop)
        finally:
            await voices.close()


def _bring_names_up_to_date(dsn: str, vault: Vault) -> None:
    """Nothing is drawn before each name and each 标段 is found by its normal form; after the first time there is nothing to do."""
    fill_keys(dsn)
    if changed := rehash_names(dsn, vault):
        LOG.info("%d names have got the hash of their normal form", changed)


def _speech(settings: Settings) -> Speech:
    wanted = settings.speech
    return make_speech(wanted.cache, wanted.recorded, wanted.command, wanted.languages, wanted.natural)


async def _make_ready(voices: Speech) -> None:
    """What all calls share is made before the first may go out: no draw waits for a voice."""
    began = asyncio.get_running_loop().time()
    await voices.prepare(map(ready_made, voices.languages))
    LOG.info("the fixed phrases are ready, after %.1f s", asyncio.get_running_loop().time() - began)


def _keep_for_good() -> None:
    """What is in memory now stays there: looking through it for garbage stopped every call for 0.1 to 0.2 s, twice a minute."""
    gc.collect()
    gc.freeze()


async def _hold(settings: Settings, db: Database, custody: Custody, speech: Speech, stop: asyncio.Event) -> None:
    lease, watch = Lease(db, settings.node, settings.lease_seconds), ClockWatch(db, settings.node)
    while not await _taken(lease, watch):
        if await _within(stop, settings.lease_seconds / 3):
            return
    LOG.info("node %s is ours, epoch %d", settings.node, lease.epoch)
    password = settings.ari.password_file.read_text().splitlines()[0]
    try:
        node = Node(settings.ari.url, settings.ari.user, password, settings.ari.app)
        async with (
            Client(node, hep=_hep(settings, password)) as client,
            office.opened(settings, db, custody, lease, client, watch) as sender,
            Notes.own(settings.dsn) as apart,
        ):
            worker = Worker(settings, db, custody, speech, lease, client, Notes(apart, lease.epoch), watch, sender)
            stopping = asyncio.get_running_loop().create_task(_stop_after(stop, worker))
            try:
                await worker.run()
            finally:
                stopping.cancel()
    finally:
        await lease.release()


def _hep(settings: Settings, password: str) -> Receiver | None:
    return Receiver(settings.hep.port, password) if settings.hep.port else None


async def _taken(lease: Lease, watch: ClockWatch) -> bool:
    try:
        await watch.look()  # before the row says that this process has been here
        if await lease.take():
            return True
        LOG.info("node %s is held by another worker; waiting", lease.node)
    except DatabaseError as error:
        LOG.warning("the database is away, node %s can't be taken yet: %s", lease.node, error)
    return False


async def _stop_after(stop: asyncio.Event, worker: Worker) -> None:
    await stop.wait()
    worker.stop()


async def _before(event: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Whether it was done before the event came; it is given up when that comes first. Raises what the work raises."""
    doing, coming = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait([doing, coming], return_when=asyncio.FIRST_COMPLETED)
        if done := doing.done():
            await doing
        return done
    finally:
        doing.cancel()
        coming.cancel()
        await asyncio.gather(doing, coming, return_exceptions=True)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def main(arguments: list[str]) -> int:
    """0 when stopped; 1 with a message when something is missing; 3 when another worker has taken over."""
    start_logging()
    if len(arguments) != 1:
        print("usage: python -m ivr SETTINGS.toml", file=sys.stderr)
        return 2
    try:
        asyncio.run(serve(Settings.read(Path(arguments[0]))))
    except BaseExceptionGroup as group:
        return _tell(_first(group))
    except _EXPECTED as error:
        return _tell(error)
    return 0


def _first(group: BaseException) -> BaseException:
    """The one that matters: a lost lease explains whatever else failed meanwhile."""
    while isinstance(group, BaseExceptionGroup):
        lost = group.subgroup(LeaseLost)
        group = (lost or group).exceptions[0]
    return group


def _tell(error: BaseException) -> int:
    if not isinstance(error, _EXPECTED):
        raise error
    print(f"ivr: {error}", file=sys.stderr)
    return 3 if isinstance(error, LeaseLost) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
