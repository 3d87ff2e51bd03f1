"""The open end of an activity's transcript and of the ledger, inside a transaction that holds the activity's lock."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from db.pool import Database, Transaction
from db.queries import load
from db.vault import Signer, Vault
from drawing import transcript
from drawing.canonical import canon, read
from drawing.ledger import SEAL, Leaf, lot_hash
from drawing.transcript import Entry, EntryType, Head, parse_stamp, stamp

Q = load("drawing")


@dataclass(frozen=True, slots=True)
class Custody:
    """The keys that the service keeps: the vault that opens personal data, and the signature under every entry."""

    vault: Vault
    signer: Signer


def entry_of(row: Any) -> Entry:
    """An entry as the database keeps it."""
    return Entry(
        seq=row.seq,
        at=parse_stamp(row.at),
        type=EntryType(row.type),
        body=read(row.body),
        prev=bytes(row.prev).hex(),
        hash=bytes(row.hash).hex(),
        sig=b64encode(bytes(row.sig)).decode(),
    )


def row_of(activity: str, entry: Entry) -> dict[str, Any]:
    """An entry as statement parameters."""
    return {
        "activity": activity,
        "seq": entry.seq,
        "at": stamp(entry.at),
        "type": entry.type.value,
        "body": canon(dict(entry.body)).decode(),
        "prev": bytes.fromhex(entry.prev),
        "hash": bytes.fromhex(entry.hash),
        "sig": b64decode(entry.sig),
    }


def head_of(row: Any) -> Head | None:
    """The chain's end as a row has it that was read after the lock was had."""
    return None if row.head_seq is None else Head(row.head_seq, parse_stamp(row.head_at), bytes(row.head_hash).hex())


@dataclass(slots=True)
class Chain:
    """Appends entries; the caller holds the activity's row lock, so there is one writer. `now` is the database's clock, and
    `head` the chain's end, both as they were once the lock was had."""

    tx: Transaction
    activity: str
    now: datetime
    signer: Signer
    head: Entry | Head | None

    @classmethod
    def of(cls, tx: Transaction, row: Any, signer: Signer) -> Self:
        """Of the row that `drawing.decide.lock` gave."""
        return cls(tx, row.id, row.now, signer, head_of(row))

    async def append(self, kind: EntryType, body: Mapping[str, Any]) -> Entry:
        """Sign the next entry and post it; a clock a little behind the chain is lifted to it, never the other way."""
        at = self.now if self.head is None else max(self.now, self.head.at)
        entry = transcript.append(self.head, at, kind, body, self.signer.sign)
        self.tx.post(Q.append_entry, row_of(self.activity, entry))
        self.head = entry
        return entry


async def record_in_ledger(tx: Transaction, kind: str, lots: list[str], entry: Entry, activity: str) -> None:
    """Add the leaf of a commit or a seal, and after a seal the operation log's head. Only the log's own lock, which is taken
    at COMMIT, comes after the ledger's."""
    await tx.run(Q.lock_ledger, {})
    await tx.run(
        Q.append_ledger,
        {
            "kind": kind,
            "lots": sorted(map(lot_hash, lots)),
            "hash": bytes.fromhex(entry.hash),
            "activity": activity,
            "seq": entry.seq,
        },
    )
    if kind == SEAL:
        await tx.run(Q.append_log_head)


async def record_log_head(db: Database) -> bool:
    """Add the operation log's head to the ledger if the last one there is a day old and rows have followed it; whether it
    was added. Raises DatabaseError."""
    if not await db.value(Q.log_head_due):
        return False
    async with db.transaction() as tx:
        await tx.run(Q.lock_ledger, {})
        return bool(await tx.run(Q.append_log_head))


def leaf_of(row: Any) -> Leaf:
    """A ledger row as its leaf."""
    return Leaf(row.n, row.kind, tuple(row.lots), bytes(row.hash).hex())
