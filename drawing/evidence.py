"""The evidence of an activity (证据): a folder that anybody can verify without us.

What it withholds it withholds for each draw until that draw's own `unseal`: until then no share, no facts and nothing that leads to
a name; `witness` and `seal` stand there by their hash only. Afterwards there are two forms: the public one (records without facts)
and the supervisor's (with facts, salts and names).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

from db.contexts import POOL_BLOCK
from db.pool import Database, Transaction
from drawing import evidence_files, heads, ledger, naming, person
from drawing.binding import NotBound
from drawing.blocks import pool_lines, public_line
from drawing.canonical import canon
from drawing.chain import Custody, Q, entry_of, leaf_of
from drawing.evidence_readme import README
from drawing.heads import Given
from drawing.ledger import Leaf, LedgerHead
from drawing.transcript import WITHHELD_TYPES, Entry, EntryType, stamp


class Form(Enum):
    """Who gets it."""

    PUBLIC = "public"
    SUPERVISOR = "supervisor"


class FactsSealed(Exception):
    """The supervisor's form before the unsealing."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that changes, as it was at one moment: a chain that grows meanwhile does not tear the evidence."""

    at: datetime
    chain: Sequence[Entry]
    calls: Mapping[str, str]
    """Evidence by its hash."""
    leaves: Sequence[Leaf]
    given: Sequence[LedgerHead]
    """Every head that was given out in the activity, this export's with them."""

    @property
    def opened(self) -> frozenset[int]:
        """The draws that are open; an older chain has one `unseal` for all draws before it."""
        draws, opened = set[int](), set[int]()
        for entry in self.chain:
            if entry.type is EntryType.COMMIT:
                draws.add(entry.body["draw"])
            elif entry.type is EntryType.UNSEAL:
                opened |= {entry.body["draw"]} if "draw" in entry.body else draws
        return frozenset(opened)


async def export(
    db: Database, custody: Custody, activity: str, folder: Path, form: Form = Form.PUBLIC, whom: str = ""
) -> None:
    """Write the evidence into a new folder, and keep that its head was given to `whom` (an identity's id). Raises FileExistsError,
    FactsSealed, LookupError."""
    async with db.transaction(snapshot=True) as tx:
        found, given = await _snapshot(tx, activity, form)
    _new_folder(folder)
    await heads.give(db, activity, given, Given.EXPORT, whom)
    _write(folder / evidence_files.TRANSCRIPT, _transcript(found))
    await _write_pool(db, custody, activity, found, folder, form)
    if form is Form.SUPERVISOR and "facts" in found.chain[0].body:
        await _write_names(db, custody, activity, list(found.chain), folder)
    _write(folder / evidence_files.CALLS, _calls(found))
    document = _ledger(found)
    _write(folder / evidence_files.LEDGER, [canon(document) + b"\n"])
    _write(folder / evidence_files.HEAD, [canon(head(custody, activity, found, document["head"])) + b"\n"])
    _write(folder / evidence_files.KEY, [custody.signer.public_pem.encode()])
    _write(folder / evidence_files.README_NAME, [README.encode()])


async def _snapshot(tx: Transaction, activity: str, form: Form) -> tuple[Snapshot, LedgerHead]:
    """And the ledger's head, which goes out with it."""
    chain = [entry_of(row) for row in await tx.all(Q.chain, {"activity": activity})]
    if not chain:
        raise LookupError(f"{activity} 还没有抽取记录")
    calls = {row.hash: row.evidence for row in await tx.all(Q.calls_evidence, {"activity": activity})}
    leaves = [leaf_of(row) for row in await tx.all(Q.ledger)]
    present = await heads.present(tx)
    given = {LedgerHead(row.size, row.root) for row in await tx.all(Q.heads, {"activity": activity})} | {present}
    in_turn = sorted(given, key=lambda each: (each.size, each.root))
    found = Snapshot(await tx.value(Q.now), chain, calls, leaves, in_turn)
    if form is Form.SUPERVISOR and not found.opened:
        raise FactsSealed(f"{activity} 的结果尚未解密，监督形式的证据须在解密之后导出")
    return found, present


def head(custody: Custody, activity: str, found: Snapshot, ledger_head: Mapping[str, Any]) -> dict[str, Any]:
    """head.json: how far the chain went at the export, signed, so that what is cut off its end is missed."""
    last = found.chain[-1]
    said = {
        "activity": activity,
        "at": stamp(max(found.at, last.at)),
        "entries": len(found.chain),
        "hash": last.hash,
        "key": custody.signer.fingerprint,
        "ledger": dict(ledger_head),
    }
    return said | {"sig": b64encode(custody.signer.sign(sha256(canon(said)).digest())).decode()}


def _new_folder(folder: Path) -> None:
    folder.mkdir(parents=True)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("xb") as file:
        file.writelines(parts)


def _transcript(found: Snapshot) -> Iterable[bytes]:
    """The lines; witness and seal of a draw that is not open without their bodies."""
    draw, opened = 0, found.opened
    for entry in found.chain:
        if entry.type is EntryType.COMMIT:
            draw = entry.body["draw"]
        yield entry.line(withhold=draw not in opened and entry.type in WITHHELD_TYPES)


async def _write_pool(db: Database, custody: Custody, activity: str, found: Snapshot, folder: Path, form: Form) -> None:
    """What was written with a commit never changes: it is read a block at a time, outside the snapshot."""
    with (folder / evidence_files.POOL).open("xb") as file:
        for draw in (entry.body["draw"] for entry in found.chain if entry.type is EntryType.COMMIT):
            whole, place = form is Form.SUPERVISOR and draw in found.opened, 0
            while data := await db.value(Q.pool_block, {"activity": activity, "draw": draw, "place": place}):
                lines = pool_lines(custody.vault.decrypt(bytes(data), POOL_BLOCK.at(activity, draw, place)))
                file.writelines(line + b"\n" for line in (lines if whole else map(public_line, lines)))
                place += 1


async def _write_names(db: Database, custody: Custody, activity: str, chain: list[Entry], folder: Path) -> None:
    """Who agreed by the transcript, whatever the rows say; 证件号 and its salt are in no evidence. Without the file when transcript
    and sealed names do not fit: the evidence is given out all the same, and the verifier says what is wrong with it.
    """
    try:
        names = await naming.names(db, custody, activity, chain)
    except NotBound as error:
        await person.alarm(db, activity, "监督形式的证据", error)
        return
    _write(folder / evidence_files.PERSONS, (canon(name) + b"\n" for name in names))


def _calls(found: Snapshot) -> Iterable[bytes]:
    """What the hashes in attempts stand for, in the chain's order."""
    hashes = dict.fromkeys(entry.body["evidence"] for entry in found.chain if entry.type is EntryType.ATTEMPT)
    return (canon({"hash": each, "evidence": json.loads(found.calls[each])}) + b"\n" for each in hashes)


def _ledger(found: Snapshot) -> dict[str, Any]:
    """The head over all leaves, proofs of this activity's own, and of every head that was given out: as it was given, so that one
    which the leaves don't bear out is seen."""
    hashes = {entry.hash for entry in found.chain}
    sizes = [given.size for given in found.given if given.size <= len(found.leaves)]
    document = ledger.document(found.leaves, [leaf.n for leaf in found.leaves if leaf.hash in hashes], sizes)
    proofs = {each["size"]: each["proof"] for each in document["earlier"]}
    document["earlier"] = [
        {"size": given.size, "root": given.root, "proof": proofs.get(given.size, [])} for given in found.given
    ]
    return document
