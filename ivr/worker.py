"""The worker: holds one Asterisk node by a lease, brings every running draw forward, and makes its calls.

Composition and supervision only: what is decided is decided in drawing/, ivr/policy.py and the flows; what is written is
written by ivr/record.py; what is said to Asterisk goes through ivr/ari/. One loop wakes on NOTIFY, on the end of a call and
every two seconds, reads what is due, and does it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from db.errors import DatabaseError, SerializationFailure, Unavailable
from db.pool import Database
from drawing.advance import Need, advance
from drawing.chain import Custody
from drawing.chain import Q as DRAWING
from drawing.decide import Owing
from drawing.orders import Orders
from drawing.rules import Rules
from ivr.ari.client import Client
from ivr.ari.driver import Driver
from ivr.ari.errors import Abandoned, AriError, Replaced, Unanswered, Unsent
from ivr.ari.line import Line
from ivr.calls import Decision, Outcome, Recorded, Refused, Trail
from ivr.calls import Unavailable as NotNow
from ivr.dialplans import Timings
from ivr.dispatch import Conversation, Dispatcher, Preparer, Q, Ready
from ivr.jobs import Jobs
from ivr.lease import Lease
from ivr.policy import TokenBucket, TrunkLoad
from ivr.prompts import readback
from ivr.record import Recorder
from ivr.settings import Settings
from ivr.speech import Speech, SpeechError

T = TypeVar("T")
LOG = logging.getLogger(__name__)
SWEEP_SECONDS = 2.0
BREATH_SECONDS = 0.02  # what happens so soon after each other is looked at together
ABREAST = 4  # transactions of the loop at once; the pool has more connections, which are for decisions
LOOK_AGAIN_SECONDS = 0.1
LONGEST_CALL_SECONDS = 480.0  # more than Timings.call_seconds
ASIDE_SECONDS = 30.0  # for a call that can't be made, so that the others can
LONGEST_REST_SECONDS = 60.0  # for an activity whose advance keeps failing


class LeaseLost(Exception):
    """Somebody else drives the node now, or might: nothing more may be sent."""


class Worker:
    """One process's work; `run` returns when stopped and raises LeaseLost when it must not go on."""

    def __init__(
        self, settings: Settings, db: Database, custody: Custody, speech: Speech, lease: Lease, client: Client
    ) -> None:
        rules = Rules.load(settings.rules)
        self._settings, self._db, self._custody, self._lease, self._client = settings, db, custody, lease, client
        self._calling = rules.calling
        rate = min(rules.calling.calls_per_second, settings.trunk.calls_per_second or math.inf)
        self._bucket = TokenBucket.full(rate, datetime.now(UTC))
        self._orders = Orders(custody.vault)
        self._driver = Driver(client)
        self._recorder = Recorder(db, custody, self._orders, lease.epoch)
        self._dispatcher = Dispatcher(db, custody, lease, Preparer(db, custody, speech, Timings()), self._calling)
        self._look = asyncio.Event()
        self._changed: set[str] = set()
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._jobs = Jobs(settings, self._job_done)
        self._failures: dict[str, tuple[int, float]] = {}  # activity: how often in a row, and until when it rests
        self._stopping = self._over = False

    async def run(self) -> None:
        """Take over what an earlier holder left, then work until `stop`."""
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = [
                    tasks.create_task(self._keep_lease(), name="lease"),
                    tasks.create_task(self._hear_asterisk(), name="events"),
                    tasks.create_task(self._hear_database(), name="listen"),
                ]
                await self._take_over()
                await self._loop()
                for task in watching:
                    task.cancel()
        finally:
            self._over = True
            await self._driver.stop()
            await asyncio.gather(*self._calls.values(), return_exceptions=True)
            await self._jobs.close()

    def stop(self) -> None:
        """Begin nothing new, give up what rings; `run` returns once the calls under way have ended."""
        self._stopping = True
        self._give_up_ringing()
        self._look.set()

    def _give_up_ringing(self) -> None:
        for channel in self._driver.live():
            self._driver.cancel(channel)  # an answered call runs on

    # --- the lease --------------------------------------------------------------------------------------------

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(self._lease.seconds / 3)
            if not await self._lease.renew():
                self._driver.replaced()
                raise LeaseLost("the node's lease was taken over by another worker")
            if not self._lease.safe_to_dial:
                LOG.warning("the lease could not be renewed in time: no new calls, and what rings is given up")
                self._give_up_ringing()

    async def _hear_asterisk(self) -> None:
        try:
            await self._client.listen(self._driver, lambda: self._lease.held)
        except Replaced:
            raise LeaseLost("another worker has taken the application over at Asterisk") from None

    # --- taking over ------------------------------------------------------------------------------------------

    async def _take_over(self) -> None:
        """Decisions first (they stand in the rows), then hang up what is left, wait until it is gone, settle it."""
        try:
            async with asyncio.timeout(self._lease.seconds + LONGEST_CALL_SECONDS):
                await self._swept()
        except TimeoutError:
            LOG.error("Asterisk could not be reached for longer than any call lasts: none of before can be alive")
        while not self._stopping:
            try:
                return await self._settle_left(gone=True)
            except DatabaseError as error:
                LOG.warning("looking for calls of before: %s", error)
                await asyncio.sleep(SWEEP_SECONDS)

    async def _swept(self) -> None:
        """Every channel of before is known to be gone."""
        while not self._stopping:
            try:
                if self._client.connected:
                    for channel in await self._driver.sweep():
                        LOG.info("channel %s of an earlier holder is hung up", channel)
                    return
            except (Unsent, Unanswered) as error:
                LOG.warning("looking for channels of before: %s", error)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _settle_left(self, *, gone: bool = False) -> None:
        """Settle the live calls that nobody carries: left by the holder before, or made live in a transaction
        whose answer was lost."""
        lease = {"node": self._lease.node, "epoch": self._lease.epoch}
        for call in await self._db.all(Q.live_calls, lease):
            if call.id not in self._calls:
                self._calls[call.id] = asyncio.create_task(self._settle(call, gone), name=f"settle {call.id}")

    async def _settle(self, call: Any, gone: bool) -> None:
        conversation = Conversation(who=call.who, number="", flow=_NoFlow(), media={})
        ready = Ready(call.id, call.activity, call.flow, call.attempt, call.pick, conversation)
        outcome = Outcome.INTERRUPTED if call.outcome is None else Outcome(call.outcome)
        try:
            if not gone:
                await self._gone(call.id)
            await self._end(ready, outcome, Trail(channel=call.id, trunk=self._settings.trunk.name))
            LOG.info("call %s, which nobody carried, is settled as %s", call.id, outcome.value)
        except Abandoned:
            LOG.info("call %s is left to the node's next holder", call.id)
        finally:
            del self._calls[call.id]
            self._note(call.activity)

    # --- the loop ---------------------------------------------------------------------------------------------

    async def _hear_database(self) -> None:
        async with self._db.listen("work") as wakes:
            while True:
                for wake in await wakes.wait():
                    self._note(wake.payload)

    def _note(self, activity: str) -> None:
        if activity:
            self._changed.add(activity)
        self._look.set()

    async def _loop(self) -> None:
        swept = -SWEEP_SECONDS
        clock = asyncio.get_running_loop().time
        while not (self._stopping and not self._calls):
            try:
                if clock() - swept >= SWEEP_SECONDS:
                    self._changed.update(row.id for row in await self._db.all(DRAWING.running))
                    await self._dispatcher.count_today()
                    await self._settle_left()
                    swept = clock()
                await self._advance_changed()
                pause = await self._dispatch()
            except DatabaseError as error:
                LOG.warning("the database is away: %s", error)
                pause, swept = SWEEP_SECONDS, -SWEEP_SECONDS
            await self._wait(min(pause, SWEEP_SECONDS))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._look.wait()
                await asyncio.sleep(BREATH_SECONDS)
        except TimeoutError:
            pass
        self._look.clear()

    async def _advance_changed(self) -> None:
        changed, self._changed = self._changed, set()
        now = asyncio.get_running_loop().time()
        due = sorted(
            each for each in changed - self._jobs.activities() if self._failures.get(each, (0, now))[1] <= now
        )
        for start in range(0, len(due), ABREAST):
            await _abreast(map(self._advance, due[start : start + ABREAST]))

    async def _advance(self, activity: str) -> None:
        """One activity; whatever is wrong with it must not stop the others: it rests, and a later sweep tries again."""
        try:
            async with self._db.transaction() as tx:
                need = await advance(tx, self._custody, self._orders, activity, wait=False)
        except Unavailable:
            raise
        except SerializationFailure as error:  # somebody else was at it: at the next sweep
            LOG.info("%s: %s", activity, error)
        except Exception:
            LOG.exception("%s could not be brought forward; the others go on", activity)
            self._let_rest(activity)
        else:
            self._failures.pop(activity, None)
            if need is not Need.NOTHING:
                self._jobs.begin(activity, need)

    def _let_rest(self, activity: str) -> None:
        times = self._failures.get(activity, (0, 0.0))[0] + 1
        pause = min(2.0**times, LONGEST_REST_SECONDS)
        self._failures[activity] = (times, asyncio.get_running_loop().time() + pause)

    def _job_done(self, activity: str, well: bool) -> None:
        if not well:
            self._let_rest(activity)
        self._note(activity)

    # --- calls ------------------------------------------------------------------------------------------------

    async def _dispatch(self) -> float:
        """Make live what is due, as far as lease, line and trunk allow; the pause until there may be more."""
        if self._stopping or not self._lease.safe_to_dial or not self._client.connected:
            return SWEEP_SECONDS
        if (free := self._calling.channels - len(self._calls)) <= 0:
            return SWEEP_SECONDS  # the end of a call wakes us
        now = datetime.now(UTC)
        self._bucket = self._bucket.filled(now)
        if (opens := self._bucket.free_at(now)) > now:
            return (opens - now).total_seconds()
        limit = min(free, ABREAST, int(self._bucket.tokens))
        due = await self._dispatcher.due(limit)
        trunk = TrunkLoad(self._bucket, len(self._calls))
        for _ in filter(None, await _abreast(self._begin(call, trunk) for call in due)):
            self._bucket = self._bucket.take(now)
        if len(due) == limit:
            return BREATH_SECONDS
        soon: float | None = await self._db.value(Q.next_due)
        return SWEEP_SECONDS if soon is None else max(soon, 0.0)

    async def _begin(self, call: Any, trunk: TrunkLoad) -> bool:
        try:
            ready = await self._dispatcher.make_live(call, trunk)
        except Owing:
            self._note(call.activity)
            return False
        except Unavailable:  # perhaps it is live now: then the next sweep finds that nobody carries it
            raise
        except SerializationFailure as error:  # at the next look
            LOG.info("call %s: %s", call.id, error)
            return False
        except SpeechError as error:
            LOG.error("call %s: its prompts can't be made: %s", call.id, error)
            return await self._put_aside(call)
        except Exception:
            LOG.exception("call %s can't be made; the others can", call.id)
            return await self._put_aside(call)
        if ready is None:
            return False
        self._calls[ready.id] = asyncio.create_task(self._call(ready), name=f"call {ready.id}")
        return True

    async def _put_aside(self, call: Any) -> bool:
        await self._dispatcher.postpone(call, ASIDE_SECONDS)
        return False

    async def _call(self, ready: Ready) -> None:
        try:
            outcome, trail = await self._converse(ready)
            await self._end(ready, outcome, trail)
        except Abandoned:
            LOG.info("call %s is left to the node's next holder", ready.id)
        finally:
            del self._calls[ready.id]
            self._note(ready.activity)

    async def _converse(self, ready: Ready) -> tuple[Outcome, Trail]:
        conversation, trunk = ready.conversation, self._settings.trunk
        if self._stopping or not self._lease.safe_to_dial:
            return Outcome.CANCELLED, Trail(channel=ready.id, trunk=trunk.name)
        if not self._calling.allows(conversation.number):
            LOG.error("call %s: no pattern of the allowlist fits the number; it is not dialled", ready.id)
            return Outcome.INVALID_NUMBER, Trail(channel=ready.id, trunk=trunk.name)

        async def write(decision: Decision, trail: Trail) -> Recorded | Refused | NotNow:
            answer = await self._recorder.decide(ready, decision, trail)
            self._note(ready.activity)
            return answer

        async def speak(prompt: str, digits: str) -> Sequence[str]:
            return [uri for part in readback(digits) for uri in conversation.media[part]]

        try:
            line = Line(channel=ready.id, number=conversation.number, trunk=trunk.name, caller_id=trunk.caller_id)
            return await self._driver.run(line, conversation.flow, conversation.media, write, speak)
        except Abandoned:
            raise
        except Exception:  # a mistake of ours must not hold a seat for ever
            LOG.exception("call %s broke", ready.id)
            await self._gone(ready.id)
            return Outcome.INTERRUPTED, Trail(channel=ready.id, trunk=trunk.name)

    async def _gone(self, channel: str) -> None:
        """Return once the channel is known not to be there; raises Abandoned when the node is no longer ours."""
        while True:
            self._check_over(channel)
            try:
                if not await self._client.hang_up(channel):
                    return
            except AriError as error:
                LOG.warning("channel %s: %s", channel, error)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _end(self, ready: Ready, outcome: Outcome, trail: Trail) -> None:
        """Written however long the database is away: the seat is free only once the row says so. Raises
        Abandoned when the node is no longer ours."""
        while True:
            try:
                await self._recorder.end(ready, outcome, trail)
                return
            except DatabaseError as error:
                LOG.warning("call %s: its end could not be written: %s", ready.id, error)
                self._check_over(ready.id)
                await asyncio.sleep(SWEEP_SECONDS)

    def _check_over(self, call: str) -> None:
        if self._over:
            raise Abandoned(f"call {call} is left to the node's next holder")


async def _abreast(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Carry all out at the same time; once all have ended, the first error is raised."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return [each for each in ended if not isinstance(each, BaseException)]


class _NoFlow:
    """Of a call that somebody else had: there is nothing left to say."""

    def receive(self, event: Any, now: datetime) -> Sequence[Any]:
        raise AssertionError("an orphan's flow is never run")
