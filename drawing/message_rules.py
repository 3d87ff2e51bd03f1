"""The rules of what is sent besides calls: a table of a rule file. Pure."""

from dataclasses import dataclass
from typing import Self

from drawing.rule_table import Table


@dataclass(frozen=True, slots=True)
class Messages:
    """What is sent besides calls. Times in seconds."""

    announce_s: int  # N3: a 短信 announces the first call, which comes so much later; 0: none
    witness_receipt: bool  # the 监督人 gets the receipt as a 短信 too
    tries: int
    pause_s: tuple[int, ...]  # after each failed try, the last one for all that follow

    @classmethod
    def of(cls, table: Table) -> Self:
        """From a rule file's table; raises BadRules."""
        return cls(
            announce_s=table.number("announce_s"),
            witness_receipt=table.take("witness_receipt", bool),
            tries=table.number("tries", least=1),
            pause_s=tuple(table.numbers("pause_s")),
        )
