"""The open end of an activity's transcript and of the ledger, inside a transaction that holds the activity's lock."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

from db.pool import Database, Transaction
from db.queries import load
from db.vault import Signer, Vault
from drawing import merkle, transcript
from drawing.canonical import canon, read
from drawing.clock import Reading, next_at
from drawing.ledger import LOG, SEAL, Leaf, LedgerHead
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


def row_of(activity: str, entry: Entry, reading: Reading) -> dict[str, Any]:
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
        "clock": str(reading),
    }


class Closed(Exception):
    """The chain has its last entry, `close`: nothing can be recorded about the activity any more."""

    def __init__(self, activity: str) -> None:
        super().__init__(f"{activity} 已经结束，记录链已封闭，不能再增加记录。")


@dataclass(frozen=True, slots=True)
class End:
    """The last entry of a chain, and the monotonic clock when it was written."""

    entry: Entry | Head
    reading: Reading | None
    closed: bool


def end_of(row: Any) -> End | None:
    """The chain's end as a row has it that was read after acquiring the lock; None before the first entry."""
    if row.head_seq is None:
        return None
    head = Head(row.head_seq, parse_stamp(row.head_at), bytes(row.head_hash).hex())
    return End(head, Reading.parse(row.head_clock), row.head_type == EntryType.CLOSE.value)


def following(
    activity: str, end: End | None, now: datetime, kind: EntryType, body: Mapping[str, Any], signer: Signer
) -> tuple[Entry, Reading]:
    """The entry after `end`, signed, and the monotonic clock at its time. Raises Closed."""
    reading = read_clock()
    if end is None:
        return transcript.append(None, now, kind, body, signer.sign), reading
    if end.closed:
        raise Closed(activity)
    at = next_at(now, end.entry.at, end.reading, reading)
    return transcript.append(end.entry, at, kind, body, signer.sign), reading


def read_clock() -> Reading:
    """CLOCK_BOOTTIME of this machine, which goes on while the machine sleeps and which nobody sets."""
    return Reading(_boot(), time.clock_gettime_ns(time.CLOCK_BOOTTIME))


@cache
def _boot() -> str:
    """One start of one machine; a time namespace has another offset, and counts as another machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip() + "/" + Path("/proc/self/ns/time").readlink().name


@dataclass(slots=True)
class Chain:
    """Appends entries; the caller holds the activity's row lock, so there is one writer. `now` is the database's clock, and
    `end` the chain's end, both as they were after acquiring the lock."""

    tx: Transaction
    activity: str
    now: datetime
    signer: Signer
    end: End | None

    @classmethod
    def of(cls, tx: Transaction, row: Any, signer: Signer) -> Self:
        """Of the row that `drawing.decide.lock` gave."""
        return cls(tx, row.id, row.now, signer, end_of(row))

    async def append(self, kind: EntryType, body: Mapping[str, Any]) -> Entry:
        """Sign the next entry and post it. Raises Closed."""
        entry, reading = following(self.activity, self.end, self.now, kind, body, self.signer)
        self.tx.post(Q.append_entry, row_of(self.activity, entry, reading))
        self.end = End(entry, reading, kind is EntryType.CLOSE)
        return entry


async def record_in_ledger(
    tx: Transaction, kind: str, lots: list[str], entry: Entry, activity: str, draw: int
) -> LedgerHead:
    """Add the leaf of a commit or a seal, fix the head that its receipts say, and add the operation log's head after a seal. Only
    the log's own lock, which is taken at COMMIT, comes after the ledger's.
    """
    head = await append_leaf(tx, kind, lots, entry.hash, activity, entry.seq)
    await tx.run(Q.fix_head, fixed(head, activity, draw, kind))
    if kind == SEAL:
        await _append_log_head(tx)
    return head


async def record_log_head(db: Database) -> bool:
    """Add the operation log's head to the ledger if the last one there is a day old and rows have followed it; whether it
    was added. Raises DatabaseError."""
    if not await db.value(Q.log_head_due):
        return False
    async with db.transaction() as tx:
        await tx.run(Q.lock_ledger)
        return await _append_log_head(tx)


async def _append_log_head(tx: Transaction) -> bool:
    head = await tx.one(Q.log_head)
    if head is not None:
        await append_leaf(tx, LOG, (), bytes(head.hash).hex(), None, head.seq)
    return head is not None


async def append_leaf(
    tx: Transaction, kind: str, lots: Sequence[str], entry_hash: str, activity: str | None, seq: int
) -> LedgerHead:
    """Take the ledger's lock and add a leaf; the head with it."""
    tx.post(Q.lock_ledger)
    last = await tx.one(Q.last_leaf)
    leaves = await tx.all(Q.ledger) if last is not None and last.peaks is None else ()
    row, head = leaf_row(last, leaves, kind, lots, entry_hash)
    tx.post(Q.append_ledger, row | {"activity": activity, "seq": seq})
    return head


def leaf_row(
    last: Any, leaves: Iterable[Any], kind: str, lots: Iterable[str], entry_hash: str
) -> tuple[dict[str, Any], LedgerHead]:
    """A ledger row for an entry about these lots, after `last` (None: the first), and the head with it. `leaves`: all rows so far,
    where the last one has no peaks."""
    size = 0 if last is None else last.n + 1
    leaf = Leaf.of(size, kind, lots, entry_hash)
    peaks = merkle.grown(_peaks(last, leaves), size, leaf.digest())
    row = {"n": size, "kind": kind, "lots": list(leaf.lots), "hash": bytes.fromhex(entry_hash), "peaks": peaks}
    return row, LedgerHead(size + 1, merkle.root_of(peaks).hex())


def head_at(last: Any, leaves: Iterable[Any]) -> LedgerHead:
    """The head of the ledger that ends with the row `last`."""
    return LedgerHead(last.n + 1, merkle.root_of(_peaks(last, leaves)).hex())


def _peaks(last: Any, leaves: Iterable[Any]) -> Sequence[bytes]:
    if last is not None and last.peaks is not None:
        return [bytes(peak) for peak in last.peaks]
    peaks: list[bytes] = []
    for size, row in enumerate(leaves):
        peaks = merkle.grown(peaks, size, leaf_of(row).digest())
    return peaks


def fixed(head: LedgerHead, activity: str, draw: int, kind: str) -> dict[str, Any]:
    """The head with a commit or a seal as statement parameters."""
    return {"activity": activity, "draw": draw, "given": kind, "size": head.size, "root": bytes.fromhex(head.root)}


def leaf_of(row: Any) -> Leaf:
    """A ledger row as its leaf."""
    return Leaf(row.n, row.kind, tuple(row.lots), bytes(row.hash).hex())
