"""Where a live call stands (呼叫状态), as far as somebody may see it who watches a draw.

So coarse that it tells no more than that: not which key was pressed before it is decided, not who is called, nothing that was
keyed. A flow's steps are many and named after prompts; `STAGES` says which of them are one and the same to a clerk.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Stage(Enum):
    """The values equal the SQL enum `call_stage` (a test holds them together)."""

    DIALLING = "dialling"
    RINGING = "ringing"  # 180 came
    EARLY_MEDIA = "early_media"  # 183 came: something of the network's sounds, which is not the person
    TALKING = "talking"  # answered
    INVITING = "inviting"
    BRIEFING = "briefing"  # the witness hears what is committed
    NOTIFYING = "notifying"  # who has agreed hears what is new
    REPLYING = "replying"  # the question has been heard; a key is awaited
    CONFIRMING = "confirming"  # a key was pressed, and is to be pressed again
    DIGITS = "digits"  # the witness's digits are awaited
    GATHERING = "gathering"  # hears where to go
    HOLDING = "holding"  # asked to wait: the database is away
    LEAVING = "leaving"  # the last prompt

    @property
    def answered(self) -> bool:
        """Whether somebody is on the line (通话中); else it is still being tried (呼叫中)."""
        return self not in (Stage.DIALLING, Stage.RINGING, Stage.EARLY_MEDIA)


STAGES: Mapping[str, Stage] = {
    "invitation": Stage.INVITING,
    "wrong_key": Stage.INVITING,
    "no_key": Stage.INVITING,
    "confirm_accept": Stage.CONFIRMING,
    "confirm_decline": Stage.CONFIRMING,
    "confirm_wrong_person": Stage.CONFIRMING,
    "received_accept": Stage.GATHERING,
    "details": Stage.GATHERING,
    "received_decline": Stage.LEAVING,
    "received_wrong_person": Stage.LEAVING,
    "apology_taken": Stage.LEAVING,
    "goodbye": Stage.LEAVING,
    "goodbye_no_key": Stage.LEAVING,
    "wait": Stage.HOLDING,
    "promise_call": Stage.LEAVING,
    "witness_receipt": Stage.BRIEFING,
    "witness_receipt_sent": Stage.BRIEFING,
    "witness_ask": Stage.DIGITS,
    "witness_no_key": Stage.DIGITS,
    "witness_weak": Stage.DIGITS,
    "witness_weak_length": Stage.DIGITS,
    "witness_weak_equal": Stage.DIGITS,
    "witness_weak_run": Stage.DIGITS,
    "witness_weak_date": Stage.DIGITS,
    "witness_weak_used": Stage.DIGITS,
    "witness_readback": Stage.CONFIRMING,
    "witness_wrong_key": Stage.CONFIRMING,
    "witness_received": Stage.LEAVING,
    "witness_refused": Stage.LEAVING,
    "witness_goodbye": Stage.LEAVING,
    "details_call": Stage.NOTIFYING,
    "change_of_time": Stage.NOTIFYING,
    "confirm_still_comes": Stage.CONFIRMING,
    "confirm_cant_come": Stage.CONFIRMING,
    "received_still_comes": Stage.LEAVING,
    "received_cant_come": Stage.LEAVING,
    "leave": Stage.NOTIFYING,
    "confirm_leave_confirmed": Stage.CONFIRMING,
    "confirm_leave_denied": Stage.CONFIRMING,
    "received_leave_confirmed": Stage.LEAVING,
    "received_leave_denied": Stage.LEAVING,
    "release": Stage.NOTIFYING,
    "release_more": Stage.NOTIFYING,
    "withdrawal": Stage.NOTIFYING,
    "withdrawal_more": Stage.NOTIFYING,
    "urging": Stage.NOTIFYING,
    "urging_more": Stage.NOTIFYING,
    "reminder": Stage.NOTIFYING,
    "call_back": Stage.NOTIFYING,
    "languages": Stage.NOTIFYING,
    "language_recorded": Stage.NOTIFYING,
    "confirm_leave": Stage.CONFIRMING,
    "received_leave": Stage.LEAVING,
    "leave_closed": Stage.LEAVING,
    "leave_not_taken": Stage.LEAVING,
    "number_check": Stage.NOTIFYING,
    "number_check_wrong_key": Stage.NOTIFYING,
    "number_check_no_key": Stage.NOTIFYING,
    "number_check_code": Stage.DIGITS,
    "number_check_wrong": Stage.DIGITS,
    "confirm_not_mine": Stage.CONFIRMING,
    "number_check_received": Stage.LEAVING,
    "received_not_mine": Stage.LEAVING,
    "number_check_refused": Stage.LEAVING,
    "number_check_goodbye": Stage.LEAVING,
}
"""The stage of each step that a flow may begin, by the step's name (ivr.dialplans); any other is just TALKING."""
