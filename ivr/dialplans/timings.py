"""How long a conversation waits and how often it tries: the one place for durations and limits of every
flow.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds and counts. The defaults are for people of sixty on a bad line."""

    ring_seconds: float = 30.0
    """How long it rings."""
    ring_grace: float = 10.0
    """How much later we give up ourselves when Asterisk has not."""
    reply_seconds: float = 8.0
    """Silence after a prompt's end before the person is asked again."""
    longest_prompt: float = 240.0
    """A prompt that has not ended by then is taken as ended: its end was lost."""
    key_guard: float = 0.5
    """So soon after a step began, or after it was let go, the key that led there is the same press, doubled by the line or
    broken in pieces."""
    confirm_seconds: float = 2.0
    """The rules' `calling.confirm_s`. So soon after it was asked for again, a key does not confirm: nobody can have heard yet
    what it would confirm, and what a line or a gateway delivers late or once more has come by then."""
    replays: int = 3
    """How often 3 or * plays again; more presses are ignored."""
    wrong_keys: int = 2
    """How many wrong keys are answered; one more ends the call."""
    silences: int = 1
    """How many silences are answered; one more ends the call."""
    confirm_repeats: int = 1
    """How often the confirmation is asked again after silence."""
    details_repeats: int = 2
    """How often the details can be heard again."""
    details_seconds: float = 5.0
    """Silence after the details before the goodbye."""
    decide_seconds: float = 10.0
    """How long one writing of a decision may take before it counts as unavailable."""
    decide_tries: int = 4
    """How often a decision is sent in all."""
    decide_pause: float = 4.0
    """Between two tries."""
    call_seconds: float = 600.0
    """Ceiling of a whole call after the answer."""
    inbound_seconds: float = 90.0
    """The same for a call from outside, so that nobody can keep the line for long."""
    pick_up_seconds: float = 5.0
    """How long picking up may take."""
    hang_up_seconds: float = 5.0
    """A hangup that has shown no effect by then is sent again."""
    digit_seconds: float = 10.0
    """Between two digits of the witness; after that what was keyed counts as complete."""
    typing_seconds: float = 2.0
    """So soon after the read-back began, keys are still the tail of the number (a thirteenth digit),
    not an answer.
    """
    weak_numbers: int = 4
    """How many refused numbers of the witness are answered; one more ends the call."""
    talk_seconds: float = 600.0
    """Ceiling of a conversation between two people (masked call), from the moment they are joined."""
    join_seconds: float = 10.0
    """How long joining two legs may take."""
