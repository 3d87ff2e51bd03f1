"""Jurisdiction rules as data: drawing/rules/VERSION.toml, each table with its source and first day.

A commit names the version; the worker obeys it and the verifier judges by it, with the same function. A
version that was ever used is never changed: a change is a new version.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

FOLDER = Path(__file__).with_name("rules")


class CallOutcome(StrEnum):
    """How one call ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_KEY = "no_key"
    WRONG_KEYS = "wrong_keys"
    HUNG_UP_EARLY = "hung_up_early"
    WRONG_PERSON = "wrong_person"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    INVALID_NUMBER = "invalid_number"
    TRUNK_FAILURE = "trunk_failure"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"


DECISIONS = frozenset({CallOutcome.ACCEPTED, CallOutcome.DECLINED})
# Ours, not the expert's: such a call is no try.
OUR_FAILURES = frozenset({CallOutcome.TRUNK_FAILURE, CallOutcome.INTERRUPTED, CallOutcome.CANCELLED})
TRIES = frozenset(CallOutcome) - DECISIONS - OUR_FAILURES
RETRIED = frozenset(CallOutcome) - DECISIONS - {CallOutcome.CANCELLED}


class BadRules(ValueError):
    """A rule file that can't be used; the message names file, table and key."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table's rules come from, and the first day they hold."""

    source: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Calling:
    """How calls are made. Times in seconds; hours are local (China), until = 24:00 is None."""

    pause_s: Mapping[CallOutcome, int]
    ring_s: int
    hours_from: time
    hours_until: time | None
    per_minute: int
    per_hour: int
    per_day: int
    calls_per_second: int
    channels: int
    daily_ceiling: int
    allowed_numbers: tuple[re.Pattern[str], ...]

    def may_ring(self, at: time) -> bool:
        """Whether a call may begin at this local time of the day."""
        return self.hours_from <= at and (self.hours_until is None or at < self.hours_until)

    def allows(self, number: str) -> bool:
        """Whether the allowlist has a pattern for the whole number."""
        return any(pattern.fullmatch(number) for pattern in self.allowed_numbers)


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of a jurisdiction's rules. Times in seconds."""

    version: str
    title: str
    jurisdiction: str
    witness_required: bool
    share_digits: tuple[int, int]
    witness_pause_s: int  # before the next try to reach one
    unseal_lead_s: int  # before 预计评标开始 (T1)
    travel_s: int  # before 集合时间 (D9)
    employment_years: int  # B4
    preview_bands: tuple[int, ...]  # multiples of what is needed (C2)
    consent_below: int
    unreached_tries: Mapping[CallOutcome, int]
    unreached_total: int
    hold_s: int  # a retry keeps its seat at most so long (D9)
    calling: Calling
    attachments: int  # at least so many with 提交审核 (V1)
    sources: Mapping[str, Source]

    @classmethod
    @cache
    def load(cls, version: str) -> Self:
        """The rules of that version, read once (a version never changes); raises BadRules, also for an unknown one."""
        known = versions()
        if version not in known:
            raise BadRules(f"no rules {version!r}; there are: {', '.join(known)}")
        return cls.parse((FOLDER / f"{version}.toml").read_text(encoding="utf-8"), version)

    @classmethod
    def parse(cls, text: str, version: str) -> Self:
        """From a file's text; raises BadRules."""
        try:
            file = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadRules(f"rules {version}: {error}") from error
        top = _Table(version, "", file)
        if top.text("version") != version:
            raise BadRules(f"rules {version}: the file says version {file['version']!r}")
        return cls._read(top)

    @classmethod
    def _read(cls, top: "_Table") -> Self:
        title, jurisdiction = top.text("title"), top.text("jurisdiction")
        names = ("witness", "sealing", "appointment", "avoidance", "preview", "unreached", "calling", "submission")
        tables = {name: top.table(name) for name in names}
        top.done()
        sources = {name: Source(each.text("source"), each.take("valid_from", date)) for name, each in tables.items()}
        witness, sealing, appointment, avoidance, preview, unreached, calling, submission = tables.values()
        shortest, longest = witness.numbers("share_digits", 2)
        rules = cls(
            version=top.text("version"),
            title=title,
            jurisdiction=jurisdiction,
            witness_required=witness.take("required", bool),
            share_digits=(shortest, longest),
            witness_pause_s=witness.number("pause_s", least=1),
            unseal_lead_s=sealing.number("unseal_lead_s"),
            travel_s=appointment.number("travel_s"),
            employment_years=avoidance.number("employment_years"),
            preview_bands=tuple(preview.numbers("bands", 3)),
            consent_below=preview.number("consent_below"),
            unreached_tries=unreached.by_outcome("tries", TRIES),
            unreached_total=unreached.number("total", least=1),
            hold_s=unreached.number("hold_s", least=1),
            calling=_calling(calling),
            attachments=submission.number("attachments"),
            sources=sources,
        )
        for table in tables.values():
            table.done()
        return rules

    def unreached_after(self, outcomes: Sequence[str], held_seconds: float) -> bool:
        """Whether calls with these outcomes, in this order, make somebody 未接通 (unreached).

        Either one kind of outcome, or all together, came as often as its table says, or the retry has held
        its seat for its time (`held_seconds`, from the first call's end, pauses not counted). Calls that
        failed by our fault (trunk_failure, interrupted, cancelled) count for nothing, and without a real
        try nobody is unreached.

        >>> rules = Rules.load("demo-1")
        >>> rules.unreached_after(["busy", "busy"], 10)
        False
        >>> rules.unreached_after(["busy", "no_answer", "no_answer"], 10)
        True
        >>> rules.unreached_after(["trunk_failure"] * 9, 9999)
        False
        """
        if any(outcome in DECISIONS for outcome in outcomes):
            return False
        tries = Counter(CallOutcome(outcome) for outcome in outcomes if outcome in TRIES)
        if not tries:
            return False
        enough = (0 < self.unreached_tries[outcome] <= times for outcome, times in tries.items())
        return any(enough) or tries.total() >= self.unreached_total or held_seconds >= self.hold_s


