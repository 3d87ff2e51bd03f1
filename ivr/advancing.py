"""Brings draws forward beside the calls: each as soon as something about it has changed, so that a decision seldom finds its
draw owing a pick.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from db.errors import SerializationFailure, Unavailable
from db.pool import Database
from drawing.advance import Need, advance
from drawing.chain import Custody
from drawing.orders import Orders
from ivr.clock_watch import ClockWatch
from ivr.jobs import Jobs
from ivr.settings import Settings

LOG = logging.getLogger(__name__)
ABREAST = 4  # transactions at once
LONGEST_REST_SECONDS = 60.0  # for an activity whose advance keeps failing


class Advancing:
    """`advance` for every activity that is noted, one transaction at a time for each."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        custody: Custody,
        orders: Orders,
        job_done: Callable[[], None],
        watch: ClockWatch | None = None,
    ) -> None:
        """job_done: told when a long step has ended, well or not. watch: notices that the database's clock was set."""
        self._db, self._custody, self._orders, self._told = db, custody, orders, job_done
        self._jobs = Jobs(settings, self._job_done)
        self._changed: dict[str, None] = {}  # in turn: none waits for those that change all the time
        self._under_way = set[str]()
        self._news = asyncio.Event()
        self._failures: dict[str, tuple[int, float]] = {}  # activity: how often in a row, and until when it rests
        self._over = False
        self._watch = watch

    def note(self, activities: Iterable[str]) -> None:
        """Something about them may have changed."""
        self._changed |= dict.fromkeys(activities)
        self._news.set()

    async def run(self) -> None:
        """Until `stop`, and what is under way then has ended."""
        async with asyncio.TaskGroup() as tasks:
            while not self._over:
                await self._news.wait()
                self._news.clear()
                for activity in self._due():
                    del self._changed[activity]
                    self._under_way.add(activity)
                    tasks.create_task(self._advance(activity), name=f"advance {activity}")

    def stop(self) -> None:
        self._over = True
        self._news.set()

    async def close(self) -> None:
        """Wait for the long steps."""
        await self._jobs.close()

    def _due(self) -> list[str]:
        """As many as there is room for, who waits longest first. What has a long step under way is named again at its end, what
        rests by the sweep."""
        now = asyncio.get_running_loop().time()
        resting = {each for each, (_, until) in self._failures.items() if until > now}
        for activity in self._jobs.activities() | resting:
            self._changed.pop(activity, None)
        room = ABREAST - len(self._under_way)
        return [each for each in self._changed if each not in self._under_way][:room]

    async def _advance(self, activity: str) -> None:
        """One activity; whatever is wrong with it must not stop the others: it rests, and a later sweep tries again."""
        try:
            async with self._db.transaction() as tx:
                need = await advance(tx, self._custody, self._orders, activity, wait=False, checked=self._checked())
        except Unavailable as error:  # the next sweep names it again
            LOG.warning("the database: %s: %s", type(error).__name__, error)
        except SerializationFailure as error:  # somebody else was at it: at the next sweep
            LOG.info("%s: %s", activity, error)
        except Exception:
            LOG.exception("%s could not be brought forward; the others go on", activity)
            self._let_rest(activity)
        else:
            self._failures.pop(activity, None)
            if need is not Need.NOTHING:
                self._jobs.begin(activity, need)
        finally:
            self._under_way.discard(activity)
            self._news.set()

    def _checked(self) -> Callable[[datetime], None]:
        """What is to be called with the database's clock, as this transaction sees it."""
        if self._watch is None:
            return lambda now: None
        return partial(self._watch.check, asked=self._watch.tick())

    def _let_rest(self, activity: str) -> None:
        times = self._failures.get(activity, (0, 0.0))[0] + 1
        pause = min(2.0**times, LONGEST_REST_SECONDS)
        self._failures[activity] = (times, asyncio.get_running_loop().time() + pause)

    def _job_done(self, activity: str, well: bool) -> None:
        if not well:
            self._let_rest(activity)
        self.note([activity])
        self._told()
