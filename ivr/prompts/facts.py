"""The facts that a kind of call may speak about.

What is not a field here can't be said: no project, no 招标人, no 代理机构 (manual, chapter on 语音通知: the
expert must not learn whose project it is).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """What the invitation (邀请) and the details after acceptance say.

    `gather_at` (集合时间) is aware, in any zone. `duration` is the expected length; None says nothing about
    it. `district` is 市 + 区 only; `address`, `room`, `contact`, `contact_phone`, `note` (注意事项) and
    `code` (验证码) are heard after acceptance. `room`, `contact` and `note` may be empty and are then left
    out.
    """

    gather_at: datetime
    district: str
    duration: timedelta | None
    address: str
    contact_phone: str
    code: str
    room: str = ""
    contact: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        _aware(self.gather_at)
        if not (len(self.code) == 6 and self.code.isascii() and self.code.isdigit()):
            raise ValueError("the 验证码 must have six digits")


@dataclass(frozen=True, slots=True)
class CallBackFacts:
    """What a call back says: the appointment (None: nothing is open), and whether it is still time to ask for leave."""

    appointment: InvitationFacts | None
    leave: bool = False


@dataclass(frozen=True, slots=True)
class ConditionCount:
    """How many experts one condition (抽取条件) can draw from: tier 0 (主专业) and tier 1 (备选专业)."""

    main: int
    backup: int = 0


@dataclass(frozen=True, slots=True)
class WitnessFacts:
    """The receipt that the supervisor (监督人) hears before giving the share.

    `eligible` follows the commit's order of conditions; `excluded` maps the commit's reason codes to counts;
    `ledger_root` is hex, of which the first `ROOT_FIGURES` are said; `fingerprint` is the 20 digits, spaces
    ignored.
    """

    activity: str
    draw: int
    pool_size: int
    eligible: tuple[ConditionCount, ...]
    fingerprint: str
    ledger_size: int
    ledger_root: str
    excluded: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        digits = self.fingerprint.replace(" ", "")
        if not (len(digits) == 20 and digits.isascii() and digits.isdigit()):
            raise ValueError("a commit's fingerprint has 20 digits")


@dataclass(frozen=True, slots=True)
class MaskedFacts:
    """What the masked call (隐号通话) says: whom staff will talk with, and whether it is recorded.

    `whom` is N of 第 N 位专家 or, after unsealing, the masked name (姓名, as 测**). There is no field for a number, and
    a name with a figure in it is refused: nothing that is said can hold one.
    """

    whom: int | str
    recorded: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.whom, int):
            if not 0 < self.whom < 10_000:
                raise ValueError("N of 第 N 位专家 counts from 1")
        elif not self.whom or any(letter.isdigit() for letter in self.whom):
            raise ValueError("a masked name has no figures")


@dataclass(frozen=True, slots=True)
class ChangeOfTimeFacts:
    """What the call about a new 集合时间 says (requirement D3): the time that was told before, and the one that holds."""

    earlier: datetime
    gather_at: datetime

    @classmethod
    def of(cls, known: InvitationFacts, matter: Mapping[str, Any]) -> Self:
        """matter: `earlier`, as datetime.isoformat writes it."""
        return cls(_aware(datetime.fromisoformat(matter["earlier"])), known.gather_at)


class Ground(Enum):
    """Why experts are withdrawn (退选, requirement W1)."""

    FAILED_TENDER = "流标"
    FORCE_MAJEURE = "不可抗力"


@dataclass(frozen=True, slots=True)
class WithdrawalFacts:
    """What the withdrawal notice says: which appointment, and why the evaluation does not take place as planned."""

    gather_at: datetime
    ground: Ground

    @classmethod
    def of(cls, known: InvitationFacts, matter: Mapping[str, Any]) -> Self:
        """matter: `ground`, in Ground's words."""
        return cls(known.gather_at, Ground(matter["ground"]))


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time that is said must be an aware datetime")
    return at
