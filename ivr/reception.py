"""Calls from outside (K4): taken up, offered a call back, written down; and what that leads to once the line is free.

Nothing is decided on such a call, because a caller's number can be forged. So that nobody learns whose number is on file,
every caller hears the same and causes the same statements while the line is open; whether anybody is called back is looked
up only when it is free (ivr.call_backs). What is left to learn is whether a telephone rings afterwards, by whoever can see
or dial it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from db.errors import DatabaseError
from db.pool import Database, Transaction
from db.vault import Vault
from drawing.phone_numbers import subscriber
from drawing.rules import Rules
from ivr import prompts
from ivr.ari.driver import Driver
from ivr.ari.errors import Abandoned
from ivr.ari.line import Arrival
from ivr.call_backs import WhyNot, follow
from ivr.calls import Decision, Outcome, Recorded, Refused, Trail, Unavailable
from ivr.dialplans import Inbound, Timings
from ivr.dispatch import Q
from ivr.evidence import trail_json
from ivr.lease import Lease
from ivr.policy import opening
from ivr.sound_check import SoundCheck
from ivr.speech import Speech

LOG = logging.getLogger(__name__)
LAPSE_SECONDS = 900.0  # a call back that could not be made by then is expected no more
WRITE_AGAIN_SECONDS = 2.0
SOUNDS_SECONDS = 30.0  # so long a caller rings while the node is taken over; a worker that is stopped waits no longer for them
LONGEST_SECONDS = 120.0  # no call from outside lasts as long (Timings.inbound_seconds): one that seems to is gone without an end


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of a call from outside, how many came from that number within the hour, and the database's clock. `fork`: another call
    of the same caller is on the line, and the rest is not known.
    """

    id: int
    recent: int
    now: datetime | None
    fork: bool = False


