"""How far a message came. Pure: what a try or a receipt makes of it.

                    ┌── not handed over: again after a pause, or given up ──┐
    发送中 (sending) ┤                                                       └→ 发送中, given up
                    └── handed over ──→ 已提交 (submitted) ── receipt ──→ 已送达 (delivered) or 失败 (failed)

Only a receipt makes a message 已送达 or 失败: that a carrier took it is not that a person got it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class State(Enum):
    """The values equal the SQL enum `message_state` (a test holds them together)."""

    SENDING = "sending"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """As the console shows it."""
        return _LABELS[self]


_LABELS = {State.SENDING: "发送中", State.SUBMITTED: "已提交", State.DELIVERED: "已送达", State.FAILED: "失败"}
GIVEN_UP = "未发出"
"""The label of one that was never handed over and is not tried any more."""


# --- what a try came to -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submitted:
    """The carrier took it."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """It was not handed over, or nobody knows whether it was; the same may work later."""

    error: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not handed over, and never will be as it is."""

    error: str


Verdict = Submitted | NotNow | Refused


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a message is tried, and the pauses in seconds after each failed try; the last one for all that follow."""

    tries: int
    pause_s: Sequence[int]

    def after(self, tries: int) -> timedelta:
        """The pause after that many tries.

        >>> [Retries(9, (5, 30)).after(tries).seconds for tries in (1, 2, 3)]
        [5, 30, 30]
        """
        return timedelta(seconds=self.pause_s[min(tries, len(self.pause_s)) - 1])


@dataclass(frozen=True, slots=True)
class Settled:
    """What stands in the row after a try. again_in: None when there is no further one."""

    state: State
    again_in: timedelta | None = None
    given_up: bool = False
    error: str = ""


def after_try(verdict: Verdict, tries: int, retries: Retries) -> Settled:
    """What a try makes of a message that was 发送中; `tries` counts this one."""
    match verdict:
        case Submitted():
            return Settled(State.SUBMITTED)
        case Refused(error):
            return Settled(State.SENDING, given_up=True, error=error)
        case NotNow(error) if tries >= retries.tries:
            return Settled(State.SENDING, given_up=True, error=error)
        case NotNow(error):
            return Settled(State.SENDING, retries.after(tries), error=error)


# --- receipts ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a carrier says became of a message: whether it arrived, and the carrier's own word."""

    id: str
    delivered: bool
    word: str


def after_receipt(state: State, receipt: Receipt) -> State | None:
    """The new state, or None when nothing changes. A receipt may come before we know that the message was taken, twice, or
    out of order; what arrived has arrived.

    >>> after_receipt(State.FAILED, Receipt("", True, "DELIVRD")), after_receipt(State.DELIVERED, Receipt("", False, "EXPIRED"))
    (<State.DELIVERED: 'delivered'>, None)
    """
    told = State.DELIVERED if receipt.delivered else State.FAILED
    return None if state in (State.DELIVERED, told) else told
