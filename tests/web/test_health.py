"""/health: live, ready and degraded apart, each with its reasons, as a monitor sees them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db import cluster as private
from db.blocking import transaction
from db.errors import Aborted, DiskFull, Forbidden, ReadOnly, StatementError, Unavailable
from db.pool import Database
from tests.postgres import Cluster, TestDatabase, fresh_database, make_template
from tests.scenes import Keys
from tests.test_docs import ROOT
from tests.web.conftest import Client, Visitor, console_settings, opened
from tests.web.test_status import admit
from web import disks
from web.audits import Audit
from web.disks import Disk
from web.health_reasons import Degraded, NotReady, why_degraded, why_not_ready
from web.keys import DATABASE
from web.readiness import READINESS
from web.settings import SpeechSettings
from web.status import ClockStep, Health, Node, TrunkHealth

Visit = Callable[..., Awaitable[Visitor]]
HELD = "INSERT INTO node VALUES ('a', gen_random_uuid(), 1, clock_timestamp() + interval '1 hour')"


async def health(client: Client, path: str = "/health") -> tuple[int, dict[str, Any]]:
    response = await client.get(path)
    return response.status, await response.json()


@pytest.fixture
async def held(db: Database) -> None:
    """A worker holds node a."""
    await db.run(HELD)


# --- what is degraded ---------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.usefixtures("held")
async def test_all_is_well(client: Client) -> None:
    status, told = await health(client)
    assert (status, told["status"], told["live"], told["ready"]) == (200, "ok", True, True)
    assert (told["not_ready"], told["degraded"], told["database"]) == ({}, {}, "reachable")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        ("SELECT", {"no_worker"}),  # a new database: no worker has ever been here
        ("INSERT INTO node (name) VALUES ('a')", {"no_worker"}),
        ("INSERT INTO node VALUES ('a', NULL, 3, clock_timestamp() - interval '1 hour')", {"no_worker"}),  # stopped in order
        (
            "INSERT INTO node VALUES ('a', gen_random_uuid(), 3, clock_timestamp() - interval '1 second')",
            {"no_worker", "node_lost"},
        ),
        (f"{HELD}, ('b', gen_random_uuid(), 3, clock_timestamp() - interval '1 hour')", {"node_lost"}),
        (f"{HELD}, ('b', NULL, 3, clock_timestamp() - interval '1 hour')", set()),  # one of two was stopped: that is no fault
        (f"{HELD}; UPDATE node SET asterisk_away_at = clock_timestamp()", {"asterisk_away"}),
        (
            f"{HELD}; UPDATE node SET dialling_stopped_why = 'no sound', dialling_stopped_at = clock_timestamp()",
            {"dialling_stopped"},
        ),
        (f"{HELD}; INSERT INTO trunk (node, name, position, online) VALUES ('a', 't', 1, false)", {"trunks_offline"}),
        (
            f"{HELD}; INSERT INTO trunk (node, name, position, online) VALUES ('a', 't', 1, false), ('a', 'u', 2, true)",
            set(),  # calls go over the other
        ),
        (f"{HELD}; INSERT INTO trunk (node, name, position, online) VALUES ('a', 't', 1, NULL)", set()),  # not known
    ],
)
async def test_whether_calls_can_be_made(client: Client, db: Database, rows: str, reasons: set[str]) -> None:
    await db.run(rows)
    status, told = await health(client)
    assert (status, told["ready"]) == (200, True)  # pages work, and a balancer must not take the console away
    assert set(told["degraded"]) == reasons
    assert told["status"] == ("degraded" if reasons else "ok")


NOTHING = Health((Node("a", True, 9.0),), (), (), 0, 0, 0, 0)
AUDITED = Audit(datetime(2026, 11, 30, tzinfo=UTC), 0, 0, 0, 0, 0, (), overdue=False)
ROOMY = (Disk(("database", "uploads"), 10_000, 100_000),)


@pytest.mark.parametrize(
    ("changes", "audit", "room", "reason"),
    [
        ({"calls_failing": 2}, AUDITED, ROOMY, Degraded.CALLS_FAILING),
        ({"names_refused": 1}, AUDITED, ROOMY, Degraded.NAMES_REFUSED),
        ({"trunks": (TrunkHealth("a", "t", True, ("failing",)),)}, AUDITED, ROOMY, Degraded.TRUNK_ALARM),
        ({"clock_steps": (ClockStep(datetime(2026, 11, 30, tzinfo=UTC), "worker", "a", 3.0),)}, AUDITED, ROOMY, Degraded.CLOCK_SET),
        ({}, replace(AUDITED, findings=1), ROOMY, Degraded.AUDIT_FINDINGS),
        ({}, replace(AUDITED, overdue=True), ROOMY, Degraded.AUDIT_OVERDUE),
        ({}, AUDITED, (Disk(("uploads",), 3, 1000),), Degraded.DISK_FULL),
        ({}, AUDITED, (Disk(("uploads",), 20, 1000),), Degraded.DISK_LOW),
    ],
)
def test_each_fault_has_its_own_reason(
    changes: dict[str, Any], audit: Audit, room: tuple[Disk, ...], reason: Degraded
) -> None:
    assert why_degraded(NOTHING, AUDITED, ROOMY) == {}
    assert list(why_degraded(replace(NOTHING, **changes), audit, room)) == [reason]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable("away"), NotReady.DATABASE_AWAY),
        (ReadOnly("read-only"), NotReady.DATABASE_READ_ONLY),
        (DiskFull("no space"), NotReady.DATABASE_FULL),
        (Forbidden("permission denied"), NotReady.DATABASE_REFUSES),
        (StatementError("no such table", "42P01"), NotReady.DATABASE_REFUSES),
        (Aborted("aborted"), NotReady.DATABASE_REFUSES),
    ],
)
def test_each_refusal_has_its_own_reason(error: Any, reason: NotReady) -> None:
    assert list(why_not_ready(error, ROOMY)) == [reason]


def test_every_reason_is_explained_for_who_is_called_at_night() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    missing = [reason.value for reason in (*NotReady, *Degraded) if f"| `{reason.value}` |" not in page]
    assert missing == []


# --- a database that takes no writes ------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("where", ["DATABASE {name}", "ROLE expertline_console IN DATABASE {name}"])
async def test_a_database_that_can_only_be_read(client: Client, database: TestDatabase, where: str) -> None:
    """Said although connections that are open write on: new ones can't."""
    setting = f"ALTER {where.format(name=database.name)}"
    database.cluster.sql(f"{setting} SET default_transaction_read_only = on")
    status, told = await health(client)
    assert (status, told["status"], told["database"]) == (503, "unavailable", "read_only")
    assert (told["live"], told["ready"], list(told["not_ready"])) == (True, False, ["database_read_only"])
    assert told["nodes"][0]["held"] is True  # the rest is told all the same
    assert await health(client, "/health/ready") == (503, {"ready": False, "not_ready": told["not_ready"]})
    assert await health(client, "/health/live") == (200, {"live": True})
    database.cluster.sql(f"{setting} RESET default_transaction_read_only")
    assert (await health(client))[1]["status"] == "ok"
    assert await health(client, "/health/ready") == (200, {"ready": True, "not_ready": {}})


