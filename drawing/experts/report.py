"""What is wrong with a file of experts. Nothing stops at the first fault: whoever has to repair the file wants to see
all of them. A row's number is that of a spreadsheet: the header is row 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

SHOWN_ROWS = 1000


class Problem(NamedTuple):
    """One fault: `row` as in a spreadsheet; `column` empty if it is the whole row's."""

    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"第 {self.row} 行" + (f" {self.column}" if self.column else "") + f"：{self.reason}"


class BadFile(Exception):
    """The file can't be read as a table of experts at all; says why and what to do."""


@dataclass
class Report:
    """What is wrong with a file. Counts all bad rows, keeps the problems of the first `shown` of them."""

    shown: int = SHOWN_ROWS
    rows: int = 0
    bad: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(self, row: int, column: str, reason: str) -> None:
        self.bad.add(row)
        if len(self.bad) <= self.shown:
            self.problems.append(Problem(row, column, reason))

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield f"文件未导入：{self.rows} 行中有 {len(self.bad)} 行有误，请更正后重新导入整个文件。"
        yield from map(str, sorted(self.problems))
        if len(self.bad) > self.shown:
            yield f"……只列出最先发现的 {self.shown} 行，其余 {len(self.bad) - self.shown} 行从略。"
