"""The vocabulary between a flow, which decides, and the driver, which acts: every Event, Command and Outcome.

Events are what happened (past tense), commands are what shall happen (imperative). All are frozen values;
a flow is

    receive(event: Event, now: datetime) -> Sequence[Command]

and never awaits, never looks at a clock, never raises for anything the world can do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from ivr.prompts.language import Language


class Outcome(Enum):
    """What a call came to (呼叫结果). Only the first two decide anything; see telephony.md's taxonomy.

    The values equal the SQL enum `call_outcome` (a test holds them together).
    """

    ACCEPTED = "accepted"
    DECLINED = "declined"
    SHARE_GIVEN = "share_given"  # the witness gave its digits and confirmed them
    NO_KEY = "no_key"
    WRONG_KEYS = "wrong_keys"
    HUNG_UP_EARLY = "hung_up_early"
    WRONG_PERSON = "wrong_person"
    VOICEMAIL = "voicemail"  # a machine seems to have answered (ivr.voicemail)
    BUSY = "busy"
    REDIRECTED = "redirected"  # 呼叫转移: sent on to another number, which is never rung
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    INVALID_NUMBER = "invalid_number"
    TRUNK_FAILURE = "trunk_failure"
    NO_MEDIA = "no_media"  # 线路无声: answered, and no sound came through in a direction (ivr.media)
    LINE_DROPPED = "line_dropped"  # 线路中断: the network ended an answered call
    INTERRUPTED = "interrupted"  # we or our Asterisk did
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"  # the matter was no longer open when the key came: the flow apologised
    DELIVERED = "delivered"  # a notice was heard to the end of what matters
    STILL_COMES = "still_comes"  # told of the new 集合时间
    CANT_COME = "cant_come"
    LEAVE_CONFIRMED = "leave_confirmed"  # 请假, by their own key
    LEAVE_DENIED = "leave_denied"  # did not ask for leave
    CONNECTED = "connected"  # a masked call: the two talked with each other
    CALL_BACK_ASKED = "call_back_asked"  # somebody called us and asked to be called back
    VERIFIED = "verified"  # a supervisor typed the code of their own page: the number is theirs


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the other side's network ended a call, or did not connect it, in its own words (Reason, RFC 3326).

    protocol: ``Q.850`` or ``SIP``; cause: a cause of Q.850 (1 to 127) or a SIP status; text: as sent, empty where it has a digit or
    anything else that could be a number, an address or a name.
    """

    protocol: str
    cause: int
    text: str = ""


class EndedBy(Enum):
    """Who ended an answered call (ivr.endings)."""

    PERSON = "person"
    NETWORK = "network"
    US = "us"


# --- decisions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """An expert's confirmed key: ACCEPTED or DECLINED."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Share:
    """The witness's confirmed digits (见证数字)."""

    digits: str


@dataclass(frozen=True, slots=True)
class CallBackWish:
    """Whoever calls us wants to be called back at the number on file. Decides nothing: a caller's number can be forged
    (requirement K4)."""


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """What the person wants to be spoken to in from now on. Says nothing about the matter of the call."""

    language: Language


@dataclass(frozen=True, slots=True)
class Reply:
    """A confirmed key of somebody who has agreed already (STILL_COMES, CANT_COME, LEAVE_CONFIRMED …): it is kept
    with its call and changes no pick.
    """

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class NumberAnswer:
    """Whether a registered number is the supervisor's: VERIFIED (the code was typed) or WRONG_PERSON (a confirmed key)."""

    outcome: Outcome


Decision = Answer | Share | Reply | CallBackWish | LanguageChoice | NumberAnswer


# --- events -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The call is ours and may be dialled."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """180 came. 183 is not an answer and not this."""


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """183 came: the network has reached something that sounds, which is not the person and not an answer.

    Kept apart from Ringing because a call that got this far is no trunk failure (telephony.md, Outcomes).
    """


@dataclass(frozen=True, slots=True)
class Answered:
    """The channel is Up and in our application."""


@dataclass(frozen=True, slots=True)
class Digit:
    """A key that was let go, pressed while `step` was on: the name of the last Play begun before the key went down."""

    key: str
    step: str
    held_ms: int = 0


@dataclass(frozen=True, slots=True)
class Played:
    """The prompt of that name ran to its end (never after our own stop, never on hangup)."""

    prompt: str


@dataclass(frozen=True, slots=True)
class PlayFailed:
    """Asterisk could not play the prompt."""

    prompt: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    name: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The channel is known to be gone.

    cause: Q.850, 0 when unknown; sip: the SIP status of a failed INVITE, 0 when there was none; by_us:
    after our HangUp. lost: it vanished unseen (Asterisk died, the socket was away): nobody hung up that we
    know of.
    """

    cause: int
    sip: int = 0
    by_us: bool = False
    lost: bool = False
    reason: Reason | None = None
    """What the other side's network said, where the trunk's order of trust puts that first (ivr.outcomes.believed)."""
    given_up: bool = False
    """The other side had waited in vain for an answer to a request within the call (ivr.hep.ending)."""


@dataclass(frozen=True, slots=True)
class DialFailed:
    """No channel came to be; same meaning of cause and sip as in HungUp."""

    cause: int
    sip: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """The decision is committed in the database."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The decision was not taken: the call is no longer ours, or the matter no longer open."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The database is away; the same decision may be sent again."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The worker wants this call to end: what rings is given up, what is answered runs out."""


