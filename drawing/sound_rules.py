"""声音准备: whether what a draw's notices (语音通知) say is made, so that 启动抽取 may be offered (pure).

It matters only where a node speaks with the natural voice, which takes up to a minute for a notice. Nobody is kept from a draw for
good: what can't be said by it is said by the ordinary voice, and a voice that takes too long is waited for no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_SECONDS = 180.0
"""So long 启动抽取 is held back for a voice that is at work."""


class Made(StrEnum):
    """How far a node is."""

    MAKING = "making"
    NATURAL = "natural"
    PLAIN = "plain"
    """The natural voice can't say all of it: the ordinary one says all of it."""


@dataclass(frozen=True, slots=True)
class NodeSounds:
    """A node that speaks with the natural voice. state: None where its worker has not looked yet. waited_s: since these sounds
    are wanted; None where nobody knows.
    """

    state: Made | None
    waited_s: float | None = None
    since: datetime | None = None

    @property
    def at_work(self) -> bool:
        """Whether its sounds are still to come."""
        return self.state in (None, Made.MAKING)


class Sounds(StrEnum):
    """What that means for the draw."""

    MAKING = "making"
    NATURAL = "natural"
    PLAIN = "plain"
    LATE = "late"

    @property
    def words(self) -> str:
        """For the clerk."""
        return _WORDS[self]


_MINUTES = f"{LONGEST_SECONDS / 60:.0f} 分钟"
_WORDS = {
    Sounds.MAKING: f"声音准备中：系统正在生成本活动的语音通知，一般不超过 1 分钟，完成后即可启动抽取。超过 {_MINUTES}仍未完成的，"
    "也可以启动，由备用语音播报。",
    Sounds.NATURAL: "声音已准备好。",
    Sounds.PLAIN: "语音通知中有自然语音不能读出的内容，本活动由备用语音播报，不影响抽取。",
    Sounds.LATE: f"声音准备超过 {_MINUTES}仍未完成，可以启动抽取：尚未准备好的呼叫由备用语音播报，不影响抽取。",
}


def standing(nodes: Sequence[NodeSounds]) -> Sounds | None:
    """Of all nodes, since any of them may make the calls. None: no node speaks with the natural voice, and nothing is to be made.

    A negative time is that of a clock that was set back: nobody waits for such a one to catch up.

    >>> standing([]), standing([NodeSounds(Made.NATURAL)]), standing([NodeSounds(Made.MAKING, 2.0)])
    (None, <Sounds.NATURAL: 'natural'>, <Sounds.MAKING: 'making'>)
    """
    if not nodes:
        return None
    waiting = [each for each in nodes if each.at_work]
    if any(each.waited_s is not None and 0 <= each.waited_s < LONGEST_SECONDS for each in waiting):
        return Sounds.MAKING
    if waiting:
        return Sounds.LATE
    return Sounds.PLAIN if any(each.state is Made.PLAIN for each in nodes) else Sounds.NATURAL
