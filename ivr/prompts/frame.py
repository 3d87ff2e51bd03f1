"""What every call to an expert has in common, whatever its language: how it begins, asks and confirms. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .language import Language
from .parts import Date, Fixed, Part, Pause, Prompt, Time

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one zone and no summer time (since 1992); a fixed offset needs no tz database."""

SHORT, LONG, BREATH = Pause(250), Pause(600), Pause(150)
LEAD = Pause(200)
"""Before the first word: the first moments after an answer are lost on many lines."""
HEARD = Pause(500)
"""After the greeting: whoever answers says 喂 just then, and an audio path that opens late has opened by now."""

Parts = tuple[Part, ...]

LANGUAGE_MENU: Parts = (
    Fixed("普通话，请按1。", language=Language.MANDARIN), SHORT,
    Fixed("粤语，请按2。", language=Language.CANTONESE), SHORT,
    Fixed("For English, press 3.", language=Language.ENGLISH),
)  # fmt: skip
"""Each language in its own, so that whoever understands no other finds it."""


def prompts(texts: Mapping[str, Parts], language: Language = Language.MANDARIN) -> Mapping[str, Prompt]:
    """Prompts by id, of what each says."""
    return {name: Prompt(name, parts, language) for name, parts in texts.items()}


def when(at: datetime) -> Parts:
    """A date and a time of day, in China's time."""
    local = at.astimezone(CHINA)
    return (Date(local.date()), Time(local.time()))


def soon_when(at: datetime) -> Parts:
    """The same in the fewest words: month, day and time, for what is said before the first key. The whole follows."""
    local = at.astimezone(CHINA)
    return (Date(local.date(), short=True, brisk=True), Time(local.time(), brisk=True))


@dataclass(frozen=True, slots=True)
class Frame:
    """A language's phrases that frame what is said, and the calls that are built with them.

    `confirm` has the key's place as {key}.
    """

    hello: Fixed
    who: Fixed
    trust: Fixed
    """Why this can be believed: automatic, nothing to pay, no 证件, and how to check. Right after who calls."""
    wrong_key: Fixed
    no_key: Fixed
    confirm: str
    choose_again: Fixed
    repeat: Fixed

    @property
    def greeting(self) -> Parts:
        """Who calls."""
        return (LEAD, self.hello, HEARD, self.who, BREATH)

    @property
    def opening(self) -> Parts:
        """Who calls, and why that can be believed; within the first nine seconds."""
        return (*self.greeting, self.trust, BREATH)

    def notice(self, *core: Part) -> Parts:
        """A notice, up to what must be known."""
        return (*self.opening, *core)

    def question(self, name: str, asked: Parts, choice: Parts, said: Parts, menu: Parts) -> Mapping[str, Parts]:
        """What asks for a key, at first and when none or another came: who calls, in the fewest words about what (`asked`) and the
        keys that answer (`choice`), then everything (`said`) and every key (`menu`).
        """
        return {
            name: (*self.opening, *asked, BREATH, *choice, LONG, *said, LONG, *menu),
            "wrong_key": (self.wrong_key, BREATH, self.who, BREATH, *asked, SHORT, *menu),
            "no_key": (self.no_key, BREATH, self.who, BREATH, *asked, SHORT, *menu),
        }

    def asks(self, name: str, asked: Parts, said: Parts, *choices: str) -> Mapping[str, Parts]:
        """A question with these choices, each with its key, and the one to hear it again."""
        first, *others = (Fixed(choice) for choice in choices)
        choice = (first, *(part for each in others for part in (BREATH, each)))
        return self.question(name, asked, choice, said, (*choice, SHORT, self.repeat))

    def confirmations(self, **choices: tuple[str, str]) -> Mapping[str, Parts]:
        """By outcome: what was chosen, and the key that confirms it."""
        return {
            f"confirm_{outcome}": (Fixed(chosen), SHORT, Fixed(self.confirm.format(key=key)), SHORT, self.choose_again)
            for outcome, (chosen, key) in choices.items()
        }
