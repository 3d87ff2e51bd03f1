"""Rules about the lines themselves: calls from outside, and when somebody is told that a trunk does not work."""

from dataclasses import dataclass
from typing import Self

from drawing.rule_table import Table


@dataclass(frozen=True, slots=True)
class InboundRule:
    """What keeps the inbound line (K4) from being blocked, and from making us ring somebody all day. Times in seconds."""

    at_once: int  # calls from outside on a node at the same time; one more is busy
    per_number_hour: int  # calls from one number that are taken in an hour
    call_backs_hour: int  # to one person, beside the budget of all calls
    call_backs_day: int
    leave_lead_s: int  # before 集合时间: until then leave (请假) may be asked for by telephone

    @classmethod
    def of(cls, table: Table) -> Self:
        """From a rule file's table; raises BadRules."""
        return cls(
            at_once=table.number("at_once", least=1),
            per_number_hour=table.number("per_number_hour", least=1),
            call_backs_hour=table.number("call_backs_hour", least=1),
            call_backs_day=table.number("call_backs_day", least=1),
            leave_lead_s=table.number("leave_lead_s"),
        )


@dataclass(frozen=True, slots=True)
class LinesRule:
    """After how many calls of one trunk in a row an alarm is raised. It decides nothing about a draw; a version that does
    not say has the numbers here."""

    keyless_calls: int = 8  # answered, and no key came
    no_media_calls: int = 3  # answered, and no sound came through in a direction

    @classmethod
    def of(cls, table: Table) -> Self:
        """From a rule file's table; raises BadRules."""
        return cls(
            keyless_calls=table.number("keyless_calls", least=1),
            no_media_calls=table.number("no_media_calls", least=1),
        )
