"""The evidence of an activity (证据): a folder that anybody can verify without us.

Before the unsealing it holds no share, no facts and nothing that leads to a name: `witness` and `seal` stand there by their
hash only. Afterwards there are two forms: the public one (records without facts) and the supervisor's (with facts, salts
and names).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from db.pool import Database
from drawing import evidence_files, ledger, naming, person
from drawing.binding import NotBound
from drawing.blocks import pool_lines, public_line
from drawing.canonical import canon
from drawing.chain import Custody, Q, entry_of, leaf_of
from drawing.evidence_readme import README
from drawing.identities import POOL_BLOCK
from drawing.transcript import WITHHELD_TYPES, Entry, EntryType


class Form(Enum):
    """Who gets it."""

    PUBLIC = "public"
    SUPERVISOR = "supervisor"


class FactsSealed(Exception):
    """The supervisor's form before the unsealing."""


async def export(db: Database, custody: Custody, activity: str, folder: Path, form: Form = Form.PUBLIC) -> None:
    """Write the evidence into a new folder. Raises FileExistsError, FactsSealed, LookupError."""
    chain = [entry_of(row) for row in await db.all(Q.chain, {"activity": activity})]
    if not chain:
        raise LookupError(f"{activity} 还没有抽取记录")
    opened = any(entry.type is EntryType.UNSEAL for entry in chain)
    if form is Form.SUPERVISOR and not opened:
        raise FactsSealed(f"{activity} 的结果尚未解密，监督形式的证据须在解密之后导出")
    _new_folder(folder)
    lines = (entry.line(withhold=not opened and entry.type in WITHHELD_TYPES) for entry in chain)
    _write(folder / evidence_files.TRANSCRIPT, lines)
    await _write_pool(db, custody, activity, chain, folder, form)
    if form is Form.SUPERVISOR and "facts" in chain[0].body:
        await _write_names(db, custody, activity, chain, folder)
    await _write_calls(db, activity, chain, folder)
    document = await _ledger(db, chain)
    _write(folder / evidence_files.LEDGER, [canon(document) + b"\n"])
    _write(folder / evidence_files.KEY, [custody.signer.public_pem.encode()])
    _write(folder / evidence_files.README_NAME, [README.encode()])


def _new_folder(folder: Path) -> None:
    folder.mkdir(parents=True)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("xb") as file:
        file.writelines(parts)


async def _write_pool(
    db: Database, custody: Custody, activity: str, chain: list[Entry], folder: Path, form: Form
) -> None:
    with (folder / evidence_files.POOL).open("xb") as file:
        for draw in (entry.body["draw"] for entry in chain if entry.type is EntryType.COMMIT):
            for row in await db.all(Q.pool_blocks, {"activity": activity, "draw": draw}):
                lines = pool_lines(custody.vault.decrypt(bytes(row.data), POOL_BLOCK))
                shown = lines if form is Form.SUPERVISOR else map(public_line, lines)
                file.writelines(line + b"\n" for line in shown)


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


async def _write_calls(db: Database, activity: str, chain: list[Entry], folder: Path) -> None:
    """What the hashes in attempts stand for, in the chain's order."""
    kept = {row.hash: row.evidence for row in await db.all(Q.calls_evidence, {"activity": activity})}
    hashes = dict.fromkeys(entry.body["evidence"] for entry in chain if entry.type is EntryType.ATTEMPT)
    lines = (canon({"hash": each, "evidence": json.loads(kept[each])}) + b"\n" for each in hashes)
    _write(folder / evidence_files.CALLS, lines)


async def _ledger(db: Database, chain: list[Entry]) -> dict[str, object]:
    """The head over all leaves now, and proofs of this activity's own."""
    hashes = {entry.hash for entry in chain}
    leaves = [leaf_of(row) for row in await db.all(Q.ledger)]
    return ledger.document(leaves, [leaf.n for leaf in leaves if leaf.hash in hashes])
