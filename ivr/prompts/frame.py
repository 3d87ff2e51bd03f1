"""What every call to an expert has in common, whatever its language: how it begins, asks and confirms. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .language import Language
from .parts import Date, Fixed, Part, Pause, Prompt, Time

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one zone and no summer time (since 1992); a fixed offset needs no tz database."""

SHORT, LONG = Pause(250), Pause(600)
LEAD = Pause(400)
"""Before the first word: the first moments after an answer are lost on many lines."""

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


@dataclass(frozen=True, slots=True)
class Frame:
    """A language's phrases that frame what is said, and the calls that are built with them.

    `confirm` has the key's place as {key}.
    """

    who: Fixed
    automatic: Fixed
    asks_nothing: Fixed
    wrong_key: Fixed
    no_key: Fixed
    confirm: str
    choose_again: Fixed
    repeat: Fixed
    told: Fixed
    """That this call is automatic, where no key is asked for."""

    def notice(self, *core: Part) -> Parts:
        """A notice, up to what must be known."""
        return (LEAD, self.who, SHORT, self.told, LONG, *core)

    def question(self, name: str, said: Parts, menu: Parts) -> Mapping[str, Parts]:
        """What asks for a key, at first and when none or another came."""
        return {
            name: (LEAD, self.who, SHORT, self.automatic, LONG, *said, LONG, *menu, LONG, self.asks_nothing),
            "wrong_key": (self.wrong_key, SHORT, *menu),
            "no_key": (self.no_key, SHORT, *menu),
        }

    def menu(self, *choices: str) -> Parts:
        """Each choice with its key, and how to hear them again."""
        return (*self._apart(choices), self.repeat)

    def confirmations(self, **choices: tuple[str, str]) -> Mapping[str, Parts]:
        """By outcome: what was chosen, and the key that confirms it."""
        return {
            f"confirm_{outcome}": (Fixed(chosen), SHORT, Fixed(self.confirm.format(key=key)), SHORT, self.choose_again)
            for outcome, (chosen, key) in choices.items()
        }

    @staticmethod
    def _apart(choices: tuple[str, ...]) -> Iterator[Part]:
        for choice in choices:
            yield from (Fixed(choice), SHORT)
