"""The result (抽取结果) and the evidence as the console hands them out."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db.pool import Database
from drawing.board import Board, board
from drawing.chain import Custody, Q
from drawing.evidence import Form, export
from drawing.lifecycle import ActivityState
from drawing.reference import reference
from drawing.result import Member, Sealed, members
from web.drawn import lead_of


@dataclass(frozen=True, slots=True)
class Result:
    """Numbers always; the members and the seal's hash only once it is open, and until then when that will be."""

    board: Board
    members: tuple[Member, ...] | None
    told: str
    opens_at: datetime | None
    seal: str | None
    key: str


async def result(db: Database, custody: Custody, activity: str) -> Result:
    """What may be seen now; opens the result when its time has come."""
    now = await board(db, activity, await lead_of(db, activity))
    key = custody.signer.fingerprint
    try:
        found = await members(db, custody, activity)
    except Sealed as sealed:
        if now.state is ActivityState.ENDED:
            return Result(now, None, "本活动未完成抽取即已结束，没有可以解密的结果。", None, None, key)
        return Result(now, None, str(sealed), sealed.opens_at, None, key)
    return Result(now, tuple(found), "", None, await db.value(Q.seal_hash, {"activity": activity}), key)


def specialty_names(codes: tuple[str, ...]) -> str:
    """(编码)名称, as the manual's table has them."""
    known = reference().specialties
    return "、".join(f"({code}){known[code].name}" if code in known else code for code in codes)


@contextlib.asynccontextmanager
async def evidence_zip(db: Database, custody: Custody, activity: str, form: Form) -> AsyncIterator[Path]:
    """The evidence as one file that the verifier takes as it is, gone afterwards. Raises LookupError, FactsSealed."""
    with tempfile.TemporaryDirectory(prefix="expertline-evidence-") as name:
        folder = Path(name)
        await export(db, custody, activity, folder / activity, form)
        made = await asyncio.to_thread(shutil.make_archive, str(folder / "evidence"), "zip", folder / activity)
        yield Path(made)
