"""Recordings of masked calls (通话录音): kept sealed, opened for who witnesses the activity, erased when the rules say so.

The bytes are those of the node's file: 8 kHz, 16 bits, 16 kB a second, 9.6 MB for the longest talk. A-law would halve that, but
what is kept would no longer be what was recorded, and not every browser plays it. Their hash goes into 操作记录, which nobody can
change, when they are kept; the call's own evidence is written before, when the call ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from db.contexts import RECORDING
from db.pool import Database
from db.vault import Vault
from drawing.chain import Q
from drawing.rules import Rules, versions

KEPT, HEARD, ERASED = "保存通话录音", "收听通话录音", "删除到期录音"
"""What 操作记录 says."""


class NotHere(LookupError):
    """There is no such recording, or it was erased."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One that is kept, or was: `n` is that of 第 N 位专家."""

    call: str
    n: int
    made_at: datetime
    seconds: float
    sha256: str
    erased_at: datetime | None
    opened: bool
    """Whether the draw of the expert is open (T1), so that it may be heard."""


async def ended(db: Database, calls: Collection[str]) -> Mapping[str, bool]:
    """Which of these are calls of ours, and whether each has ended."""
    return {row.id: row.ended for row in await db.all(Q.calls_ended, {"calls": list(calls)})} if calls else {}


async def keep(db: Database, vault: Vault, call: str, plain: bytes, seconds: float) -> bool:
    """Store the recording of a call that has ended, once; False when another one is stored for it, which then stays."""
    context = RECORDING.at(call)
    digest, sealed = await asyncio.to_thread(lambda: (sha256(plain).hexdigest(), vault.encrypt(plain, context)))
    values = {"call": call, "seconds": seconds, "sha256": digest, "data_enc": sealed, "act": KEPT}
    async with db.transaction() as tx:
        await tx.run(Q.keep_recording, values)
        stored: str | None = await tx.value(Q.recording_hash, {"call": call})
    return stored == digest


async def recordings(db: Database, activity: str) -> list[Recording]:
    """All of an activity's, the last one first; also those that were erased."""
    rows = await db.all(Q.recordings, {"activity": activity})
    return [Recording(row.call, row.n, row.made_at, row.seconds, row.sha256, row.erased_at, row.opened) for row in rows]


async def opened(db: Database, vault: Vault, activity: str, call: str) -> bytes:
    """The wav. Raises NotHere."""
    sealed = await db.value(Q.recording, {"activity": activity, "call": call})
    if sealed is None:
        raise NotHere(call)
    return await asyncio.to_thread(vault.decrypt, bytes(sealed), RECORDING.at(call))


async def erase_expired(db: Database) -> list[str]:
    """Erase what is older than its activity's rules allow, and say so in 操作记录; the calls' ids."""
    erased = []
    for version in versions():
        days = Rules.load(version).retention.recording_days
        rows = await db.all(Q.erase_recordings, {"rules": version, "days": days, "act": ERASED})
        erased += [row.call for row in rows]
    return erased
