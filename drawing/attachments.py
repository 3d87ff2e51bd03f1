"""附件 of an application (V1): what may be attached, kept sealed in the database, handed out as it came.

Nothing is converted here. A file must be of the kind that its name says, by its first bytes and, for docx and xlsx, by its parts
(drawing/office_files.py); that keeps honest mistakes out, and whoever downloads a file still treats it as somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from db.contexts import ATTACHMENT
from db.pool import Database, Transaction
from db.vault import Vault
from drawing import office_files
from drawing.planning import Refused
from drawing.projects import NotThere, Q

MAX_BYTES = 10 << 20
MOST = 10
BEGINS: Mapping[str, bytes] = {
    "pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "docx": b"PK", "xlsx": b"PK",
}  # fmt: skip
"""What can be attached, by the end of its name, and how such a file begins."""
_PDF_WITHIN = 1024
"""Bytes: programs look for the head of a pdf in so much, because scanners and mail write something before it."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment, opened."""

    name: str
    data: bytes


def wrong(name: str, data: bytes) -> str:
    """Why a file can't be attached, or nothing.

    >>> wrong("申请表.pdf", b"%PDF-1.7"), wrong("申请表.exe", b"MZ")
    ('', '只能上传 pdf、jpg、jpeg、png、docx、xlsx 文件。')
    >>> wrong("申请表.pdf", b"<html>")
    '文件内容不是 pdf：请确认文件没有损坏，也没有改过扩展名。'
    """
    ending = PurePath(name).suffix.lower().removeprefix(".")
    if ending not in BEGINS:
        return f"只能上传 {'、'.join(BEGINS)} 文件。"
    if not data:
        return "文件是空的，请重新选择。"
    if len(data) > MAX_BYTES:
        return f"文件超过 {MAX_BYTES >> 20} MB，请压缩或拆分后上传。"
    if ending in office_files.MAIN and (told := office_files.wrong(ending, data)):
        return told
    begins = data.startswith(BEGINS[ending]) or (ending == "pdf" and BEGINS["pdf"] in data[:_PDF_WITHIN])
    return "" if begins else f"文件内容不是 {ending}：请确认文件没有损坏，也没有改过扩展名。"


async def attach(tx: Transaction, vault: Vault, activity: str, name: str, data: bytes, by: str) -> None:
    """Add it to an activity that is locked. Refused at `file`."""
    if told := wrong(name, data):
        raise Refused({"file": told})
    if len(await attached(tx, activity)) >= MOST:
        raise Refused({"file": f"最多 {MOST} 个附件，请先删除不需要的。"})
    digest = sha256(data).hexdigest()
    number = await tx.value(Q.next_attachment)
    values = {"id": number, "activity": activity, "name": name, "size": len(data), "sha256": digest, "by": by}
    if not await tx.run(Q.insert_attachment, values | {"data_enc": vault.encrypt(data, ATTACHMENT.at(number))}):
        raise Refused({"file": "同一文件已经上传。"})


async def detach(tx: Transaction, activity: str, number: int) -> str:
    """Remove it; its name."""
    name = await tx.value(Q.delete_attachment, {"activity": activity, "id": number})
    if name is None:
        raise NotThere
    return str(name)


async def attached(db: Database | Transaction, activity: str) -> list[Any]:
    """All of an activity's, without their contents."""
    return await db.all(Q.attachments, {"activity": activity})


async def opened(db: Database, vault: Vault, activity: str, number: int) -> File:
    """One of them. NotThere."""
    row = await db.one(Q.attachment, {"activity": activity, "id": number})
    if row is None:
        raise NotThere
    return File(row.name, vault.decrypt(bytes(row.data_enc), ATTACHMENT.at(number)))


def too_few(count: int, needed: int) -> str:
    """What is missing for 提交审核 by the activity's rules, or nothing."""
    return f"请先上传附件：按规则提交审核至少需要 {needed} 个附件。" if count < needed else ""
