"""A csv file of experts: UTF-8 (with or without BOM) or, if asked for, GB 18030; LF or CRLF; columns in
any order.

Nothing here stops at the first fault: whoever has to repair the file wants to see all of them. A row's
number is that of a spreadsheet: the header is row 1.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from drawing.experts.identity import mask
from drawing.experts.row import ExpertRow, check_row

ENCODINGS = ("utf-8", "gb18030")
SHOWN_ROWS = 1000
_PROGRESS_ROWS = 1000


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
    """What is wrong with a file. Counts all bad rows, keeps the problems of the first SHOWN_ROWS of them."""

    rows: int = 0
    bad: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(self, row: int, column: str, reason: str) -> None:
        self.bad.add(row)
        if len(self.bad) <= SHOWN_ROWS:
            self.problems.append(Problem(row, column, reason))

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield f"文件未导入：{self.rows} 行中有 {len(self.bad)} 行有误，请更正后重新导入整个文件。"
        yield from map(str, sorted(self.problems))
        if len(self.bad) > SHOWN_ROWS:
            yield f"……只列出最先发现的 {SHOWN_ROWS} 行，其余 {len(self.bad) - SHOWN_ROWS} 行从略。"


class Seen:
    """Phones and 证件号 of the rows so far, to find those that come twice."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}  # one dict: 11 and 18 digits can't be confused; ints are smaller than strings

    def check(self, number: int, expert: ExpertRow, report: Report) -> bool:
        """Whether phone and 证件号 are new in this file."""
        phone = self._rows.setdefault(int(expert.phone), number)
        id_card = self._rows.setdefault(int(expert.id_card.replace("X", "10")), number)
        if phone != number:
            report.add(number, "手机号码", f"{mask(expert.phone)} 与第 {phone} 行相同")
        if id_card != number:
            report.add(number, "证件号", f"{mask(expert.id_card)} 与第 {id_card} 行相同")
        return phone == id_card == number


def read_experts(
    path: Path, report: Report, encoding: str = "utf-8", progress: Callable[[int], None] = lambda rows: None
) -> Iterator[tuple[int, ExpertRow]]:
    """The good rows with their numbers; what is wrong with the others goes into `report`. Raises BadFile."""
    seen = Seen()
    for number, cells in _rows(path, encoding, report):
        report.rows += 1
        if report.rows % _PROGRESS_ROWS == 0:
            progress(report.rows)
        checked = check_row(cells)
        if isinstance(checked, ExpertRow):
            if seen.check(number, checked, report):
                yield number, checked
        else:
            for column, reason in checked:
                report.add(number, column, reason)
    progress(report.rows)
    if not report.rows:
        raise BadFile(f"{path.name} 中没有专家：表头之下至少要有一行")


def _rows(path: Path, encoding: str, report: Report) -> Iterator[tuple[int, dict[str, str]]]:
    """Row number and cells by column, stripped; empty rows are passed over."""
    number = 1
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as lines:
            table = csv.reader(lines, strict=True)
            header = _header(next(table, []), path)
            for number, row in enumerate(table, start=2):
                cells = list(map(str.strip, row))
                if not any(cells):
                    continue
                if len(cells) == len(header):
                    yield number, dict(zip(header, cells, strict=True))
                else:
                    report.rows += 1
                    report.add(number, "", f"有 {len(row)} 列，表头有 {len(header)} 列：值中的逗号要用双引号括起")
    except UnicodeDecodeError:
        raise BadFile(_wrong_encoding(path, encoding)) from None
    except csv.Error as error:
        raise BadFile(f"第 {number + 1} 行附近不是有效的 csv（{error}）：请检查双引号是否成对") from None
    except OSError as error:
        raise BadFile(f"读不到文件 {path}：{error.strerror}") from None


def _wrong_encoding(path: Path, encoding: str) -> str:
    if encoding != "utf-8":
        return f"{path.name} 不是 {encoding} 编码：请另存为 CSV UTF-8（逗号分隔），不带 --encoding 再导入"
    return (
        f"{path.name} 不是 UTF-8 编码（多半是 GBK/GB18030）：请在表格软件中“另存为 CSV UTF-8（逗号分隔）”，"
        "或确认后加 --encoding gb18030"
    )


def _header(found: Sequence[str], path: Path) -> list[str]:
    """The columns as they stand; BadFile names each that is missing, unknown or double."""
    columns = [column.strip() for column in found]
    wanted = ExpertRow.header()
    missing = [column for column in wanted if column not in columns]
    faults = [f"缺少列“{column}”" for column in missing]
    faults += [_unknown(column, missing) for column in columns if column not in wanted]
    faults += [f"列“{column}”出现多次" for column in wanted if columns.count(column) > 1]
    if faults:
        raise BadFile(f"{path.name} 的表头不对：" + "；".join(faults) + f"。表头应为：{','.join(wanted)}")
    return columns


def _unknown(column: str, missing: Iterable[str]) -> str:
    near = get_close_matches(column, list(missing), n=1, cutoff=0.5)
    short = column if len(column) <= 20 else column[:20] + "…"
    return f"多出列“{short}”" + (f"（是否指“{near[0]}”？）" if near else "")
