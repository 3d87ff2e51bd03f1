"""The long steps of a draw (snapshot and commit, the order), each in a process of its own beside the worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from functools import partial

from db.errors import DatabaseError
from drawing import bulk, snapshot
from drawing.advance import Need
from drawing.binding import NotBound
from drawing.identities import Unopened
from ivr.settings import Settings

LOG = logging.getLogger(__name__)


class Jobs:
    """One process, one job at a time. A job that fails says so and is no longer there: who asked for it asks again."""

    def __init__(self, settings: Settings, done: Callable[[str, bool], None]) -> None:
        """done: told the activity, and whether the job came to its end."""
        self._settings, self._done = settings, done
        self._running: dict[str, asyncio.Task[None]] = {}
        self._processes = bulk.workers(1)

    def activities(self) -> frozenset[str]:
        """Those that have a job under way."""
        return frozenset(self._running)

    def begin(self, activity: str, need: Need) -> None:
        self._running[activity] = asyncio.create_task(self._do(activity, need), name=f"{need.value} {activity}")

    async def close(self) -> None:
        """Wait for what runs (half of it is of no use to anybody), then end the process."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._processes.shutdown(cancel_futures=True)

    async def _do(self, activity: str, need: Need) -> None:
        well = False
        try:
            await asyncio.get_running_loop().run_in_executor(self._processes, self._work(activity, need))
            well = True
        except (DatabaseError, snapshot.WitnessMissing, Unopened, bulk.MissedName, NotBound, OSError) as error:
            LOG.error("%s: %s failed, tried again in a moment: %s", activity, need.value, error)
        except BrokenExecutor as error:  # the process was killed; a pool does not heal
            LOG.error("%s: the process for %s was lost, tried again in a moment: %s", activity, need.value, error)
            self._processes = bulk.workers(1)
        except Exception:
            LOG.exception("%s: %s failed, tried again in a moment", activity, need.value)
        finally:
            del self._running[activity]
            self._done(activity, well)

    def _work(self, activity: str, need: Need) -> Callable[[], bool]:
        settings = self._settings
        if need is Need.COMMIT:
            return partial(snapshot.commit_draw, settings.dsn, settings.master_key, settings.signing_key, activity)
        return partial(snapshot.order_draw, settings.dsn, settings.master_key, activity)
