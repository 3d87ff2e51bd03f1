"""What is wrong with a file of experts. Nothing stops at the first fault: whoever has to repair the file wants to see
all of them. A row's number is that of a spreadsheet.

A problem names row, column and what is wrong, never what stands in a cell: where columns are shifted, any of them may hold a
person's name or number, and problems are kept, shown and downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from drawing.experts.table import LeftOut

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
class Compared:
    """Rows without a fault, held against the pool: how many experts are there already just so (`same`), are there with something
    different (`changed`, with the columns), or are not (`new`).
    """

    same: list[int] = field(default_factory=list)
    changed: dict[int, tuple[str, ...]] = field(default_factory=dict)
    new: list[int] = field(default_factory=list)

    @property
    def known(self) -> int:
        """How many are in the pool."""
        return len(self.same) + len(self.changed)

    def listed(self, most: int) -> Iterator[Problem]:
        """What to say row by row: what has changed, and, so that the file can be divided, the shorter list of the others."""
        if not self.known:
            return
        some = self.same, "与库中相同：不必导入"
        if len(self.new) < len(self.same):
            some = self.new, "库中没有此人：可以导入"
        for row, columns in list(self.changed.items())[:most]:
            yield Problem(row, "", f"库中已有此人（证件号相同），与库中不同的列：{'、'.join(columns)}")
        if self.new:
            yield from (Problem(row, "", some[1]) for row in some[0][:most])

    def line(self) -> str:
        """The counts, for people."""
        return f"与库中相同 {len(self.same)} 行，有变化 {len(self.changed)} 行，库中没有（新）{len(self.new)} 行"


@dataclass
class Report:
    """What is wrong with a file. Counts all bad rows, keeps the problems of the first `shown` of them. `compared`: the rows
    without a fault, held against the pool, as far as that was done; `left_out`: what of the file was not read.
    """

    shown: int = SHOWN_ROWS
    rows: int = 0
    bad: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    compared: Compared = field(default_factory=Compared)
    left_out: LeftOut = field(default_factory=LeftOut)

    def add(self, row: int, column: str, reason: str) -> None:
        self.bad.add(row)
        if len(self.bad) <= self.shown:
            self.problems.append(Problem(row, column, reason))

    def listed(self) -> list[Problem]:
        """Row by row: what is wrong, and how other rows stand to the pool."""
        return sorted((*self.problems, *self.compared.listed(self.shown)))

    def summary(self) -> str:
        """The whole in a sentence or two."""
        bad = f"{self.rows} 行中有 {len(self.bad)} 行有误，请更正后重新导入整个文件。"
        if not self.compared.known:
            return f"文件未导入：{bad}"
        wrong = f"，有误 {len(self.bad)} 行" if self.bad else ""
        cure = "请只保留新的行" if self.compared.new else "文件中没有可以导入的新专家"
        if self.bad:
            cure = "请更正有误的行" + ("，只保留新的行" if self.compared.new else "")
        again = "后重新导入" if cure.startswith("请") else ""
        return (
            f"文件未导入：{self.rows} 行中，{self.compared.line()}{wrong}。"
            f"导入只能增加库中没有的专家，不能更改库中已有的专家：{cure}{again}。"
        )

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield self.summary()
        yield from self.left_out.lines()
        yield from map(str, self.listed())
        if len(self.bad) > self.shown:
            yield f"……只列出最先发现的 {self.shown} 行，其余 {len(self.bad) - self.shown} 行从略。"