@pytest.mark.postgres
@pytest.mark.usefixtures("held")
async def test_a_database_that_refuses_what_we_write(client: Client, database: TestDatabase) -> None:
    with transaction(database.owner_dsn) as tx:
        tx.run("REVOKE UPDATE ON write_probe FROM expertline_console")
        tx.run("REVOKE UPDATE (at) ON write_probe FROM expertline_console")
    status, told = await health(client)
    assert (status, list(told["not_ready"])) == (503, ["database_refuses"])


@pytest.mark.postgres
async def test_without_a_database_it_is_live_and_not_ready(client: Client, visit: Visit, database: TestDatabase) -> None:
    visitor = await visit("administrator-1")  # whose login can't be looked up
    admit(database, False)
    for each in (client, visitor):
        assert (await each.get("/health/live")).status == 200
        assert (await each.get("/health/ready")).status == 503
        told = await (await each.get("/health")).json()
        assert (told["status"], list(told["not_ready"])) == ("unavailable", ["database_away"])
    admit(database, True)
    assert await health(client, "/health/ready") == (200, {"ready": True, "not_ready": {}})


@pytest.mark.postgres
async def test_a_console_whose_connections_are_all_busy_says_so(
    settings: Any, aiohttp_client: Callable[..., Awaitable[Client]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not that the database is away."""
    client = await opened(settings, aiohttp_client)
    assert client.app is not None
    pool = client.app[DATABASE]
    monkeypatch.setattr(pool, "_timeout", 0.01)
    monkeypatch.setattr(pool, "_slots", asyncio.Semaphore(0))
    status, told = await health(client)
    assert (status, list(told["not_ready"]), told["database"]) == (503, ["connections_busy"], "reachable")


# --- asked by many, and with HEAD ---------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/login", "/status"])
async def test_head_says_what_get_would(client: Client, database: TestDatabase, path: str) -> None:
    for admitted in (True, False):
        admit(database, admitted)
        get, head = await client.get(path), await client.head(path)
        assert (head.status, await head.read()) == (get.status, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
    admit(database, True)


@pytest.mark.postgres
async def test_many_who_ask_at_once_cost_two_looks(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may ask, and each look is a connection and a write."""
    assert client.app is not None
    readiness, looks = client.app[READINESS], 0
    look = readiness._look

    async def counted() -> Any:
        nonlocal looks
        looks += 1
        return await look()

    monkeypatch.setattr(readiness, "_look", counted)
    found = await asyncio.gather(*(readiness.look() for _ in range(40)))
    assert looks == 2
    assert all(not each.reasons for each in found)


# --- a full disk --------------------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    """A disk of these tests' own, in memory."""
    folder = Path(tempfile.mkdtemp(prefix="xl-disk-", dir="/tmp"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        folder.rmdir()
        pytest.skip("only root may mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def fill(folder: Path) -> Path:
    """Write until nothing more can be written."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(bytes(1 << 16))
    return file


@pytest.fixture
async def on_small_disk(
    database: TestDatabase, keys: Keys, aiohttp_client: Callable[..., Awaitable[Client]]
) -> AsyncIterator[tuple[Client, Path]]:
    """A console whose uploads and sounds lie on a disk of 100 MiB."""
    with small_disk("100m") as folder:
        speech = SpeechSettings(cache=folder / "speech").model_dump()
        settings = console_settings(database, keys, uploads=folder / "not/made/yet", speech=speech)
        yield await opened(settings, aiohttp_client), folder


@pytest.mark.postgres
@pytest.mark.usefixtures("held")
async def test_a_disk_that_is_full_and_has_room_again(on_small_disk: tuple[Client, Path]) -> None:
    client, folder = on_small_disk
    assert (await health(client))[1]["status"] == "ok"
    filler = fill(folder)
    status, told = await health(client)
    assert (status, told["status"], told["ready"], list(told["degraded"])) == (200, "degraded", True, ["disk_full"])
    assert "speech" in told["degraded"]["disk_full"]
    assert "uploads" in told["degraded"]["disk_full"]
    assert str(folder) not in str(told)  # anybody may ask
    filler.unlink()
    assert (await health(client))[1]["status"] == "ok"


@pytest.mark.postgres
async def test_a_database_whose_disk_is_full(keys: Keys, aiohttp_client: Callable[..., Awaitable[Client]]) -> None:
    """A PostgreSQL of its own on a small disk; it goes on where it was once there is room again."""
    with small_disk("600m") as folder:
        cluster = Cluster(private.Cluster(folder / "pg", durable=False))
        cluster.start()
        try:
            make_template(cluster)
            with fresh_database(cluster) as database:
                async with Database(database.dsn) as db:
                    await db.run(HELD)
                client = await opened(console_settings(database, keys), aiohttp_client)
                assert await health(client, "/health/ready") == (200, {"ready": True, "not_ready": {}})
                filler = fill(folder)
                status, told = await health(client, "/health/ready")
                assert (status, "database_full" in told["not_ready"]) == (503, True)
                filler.unlink()
                async with asyncio.timeout(300):
                    while (await health(client, "/health/ready"))[0] != 200:  # PostgreSQL may have had to start anew
                        await asyncio.sleep(0.1)
                await client.close()
        finally:
            cluster.stop()


def test_the_database_s_disk_is_where_its_socket_is() -> None:
    with small_disk("100m") as folder:
        fill(folder)
        room = disks.look({"database": folder / "run", "uploads": Path("/")})
        assert [(disk.of, disk.full) for disk in room] == [(("database",), True), (("uploads",), False)]
        assert list(why_not_ready(None, room)) == [NotReady.DATABASE_FULL]


def test_places_on_one_disk_are_told_together(tmp_path: Path) -> None:
    (disk,) = disks.look({"database": tmp_path, "uploads": tmp_path / "not/there"})
    assert disk.of == ("database", "uploads")


def test_a_place_that_can_not_be_looked_at_is_left_out(tmp_path: Path) -> None:
    assert disks.look({"uploads": tmp_path / ("x" * 5000)})  # its folder is looked at
