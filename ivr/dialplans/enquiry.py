"""A question to somebody who has agreed: whether they still come at the new 集合时间 (D3), whether they ask for
leave (请假, S2). The confirmed key is recorded, heard to be so, and changes nothing by itself.

The prompts that confirm and acknowledge a reply carry its outcome's name.
"""

from collections.abc import Mapping
from datetime import datetime

from ivr.calls import Outcome, Reply
from ivr.dialplans.conversation import Commands
from ivr.dialplans.question import Question
from ivr.dialplans.timings import Timings

STILL_COMES: Mapping[str, Outcome] = {"1": Outcome.STILL_COMES, "2": Outcome.CANT_COME}
ASKS_FOR_LEAVE: Mapping[str, Outcome] = {"1": Outcome.LEAVE_CONFIRMED, "2": Outcome.LEAVE_DENIED}


class Enquiry(Question):
    def __init__(self, timings: Timings, question: str, replies: Mapping[str, Outcome]) -> None:
        """`replies`: what each key means."""
        super().__init__(timings, question, {key: f"confirm_{reply.value}" for key, reply in replies.items()})
        self._replies = replies

    def confirmed(self, key: str, now: datetime) -> Commands:
        return self.decide(Reply(self._replies[key]))

    def recorded(self, now: datetime) -> Commands:
        assert self.outcome is not None
        return self.farewell(f"received_{self.outcome.value}", now)

    def refused(self, now: datetime) -> Commands:
        return self.farewell("apology_taken", now)
