"""A transcript as the database has it: each entry's own hash, link and signature, and whether it could stand where it stands."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drawing.audit.findings import Finding, Kind
from drawing.bodies import BadBody
from drawing.canonical import NotCanonical, read_canonical
from drawing.replay import Replay
from drawing.replay_picks import Call
from drawing.transcript import BrokenChain, Entry, EntryRow, EntryType, check_link, entry_from_json

Check = Callable[[bytes, bytes], bool]
"""Whether this signature is the service's for this message."""


def read_rows(activity: str, rows: Sequence[EntryRow], check: Check) -> tuple[list[Entry], list[Finding]]:
    """The entries that can be read, and what is wrong with them: one finding for an entry that is not what was hashed."""
    entries: list[Entry] = []
    found: list[Finding] = []
    before: Entry | None = None
    for row in rows:
        where = f"{activity} #{row.seq}"
        try:
            entry = _entry(row)
        except (NotCanonical, BadBody):
            found.append(Finding(Kind.ENTRY_CHANGED, where, "内容格式不符"))
            before = None
            continue
        except ValueError as error:
            found.append(Finding(Kind.ENTRY_CHANGED, where, str(error)))
            before = None
            continue
        try:
            if (
                before is not None or row.seq == 0 or row is rows[0]
            ):  # after one that can't be read no link can be judged
                check_link(before, entry)
        except BrokenChain as error:
            found.append(Finding(Kind.ENTRY_LINK, where, error.message))
        if not check(row.sig, row.hash):
            found.append(Finding(Kind.ENTRY_SIGNATURE, where, "签名不是本服务的密钥作出的"))
        entries.append(entry)
        before = entry
    return entries, found


def _entry(row: EntryRow) -> Entry:
    return entry_from_json({
        "seq": row.seq, "at": row.at, "type": row.type, "body": read_canonical(row.body.encode()),
        "prev": row.prev.hex(), "hash": row.hash.hex(), "sig": b64encode(row.sig).decode(),
    })  # fmt: skip


def replay(activity: str, entries: Sequence[Entry], calls: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """Play the chain as the verifier does, without the pool (whether each pick was the order's next is for the evidence);
    the first entry that can't stand there."""
    shown = {entry.body["draw"] for entry in entries if entry.type is EntryType.COMMIT}  # in the database nothing is withheld
    known = {key: Call(each["expert"], each["attempt"], each["outcome"]) for key, each in calls.items()}
    player = Replay(entries, {}, known, shown)
    for entry in entries:
        try:
            player.apply(entry)
        except BrokenChain as error:
            return [Finding(Kind.CHAIN_IMPOSSIBLE, f"{activity} #{error.seq}", error.message)]
        except (KeyError, TypeError, ValueError):
            return [Finding(Kind.CHAIN_IMPOSSIBLE, f"{activity} #{entry.seq}", "依据不全，不能重演")]
    return []
