"""What a message is about, and by what it goes. Pure."""

from __future__ import annotations

from enum import Enum


class Medium(Enum):
    """By what somebody is reached."""

    SMS = "短信"
    MAIL = "邮件"


class Kind(Enum):
    """What a message is about; `value` is what the table `message` says."""

    ANNOUNCEMENT = "announcement"
    """Before the first call (N3): the published number, and that nothing is asked for."""
    DETAILS = "details"
    """After acceptance (K1): where to go and when, and the 验证码."""
    TIME_CHANGED = "time_changed"
    """With the call about it (D3)."""
    WITHDRAWAL = "withdrawal"
    """退选, with the call about it (W2)."""
    RELEASE = "release"
    """After a forced end, with the call about it."""
    WITNESS_RECEIPT = "witness_receipt"
    """To the 监督人, once the commit is there: what to compare, above all the fingerprint."""
    SEAL_RECEIPT = "seal_receipt"
    """To the 监督人, once a draw is sealed: the ledger's head with it, to be kept for the verification."""
    DRAW_COMPLETE = "draw_complete"
    DRAW_SHORT = "draw_short"

    @property
    def medium(self) -> Medium:
        """Clerks get mail, everybody else 短信."""
        return Medium.MAIL if self in (Kind.DRAW_COMPLETE, Kind.DRAW_SHORT) else Medium.SMS


def kinds_by(medium: Medium) -> list[str]:
    """The values of all kinds that go by it."""
    return [kind.value for kind in Kind if kind.medium is medium]
