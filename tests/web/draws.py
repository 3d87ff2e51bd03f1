"""Draws that are moved forward by hand, for the pages that show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.pool import Database
from drawing.eligibility import Condition
from drawing.lifecycle import Role
from drawing.seats import PickOutcome
from drawing.start import start
from tests.drawing.test_draw import Hand, the_clock_reaches_the_opening
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, plan, witness
from web import ownership
from web.development import IDENTITIES

WHO = {each.id: each for each in IDENTITIES}
DIGITS = "48291306"


class Draws:
    """Makes activities of handler-a1's; `hand` moves the one that is under way."""

    def __init__(self, db: Database, database: TestDatabase, keys: Keys) -> None:
        self.db, self.database, self.keys = db, database, keys

    async def ready(self, experts: int = 6, conditions: Sequence[Condition] = (), **changes: Any) -> Hand:
        """An activity that may be started."""
        phones = [f"138000000{n:02d}" for n in range(experts)]
        add_experts(self.database.dsn, self.keys.custody.vault, phones)
        made = plan(conditions or (condition(seats=2),), **changes)
        number = await make_activity(self.db, self.keys.custody.vault, made)
        async with self.db.transaction() as tx:
            await ownership.own(tx, WHO["handler-a1"], number)
        return Hand(self.db, self.database.dsn, self.keys, number)

    async def started(self, *given: Any, **changes: Any) -> Hand:
        """One that was started and, with a witness, waits for the digits."""
        hand = await self.ready(*given, **changes)
        await start(self.db, self.keys.custody.vault, hand.activity, WHO["handler-a1"].actor, Role.HANDLER)
        await hand.advance()
        return hand

    async def committed(self) -> Hand:
        """One that waits for the digits of supervisor-1."""
        return await self.started(witnesses=(witness(),))

    async def committed_more(self) -> Hand:
        """Another one, over the same experts."""
        return await self.started(0, witnesses=(witness(),))


async def everybody_agrees(hand: Hand) -> None:
    """Until the draw is sealed."""
    while calls := await hand.live():
        for call in calls:
            await hand.answers(call, PickOutcome.ACCEPTED)
            await hand.ends(call, "accepted")
        await hand.advance()


async def opened(hand: Hand) -> None:
    """Sealed, and the time has come."""
    await everybody_agrees(hand)
    await the_clock_reaches_the_opening(hand)
