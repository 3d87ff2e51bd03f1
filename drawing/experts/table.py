"""Rows of a table as they stand in the file, before anything is known about their values; and what was left out (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_MOST_RANGES = 10


class TableRow(NamedTuple):
    """`number` as in a spreadsheet; `cells`: column -> text, stripped; `faults`: (column, reason)
    of cells that are of a kind that can't be text without loss, column empty if it is the whole row's.
    """

    number: int
    cells: Mapping[str, str]
    faults: Sequence[tuple[str, str]] = ()


@dataclass
class LeftOut:
    """What of a file is not read although somebody may have meant it to be: told with the result, whatever it is."""

    sentences: list[str] = field(default_factory=list)
    hidden_rows: int = 0
    _ranges: list[list[int]] = field(default_factory=list)

    def tell(self, sentence: str) -> None:
        """A sentence in Chinese; once, however often the file is read."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def hide(self, number: int) -> None:
        """A hidden row with text in it. Rows come in ascending order."""
        self.hidden_rows += 1
        if self._ranges and self._ranges[-1][1] == number - 1:
            self._ranges[-1][1] = number
        elif len(self._ranges) <= _MOST_RANGES:
            self._ranges.append([number, number])

    def lines(self) -> Iterator[str]:
        """All of it, for people.

        >>> left_out = LeftOut()
        >>> [left_out.hide(number) for number in (3, 5, 6, 7)] and list(left_out.lines())
        ['隐藏（包括被筛选掉）的 4 行没有读取：第 3、5–7 行。如需导入，请取消隐藏或清除筛选后另存。']
        """
        yield from self.sentences
        if self.hidden_rows:
            where = "、".join(str(first) if first == last else f"{first}–{last}" for first, last in self._ranges[:_MOST_RANGES])
            more = " 行等" if len(self._ranges) > _MOST_RANGES else " 行"
            yield f"隐藏（包括被筛选掉）的 {self.hidden_rows} 行没有读取：第 {where}{more}。如需导入，请取消隐藏或清除筛选后另存。"
