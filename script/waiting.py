"""What a demonstration waits for, said in both languages: pure, the moment and the time waited are given."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from drawing.board import Board


class Phase(Enum):
    """Of a draw, by what is awaited: in words, and how long it usually takes."""

    FIXING = ("固定专家池（全部专家逐一计算），通常不到半分钟", "fixing the pool, which usually takes less than half a minute")
    WITNESS = (
        "等待监督人：听完承诺指纹，输入见证数字并确认，约需 2 分钟",
        "waiting for the supervisor, who hears the fingerprint, keys in digits and confirms: about 2 minutes",
    )
    CALLING = ("逐席呼叫专家，直到席位满，通常 3 至 6 分钟", "calling experts until the seats are filled, usually 3 to 6 minutes")
    SEALED = ("结果已封存，等待解密时间", "sealed; the result opens by the clock")

    @classmethod
    def of(cls, board: Board) -> Phase:
        """Where a draw stands."""
        if board.fingerprint is None:
            return cls.FIXING
        if not board.witnessed:
            return cls.WITNESS
        return cls.SEALED if board.sealed else cls.CALLING


def so_far(phase: Phase, seconds: float) -> tuple[str, str]:
    """What is awaited, and since when.

    >>> so_far(Phase.FIXING, 65.9)[1]
    'fixing the pool, which usually takes less than half a minute (1:05 so far)'
    """
    chinese, english = phase.value
    return f"{chinese}（已 {clock(seconds)}）", f"{english} ({clock(seconds)} so far)"


def until(chinese: str, english: str, due: datetime, now: datetime) -> tuple[str, str]:
    """What the clock will bring, and in how long; once it is due, that it is the system's turn."""
    left = (due - now).total_seconds()
    if left <= 0:
        return f"{chinese}：时间已到，系统正在处理", f"{english}: it is time, and being done"
    return f"{chinese}：还有 {clock(left)}", f"{english}: {clock(left)} to go"


def clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock(0.2), clock(59.9), clock(61), clock(600)
    ('0:00', '0:59', '1:01', '10:00')
    """
    whole = max(int(seconds), 0)
    return f"{whole // 60}:{whole % 60:02d}"
