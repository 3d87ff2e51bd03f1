"""The outbox in PostgreSQL: a row per message, put there once, taken by one sender at a time, closed by its receipt.

What it promises. A message is in the outbox once, whoever asks for it and how often (unique kind and matter). It is handed to
a carrier *at least once*, or given up with the reason: its id and the try are committed before anything leaves, so a worker
that dies in between leaves a row that is tried again after LOST_AFTER_SECONDS. Whether the carrier had taken it just before,
nobody can know then, so it may be handed over twice, with the same id: a gateway drops the second by its Idempotency-Key, a mail
program by its Message-ID; on a telephone the same text may arrive twice. A receipt that comes meanwhile prevents the second try.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.contexts import MAIL_ADDRESS
from db.pool import Database, Transaction
from db.queries import load
from db.vault import Vault
from drawing.rules import Rules, versions
from ivr.messages.kinds import Kind, Medium, kinds_by
from ivr.messages.states import GIVEN_UP, Receipt, Settled, State, after_receipt

Q = load("ivr.messages")
LOG = logging.getLogger(__name__)
LOST_AFTER_SECONDS = 120.0
"""More than any carrier takes to answer: a try of which nothing is known after that is made again."""
_KNOWN = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Claim:
    """By which right a worker sends: its lease on a node."""

    node: str
    holder: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many 短信 of an activity are how far."""

    sending: int
    submitted: int
    delivered: int
    failed: int
    given_up: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.sending + self.submitted + self.delivered + self.failed + self.given_up

    @property
    def labelled(self) -> list[tuple[str, int]]:
        """As the console shows them, those there are."""
        numbers = {state.label: getattr(self, state.value) for state in State} | {GIVEN_UP: self.given_up}
        return [(label, number) for label, number in numbers.items() if number]


async def plan(db: Database, *, announce: bool = True) -> None:
    """Put in what the rows of draws make due; nothing twice, and nothing that could stand in a decision's way.

    announce: whether calls may be made now; nobody is woken by a 短信 about a call that waits for the morning.
    """
    await db.run(Q.plan_details)
    await db.run(Q.plan_notices)
    if announce and (announcing := [each for each in versions() if Rules.load(each).messages.announce_s]):
        await db.run(Q.plan_announcements, {"rules": announcing})
    if receipted := [each for each in versions() if Rules.load(each).messages.witness_receipt]:
        await db.run(Q.plan_witness_receipts, {"rules": receipted})
        await db.run(Q.plan_seal_receipts, {"rules": receipted})


async def put_for_pick(tx: Transaction, kind: Kind, activity: str, pick: int, *, about: str = "") -> bool:
    """A message to the expert of a pick, in the caller's transaction; False when it is there already.

    `about` tells apart what may happen to one pick more than once. What follows from rows is planned, not put (`plan`).
    """
    matter = f"pick:{pick}" + (f":{about}" if about else "")
    values = {"kind": kind.value, "matter": matter, "activity": activity, "pick": pick, "address_enc": None}
    return bool(await tx.run(Q.put, values))


async def put_mail(tx: Transaction, vault: Vault, kind: Kind, activity: str, address: str, *, about: str) -> bool:
    """A mail to a clerk; `about` tells draws of one activity apart. False when it is there already."""
    matter = f"mail:{activity}:{about}:{vault.keyed_hash('mail', address.lower()).hex()[:32]}"
    sealed = vault.encrypt(address.encode(), MAIL_ADDRESS.at(activity, kind.value, matter))
    values = {"kind": kind.value, "matter": matter, "activity": activity, "pick": None, "address_enc": sealed}
    return bool(await tx.run(Q.put, values))


async def due_kinds(db: Database) -> frozenset[Kind]:
    """Of which kinds something is due; those of a newer version of this program are left to it."""
    return frozenset(Kind(row.kind) for row in await db.all(Q.due_kinds) if row.kind in _KNOWN)


async def claim(
    db: Database,
    right: Claim,
    kinds: Sequence[Kind],
    limit: int,
    lost_after: float = LOST_AFTER_SECONDS,
    checked: Callable[[datetime], None] = lambda now: None,
) -> list[Any]:
    """What is due, now this sender's alone; nothing once the lease is another's. checked: called with the database's clock, by
    which it is due; raises if that was set a moment ago, and then nothing is taken: what is being sent would seem lost.
    """
    lease = {"node": right.node, "holder": right.holder, "epoch": right.epoch}
    values = {"kinds": [kind.value for kind in kinds], "limit": limit, "lost_after": lost_after}
    async with db.transaction() as tx:
        rows = await tx.all(Q.claim, lease | values)
        if rows:
            checked(rows[0].now)
    return rows


async def settle(db: Database, row: Any, settled: Settled, carrier: str, parts: int | None) -> None:
    """Write what the try came to."""
    again = None if settled.again_in is None else settled.again_in.total_seconds()
    values: dict[str, str | int | float | bool | None] = {
        "id": row.id, "tries": row.tries, "state": settled.state.value, "again_s": again,
        "given_up": settled.given_up, "error": settled.error, "carrier": carrier, "parts": parts,
    }  # fmt: skip
    await db.run(Q.settle, values)


async def receive(db: Database, receipt: Receipt) -> bool:
    """Write what a receipt decides; False for an id that is not ours. The same receipt again changes nothing."""
    async with db.transaction() as tx:
        row = await tx.one(Q.state_for_update, {"id": receipt.id})
        if row is None:
            return False
        state = after_receipt(State(row.state), receipt)
        if state is not None:
            await tx.run(Q.note_receipt, {"id": receipt.id, "state": state.value, "receipt": receipt.word})
    return True


async def counts(db: Database, activity: str) -> Counts:
    """For the console."""
    found = await db.one(Q.counts, {"activity": activity, "kinds": kinds_by(Medium.SMS)}, Counts)
    assert found is not None
    return found
