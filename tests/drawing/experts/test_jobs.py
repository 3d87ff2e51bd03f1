"""Imports as jobs: a process of their own, told in a row; whatever happens, the row says so and the file goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from db.blocking import transaction
from db.pool import Database
from db.vault import Vault
from drawing.experts import jobs
from drawing.experts.job import run
from drawing.experts.jobs import Job, JobState
from tests.drawing.experts.test_read_csv import Rows, table, text
from tests.drawing.experts.test_read_xlsx import book
from tests.postgres import TestDatabase

pytestmark = pytest.mark.postgres
Start = Callable[..., Awaitable[int]]


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def upload(db: Database, folder: Path) -> Start:
    """Uploads a file; the number of its import."""

    async def begin(data: bytes, name: str = "专家.csv", encoding: str = "auto") -> int:
        received = await jobs.receive(folder, chunks(data), 1 << 30)
        return await jobs.add(db, received, name, encoding, "管理员（admin）")

    return begin


@pytest.fixture
def key(tmp_path: Path, vault: Vault) -> Path:
    return tmp_path / "master.key"


async def found(db: Database, number: int) -> Job:
    job = await jobs.find(db, number)
    assert job is not None
    return job


def data_of(rows: Rows) -> bytes:
    return text(rows).encode()


async def test_an_upload_is_private_and_bounded(folder: Path) -> None:
    received = await jobs.receive(folder, chunks(bytes(5000)), 5000)
    path = folder / received.file
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (received.size, path.read_bytes()) == (5000, bytes(5000))
    with pytest.raises(jobs.TooLarge):
        await jobs.receive(folder, chunks(bytes(5001)), 5000)
    assert list(folder.iterdir()) == [path]


async def test_a_good_file_is_taken_in_and_deleted(
    db: Database, database: TestDatabase, folder: Path, key: Path, upload: Start
) -> None:
    number = await upload(data_of(table(40)))
    assert (await found(db, number)).state is JobState.WAITING
    assert run(database.dsn, key, folder, number) is JobState.DONE
    job = await found(db, number)
    assert (job.state, job.rows_read, job.rows_total, job.percent) == (JobState.DONE, 40, 40, 100)
    assert (job.has_file, list(folder.iterdir())) == (False, [])
    assert job.took_s is not None
    assert await db.value("SELECT count(*) FROM expert") == 40
    assert run(database.dsn, key, folder, number) is None, "it is over"


async def test_every_bad_row_is_listed_and_nothing_is_taken_in(
    db: Database, database: TestDatabase, folder: Path, key: Path, upload: Start, tmp_path: Path
) -> None:
    rows = table(1500)
    for row in rows[1:]:
        row[11] = "?"
    number = await upload(book(tmp_path / "a.xlsx", rows).read_bytes(), "专家.xlsx")
    assert run(database.dsn, key, folder, number) is JobState.REFUSED
    job = await found(db, number)
    assert (job.bad_rows, job.rows_read, job.listing) == (1500, 1500, True)
    assert job.reason == "文件未导入：1500 行中有 1500 行有误，请更正后重新导入整个文件。"
    assert await jobs.count_problems(db, number) == 1500
    page = await jobs.problems(db, number, 1001, 100)
    assert [(problem.n, problem.row) for problem in page] == [(n, n + 1) for n in range(1001, 1101)]
    assert page[0].column_name == "暂停"
    assert list(folder.iterdir()) == []
    assert await db.value("SELECT count(*) FROM expert") == 0


async def test_what_can_not_be_read_is_refused_with_the_name_that_people_know(
    db: Database, database: TestDatabase, folder: Path, key: Path, upload: Start
) -> None:
    number = await upload("姓名,电话\n".encode("gb18030"), "名单.csv")
    assert run(database.dsn, key, folder, number) is JobState.REFUSED
    job = await found(db, number)
    assert (job.reason.startswith("第 1 行：名单.csv 的表头不对：缺少列“证件号”、“手机号码”"), job.bad_rows) == (True, 0)
    number = await upload(text(table(3)).encode("gb18030"), "名单.csv", "gb18030")
    assert run(database.dsn, key, folder, number) is JobState.DONE


async def test_a_failed_import_keeps_its_file_and_can_be_tried_again(
    db: Database, database: TestDatabase, folder: Path, key: Path, upload: Start
) -> None:
    number = await upload(data_of(table(20)))
    key.rename(key.with_suffix(".away"))
    assert run(database.dsn, key, folder, number) is JobState.FAILED
    job = await found(db, number)
    assert (job.has_file, "主密钥" in job.reason) == (True, True)
    key.with_suffix(".away").rename(key)
    assert await jobs.retry(db, number)
    assert run(database.dsn, key, folder, number) is JobState.DONE
    assert not await jobs.retry(db, number)


@pytest.fixture
def process(database: TestDatabase, folder: Path, key: Path) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Starts the real process of an import, with its output to be read."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(number: int) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "EXPERTLINE_DSN": database.dsn, "EXPERTLINE_MASTER_KEY": str(key)}
        command = [sys.executable, "-m", "drawing.experts.job", str(number), str(folder)]
        started.append(subprocess.Popen(command, env=environment))
        return started[-1]

    yield begin
    for each in started:
        each.kill()
        each.wait()


async def test_a_killed_import_has_failed_and_left_nothing(
    db: Database,
    database: TestDatabase,
    folder: Path,
    upload: Start,
    process: Callable[[int], subprocess.Popen[bytes]],
) -> None:
    number = await upload(data_of(table(5)))
    with transaction(database.owner_dsn) as lock:  # holds the import in the middle of its COPY's transaction
        lock.run("LOCK TABLE pool_import IN ACCESS EXCLUSIVE MODE")
        worker = process(number)
        await until(db, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'pool_import'::regclass")
        assert await jobs.settle(db, folder) == [], "somebody is at it"
        await db.run("UPDATE pool_job SET created_at = created_at - interval '1 hour'")
        assert await jobs.settle(db, folder) == []
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    await until(db, "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'")
    assert await jobs.settle(db, folder) == [number]
    job = await found(db, number)
    assert (job.state, job.reason, job.has_file) == (JobState.FAILED, jobs.KILLED, True)
    assert await db.value("SELECT count(*) FROM expert") == 0
    assert await jobs.retry(db, number)
    assert process(number).wait() == 0
    assert (await found(db, number)).state is JobState.DONE


async def until(db: Database, condition: str) -> None:
    while not await db.value(condition):
        pass


async def test_two_processes_never_do_one_import(
    db: Database,
    database: TestDatabase,
    folder: Path,
    key: Path,
    upload: Start,
    process: Callable[[int], subprocess.Popen[bytes]],
) -> None:
    first, second = await upload(data_of(table(5))), await upload(data_of(table(5, seed=2)))
    with transaction(database.owner_dsn) as lock:
        lock.run("LOCK TABLE pool_import IN ACCESS EXCLUSIVE MODE")
        workers = [process(first)]
        await until(db, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'pool_import'::regclass")
        assert run(database.dsn, key, folder, first) is None
        workers.append(process(second))
        await until(db, "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")
        assert (await found(db, second)).state is JobState.WAITING
    assert [worker.wait() for worker in workers] == [0, 0]
    assert [job.state for job in await jobs.newest(db, {"limit": 10, "offset": 0})] == [JobState.DONE, JobState.DONE]


async def test_files_that_nobody_will_try_again_are_deleted(db: Database, folder: Path, upload: Start) -> None:
    number = await upload(b"x")
    await db.run("UPDATE pool_job SET created_at = created_at - interval '2 days'")
    assert await jobs.settle(db, folder) == [number]
    assert len(list(folder.iterdir())) == 1
    await db.run("UPDATE pool_job SET ended_at = ended_at - interval '2 days'")
    assert await jobs.settle(db, folder) == []
    assert list(folder.iterdir()) == []
    assert not await jobs.retry(db, number)


async def test_the_states_are_the_database_s(db: Database) -> None:
    states = await db.value("SELECT enum_range(null::pool_job_state)::text[]")
    assert states == [state.value for state in JobState]
    assert all(state.label for state in JobState)


def test_wrong_arguments() -> None:
    done = subprocess.run([sys.executable, "-m", "drawing.experts.job"], capture_output=True, check=False)
    assert done.returncode == 2