class Reception:
    """One per worker. `note` is told the activity that a call back was added to."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        speech: Speech,
        lease: Lease,
        rules: Rules,
        driver: Callable[[], Driver],
        note: Callable[[str], None],
        sounds: SoundCheck,
    ) -> None:
        self._db, self._vault, self._speech, self._lease = db, vault, speech, lease
        self._rule, self._calling, self._driver, self._note = rules.inbound, rules.calling, driver, note
        self._sounds = sounds
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._places: set[str] = set()  # channels of calls that are answered
        self._sip_calls: set[str] = set()
        self._media: asyncio.Task[Mapping[str, Sequence[str]]] | None = None
        self._stopping = False

    def __len__(self) -> int:
        return len(self._tasks)

    def arrived(self, arrival: Arrival) -> None:
        """A call from outside waits. Nothing here waits or raises; told twice of one call, it takes it once."""
        if arrival.channel in self._tasks:
            return
        if self._stopping or not self._lease.held:
            self._driver().turn_away(arrival.channel, "congestion")
            return
        task = asyncio.create_task(self._take(arrival), name="call from outside")
        self._tasks[arrival.channel] = task
        task.add_done_callback(lambda _: self._tasks.pop(arrival.channel, None))

    def prepare(self) -> None:
        """Have the prompts made before anybody calls."""
        self._prompts()

    def stop(self) -> None:
        """Take no more calls; those that are on the line run out."""
        self._stopping = True

    async def close(self) -> None:
        """After the driver has stopped: what is not written is left to the node's next holder."""
        tasks = [*self._tasks.values(), *([self._media] if self._media else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settle_left(self, lost: Lease | None = None) -> None:
        """Of the holder before, or of a lost node: its calls are gone, but whoever asked for a call back gets it. All in one
        transaction: whatever breaks it, the next try finds them again. Raises DatabaseError.
        """
        lease, activities = lost or self._lease, list[str | None]()
        async with self._db.transaction() as tx:
            for row in await tx.all(Q.adopt_inbound, {"node": lease.node, "epoch": lease.epoch}):
                LOG.info("call %s from outside was left by an earlier holder", row.id)
                activities.append(await self._write_end(tx, row.id, Outcome.INTERRUPTED, None, None, epoch=lease.epoch))
        self._tell(activities)

    async def lapse(self) -> None:
        """Call backs that nobody expects any more."""
        await self._db.run(Q.lapse_call_backs, {"seconds": LAPSE_SECONDS})

    # --- one call -----------------------------------------------------------------------------------------------

    async def _take(self, arrival: Arrival) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._sounds.known.wait(), SOUNDS_SECONDS)
        if not self._sounds.ok:  # nobody is picked up to hear nothing
            self._driver().turn_away(arrival.channel, "congestion")
            return
        fork = bool(arrival.sip_call) and arrival.sip_call in self._sip_calls
        self._sip_calls.add(arrival.sip_call)
        try:
            await self._receive(arrival, fork)
        finally:
            self._places.discard(arrival.channel)
            if not fork:
                self._sip_calls.discard(arrival.sip_call)

    async def _receive(self, arrival: Arrival, fork: bool) -> None:
        try:
            entry = await self._enter(arrival, fork)
        except DatabaseError as error:
            LOG.warning("a call from outside can't be taken: %s", error)
            self._driver().turn_away(arrival.channel, "congestion")
            return
        why_not = self._why_not(entry)
        if why_not is not None:
            # Its row says so; at INFO a flood would fill the log.
            LOG.debug("call %s from outside is turned away: %s", entry.id, why_not.value)
            self._driver().turn_away(arrival.channel, "busy")
            await self._end(entry.id, Outcome.CANCELLED, None, why_not)
            return
        self._places.add(arrival.channel)
        open_now = entry.now is not None and opening(self._calling, entry.now) <= entry.now
        try:
            outcome, trail = await self._converse(arrival, entry.id, Inbound(Timings(), open_now=open_now))
        except Abandoned:
            LOG.info("call %s from outside is left to the node's next holder", entry.id)
            return
        await self._end(entry.id, outcome, trail, None if open_now else WhyNot.HOURS)

    def _why_not(self, entry: _Entry) -> WhyNot | None:
        """Why it is not answered."""
        if entry.fork:
            return WhyNot.SAME_CALLER
        if entry.recent >= self._rule.per_number_hour:
            return WhyNot.PER_NUMBER
        return WhyNot.AT_ONCE if len(self._places) >= self._rule.at_once else None

    async def _enter(self, arrival: Arrival, fork: bool) -> _Entry:
        number = subscriber(arrival.number)
        caller = self._vault.keyed_hash("phone", number) if number else None
        values: dict[str, Any] = {"channel": arrival.channel, "trunk": arrival.trunk, "caller": caller}
        values |= {"node": self._lease.node, "epoch": self._lease.epoch}
        if not fork:
            row = await self._db.one(Q.take_inbound, values)
            if row is None and await self._db.run(Q.free_place, values | {"seconds": LONGEST_SECONDS}):
                row = await self._db.one(Q.take_inbound, values)
            if row is not None:
                return _Entry(row.id, row.recent, row.now)
        return _Entry(int(await self._db.value(Q.take_fork, values)), 0, None, fork=True)

    async def _converse(self, arrival: Arrival, entry: int, flow: Inbound) -> tuple[Outcome, Trail]:
        async def write(decision: Decision, trail: Trail) -> Recorded | Refused | Unavailable:
            try:
                wanted = await self._db.run(Q.want_call_back, {"id": entry, "epoch": self._lease.epoch})
            except DatabaseError as error:
                LOG.warning("call %s from outside: its wish could not be written: %s", entry, error)
                return Unavailable()
            return Recorded() if wanted else Refused()

        try:
            media = await asyncio.shield(self._prompts())
            return await self._driver().run(arrival, flow, media, write)
        except Abandoned:
            raise
        except Exception:  # a mistake of ours must not leave the caller on the line
            LOG.exception("call %s from outside broke", entry)
            self._driver().turn_away(arrival.channel, "congestion")
            return Outcome.INTERRUPTED, Trail(arrival.channel, arrival.trunk)

    def _prompts(self) -> asyncio.Task[Mapping[str, Sequence[str]]]:
        """Rendered once; anew when that failed, or what was made is lost."""
        if self._media is None or (self._media.done() and not self._is_whole(self._media)):
            self._media = asyncio.create_task(self._render(), name="prompts of the inbound line")
        return self._media

    def _is_whole(self, made: asyncio.Task[Mapping[str, Sequence[str]]]) -> bool:
        if made.cancelled() or made.exception() is not None:
            return False
        return all(self._sounds.lost(media) is None for media in made.result().values())

    async def _render(self) -> Mapping[str, Sequence[str]]:
        hours = self._calling.hours_from, self._calling.hours_until or time()
        rendered = await self._speech.render_all(prompts.inbound(*hours))
        return {name: [f"sound:{path}" for path in paths] for name, paths in rendered.items()}

    async def _end(self, entry: int, outcome: Outcome, trail: Trail | None, why_not: WhyNot | None) -> None:
        """Written however long the database is away: somebody may wait for a call back."""
        while True:
            try:
                async with self._db.transaction() as tx:
                    activity = await self._write_end(tx, entry, outcome, trail, why_not)
                return self._tell([activity])
            except DatabaseError as error:
                LOG.warning("call %s from outside: its end could not be written: %s", entry, error)
                await asyncio.sleep(WRITE_AGAIN_SECONDS)

    # --- what it leads to ---------------------------------------------------------------------------------------

    async def _write_end(
        self, tx: Transaction, entry: int, outcome: Outcome, trail: Trail | None, why_not: WhyNot | None, *,
        epoch: int | None = None,
    ) -> str | None:  # fmt: skip
        """The activity to which a call back was added, if one was. epoch: of the lease under which it was taken, where that is not
        ours."""
        values: dict[str, Any] = {"id": entry, "epoch": epoch or self._lease.epoch, "outcome": outcome.value}
        values["trail"] = None if trail is None else trail_json(trail)
        values["why_not"] = None if why_not is None else why_not.value
        ended = await tx.one(Q.end_inbound, values)
        return await follow(tx, entry, ended, self._rule) if ended is not None and why_not is None else None

    def _tell(self, activities: Iterable[str | None]) -> None:
        for activity in activities:
            if activity is not None:
                self._note(activity)
