"""Empties the outbox: plans what rows make due, takes it, composes, hands over, writes what came of it.

Part of the worker, which holds the node's lease: who lost it claims nothing. What is written where, and what can be promised,
is said in outbox.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from db.errors import DatabaseError
from db.pool import Database
from drawing import person
from drawing.binding import NotBound
from drawing.rules import Calling
from ivr.clock_watch import ClockWatch
from ivr.messages import outbox, sms
from ivr.messages.carriers import Carrier
from ivr.messages.compose import Composer, Letter, Pointless
from ivr.messages.kinds import Kind, Medium
from ivr.messages.outbox import Claim
from ivr.messages.states import NotNow, Refused, Retries, Verdict, after_try
from ivr.policy import opening

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
BREATH_SECONDS = 0.2  # what becomes due so soon after each other is sent together
ABREAST = 8


@dataclass(frozen=True, slots=True)
class Office:
    """Who takes what, and by which rules. A medium without a carrier is switched off: nothing is planned for it."""

    carriers: Mapping[Medium, Carrier]
    retries: Retries
    calling: Calling


class Sender:
    """`run` until cancelled or `stop`; `look` when there may be something to do."""

    def __init__(
        self,
        db: Database,
        composer: Composer,
        office: Office,
        right: Callable[[], Claim],
        *,
        lost_after: float = outbox.LOST_AFTER_SECONDS,
        watch: ClockWatch | None = None,
    ) -> None:
        """right: the lease as it is now; lost_after: seconds, see outbox.LOST_AFTER_SECONDS; watch: notices that the database's
        clock was set.
        """
        self._db, self._composer, self._office, self._right = db, composer, office, right
        self._lost_after, self._watch = lost_after, watch
        self._look = asyncio.Event()
        self._stopping = False

    def sends(self, medium: Medium) -> bool:
        """Whether anything goes out by it."""
        return medium in self._office.carriers

    def look(self) -> None:
        """There may be something to send."""
        self._look.set()

    def stop(self) -> None:
        """Finish what is being handed over, take nothing new."""
        self._stopping = True
        self._look.set()

    async def run(self) -> None:
        """Look whenever told to, and every two seconds; never ends for what database or carriers can do."""
        while not self._stopping:
            try:
                while await self.send_due() and not self._stopping:
                    pass
            except DatabaseError as error:
                LOG.warning("the outbox: %s: %s", type(error).__name__, error)
            except Exception:  # whatever is wrong here must not cost a call
                LOG.exception("the outbox could not be emptied; tried again in a moment")
            await self._wait()

    async def send_due(self) -> int:
        """One round; how many were taken."""
        if Medium.SMS in self._office.carriers:
            now = datetime.now(UTC)
            await outbox.plan(self._db, announce=opening(self._office.calling, now) <= now)
        taken = 0
        for carrier, kinds in await self._ready():
            rows = await outbox.claim(self._db, self._right(), kinds, ABREAST, self._lost_after, self._checked())
            taken += len(rows)
            await _all(self._carry(row, carrier) for row in rows)
        return taken

    def _checked(self) -> Callable[[datetime], None]:
        if self._watch is None:
            return lambda now: None
        return partial(self._watch.check, asked=self._watch.tick())

    async def _ready(self) -> list[tuple[Carrier, list[Kind]]]:
        due = await outbox.due_kinds(self._db)
        found = []
        for medium, carrier in self._office.carriers.items():
            kinds = sorted((kind for kind in due if kind.medium is medium), key=lambda kind: kind.value)
            if kinds and await carrier.ready():
                found.append((carrier, kinds))
        return found

    async def _carry(self, row: Any, carrier: Carrier) -> None:
        verdict, parts = await self._try(row, carrier)
        settled = after_try(verdict, row.tries, self._office.retries)
        if settled.error:
            level = logging.ERROR if settled.given_up else logging.WARNING
            LOG.log(level, "message %s (%s), try %d: %s", row.id, row.kind, row.tries, settled.error)
        await outbox.settle(self._db, row, settled, carrier.name, parts)

    async def _try(self, row: Any, carrier: Carrier) -> tuple[Verdict, int | None]:
        if row.tries > self._office.retries.tries:
            return NotNow("最后一次发送时程序中断，可能已经发出"), None
        parts = None
        try:
            letter = await self._composer.compose(row)
            if Kind(row.kind).medium is Medium.SMS:
                parts = sms.size(letter.text).parts
            if why := self._hindrance(Kind(row.kind), letter, carrier):
                return Refused(why), parts
            return await carrier.send(letter), parts
        except Pointless as why:
            return Refused(str(why)), None
        except NotBound as error:  # sent later, if what was changed is put right
            await person.alarm(self._db, row.activity, f"短信 {row.id}", error)
            return NotNow(f"{person.ALARM}，未发送"), None
        except DatabaseError:
            raise
        except Exception as error:  # one that can't be made must not keep the others
            LOG.exception("message %s (%s) can't be made or handed over", row.id, row.kind)
            return NotNow(f"无法生成（{type(error).__name__}）"), parts

    def _hindrance(self, kind: Kind, letter: Letter, carrier: Carrier) -> str | None:
        if kind.medium is not Medium.SMS:
            return None
        if not self._office.calling.allows(letter.address):
            return "号码不在允许呼叫的范围内"
        return None if carrier.limit is None else sms.too_long(letter.text, carrier.limit)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._look.wait()
                await asyncio.sleep(BREATH_SECONDS)
        except TimeoutError:
            pass
        self._look.clear()


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """All to their end, then the first error."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
