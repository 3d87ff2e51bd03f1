"""The vocabulary of a call with two legs, besides ivr.calls: whose leg it is about, and the bridge between them.

A flow of two legs decides as a flow of one does, and knows neither's number: events and commands name a side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from ivr.calls import (
    Answered,
    Cancelled,
    CancelTimer,
    Dial,
    DialFailed,
    Digit,
    EarlyMedia,
    Finish,
    HangUp,
    HungUp,
    Play,
    Played,
    PlayFailed,
    Ringing,
    Started,
    StartTimer,
    TimerFired,
    Trail,
)


class Side(Enum):
    """Whose leg."""

    STAFF = "staff"  # 工作人员: rung first
    EXPERT = "expert"  # 专家


# --- events -------------------------------------------------------------------------------------------------

LegEvent = Ringing | EarlyMedia | Answered | Digit | Played | PlayFailed | HungUp | DialFailed


@dataclass(frozen=True, slots=True)
class On:
    """It happened on this side's leg."""

    side: Side
    event: LegEvent


@dataclass(frozen=True, slots=True)
class Joined:
    """Both are in the bridge and hear each other."""


@dataclass(frozen=True, slots=True)
class NotJoined:
    """They could not be put into one bridge."""


PairEvent = Started | Cancelled | TimerFired | On | Joined | NotJoined


# --- commands -----------------------------------------------------------------------------------------------

LegCommand = Dial | Play | HangUp


@dataclass(frozen=True, slots=True)
class To:
    """Do it on this side's leg."""

    side: Side
    command: LegCommand


@dataclass(frozen=True, slots=True)
class Join:
    """Let both hear each other, and nothing else; what plays to either is stopped first.

    Comes back as Joined or NotJoined. record: keep what is said, if that can be (who agreed to it has been told).
    """

    record: bool = False


PairCommand = To | Join | StartTimer | CancelTimer | Finish


class PairFlow(Protocol):
    """One pure conversation of two legs."""

    def receive(self, event: PairEvent, now: datetime) -> Sequence[PairCommand]:
        """See ivr.calls.Flow."""
        ...


# --- what is kept of it -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PairTrail:
    """The evidence of a call with two legs (requirement K6): each leg's own, and from when to when they were joined.

    expert is None when the expert was never rung: the outcome is then about the staff's leg. recording: the name of
    the recording, without a number in it; None when none was made.
    """

    staff: Trail
    expert: Trail | None = None
    joined: datetime | None = None
    parted: datetime | None = None
    recording: str | None = None

    @property
    def rang(self) -> bool:
        """As Trail.rang, of the leg that the outcome is about."""
        return (self.expert or self.staff).rang


# --- ids ----------------------------------------------------------------------------------------------------


def second_leg(call: str) -> str:
    """The id of the expert's channel: computable from the call's own, which is stored before anything is dialled.

    >>> second_leg("el0123456789abcdef0123456789abcdef")
    'ele1aefa67bea7bc72e19b5b949c53aac4'
    """
    return _derived("expert", call)


def bridge_of(call: str) -> str:
    """The id of the call's bridge; of one length with a channel's, and found by the same sweep."""
    return _derived("bridge", call)


def channels_of(call: str) -> tuple[str, str]:
    """Every channel that the call may have."""
    return call, second_leg(call)


def _derived(what: str, call: str) -> str:
    return call[:2] + hashlib.sha256(f"{what} of {call}".encode()).hexdigest()[:32]