Event = (
    Started
    | Ringing
    | EarlyMedia
    | Answered
    | Digit
    | Played
    | PlayFailed
    | TimerFired
    | HungUp
    | DialFailed
    | Recorded
    | Refused
    | Unavailable
    | Cancelled
)


# --- commands -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dial:
    ring_seconds: float


@dataclass(frozen=True, slots=True)
class PickUp:
    """Answer a call that came from outside; Answered follows."""


@dataclass(frozen=True, slots=True)
class Play:
    """Play the prompt of that name; what plays now is stopped first. Begins the step of that name."""

    prompt: str


@dataclass(frozen=True, slots=True)
class StopPlay:
    """Stop what plays (barge-in); not an error when nothing does. The step stays."""


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Starting a name again cancels the old one; a stale firing is dropped by the driver."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True)
class Speak:
    """Have a prompt made that depends on what was keyed (the witness's digits read back), then play it as
    `prompt`.

    Begins the step of that name, as Play does.
    """

    prompt: str
    digits: str


@dataclass(frozen=True, slots=True)
class Decide:
    """Write the decision; the answer comes back as Recorded, Refused or Unavailable.

    Sent again while the first is still being written, it joins that one: two are never written at once.
    """

    decision: Decision


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


@dataclass(frozen=True, slots=True)
class Finish:
    """The flow is over, exactly once, and only when the channel is known to be gone."""

    outcome: Outcome


Command = Dial | PickUp | Play | StopPlay | StartTimer | CancelTimer | Speak | Decide | HangUp | Finish


class Flow(Protocol):
    """One pure conversation."""

    def receive(self, event: Event, now: datetime) -> Sequence[Command]:
        """What to do about it. Any event may come at any time, twice, late or not at all."""
        ...


# --- what is kept of a call ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """A prompt as played: when it began (ms after the answer), how long it sounded while media flowed to the person, and
    whether it did so to its end.

    lost_ms: how long it was played besides, to nobody: no packet went out, or the person's side held the call.
    """

    prompt: str
    at_ms: int
    for_ms: int
    whole: bool
    lost_ms: int = 0


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key: when it went down (ms after the answer; negative before it, or before the end of a call without an answer),
    how long it was held, and the step it belongs to (none before the first prompt).
    """

    key: str
    at_ms: int
    held_ms: int
    step: str


@dataclass(frozen=True, slots=True)
class Talked:
    """The far side talked, or sounded at all: from when on (ms after the answer), for how long, and whether silence followed
    (whole) or it went on until the call's end.
    """

    at_ms: int
    for_ms: int
    whole: bool = True

    @property
    def until_ms(self) -> int:
        return self.at_ms + self.for_ms


@dataclass(frozen=True, slots=True)
class OnHold:
    """The person's side held the call: from when on (ms after the answer), for how long, and whether it was taken back
    (whole) or held until the call's end.
    """

    at_ms: int
    for_ms: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of an answered call without RTP packets: from when on (ms after the answer) and for how long."""

    at_ms: int
    for_ms: int

    @property
    def until_ms(self) -> int:
        return self.at_ms + self.for_ms


@dataclass(frozen=True, slots=True)
class Media:
    """RTP of an answered call, as counted by the node: packets sent and received since the answer, at the last of the looks
    that were taken about once a second, `watched_ms` after the answer.

    unsent: when a prompt played and no packets went out. unreceived: when none came in for two seconds or more.
    """

    sent: int
    received: int
    watched_ms: int
    unsent: tuple[Gap, ...] = ()
    unreceived: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Trail:
    """The evidence of one call (requirement K6), raw: no number, no name.

    Times are aware; cause is Q.850 and sip the SIP status (0: none). The same shape serves a decision in
    mid-call (ended is None then) and the whole call afterwards.
    """

    channel: str
    trunk: str
    dialled: datetime | None = None
    ringing: datetime | None = None
    early_media: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    cause: int = 0
    sip: int = 0
    by_us: bool = False
    heard: tuple[Heard, ...] = ()
    pressed: tuple[Pressed, ...] = ()
    talked: tuple[Talked, ...] = ()
    reason: Reason | None = None
    """What the other side's network said of the end, whether or not it was believed; None where it said nothing, or nobody
    could hear it (ivr.hep)."""
    given_up: bool = False
    """As in HungUp."""
    holds: tuple[OnHold, ...] = ()
    media: Media | None = None
    """None before the first look, about a second after the answer."""
    codec: str = ""
    """As Asterisk names it (alaw, ulaw); empty where none was agreed on, or nobody has asked yet."""
    ended_by: EndedBy | None = None
    """Of an answered call."""

    @property
    def rang(self) -> bool:
        """180 or 183 had come: the trunk had reached something of the person's."""
        return (self.ringing or self.early_media) is not None
