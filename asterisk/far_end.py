"""The far end: telephones that behave by the last two digits of the number dialled.

A second Asterisk plays everybody who is called. What a telephone does is one row of :class:`Behaviour`; its
dialplan is written from that table (:func:`dialplan`), and docs/far-end.md shows the same rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Literal

from asterisk.settings import FarEndSettings

Pause = Literal["first", "again", "early", "silence", "none"]
Receipt = Literal["delivered", "failed", "none"]

LISTENS_MS = 1_800
"""How long a listener waits after the last sound before a prompt counts as over; pauses inside are shorter."""
QUIET_PACKETS = 10
"""So few RTP packets in that time are no speech."""


@dataclass(frozen=True, slots=True)
class Press:
    """Send keys after a pause. ``hold_ms`` is how long each is held, ``gap_ms`` the silence between two."""

    keys: str
    pause: Pause = "again"
    hold_ms: int = 120
    gap_ms: int = 130


@dataclass(frozen=True, slots=True)
class Refuse:
    """End the call with a SIP code, unanswered."""

    sip: int


class Act(Enum):
    """What takes no argument."""

    ANSWER = "ring, then answer"
    RING = "ring until the caller gives up"
    ANNOUNCE = "play the network's announcement, unanswered (183)"
    BEEP = "beep, as voicemail does before it records"
    TALK_LONG = "say three sentences, as a greeting has them"
    SAY_HELLO = "say 喂"
    LISTEN = "listen for three seconds"
    HANG_UP_EARLY = "hang up in the middle of the first prompt"
    HANG_UP = "hang up"
    TALK_LOW = "speak for a minute, in a low voice"
    TALK_HIGH = "speak for a minute, in a high voice"
    CALLS_THE_LINE = "once this call is over, call the number that it showed"


VOICES = {"voice-low": 107.0, "voice-high": 233.0}
VOICE_SECONDS = 3

Step = Press | Refuse | Act


@dataclass(frozen=True, slots=True)
class Telephone:
    """A row of the table: the number's last two digits, what a reader is told, what is done, and what is done from the
    second call on where that differs."""

    suffix: str
    what: str
    steps: tuple[Step, ...]
    later: tuple[Step, ...] = ()
    receipt: Receipt = "delivered"
    """What comes back for a text message (短信): a receipt that says so, or nothing at all."""


class Behaviour(Enum):
    """Every way in which a telephone of the far end behaves; a number with another ending accepts."""

    WITNESS = Telephone(
        "00", "the supervisor's: listens to each prompt, presses 1, enters the digits and #, presses 1",
        (Act.ANSWER, Press("1", "silence"), Press("{witness}#", "silence"), Press("1", "silence")))  # fmt: skip
    ACCEPTS = Telephone(
        "01", "presses 1, then 1 to confirm",
        (Act.ANSWER, Press("1", "first"), Press("1")))  # fmt: skip
    DECLINES = Telephone(
        "02", "presses 2, then 2 to confirm",
        (Act.ANSWER, Press("2", "first"), Press("2")))  # fmt: skip
    REPEATS_THEN_ACCEPTS = Telephone(
        "03", "presses 3 to hear it again, then 1 and 1",
        (Act.ANSWER, Press("3", "first"), Press("1"), Press("1")))  # fmt: skip
    WRONG_KEY_THEN_ACCEPTS = Telephone(
        "04", "presses 5, which means nothing, then 1 and 1",
        (Act.ANSWER, Press("5", "first"), Press("1"), Press("1")))  # fmt: skip
    WRONG_KEYS = Telephone(
        "05", "presses 5 and 7 in turn, six times, and never a key that means anything",
        (Act.ANSWER, Press("5", "first"), Press("7"), *(Press("5"), Press("7")) * 2))  # fmt: skip
    SILENT = Telephone("06", "answers and never presses a key", (Act.ANSWER,))
    BUSY = Telephone("07", "is busy (486)", (Refuse(486),))
    REJECTS = Telephone("08", "rejects the call (603)", (Refuse(603),))
    UNREACHABLE = Telephone("09", "is switched off or out of reach (480)", (Refuse(480),), receipt="none")
    INVALID = Telephone("10", "is not a number in service (404)", (Refuse(404),), receipt="failed")
    TRUNK_FAILURE = Telephone("11", "is never reached: the trunk fails (503)", (Refuse(503),))
    NEVER_ANSWERS = Telephone("12", "rings and is never answered", (Act.RING,))
    ANNOUNCEMENT = Telephone(
        "13", "the network plays an announcement without answering (183), then 480",
        (Act.ANNOUNCE, Refuse(480)))  # fmt: skip
    VOICEMAIL = Telephone(
        "14", "voicemail: a greeting of three sentences, a beep, then it records in silence, no key",
        (Act.ANSWER, Act.TALK_LONG, Act.BEEP))  # fmt: skip
    HANGS_UP_EARLY = Telephone("15", "hangs up in the middle of the first prompt", (Act.ANSWER, Act.HANG_UP_EARLY))
    PRESSES_EARLY = Telephone(
        "16", "presses 1 long before the prompt ends, then 1 to confirm",
        (Act.ANSWER, Press("1", "early"), Press("1")))  # fmt: skip
    INBAND = Telephone(
        "17", "accepts, with keys as tones in the audio (in-band, no RFC 4733)",
        (Act.ANSWER, Press("1", "first", hold_ms=200), Press("1", hold_ms=200)))  # fmt: skip
    HANGS_UP_AT_ONCE = Telephone("18", "answers and hangs up at once", (Act.ANSWER, Act.HANG_UP))
    WRONG_PERSON = Telephone(
        "19", "presses 9 (not this person), then 9 to confirm",
        (Act.ANSWER, Press("9", "first"), Press("9")))  # fmt: skip
    DOUBLED_KEY = Telephone(
        "20", "a bouncing key: 1 twice within 120 ms, later 1 on purpose",
        (Act.ANSWER, Press("11", "first", hold_ms=40, gap_ms=40), Press("1")))  # fmt: skip
    LONG_KEY = Telephone(
        "21", "holds 1 for two seconds, then 1 to confirm",
        (Act.ANSWER, Press("1", "first", hold_ms=2_000), Press("1")))  # fmt: skip
    UNCONFIRMED = Telephone("22", "presses 1 and never confirms", (Act.ANSWER, Press("1", "first")))
    PATIENT = Telephone(
        "23", "listens to each prompt to its end, presses 1, then 1 to confirm",
        (Act.ANSWER, Press("1", "silence"), Press("1", "silence")))  # fmt: skip
    CARELESS_WITNESS = Telephone(
        "24", "a supervisor's who first enters a number that is too easy, then as 00",
        (Act.ANSWER, Press("1", "silence"), Press("11111111#", "silence"),
         Press("{witness}#", "silence"), Press("1", "silence")))  # fmt: skip

    SAYS_HELLO = Telephone(
        "41", "says 喂, listens, presses 1, then 1 to confirm",
        (Act.ANSWER, Act.SAY_HELLO, Press("1", "first"), Press("1")))  # fmt: skip
    TALKS_OVER = Telephone(
        "42", "talks over the prompt for ten seconds, then presses 1, and 1 to confirm",
        (Act.ANSWER, Act.TALK_LONG, Press("1"), Press("1")))  # fmt: skip
    HELLO_NO_KEY = Telephone(
        "43", "says 喂, again after a while, and once more, and never presses a key",
        (Act.ANSWER, *(Act.SAY_HELLO, Act.LISTEN) * 3))  # fmt: skip
    VOICEMAIL_FULL = Telephone(
        "44", "voicemail that takes no message: says so twice, then hangs up",
        (Act.ANSWER, Act.TALK_LONG, Act.TALK_LONG, Act.HANG_UP))  # fmt: skip

    STAFF = Telephone(
        "61", "staff's in a masked call: presses 1, and 1 again, then speaks in a low voice",
        (Act.ANSWER, Press("1", "first"), Press("1"), Act.TALK_LOW))  # fmt: skip
    TALKS = Telephone(
        "62", "an expert's in a masked call: presses 1, and 1 again, then speaks in a high voice",
        (Act.ANSWER, Press("1", "first"), Press("1"), Act.TALK_HIGH))  # fmt: skip

    CALLS_BACK = Telephone(
        "25", "misses the first call, calls the number that it saw, presses 1 there; accepts the next call",
        (Act.CALLS_THE_LINE, Act.RING), (Act.ANSWER, Press("1", "first"), Press("1")))  # fmt: skip
    MISSES_ONCE = Telephone(
        "26", "misses the first call, accepts the next",
        (Act.RING,), (Act.ANSWER, Press("1", "first"), Press("1")))  # fmt: skip
    TAKES_LEAVE = Telephone(
        "27", "accepts; called again it presses 8 to ask for leave, and 8 to confirm",
        (Act.ANSWER, Press("1", "first"), Press("1")), (Act.ANSWER, Press("8", "first"), Press("8")))  # fmt: skip
    CHOOSES_LANGUAGE = Telephone(
        "28", "declines; called again it presses 7 for the languages, and 2 for Cantonese",
        (Act.ANSWER, Press("2", "first"), Press("2")), (Act.ANSWER, Press("7", "first"), Press("2")))  # fmt: skip

    @property
    def suffix(self) -> str:
        """The last two digits of the numbers that behave so."""
        return self.value.suffix

    @property
    def what(self) -> str:
        """What it does, in a few words."""
        return self.value.what

    @property
    def receipt(self) -> Receipt:
        """What comes back when it gets a text message."""
        return self.value.receipt

    @classmethod
    def of(cls, number: str) -> "Behaviour":
        """How the telephone with this number behaves.

        >>> Behaviour.of("13800138007"), Behaviour.of("13800138099")
        (<Behaviour.BUSY>, <Behaviour.ACCEPTS>)
        """
        return next((each for each in cls if number.endswith(each.suffix)), cls.ACCEPTS)

    def number(self, subscriber: int = 0) -> str:
        """A mobile number (11 digits) that behaves so; ``subscriber`` tells several apart.

        >>> Behaviour.BUSY.number(42)
        '13800004207'
        """
        return f"1380{subscriber:05d}{self.suffix}"

    def __repr__(self) -> str:
        return f"<Behaviour.{self.name}>"


def dialplan(behaviour: Behaviour, settings: FarEndSettings) -> tuple[str, ...]:
    """The applications of extensions.conf that carry the behaviour out, one by one."""
    choose = (f"GotoIf($[${{CALLS}} > 1]?{behaviour.suffix}a,1)",) if behaviour.value.later else ()
    return (*choose, *_steps(behaviour.value.steps, _own(behaviour, settings)))


def later_dialplan(behaviour: Behaviour, settings: FarEndSettings) -> tuple[str, ...]:
    """The same from the second call on; empty where nothing differs."""
    return _steps(behaviour.value.later, _own(behaviour, settings)) if behaviour.value.later else ()


def _own(behaviour: Behaviour, settings: FarEndSettings) -> FarEndSettings:
    """The settings of one telephone: whether what it hears is kept."""
    only = settings.record_only
    return replace(settings, record=settings.record and (not only or behaviour.suffix in only))


def caller_dialplan(settings: FarEndSettings) -> tuple[str, ...]:
    """What a telephone does that calls the node: once answered it presses the variable KEYS, each after a pause, and with
    LEAVES=1 hangs up at once."""
    return (
        *note(settings, "connected"),
        *((f"MixMonitor(,r({settings.recordings}/in-${{NUMBER}}-${{UNIQUEID}}.wav))",) if settings.record else ()),
        f"Wait({settings.press_after})",
        'GotoIf($["${KEYS}" = ""]?stay)',
        *note(settings, "dialled ${KEYS}"),
        f"SendDTMF(${{KEYS}},{round(settings.press_again_after * 1000)},120)",
        'GotoIf($["${LEAVES}" = "1"]?gone)',
    )


def _steps(steps: tuple[Step, ...], settings: FarEndSettings) -> tuple[str, ...]:
    return tuple(line for step in steps for line in _lines(step, settings)) + tuple(_stay(settings))


def note(settings: FarEndSettings, event: str) -> Iterator[str]:
    """The line that writes an event of a call into calls.log (see :func:`read_log`)."""
    if settings.log:
        line = f"${{STRFTIME(,,%s.%3q)}} ${{NUMBER}} ${{UNIQUEID}} {event}"
        yield f"Set(FILE({settings.calls_log},,,al,u)={line})"


def _stay(settings: FarEndSettings) -> Iterator[str]:
    yield f"Wait({settings.stay})"
    yield "Hangup()"


def _lines(step: Step, settings: FarEndSettings) -> Iterator[str]:
    match step:
        case Press(keys, pause, hold_ms, gap_ms):
            keys = keys.replace("{witness}", settings.witness_digits)
            yield from _pause(pause, settings)
            yield from note(settings, f"pressed {keys}")  # before: the key may be the call's end
            yield f"SendDTMF({keys},{gap_ms},{hold_ms})"
        case Refuse(sip):
            yield from note(settings, f"refused {sip}")
            yield f"PJSIPHangup({sip})"
        case Act.ANSWER:
            yield "Ringing()"
            yield f"Wait({settings.answer_after})"
            yield "Answer()"
            if settings.record:
                yield f"MixMonitor(,r({settings.recordings}/${{NUMBER}}-${{UNIQUEID}}.wav))"
            yield from note(settings, "answered")
        case Act.RING:
            yield "Ringing()"
            yield from note(settings, "ringing")
        case Act.ANNOUNCE:
            yield "Progress()"
            yield from note(settings, "announced")
            yield f"Playback({settings.folder}/sounds/announcement,noanswer)"
        case Act.BEEP:
            yield f"Playback({settings.folder}/sounds/beep)"
            yield from note(settings, "beeped")
        case Act.TALK_LONG:
            yield f"Playback({settings.folder}/sounds/greeting)"
        case Act.SAY_HELLO:
            yield f"Playback({settings.folder}/sounds/hello)"
        case Act.LISTEN:
            yield "Wait(3)"
        case Act.TALK_LOW | Act.TALK_HIGH:
            voice = "voice-low" if step is Act.TALK_LOW else "voice-high"
            yield "Playback(" + "&".join([f"{settings.folder}/sounds/{voice}"] * (60 // VOICE_SECONDS)) + ")"
        case Act.CALLS_THE_LINE:
            yield "Set(CALL_BACK=${CALLERID(num)})"
        case Act.HANG_UP_EARLY:
            yield f"Wait({settings.hang_up_after})"
            yield "Hangup()"
        case Act.HANG_UP:
            yield "Hangup()"


def _pause(pause: Pause, settings: FarEndSettings) -> Iterator[str]:
    match pause:
        case "first":
            yield f"Wait({settings.press_after})"
        case "again":
            yield f"Wait({settings.press_again_after})"
        case "early":
            yield f"Wait({settings.early_press_after})"
        case "silence":
            yield from _LISTEN
        case "none":
            pass


_LISTEN = (
    "Set(HEARD=${CHANNEL(rtcp,rxcount)})",
    f"WaitForSilence({LISTENS_MS},1,{LISTENS_MS // 1_000 + 1})",
    # A quiet line may also carry no packets, or one of comfort noise now and then, in which WaitForSilence finds no silence
    # (seen); speech has fifty a second.
    f'GotoIf($["${{WAITSTATUS}}" != "SILENCE" & ${{CHANNEL(rtcp,rxcount)}} - ${{HEARD}} > {QUIET_PACKETS}]?$[${{PRIORITY}} - 2])',
)
"""Wait for a prompt's end: again and again for a little while, until that one was silent throughout."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A line of calls.log: when (seconds since the epoch), whose telephone, which call, what happened."""

    at: float
    number: str
    call: str
    event: str
    """incoming, answered, ringing, announced, beeped, pressed, refused or ended; of a call to the node: connected,
    dialled or ended"""
    detail: str
    """incoming: the caller's number as shown; pressed, dialled: the keys; refused: SIP code; ended: Q.850 cause"""


def read_log(path: Path) -> tuple[LoggedEvent, ...]:
    """What the telephones have done so far, in the order in which it happened."""
    if not path.exists():
        return ()
    whole = path.read_text().rpartition("\n")[0].splitlines()  # the last one may be half written
    return tuple(logged_event(line) for line in whole)


def logged_event(line: str) -> LoggedEvent:
    """Of such a line."""
    at, number, call, event, *detail = line.split(" ")
    return LoggedEvent(float(at), number, call, event, " ".join(detail))


def table() -> str:
    """The rows of docs/far-end.md (a test compares them)."""
    rows = [f"| {each.suffix} | `{each.name}` | {each.what} | {each.receipt} |" for each in Behaviour]
    head = "| last two digits | behaviour | what the telephone does | receipt for a text message |"
    return "\n".join([head, "|---|---|---|---|", *rows])