def versions() -> list[str]:
    """All versions there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def _calling(table: "_Table") -> Calling:
    budget = table.table("per_person")
    hours = table.take("hours", list)
    try:
        hours_from = time.fromisoformat(hours[0])
        hours_until = None if hours[1] == "24:00" else time.fromisoformat(hours[1])
    except (ValueError, TypeError, IndexError) as error:
        raise table.wrong("hours", 'two times, as ["08:00", "21:00"]') from error
    try:
        patterns = tuple(re.compile(each, re.ASCII) for each in table.take("allowed_numbers", list))
    except (re.error, TypeError) as error:
        raise table.wrong("allowed_numbers", "regular expressions") from error
    calling = Calling(
        pause_s=table.by_outcome("pause_s", RETRIED),
        ring_s=table.number("ring_s", least=1),
        hours_from=hours_from,
        hours_until=hours_until,
        per_minute=budget.number("minute", least=1),
        per_hour=budget.number("hour", least=1),
        per_day=budget.number("day", least=1),
        calls_per_second=table.number("calls_per_second", least=1),
        channels=table.number("channels", least=1),
        daily_ceiling=table.number("daily_ceiling", least=1),
        allowed_numbers=patterns,
    )
    budget.done()
    return calling


class _Table:
    """A table of a rule file that says where what is wrong, and knows which keys nobody has read."""

    def __init__(self, version: str, path: str, values: Mapping[str, Any]) -> None:
        self._version, self._path, self._values = version, path, values
        self._read: set[str] = set()

    def wrong(self, key: str, wanted: str) -> BadRules:
        return BadRules(f"rules {self._version}: {self._path}{key} must be {wanted}")

    def take(self, key: str, kind: type[Any]) -> Any:
        self._read.add(key)
        value = self._values.get(key)
        if type(value) is not kind:
            raise self.wrong(key, kind.__name__)
        return value

    def text(self, key: str) -> str:
        value: str = self.take(key, str)
        if not value.strip():
            raise self.wrong(key, "a text that says something")
        return value

    def number(self, key: str, least: int = 0) -> int:
        value: int = self.take(key, int)
        if value < least:
            raise self.wrong(key, f"at least {least}")
        return value

    def numbers(self, key: str, count: int) -> list[int]:
        value: list[Any] = self.take(key, list)
        good = len(value) == count and all(type(each) is int and each > 0 for each in value)
        if not good or value != sorted(value):
            raise self.wrong(key, f"{count} ascending integers from 1")
        return value

    def table(self, key: str) -> "_Table":
        return _Table(self._version, f"{self._path}{key}.", self.take(key, dict))

    def by_outcome(self, key: str, outcomes: frozenset[CallOutcome]) -> dict[CallOutcome, int]:
        table = self.table(key)
        found = {outcome: table.number(outcome.value) for outcome in CallOutcome if outcome in outcomes}
        table.done()
        return found

    def done(self) -> None:
        if unknown := sorted(set(self._values) - self._read):
            raise self.wrong(unknown[0], "left out: nobody knows this key")
