"""The worker: holds one Asterisk node by a lease, brings every running draw forward, and makes its calls.

Composition and supervision only: what is decided is decided in drawing/, ivr/policy.py and the flows; what is written is
written by ivr/record.py; what is said to Asterisk goes through ivr/ari/. On NOTIFY, on the end of a call and every two seconds
ivr/advancing.py brings forward what has changed, and the loop here makes the calls that are due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

from db.errors import DatabaseError, SerializationFailure, Unavailable
from db.pool import Database
from db.vault import watch as watch_layout
from drawing import chain
from drawing.chain import Custody
from drawing.chain import Q as DRAWING
from drawing.decide import Owing
from drawing.orders import Orders
from drawing.rules import Rules
from ivr.advancing import Advancing
from ivr.ari.client import Client
from ivr.ari.errors import Replaced
from ivr.ari.line import is_ours
from ivr.asterisk_watch import AsteriskWatch
from ivr.clock_watch import ClockStepped, ClockWatch
from ivr.collecting import Collecting
from ivr.dialplans import Timings
from ivr.dispatch import Dispatcher
from ivr.lease import Lease
from ivr.lost_nodes import LostNodes
from ivr.messages.kinds import Medium
from ivr.messages.sender import Sender
from ivr.notice_sounds import NoticeSounds
from ivr.noting import Notes
from ivr.periodic import Periodic
from ivr.policy import TrunkLoad
from ivr.preparing import Preparer
from ivr.reception import Reception
from ivr.record import Recorder
from ivr.reminding import remind_due
from ivr.settings import Settings
from ivr.sound_check import SoundCheck
from ivr.speech import NotWritten, NotYet, Speech, SpeechError
from ivr.switchboard import Switchboard
from ivr.taking_over import TakingOver
from ivr.trunk_alarms import Limits
from ivr.trunk_watch import TrunkWatch

T = TypeVar("T")
LOG = logging.getLogger(__name__)
SWEEP_SECONDS = 2.0
REMIND_SECONDS = 60.0
LOG_HEAD_SECONDS = 600.0  # no row of 操作记录 waits for the ledger longer than a day; seals bring the head in besides
BREATH_SECONDS = 0.02  # what happens so soon after each other is looked at together
ABREAST = 4  # calls made live at once; the pool has more connections, which are for decisions
NOT_YET_SECONDS = 1.0  # until a call is looked at again whose sounds are being made
ASIDE_SECONDS = 30.0  # for a call that can't be made, so that the others can


class LeaseLost(Exception):
    """Somebody else drives the node now, or might: nothing more may be sent."""


class Worker:
    """One process's work; `run` returns when stopped and raises LeaseLost when it must not go on."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        custody: Custody,
        speech: Speech,
        lease: Lease,
        client: Client,
        notes: Notes,
        watch: ClockWatch,
        sender: Sender | None = None,
    ) -> None:
        """notes: where calls stand, for whoever watches. watch: notices that a clock was set. sender: empties the outbox beside the
        calls; None where nothing but calls goes out.
        """
        rules = Rules.load(settings.rules)
        self._settings, self._db, self._custody, self._lease, self._client = settings, db, custody, lease, client
        self._calling = rules.calling
        orders = Orders(custody.vault)
        recorder = Recorder(db, custody, orders, lease.epoch, watch)
        self._sounds = SoundCheck(db, lease, client, speech, lambda: self._switchboard.driver, lambda: self._note(""))
        self._reception = Reception(
            db, custody.vault, speech, lease, rules, lambda: self._switchboard.driver, self._note, self._sounds
        )
        self._switchboard = Switchboard(
            client, lease, recorder, settings.trunk, self._calling, self._note, self._reception.arrived, notes.note,
            self._sounds,
        )  # fmt: skip
        preparer = Preparer(db, custody, speech, Timings())
        self._taking_over = TakingOver(settings, db, lease, client, self._switchboard, self._reception)
        messages = sender is not None and sender.sends(Medium.SMS)
        self._dispatcher = Dispatcher(
            db, custody, lease, preparer, self._calling, self._switchboard.trunks, watch, messages=messages
        )
        self._notes, self._watch, self._sender = notes, watch, sender
        self._look = asyncio.Event()
        self._advancing = Advancing(settings, db, custody, orders, lambda: self._note(""), watch)
        self._periodic = (
            Periodic(REMIND_SECONDS, partial(remind_due, db)),
            Periodic(LOG_HEAD_SECONDS, self._record_log_head),
        )
        self._collecting = Collecting(db, custody.vault, client)
        limits = Limits(rules.lines.keyless_calls, rules.lines.no_media_calls)
        names = [each.name for each in settings.trunk]
        self._trunk_watch = TrunkWatch(db, client, settings.node, names, limits, self._switchboard.trunks.avoid)
        self._asterisk = AsteriskWatch(db, lease, client)
        self._lost_nodes = LostNodes(db, lease, recorder, self._reception, self._note)
        self._notice_sounds = NoticeSounds(db, lease, speech)
        self._stopping = False

    async def run(self) -> None:
        """Take over what an earlier holder left, then work until `stop`."""
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = [
                    tasks.create_task(self._keep_lease(), name="lease"),
                    tasks.create_task(self._hear_asterisk(), name="events"),
                    tasks.create_task(self._hear_database(), name="listen"),
                    tasks.create_task(self._notes.run(), name="notes"),
                    *([tasks.create_task(self._client.hep.run(), name="sip")] if self._client.hep else []),
                    tasks.create_task(self._trunk_watch.run(), name="trunks"),
                    tasks.create_task(watch_layout(self._custody.vault, self._db), name="layout 1"),
                ]
                self._reception.prepare()
                if self._sender is not None:
                    tasks.create_task(self._sender.run(), name="outbox")
                collecting = tasks.create_task(self._collecting.run(), name="recordings")
                await self._taking_over.run()
                watching.append(tasks.create_task(self._sounds.run(), name="sounds"))
                watching.append(tasks.create_task(self._notice_sounds.run(), name="notices"))
                watching.append(tasks.create_task(self._lost_nodes.run(), name="lost nodes"))
                advancing = tasks.create_task(self._advancing.run(), name="advance")
                await self._loop()
                self._advancing.stop()
                self._collecting.stop()
                await asyncio.gather(collecting, advancing)
                for task in watching:
                    task.cancel()
        finally:
            await self._switchboard.close()
            await self._reception.close()
            await self._advancing.close()

    def stop(self) -> None:
        """Begin nothing new, give up what rings; `run` returns once the calls under way have ended."""
        self._stopping = True
        self._taking_over.stop()
        self._reception.stop()
        self._switchboard.stop()
        if self._sender is not None:
            self._sender.stop()
        self._look.set()

    # --- the lease --------------------------------------------------------------------------------------------

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(self._lease.seconds / 3)
            if not await self._lease.renew():
                self._switchboard.driver.replaced()
                raise LeaseLost("the node's lease was taken over by another worker")
            if not self._lease.safe_to_dial:
                LOG.warning("the lease could not be renewed in time: no new calls, and what rings is given up")
                self._switchboard.give_up_ringing()

    async def _hear_asterisk(self) -> None:
        try:
            await self._client.listen(self._switchboard.driver, lambda: self._lease.held)
        except Replaced:
            raise LeaseLost("another worker has taken the application over at Asterisk") from None

    # --- the loop ---------------------------------------------------------------------------------------------

    async def _hear_database(self) -> None:
        async with self._db.listen("work") as wakes:
            while True:
                for wake in await wakes.wait():
                    if is_ours(wake.payload):  # a call that rings: its person is to be called back instead
                        self._switchboard.driver.cancel(wake.payload)
                    else:
                        self._note(wake.payload)

    def _note(self, activity: str) -> None:
        if activity:
            self._advancing.note([activity])
        self._look.set()
        if self._sender is not None:
            self._sender.look()

    async def _loop(self) -> None:
        swept, told = -SWEEP_SECONDS, 0
        clock = asyncio.get_running_loop().time
        while not (self._stopping and not self._switchboard and not self._reception):
            told = self._tell_left(told)
            try:
                if clock() - swept >= SWEEP_SECONDS:
                    await self._watch.look()
                    await self._asterisk.look()
                    self._advancing.note(row.id for row in await self._db.all(DRAWING.running))
                    await self._dispatcher.count_today()
                    await self._taking_over.settle_left()
                    for each in self._periodic:
                        await each.look()
                    await self._reception.lapse()
                    swept = clock()
                pause = await self._dispatch()
            except ClockStepped:
                pause, swept = BREATH_SECONDS, -SWEEP_SECONDS  # look at once what it was
            except DatabaseError as error:
                LOG.warning("the database: %s: %s", type(error).__name__, error)
                pause, swept = SWEEP_SECONDS, -SWEEP_SECONDS
            await self._wait(min(pause, SWEEP_SECONDS))

    def _tell_left(self, told: int) -> int:
        """What a worker that is being stopped still waits for, whenever that changes."""
        left = len(self._switchboard) + len(self._reception)
        if self._stopping and left != told:
            LOG.info("stopping: %d channels are in calls, which end first", left)
        return left

    async def _record_log_head(self) -> None:
        if await chain.record_log_head(self._db):
            LOG.info("the operation log's head stands in the ledger")

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._look.wait()
                await asyncio.sleep(BREATH_SECONDS)
        except TimeoutError:
            pass
        self._look.clear()

    # --- calls ------------------------------------------------------------------------------------------------

    async def _dispatch(self) -> float:
        """Make live what is due, as far as lease, line and trunk allow; the pause until there may be more."""
        if self._stopping or not self._lease.safe_to_dial or not self._client.connected or not self._sounds.ok:
            return SWEEP_SECONDS
        if (free := self._calling.channels - len(self._switchboard)) <= 0:
            return SWEEP_SECONDS  # the end of a call wakes us
        tick, trunks = asyncio.get_running_loop().time(), self._switchboard.trunks
        if (opens := trunks.opens(tick)) > tick:
            return opens - tick
        limit = min(free, ABREAST, trunks.room(tick))
        line = trunks.together(len(self._switchboard), tick)
        due = await self._dispatcher.due(limit)
        await _abreast(self._begin(call, line, tick) for call in due)
        if len(due) == limit:
            return BREATH_SECONDS
        soon = await self._dispatcher.next_due()
        return SWEEP_SECONDS if soon is None else max(soon, 0.0)

    async def _begin(self, call: Any, line: TrunkLoad, tick: float) -> None:
        try:
            ready = await self._dispatcher.make_live(call, line, tick)
        except Owing:
            self._note(call.activity)
        except (Unavailable, ClockStepped):  # perhaps it is live now: then the next sweep finds that nobody carries it
            raise
        except SerializationFailure as error:  # at the next look
            LOG.info("call %s: %s", call.id, error)
        except NotYet:  # the other calls need not wait for it
            await self._dispatcher.postpone(call, NOT_YET_SECONDS)
        except NotWritten as error:
            self._sounds.not_written(error)
            await self._dispatcher.postpone(call, SWEEP_SECONDS)
        except SpeechError as error:
            LOG.error("call %s: its prompts can't be made: %s", call.id, error)
            await self._dispatcher.postpone(call, ASIDE_SECONDS)
        except Exception:
            LOG.exception("call %s can't be made; the others can", call.id)
            await self._dispatcher.postpone(call, ASIDE_SECONDS)
        else:
            if ready is not None:
                self._switchboard.begin(ready)


async def _abreast(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Carry all out at the same time; once all have ended, the first error is raised."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return [each for each in ended if not isinstance(each, BaseException)]
