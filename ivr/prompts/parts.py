"""What a prompt is made of: fixed phrases and typed variables, in the order in which they are heard.

A part says what it *is*, never how it sounds: that `1` is "yao" in a telephone number and "yi" in a date is
the normaliser's business (`ivr.speech.normalise`). Pure data: frozen, hashable, comparable.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from .language import Language


@dataclass(frozen=True, slots=True)
class Fixed:
    """A phrase of ours, always the same; the only kind that a recorded human voice can replace.

    `language`: its own, whatever the prompt's is; left out where there is no voice for it. `brisk`: a formula that begins
    every call, said at the pace of everyday speech so that what is asked comes soon.
    """

    text: str
    slow: bool = False
    language: Language | None = None
    brisk: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Explicit silence, in milliseconds."""

    milliseconds: int


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar day in China, said with year and weekday (星期); `short`: month and day only. `brisk` as Fixed's."""

    value: date
    slow: bool = False
    short: bool = False
    brisk: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day in China, to the minute (24-hour input; said as 上午, 下午 …). `brisk` as Fixed's."""

    value: time
    slow: bool = False
    brisk: bool = False


@dataclass(frozen=True, slots=True)
class ClockRange:
    """From one time of day to another (九点至十一点三十分); `language` as Fixed's."""

    start: time
    end: time
    slow: bool = False
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Duration:
    """How long something takes, to the minute."""

    value: timedelta
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A place: 市, 区, road, house number, building, floor (集合地点)."""

    text: str
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A room (评标室): `1203` is read figure by figure, `第3评标室` as an ordinal."""

    text: str
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name, as the contact's (联系人)."""

    text: str
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number (联系方式), said in groups with pauses between."""

    number: str
    slow: bool = True


@dataclass(frozen=True, slots=True)
class Digits:
    """Figures and letters to be written down, one by one, in groups of `group` (0: one group)."""

    text: str
    group: int = 4
    slow: bool = True


@dataclass(frozen=True, slots=True)
class Code:
    """A 验证码: figures one by one, in groups of three."""

    text: str
    slow: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things, with its measure word (两人, 十二次)."""

    number: int
    measure: str = ""
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """Free text that a clerk typed (注意事项)."""

    text: str
    slow: bool = False


Written = Fixed | Address | Room | Name | Phone | Digits | Code | Text
Spoken = Written | Date | Time | ClockRange | Duration | Count
Part = Spoken | Pause


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything that is said for one id, in order, in one language."""

    id: str
    parts: tuple[Part, ...] = field(default=())
    language: Language = Language.MANDARIN

    def spoken(self) -> Iterator[Spoken]:
        """The parts that need a voice."""
        return (part for part in self.parts if not isinstance(part, Pause))


def language_of(part: Part, prompt: Language) -> Language:
    """What a part of a prompt in that language is said in: its own language, if it has one."""
    own = part.language if isinstance(part, Fixed | ClockRange) else None
    return own or prompt
