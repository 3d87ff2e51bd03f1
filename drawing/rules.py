"""Jurisdiction rules as data: drawing/rules/VERSION.toml, each table with its source and first day.

A commit names the version; the worker obeys it and the verifier judges by it, with the same function. A
version that was ever used is never changed: a change is a new version.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Self

from drawing.call_outcomes import ADDED
from drawing.call_outcomes import DECISIONS as DECISIONS
from drawing.call_outcomes import HEARD as HEARD
from drawing.call_outcomes import LINE_FAULTS as LINE_FAULTS
from drawing.call_outcomes import OUR_FAILURES as OUR_FAILURES
from drawing.call_outcomes import RETRIED as RETRIED
from drawing.call_outcomes import TRIES as TRIES
from drawing.call_outcomes import CallOutcome as CallOutcome
from drawing.call_outcomes import failures_in_a_row as failures_in_a_row
from drawing.line_rules import InboundRule as InboundRule
from drawing.line_rules import LinesRule as LinesRule
from drawing.message_rules import Messages
from drawing.preview_rules import PreviewRule
from drawing.rule_table import BadRules as BadRules
from drawing.rule_table import Table

FOLDER = Path(__file__).with_name("rules")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table's rules come from, and the first day they hold."""

    source: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Calling:
    """How calls are made. Times in seconds; hours are local (China), until = 24:00 is None."""

    pause_s: Mapping[CallOutcome, int]
    longest_pause_s: int  # to which the pause grows while a call fails by the line's fault or ours again and again
    ring_s: int
    confirm_s: int  # a key that was asked for again and goes down sooner is no confirmation (docs/lines.md)
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

    def pause_after(self, outcomes: Sequence[str]) -> int:
        """Before the next call, in seconds; `outcomes` of those before, in turn. Each failure of ours in a row doubles it:
        a number that always gives 503 is not called every few seconds all day.

        >>> calling = Rules.load("gd-1").calling
        >>> [calling.pause_after(["busy", *["trunk_failure"] * n]) for n in (0, 1, 2, 3, 9, 99)]
        [600, 5, 10, 20, 1280, 1800]
        """
        pause = next((pause for outcome, pause in self.pause_s.items() if outcome == (outcomes or [""])[-1]), 0)
        in_a_row = failures_in_a_row(outcomes)
        return min(pause << min(in_a_row - 1, 30), max(pause, self.longest_pause_s)) if in_a_row else pause

    def within(self, notice: "NoticeRule") -> "Calling":
        """The same but for the hours, which are that notice's own."""
        return replace(self, hours_from=notice.hours_from, hours_until=notice.hours_until)

    def allows(self, number: str) -> bool:
        """Whether the allowlist has a pattern for the whole number."""
        return any(pattern.fullmatch(number) for pattern in self.allowed_numbers)


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """How often and when who has agreed is called about one matter. Times in seconds; hours as in Calling."""

    tries: int
    pause_s: int
    hours_from: time
    hours_until: time | None
    until_s: int | None  # after 集合时间 (before, if negative) no such call begins any more; None: no such end

    def closed(self, at: datetime, gather_at: datetime) -> bool:
        """Whether the time for it is over."""
        return self.until_s is not None and at > gather_at + timedelta(seconds=self.until_s)

    def used_up(self, outcomes: Sequence[str]) -> bool:
        """Whether these calls were all tries there are; those that broke by our own fault are none."""
        return sum(outcome not in OUR_FAILURES for outcome in outcomes) >= self.tries


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept of people is kept, by kind of record."""

    recording_days: int  # 通话录音, from the call on


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
    preview: PreviewRule
    unreached_tries: Mapping[CallOutcome, int]
    unreached_total: int
    hold_s: int  # a retry keeps its seat at most so long (D9)
    line_faults: int | None  # so many faults of the line end a pick; None: they never do, as in versions before them
    calling: Calling
    notices: Mapping[str, NoticeRule]  # by kind of call (ivr.dialplans); "": for those that are not named
    reminder_evening: time  # of the day before the gathering
    reminder_before_s: int  # and once more so long before
    inbound: InboundRule
    lines: LinesRule
    messages: Messages
    attachments: int  # at least so many with 提交审核 (V1)
    retention: Retention
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
        top = Table(version, "", file)
        if top.text("version") != version:
            raise BadRules(f"rules {version}: the file says version {file['version']!r}")
        return cls._read(top)

    @classmethod
    def _read(cls, top: Table) -> Self:
        title, jurisdiction = top.text("title"), top.text("jurisdiction")
        names = (
            "witness", "sealing", "appointment", "avoidance", "preview", "unreached", "calling", "notices", "reminder", "inbound",
            "messages", "submission", "retention",
        )  # fmt: skip
        tables = {name: top.table(name) for name in names}
        lines = top.table("lines") if top.has("lines") else None
        top.done()
        sourced = tables if lines is None else {**tables, "lines": lines}
        sources = {name: Source(each.text("source"), each.take("valid_from", date)) for name, each in sourced.items()}
        (
            witness, sealing, appointment, avoidance, preview, unreached, calling, notices, reminder, inbound, messages,
            submission, retention,
        ) = tables.values()  # fmt: skip
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
            preview=PreviewRule.of(preview),
            unreached_tries=unreached.by_outcome("tries", TRIES, ADDED),
            unreached_total=unreached.number("total", least=1),
            hold_s=unreached.number("hold_s", least=1),
            line_faults=unreached.number("line_faults", least=1) if unreached.has("line_faults") else None,
            calling=_calling(calling),
            notices=_notices(notices),
            reminder_evening=reminder.clock("evening"),
            reminder_before_s=reminder.number("before_s", least=1),
            inbound=InboundRule.of(inbound),
            lines=LinesRule() if lines is None else LinesRule.of(lines),
            messages=Messages.of(messages),
            attachments=submission.number("attachments"),
            retention=Retention(recording_days=retention.number("recording_days", least=1)),
            sources=sources,
        )
        for table in sourced.values():
            table.done()
        return rules

    def notice(self, kind: str) -> NoticeRule:
        """The rule for that kind of call."""
        return self.notices.get(kind, self.notices[""])

    def unreached_after(self, outcomes: Sequence[str], held_seconds: float) -> bool:
        """Whether calls with these outcomes, in this order, make somebody 未接通 (unreached).

        Either one kind of outcome, or all together, came as often as its table says, or the retry has held
        its seat for its time (`held_seconds`, since the end of the call that `hold_from` names, pauses not
        counted). Calls that failed by our own fault (interrupted, cancelled) count for nothing. Faults of the
        line are no tries; where the version says `line_faults`, so many of them end the pick, and so does the
        time when there was nothing else.

        >>> rules = Rules.load("demo-1")
        >>> rules.unreached_after(["busy", "busy"], 10)
        False
        >>> rules.unreached_after(["busy", "no_answer", "no_answer"], 10)
        True
        >>> rules.unreached_after(["trunk_failure"] * 9, 9999), Rules.load("demo-4").unreached_after(["trunk_failure"] * 9, 0)
        (False, True)
        """
        if any(outcome in DECISIONS for outcome in outcomes):
            return False
        if self._line_gave_out(outcomes):
            return True
        tries = Counter(CallOutcome(outcome) for outcome in outcomes if outcome in TRIES)
        enough = (0 < self.unreached_tries[outcome] <= times for outcome, times in tries.items())
        if any(enough) or tries.total() >= self.unreached_total:
            return True
        return self.hold_from(outcomes) is not None and held_seconds >= self.hold_s

    def hold_from(self, outcomes: Sequence[str]) -> int | None:
        """The call since whose end the seat's time runs, as its place in `outcomes`; None: it does not run yet.

        The first of all calls, once one of them was a try. Without a try the first fault of the line, where the version
        ends a pick for those.

        >>> calls = ["interrupted", "no_media", "busy"]
        >>> [Rules.load(version).hold_from(calls[:n]) for version in ("gd-2", "gd-3") for n in (1, 2, 3)]
        [None, None, 0, None, 1, 0]
        """
        if any(outcome in TRIES for outcome in outcomes):
            return 0
        if self.line_faults is None:
            return None
        return next((n for n, outcome in enumerate(outcomes) if outcome in LINE_FAULTS), None)

    def unreached_by_line(self, outcomes: Sequence[str]) -> bool:
        """Whether it is the line's doing (线路原因) that somebody with these calls is unreached: its faults came to their
        number, or the person was not tried at all.

        >>> rules = Rules.load("gd-3")
        >>> [rules.unreached_by_line(calls) for calls in (["no_media"], ["busy", "no_media"], ["busy"] + ["no_media"] * 10)]
        [True, False, True]
        """
        return self._line_gave_out(outcomes) or not any(outcome in TRIES for outcome in outcomes)

    def _line_gave_out(self, outcomes: Sequence[str]) -> bool:
        faults = sum(outcome in LINE_FAULTS for outcome in outcomes)
        return self.line_faults is not None and faults >= self.line_faults


def versions() -> list[str]:
    """All versions there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def _calling(table: Table) -> Calling:
    budget = table.table("per_person")
    hours_from, hours_until = table.hours("hours")
    try:
        patterns = tuple(re.compile(each, re.ASCII) for each in table.take("allowed_numbers", list))
    except (re.error, TypeError) as error:
        raise table.wrong("allowed_numbers", "regular expressions") from error
    calling = Calling(
        pause_s=table.by_outcome("pause_s", RETRIED, ADDED),
        longest_pause_s=table.number("longest_pause_s", least=1),
        ring_s=table.number("ring_s", least=1),
        confirm_s=table.number("confirm_s"),
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


NOTICE_KEYS = ("tries", "pause_s", "hours", "until_s")


def _notices(table: Table) -> dict[str, NoticeRule]:
    kinds = {"": table, **{kind: each.over(table, NOTICE_KEYS) for kind, each in table.tables().items()}}
    rules = {kind: _notice(each) for kind, each in kinds.items()}
    for kind, each in kinds.items():
        if kind:
            each.done()
    return rules


def _notice(table: Table) -> NoticeRule:
    hours_from, hours_until = table.hours("hours")
    return NoticeRule(
        tries=table.number("tries", least=1),
        pause_s=table.number("pause_s", least=1),
        hours_from=hours_from,
        hours_until=hours_until,
        until_s=table.take("until_s", int) if table.has("until_s") else None,
    )
