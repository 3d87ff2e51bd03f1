"""What the SIP of one channel says of its end, where the node copies it to us (ivr.hep)."""

from ivr.ari.line import Arrival, Line
from ivr.calls import Reason
from ivr.hep.ending import Ending
from ivr.hep.receiver import Receiver
from ivr.outcomes import believed


class SipEnd:
    """Of one channel. Once `listen` has returned, reason is the other side's, and given_up whether it ended the call for want of an
    answer to a request (ivr.hep.ending)."""

    def __init__(self, receiver: Receiver | None, line: Line | Arrival) -> None:
        self._receiver, self._line = receiver, line
        self._call = ""
        self._ending: Ending | None = None
        self.reason: Reason | None = None
        self.given_up = False
        if isinstance(line, Arrival):
            self.follow(line.sip_call)

    def follow(self, call: str) -> None:
        """The channel's Call-ID is known: from before its INVITE is sent until `forget`."""
        if self._receiver is not None and self._ending is None and call:
            self._call, self._ending = call, self._receiver.follow(call, ours=isinstance(self._line, Line))

    def forget(self) -> None:
        if self._receiver is not None and self._ending is not None:
            self._receiver.forget(self._call, self._ending)

    async def listen(self, *, wait: bool) -> None:
        """The channel is gone. wait: for a moment, until it is seen what ended it."""
        if self._receiver is not None and self._ending is not None:
            self.reason = await self._receiver.reason_of(self._ending, wait=wait)
            self.given_up = self._ending.given_up

    def believed(self, sip: int) -> Reason | None:
        """The reason, where the trunk's order of trust puts it before that SIP status."""
        trust = self._line.trust if isinstance(self._line, Line) else "reason"
        return believed(self.reason, sip, trust)
