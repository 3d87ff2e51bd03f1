"""What the SIP of one call has said about its end so far. Pure.

Only what the other side's network says counts: the Reason of its final response, of its BYE, of a caller's CANCEL. The Reason of a
provisional response (183 with an announcement, RFC 6432) counts where nothing later has one, and nobody answered.
"""

from __future__ import annotations

from collections.abc import Sequence

from ivr.calls import Reason
from ivr.hep.sip import Message
from ivr.outcomes import telling

GIVEN_UP_SECONDS = 30.0, 36.0
"""Who gets no final answer to a request gives up after 64 times T1, which is 32 s (RFC 3261 17.1.2.2), and may then end the call
(12.2.1.2). A BYE that comes sooner or later than about then has another reason."""
_MOST_ASKED = 16


class Ending:
    """Of one call. heard: any message of it was seen; over: so was what ended it, and no more will come; by_us: that was our
    node's doing (its BYE or CANCEL), whoever made it do so; given_up: the other side ended it when it had waited in vain for an
    answer to a request within the call."""

    __slots__ = ("_answered", "_asked", "_caller", "_early", "_ours", "_said", "by_us", "given_up", "heard", "over")

    def __init__(self, *, ours: bool) -> None:
        """ours: we made the call; else it came from outside."""
        self._ours = ours
        self._caller: int | None = None
        self._answered = False
        self._early: Reason | None = None
        self._said: Reason | None = None
        self._asked: dict[int, float] = {}  # when each request of the other side's that waits for an answer first came
        self.heard = self.over = self.by_us = self.given_up = False

    @property
    def sender_known(self) -> bool:
        """For ivr.hep.sip.read: whose messages are the caller's is known."""
        return self._caller is not None

    @property
    def reason(self) -> Reason | None:
        """Why the other side's network ended the call, or did not connect it; None while it has not said."""
        return self._said or self._early

    def take(self, message: Message, tick: float = 0.0) -> None:
        """Messages come as Asterisk saw them, repeated ones too. tick: the monotonic clock, in seconds."""
        self.heard = True
        if self._caller is None and message.method == "INVITE":
            self._caller = message.sender  # the first is the caller's; later ones may be the other side's (hold)
        if message.method == "INVITE":
            self._invited(message)
        elif message.method not in ("BYE", "CANCEL"):
            self._requested(message, tick)
        else:
            by_caller = message.method == "CANCEL" or message.sender == self._caller  # nobody else may cancel
            self._ended(message.reasons, tick, by_caller=by_caller, told=by_caller or self._caller is not None)

    def _requested(self, message: Message, tick: float) -> None:
        """Within the call, by the other side."""
        if self._caller is None or (message.sender == self._caller) == self._ours:
            return
        if message.status:
            self._asked.pop(message.number, None)
        elif len(self._asked) < _MOST_ASKED:
            self._asked.setdefault(message.number, tick)

    def _invited(self, message: Message) -> None:
        if self._answered or self.by_us:
            return
        if message.status == 0:  # sent once more, with what a 401 had asked for
            self.over, self._said = False, None
        elif 200 <= message.status < 300:
            self._answered, self._early = True, None
        elif message.status >= 300:
            self.over = True
            if self._ours:  # else it is our own response, perhaps to a CANCEL that has said why
                self._said = telling(message.reasons)
        elif self._ours and message.reasons:
            self._early = telling(message.reasons)

    def _ended(self, reasons: Sequence[Reason], tick: float, *, by_caller: bool, told: bool) -> None:
        if self.over:  # BYEs that cross: the first one ended it
            return
        self.over = True
        if not told:  # who sent it
            return
        if by_caller == self._ours:
            self.by_us = True  # what the other side answers to that is no reason of its own
        else:
            self._said = telling(reasons)
            least, most = GIVEN_UP_SECONDS
            self.given_up = any(least <= tick - since < most for since in self._asked.values())
