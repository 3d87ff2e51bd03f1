"""Where a call goes: the channel, its number, the trunk and what the person sees."""

import re
from dataclasses import dataclass, field

from ivr.outcomes import Trust

_NUMBER = re.compile(r"\+?[0-9*#]{2,32}")
_TRUNK = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CHANNEL = re.compile(r"el[0-9a-f]{32}")

OURS = "el"
"""How every id that we give begins."""


def channel_id(token: str) -> str:
    """The id of a channel of ours, from 32 hex digits such as uuid4().hex: all have one length, since
    Asterisk refuses an id that is a prefix of another one.

    >>> channel_id("0123456789abcdef0123456789abcdef")
    'el0123456789abcdef0123456789abcdef'
    """
    if not _CHANNEL.fullmatch(OURS + token):
        raise ValueError("a channel's id is made of 32 hex digits in lower case")
    return OURS + token


def is_ours(identity: str) -> bool:
    """Whether a channel or bridge found on a node was made by a worker of ours."""
    return _CHANNEL.fullmatch(identity) is not None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call from outside that waits to be answered. Its id is Asterisk's; its number is what the network says, which
    can be forged, and empty where it was withheld."""

    channel: str
    number: str = field(repr=False)
    trunk: str
    sip_call: str = field(default="", repr=False)
    """SIP's Call-ID, which the caller chose: the same for both, when a proxy forks one INVITE and both forks come here."""

    def __post_init__(self) -> None:
        if is_ours(self.channel):
            raise ValueError("a channel of ours does not come from outside")


@dataclass(frozen=True, slots=True)
class Line:
    """One call to be made. Raises ValueError, without the number in its text, for what can't be dialled."""

    channel: str
    number: str = field(repr=False)
    trunk: str
    caller_id: str
    """The published number, which the person sees (requirement K5)."""
    notes_talk: bool = False
    """Whether it is noted when the person talks (ivr.calls.Talked); what they say is neither kept nor listened to."""
    sends_silence: bool = True
    """Whether the trunk goes on sending while the person is silent (ivr.media)."""
    trust: Trust = "reason"
    """What goes first on its trunk where a refusal has both a status and a Reason (ivr.outcomes.believed)."""

    def __post_init__(self) -> None:
        if not is_ours(self.channel):
            raise ValueError("make the channel's id with channel_id()")
        if not _NUMBER.fullmatch(self.number):
            raise ValueError("this is not a number that can be dialled")
        if not _TRUNK.fullmatch(self.trunk):
            raise ValueError(f"{self.trunk!r} can't be the name of a trunk")

    @property
    def endpoint(self) -> str:
        return f"PJSIP/{self.number}@{self.trunk}"
