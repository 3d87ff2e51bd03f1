"""The result (抽取结果) and the evidence as the console hands them out."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from db.pool import Database
from drawing import heads
from drawing.binding import NotBound
from drawing.board import Board, board
from drawing.chain import Custody, Q
from drawing.ending import OVER
from drawing.evidence import Form, export
from drawing.ledger import LedgerHead
from drawing.lifecycle import ActivityState
from drawing.reference import reference
from drawing.result import Member, Sealed, members, unseal_if_due
from web.drawn import lead_of

REFUSED = "名单与承诺不符，已停止显示并报警。"
NO_COMMITTEE = "本活动未完成抽取即已结束，没有专家名单。"
RELEASED = "本活动已退选，没有专家名单。"
EXPORT_SECONDS = 120.0  # for a statement of an export


@dataclass(frozen=True, slots=True)
class Result:
    """Numbers always; the members and the seal's hash only once it is open, and until then when that will be.

    A force-ended draw is opened too, so that its evidence can be checked; it has no members.
    """

    board: Board
    members: tuple[Member, ...] | None
    told: str
    opens_at: datetime | None
    seal: str | None
    key: str
    lead: str
    """How long before 预计评标开始 (or a later 集合时间) it opens, in words."""
    head: LedgerHead | None
    """The ledger's with the last commit or seal, as receipts say it."""
    refused: bool = False
    """The rows do not fit the transcript: nobody is named, and an alarm was raised."""

    @property
    def over(self) -> bool:
        """Over without a committee: nobody will be named."""
        return self.members is None and self.board.state in OVER and not self.refused

    @property
    def unfilled(self) -> bool:
        """未满员: fewer are named than seats were planned."""
        return self.members is not None and len(self.members) < self.board.planned


async def result(db: Database, custody: Custody, activity: str) -> Result:
    """What may be seen now; opens the result when its time has come."""
    lead_s = await lead_of(db, activity)
    now, lead = await board(db, activity, lead_s), spoken(lead_s)
    key, head = custody.signer.fingerprint, await heads.last(db, activity)
    none = RELEASED if now.state is ActivityState.RELEASED else NO_COMMITTEE
    try:
        found = await members(db, custody, activity)
    except Sealed as sealed:
        told = none if now.state in OVER else str(sealed)
        return Result(now, None, told, sealed.opens_at if now.fingerprint else None, None, key, lead, head)
    except NotBound:
        seal = await db.value(Q.seal_hash, {"activity": activity})
        return Result(now, None, REFUSED, None, seal, key, lead, head, refused=True)
    seal = await db.value(Q.seal_hash, {"activity": activity})
    if now.state in OVER and not found:
        return Result(now, None, f"{none}抽取证据已经公开，可以下载并核验。", None, seal, key, lead, head)
    return Result(now, tuple(found), "", None, seal, key, lead, head)


def spoken(seconds: int) -> str:
    """
    >>> spoken(1800), spoken(5400), spoken(7200), spoken(45)
    ('30 分钟', '1 小时 30 分钟', '2 小时', '45 秒')
    """
    hours, rest = divmod(seconds, 3600)
    parts = ((hours, "小时"), (rest // 60, "分钟"), (rest % 60, "秒"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 秒"


def specialty_names(codes: tuple[str, ...]) -> str:
    """(编码)名称, as the manual's table has them."""
    known = reference().specialties
    return "、".join(f"({code}){known[code].name}" if code in known else code for code in codes)


async def evidence_zip(dsn: str, custody: Custody, activity: str, form: Form, whom: str) -> BinaryIO:
    """The evidence as one file that the verifier takes as it is, for `whom`; it is gone when it is closed. Raises LookupError,
    FactsSealed.

    Made in a thread with a connection and a loop of its own: a pool of a million records takes long, and pages must not wait.
    """
    return await asyncio.to_thread(lambda: asyncio.run(_zipped(dsn, custody, activity, form, whom)))


async def _zipped(dsn: str, custody: Custody, activity: str, form: Form, whom: str) -> BinaryIO:
    with tempfile.TemporaryDirectory(prefix="expertline-evidence-") as name:
        folder = Path(name)
        async with Database(dsn, size=1, timeout=EXPORT_SECONDS) as db:
            await unseal_if_due(db, custody, activity)
            await export(db, custody, activity, folder / activity, form, whom)
        made = shutil.make_archive(str(folder / "evidence"), "zip", folder / activity)
        return Path(made).open("rb")  # noqa: ASYNC230 - this loop has nothing else to do; it stays open for the sender
