"""Draws moved by hand, a real gateway, and senders like a worker's, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from db.pool import Database
from drawing.lifecycle import Role
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.start import start
from ivr.lease import Lease
from ivr.messages.carriers import Carrier, HttpGateway
from ivr.messages.compose import Composer
from ivr.messages.kinds import Medium
from ivr.messages.outbox import Claim
from ivr.messages.sender import Office, Sender
from ivr.messages.states import Retries
from tests.drawing.test_draw import Hand
from tests.ivr.messages import gateway
from tests.ivr.messages.gateway import SECRET, Gateway
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan

PUBLISHED = "02083186888"
AT_ONCE = Retries(4, (0,))


@dataclass
class World:
    """One test's own."""

    db: Database
    database: TestDatabase
    keys: Keys
    gateway: Gateway
    session: aiohttp.ClientSession
    leases: list[Lease] = field(default_factory=list)

    async def started(self, phones: Sequence[str], **changes: Any) -> Hand:
        """A draw with a seat for each, who are picked and not called yet."""
        add_experts(self.database.dsn, self.keys.custody.vault, phones)
        made = plan([condition(seats=len(phones))], **changes)
        number = await make_activity(self.db, self.keys.custody.vault, made)
        await start(self.db, self.keys.custody.vault, number, "clerk", Role.HANDLER)
        hand = Hand(self.db, self.database.dsn, self.keys, number)
        await hand.advance()
        return hand

    async def agreed(self, phones: Sequence[str], **changes: Any) -> Hand:
        """A draw in which all have agreed."""
        hand = await self.started(phones, **changes)
        for call in await hand.live():
            await hand.answers(call, PickOutcome.ACCEPTED)
            await hand.ends(call, "accepted")
        return hand

    async def sender(self, retries: Retries = AT_ONCE, *, lost_after: float = 120.0, **carriers: Carrier) -> Sender:
        """Of a worker with a node of its own."""
        lease = Lease(self.db, f"node-{len(self.leases)}", 600.0)
        assert await lease.take()
        self.leases.append(lease)
        sms = carriers.get("sms") or HttpGateway(self.session, self.gateway.url, SECRET)
        by = {Medium.SMS: sms} | ({Medium.MAIL: carriers["mail"]} if "mail" in carriers else {})
        composer = Composer(self.db, self.keys.custody, PUBLISHED)
        office = Office(by, retries, Rules.load("demo-1").calling)
        return Sender(self.db, composer, office, lambda: right(lease), lost_after=lost_after)

    async def messages(self) -> list[Any]:
        return await self.db.all("SELECT *, state::text AS how_far FROM message ORDER BY made_at, matter")


def right(lease: Lease) -> Claim:
    return Claim(lease.node, lease.holder, lease.epoch)


async def emptied(sender: Sender) -> None:
    """Until a round finds nothing."""
    while await sender.send_due():
        pass


@pytest.fixture
async def world(db: Database, database: TestDatabase, tmp_path: Path) -> AsyncIterator[World]:
    async with gateway.running() as running, aiohttp.ClientSession() as session:
        yield World(db, database, make_keys(tmp_path), running, session)


@pytest.fixture
def rules_that_announce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], str]:
    """Makes a version of the rules in which calls are announced so many seconds before."""

    def make(seconds: int) -> str:
        import drawing.rules

        folder, version = tmp_path / "rules", f"announce-{seconds}"
        folder.mkdir()
        for path in drawing.rules.FOLDER.glob("*.toml"):
            (folder / path.name).write_bytes(path.read_bytes())
        text = (folder / "demo-1.toml").read_text(encoding="utf-8").replace("announce_s = 0", f"announce_s = {seconds}")
        (folder / f"{version}.toml").write_text(text.replace('"demo-1"', f'"{version}"'), encoding="utf-8")
        monkeypatch.setattr(drawing.rules, "FOLDER", folder)
        return version

    return make
