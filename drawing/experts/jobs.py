"""Imports as an administrator sees them (导入任务): what was uploaded, how far it is, what was
wrong.

The work itself is done by a process of its own (drawing.experts.job). Whether one is still at it, the database knows:
the process holds an advisory lock for as long as it lives, so that a killed one is noticed without any clock of ours.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from db.pool import Database, Transaction
from db.queries import load

LOCK = 0x706F6F6C
"""The first key of the advisory locks: one per import, and, alone, one for all (drawing.experts.job)."""

KEEP_SECONDS = 24 * 3600
"""So long the file of a failed import stays, so that it can be tried again."""

GRACE_SECONDS = 60
"""So long may a process take to come up, before its import counts as failed."""

KILLED = "导入进程意外中止，没有导入任何内容：请重试；如再次出现，请联系系统管理员"
_Q = load("drawing.experts")
_ADD, _JOB, _JOBS, _SETTLE, _RETRY = _Q.add_job, _Q.job, _Q.jobs, _Q.settle_jobs, _Q.retry_job
_FILES_OVER, _FORGET, _PROBLEMS, _COUNT = _Q.files_over, _Q.forget_file, _Q.problems, _Q.count_problems
_COUNT_JOBS, _END = _Q.count_jobs, _Q.end_job


class JobState(StrEnum):
    """pool_job_state."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """What it is called on a page."""
        return _LABELS[self]

    @property
    def over(self) -> bool:
        """Nothing more will happen by itself."""
        return self in (JobState.DONE, JobState.REFUSED, JobState.FAILED)


_LABELS = {
    JobState.WAITING: "等待中",
    JobState.RUNNING: "正在导入",
    JobState.DONE: "已导入",
    JobState.REFUSED: "未导入（文件有误）",
    JobState.FAILED: "失败（可重试）",
}


@dataclass(frozen=True, slots=True)
class Job:
    """One import. `took_s`: seconds from its begin to its end; `left_out`: what of the file was not read; `same_rows`,
    `changed_rows` and `new_rows`: how its rows without a fault stood to the pool, None if nobody of the file was in the pool.
    """

    id: int
    file_name: str
    size: int
    state: JobState
    listing: bool
    rows_read: int
    rows_total: int | None
    bad_rows: int
    reason: str
    by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    has_file: bool
    took_s: float | None
    left_out: list[str]
    same_rows: int | None
    changed_rows: int | None
    new_rows: int | None

    @property
    def label(self) -> str:
        """What has become of it, as a page says it; a file whose people are in the pool already is not wrong."""
        known = self.state is JobState.REFUSED and self.new_rows is not None and not self.bad_rows
        return "未导入（库中已有）" if known else self.state.label

    @property
    def percent(self) -> int | None:
        """How much of the file has been read; None while nobody knows. 100 only when it is over."""
        if self.state is JobState.DONE:
            return 100
        return min(99, self.rows_read * 100 // self.rows_total) if self.rows_total else None


@dataclass(frozen=True, slots=True)
class ListedProblem:
    """A fault of a refused file, or what a row of it changes in the pool; `n` counts from 1 in order of rows."""

    n: int
    row: int
    column_name: str
    reason: str


class TooLarge(Exception):
    """More was sent than is taken."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, in the upload folder."""

    file: str
    size: int
    sha256: str


async def receive(folder: Path, chunks: AsyncIterator[bytes], limit: int) -> Upload:
    """Write what is sent into a new private file (0600); TooLarge beyond `limit` bytes. Nothing stays if it fails."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240 - local and short
    path, digest, size = folder / f"{uuid4().hex}.upload", sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge
                digest.update(chunk)
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Upload(path.name, size, digest.hexdigest())


async def add(db: Database | Transaction, upload: Upload, file_name: str, encoding: str, by: str) -> int:
    """Note the import; its number."""
    values = {"file_name": file_name, "file": upload.file, "size": upload.size, "sha256": upload.sha256}
    number: int = await db.value(_ADD, {**values, "encoding": encoding, "by": by})
    return number


async def find(db: Database, number: int) -> Job | None:
    """One import."""
    return await db.one(_JOB, {"id": number}, Job)


async def count(db: Database) -> int:
    """How many imports there have been."""
    number: int = await db.value(_COUNT_JOBS)
    return number


async def newest(db: Database, limits: Mapping[str, int]) -> list[Job]:
    """Imports, the newest first; `limits`: limit and offset."""
    return await db.all(_JOBS, limits, Job)


async def problems(db: Database, number: int, first: int, most: int) -> list[ListedProblem]:
    """The listed faults from the `first` (from 1) on."""
    return await db.all(_PROBLEMS, {"job": number, "first": first, "most": most}, ListedProblem)


async def count_problems(db: Database, number: int) -> int:
    """How many faults are listed."""
    count: int = await db.value(_COUNT, {"job": number})
    return count


async def retry(db: Database | Transaction, number: int) -> bool:
    """Let a failed import wait again; False if there is nothing to try again."""
    return await db.run(_RETRY, {"id": number}) == 1


async def fail(db: Database, number: int) -> None:
    """The process of an import has ended without a word."""
    values = {"id": number, "state": JobState.FAILED, "reason": KILLED, "bad_rows": 0, "rows_read": 0}
    await db.run(_END, values | {"left_out": [], "same_rows": None, "changed_rows": None, "new_rows": None})


async def settle(db: Database, folder: Path) -> list[int]:
    """Mark what nobody works on any more as failed (which), and delete the files of what is over."""
    lost = await db.all(_SETTLE, {"kind": LOCK, "grace_s": GRACE_SECONDS, "reason": KILLED})
    for row in await db.all(_FILES_OVER, {"keep_s": KEEP_SECONDS}):
        discard(folder, [row.file])
        await db.run(_FORGET, {"id": row.id})
    return [row.id for row in lost]


def discard(folder: Path, files: Iterable[str]) -> None:
    """Delete uploaded files; one that is gone already is no error."""
    for name in files:
        with contextlib.suppress(FileNotFoundError):
            (folder / Path(name).name).unlink()
