"""`python -m drawing.experts.job NUMBER FOLDER`: the process of one import, started by the console.

The database and the master key's file come by EXPERTLINE_DSN and EXPERTLINE_MASTER_KEY. Whatever happens becomes
a state of the import's row; exit code 0 if it could be written there.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from db.blocking import BlockingTransaction, transaction
from db.errors import DatabaseError, Unavailable
from db.keyfile import KeyFileRefused
from db.logs import start_logging
from db.queries import load
from db.vault import Vault
from drawing.experts.jobs import LOCK, JobState, discard
from drawing.experts.read import Source
from drawing.experts.report import BadFile, Report
from drawing.experts.store import ImportRefused, import_file

LOG = logging.getLogger(__name__)
SHOWN_ROWS = 1_000_000
"""Of so many bad rows the faults are listed; a longer list helps nobody."""

MEMORY = 4 << 30
"""Bytes of address space: a file made to fill the memory ends this process, not the machine."""

_STEP_SECONDS = 0.5
_TRIES = 30
_Q = load("drawing.experts")
_WORK, _HOLD, _ALONE, _BEGIN, _TELL = _Q.job_work, _Q.hold_job, _Q.one_at_a_time, _Q.begin_job, _Q.tell_progress
_FINISH, _END, _FORGET = _Q.finish_job, _Q.end_job, _Q.forget_file
_MEMORY_OUT = "文件需要的内存过多，没有导入任何内容：请分成几个文件，或改用 CSV UTF-8 导入"
_DATABASE = "导入中途数据库出错，没有导入任何内容：请稍后重试；如再次出现，请联系系统管理员"
_KEY = "主密钥不可用，没有导入任何内容：请联系系统管理员"
_UNKNOWN = "导入程序出错，没有导入任何内容：错误已记入日志，请联系系统管理员"


@dataclass
class Teller:
    """Writes how far it is, twice a second, on a connection of its own: the import's is one long transaction."""

    watch: BlockingTransaction
    job: int
    rows: int = 0
    listing: bool = False
    _told: float = field(default_factory=time.monotonic)

    def progress(self, rows: int) -> None:
        self.rows = rows
        if time.monotonic() - self._told >= _STEP_SECONDS:
            self._tell()

    def list(self) -> None:
        """From now on the faults are listed."""
        self.rows, self.listing = 0, True
        self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        self.watch.run(_TELL, {"id": self.job, "rows_read": self.rows, "listing": self.listing})


def run(dsn: str, key: Path, folder: Path, job: int) -> JobState | None:
    """Do it; how it ended, or None if there was nothing to do. Raises DatabaseError if that can't be written."""
    with transaction(dsn, autocommit=True) as watch:
        if not watch.value(_HOLD, {"kind": LOCK, "id": job}):
            return None
        watch.value(_ALONE, {"kind": LOCK})
        work = watch.one(_WORK, {"id": job})
        if work is None or work.file is None:
            return None
        source = Source(folder / Path(work.file).name, work.encoding, work.file_name)
        state, reason, report = _attempt(dsn, key, source, work.by, Teller(watch, job))
        if state is not JobState.DONE:
            _end(dsn, job, state, reason, report)
    if state is not JobState.FAILED:  # a failed one can be tried again
        discard(folder, [work.file])
        with transaction(dsn) as tx:
            tx.run(_FORGET, {"id": job})
    return state


def _attempt(dsn: str, key: Path, source: Source, by: str, teller: Teller) -> tuple[JobState, str, Report]:
    """The import's end: state, why, and what was wrong with the file."""
    try:
        teller.watch.run(_BEGIN, {"id": teller.job, "rows_total": source.estimate()})
        import_file(
            source, dsn, Vault.open(key), by, progress=teller.progress, listing=teller.list, shown=SHOWN_ROWS,
            also=lambda tx, report: _finish(tx, teller.job, report),
        )  # fmt: skip
        return JobState.DONE, "", Report()
    except ImportRefused as refused:
        return JobState.REFUSED, refused.report.summary(), refused.report
    except BadFile as bad:
        return JobState.REFUSED, str(bad), Report()
    except MemoryError:
        return JobState.REFUSED, _MEMORY_OUT, Report()
    except KeyFileRefused as error:
        LOG.error("import %d: %s", teller.job, error)
        return JobState.FAILED, _KEY, Report()
    except DatabaseError as error:
        LOG.error("import %d: %s", teller.job, error)
        return JobState.FAILED, _DATABASE, Report()
    except Exception:
        LOG.exception("import %d", teller.job)
        return JobState.FAILED, _UNKNOWN, Report()


def _finish(tx: BlockingTransaction, job: int, report: Report) -> None:
    """In the import's own transaction: the experts are in exactly when the job is done."""
    tx.run(_FINISH, {"id": job, "rows": report.rows, "left_out": list(report.left_out.lines())})


def _end(dsn: str, job: int, state: JobState, reason: str, report: Report) -> None:
    """Write state and faults, on a new connection: the old one may be what failed."""
    compared = report.compared
    values: dict[str, object] = {"id": job, "state": state.value, "reason": reason}
    values |= {"rows_read": report.rows, "bad_rows": len(report.bad), "left_out": list(report.left_out.lines())}
    counts = (len(compared.same), len(compared.changed), len(compared.new)) if compared.known else (None, None, None)
    values |= dict(zip(("same_rows", "changed_rows", "new_rows"), counts, strict=True))
    with _patiently(dsn) as tx:
        ended = tx.run(_END, values)
        if ended and (listed := report.listed()):
            rows = ((job, n, problem.row, problem.column, problem.reason) for n, problem in enumerate(listed, start=1))
            tx.copy("pool_problem", ("job", "n", "row", "column_name", "reason"), rows)


@contextmanager
def _patiently(dsn: str) -> Iterator[BlockingTransaction]:
    """A transaction as soon as the database lets us in."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction(dsn) as tx:
                tx.value("SELECT 1")
                yield tx
                return
        except Unavailable:
            if not left:
                raise
            time.sleep(1)


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    start_logging()
    dsn, key = os.environ.get("EXPERTLINE_DSN"), os.environ.get("EXPERTLINE_MASTER_KEY")
    if len(arguments) != 2 or not arguments[0].isdigit() or not dsn or not key:
        LOG.error("usage: python -m drawing.experts.job NUMBER FOLDER, with EXPERTLINE_DSN and EXPERTLINE_MASTER_KEY")
        return 2
    os.nice(10)  # calls under way go first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        run(dsn, Path(key), Path(arguments[1]), int(arguments[0]))
    except DatabaseError as error:
        LOG.error("import %s: %s", arguments[0], error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
