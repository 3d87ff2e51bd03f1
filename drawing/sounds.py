"""How far the voice is with what an activity's notices say (drawing.sound_rules), from the rows that the workers write."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from db.pool import Database, Transaction
from drawing.chain import Q
from drawing.sound_rules import Made, NodeSounds, Sounds, standing


class Found(NamedTuple):
    """What it comes to, and since when the slowest node is at work; None where none is."""

    sounds: Sounds | None
    since: datetime | None = None


NOTHING = Found(None)
"""Nothing is to be made."""


async def sounds(db: Database | Transaction, activity: str) -> Found:
    """For 启动抽取: of every node that speaks with the natural voice and whose worker is there."""
    rows = await db.all(Q.notice_sounds, {"activity": activity})
    nodes = [NodeSounds(Made(row.state) if row.state else None, row.waited_s, row.since) for row in rows]
    waiting = [each.since for each in nodes if each.at_work and each.since]
    return Found(standing(nodes), min(waiting, default=None))
