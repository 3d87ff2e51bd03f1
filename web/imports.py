"""Starts the process of an import and sees it end; the work and its state are drawing.experts' matter.

A process outlives the console that started it: an import is not lost because a console is started again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path

from aiohttp import web

from db.errors import DatabaseError
from db.pool import Database
from drawing.experts import jobs, lookup
from drawing.experts.lookup import PoolSize
from web.keys import DATABASE, SETTINGS
from web.settings import Settings

LOG = logging.getLogger(__name__)
LEAVE_SECONDS = 2.0
SIZE_SECONDS = 30.0
"""So old may the pool's numbers be: counting a million rows for every page would be its slowest part."""


class Imports:
    """The imports of one console."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.upload_folder
        self.limit = settings.upload_mib << 20
        self._environment: Mapping[str, str] = {
            **os.environ,
            "EXPERTLINE_DSN": settings.dsn,  # not as an argument, which everybody on the machine could read
            "EXPERTLINE_MASTER_KEY": str(settings.master_key),
        }
        self._watching: set[asyncio.Task[None]] = set()

    async def start(self, db: Database, number: int) -> None:
        """Let a process take the import up."""
        # asyncio's own kills its children when it is closed; the start itself takes a millisecond
        process = os.posix_spawn(  # noqa: ASYNC221
            sys.executable,
            [sys.executable, "-m", "drawing.experts.job", str(number), str(self.folder)],
            self._environment,
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
            setsid=True,
        )
        task = asyncio.create_task(self._watch(db, process, number))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _watch(self, db: Database, process: int, number: int) -> None:
        code = await _ended(process)
        if code == 0:
            return
        LOG.error("the process of import %d ended with code %d", number, code)
        try:
            await jobs.fail(db, number)
        except DatabaseError as error:  # whoever looks next settles it
            LOG.error("import %d: %s", number, error)

    async def leave(self) -> None:
        """Let those end that are about to, then watch no more; the processes go on."""
        if not self._watching:
            return
        _, still = await asyncio.wait(self._watching, timeout=LEAVE_SECONDS)
        for task in still:
            task.cancel()
        await asyncio.gather(*still, return_exceptions=True)


async def _ended(process: int) -> int:
    """The exit code of a child; negative: the signal that killed it."""
    loop, ended, handle = asyncio.get_running_loop(), asyncio.Event(), os.pidfd_open(process)
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])  # noqa: ASYNC222 - it has ended


class Census:
    """The pool's size, counted anew when what is known is too old; only one request counts at a time."""

    def __init__(self) -> None:
        self._size: PoolSize | None = None
        self._until = 0.0
        self._one = asyncio.Lock()

    async def size(self, db: Database) -> PoolSize:
        """As of at most SIZE_SECONDS ago; while somebody counts, what was known before."""
        now = asyncio.get_running_loop().time()
        if self._size is None or (now >= self._until and not self._one.locked()):
            async with self._one:
                if self._size is None or now >= self._until:
                    self._size = await lookup.size(db)
                    self._until = asyncio.get_running_loop().time() + SIZE_SECONDS
        return self._size

    def forget(self, changed_at: datetime | None = None) -> None:
        """Count at the next look: something was changed, now or at that moment of the database's clock."""
        if changed_at is None or (self._size is not None and self._size.counted_at < changed_at):
            self._until = 0.0


IMPORTS: web.AppKey[Imports] = web.AppKey("imports", Imports)
CENSUS: web.AppKey[Census] = web.AppKey("census", Census)


async def imports(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context, after the database's: settles what an earlier console left."""
    app[IMPORTS], app[CENSUS] = Imports(app[SETTINGS]), Census()
    await jobs.settle(app[DATABASE], app[IMPORTS].folder)
    yield
    await app[IMPORTS].leave()


def display_name(given: str | None) -> str:
    """A file's name as people know it, fit for a page: without folders, in one line, not endless.

    >>> display_name("C:\\\\tmp\\\\专家\\n.xlsx"), display_name(None)
    ('专家.xlsx', '未命名文件')
    """
    name = Path((given or "").replace("\\", "/")).name
    return "".join(c for c in name if c.isprintable())[:120] or "未命名文件"
