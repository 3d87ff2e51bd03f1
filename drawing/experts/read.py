"""A file of experts, csv or xlsx, to checked rows: both kinds share the model of a row, the checks and the report.

The format is detected from the file's first bytes; its name may be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from drawing.experts import kinds, read_csv, read_xlsx
from drawing.experts.report import BadFile, Report
from drawing.experts.row import ExpertRow, check_row
from drawing.experts.table import LeftOut, TableRow
from drawing.transcript import CHINA

MAX_ROWS = 2_000_000
"""More than anybody's pool: keeps a file of nonsense from filling the memory."""

_PROGRESS_ROWS = 1000
_FIRST = ExpertRow.header()[0]
_DIRECTORY_BYTES = 4096


@dataclass(frozen=True)
class Source:
    """A file. `name` is what people call it, where it lies under another name; `encoding` is for text files: one of
    read_csv.ENCODINGS, the first of which goes by the file's header.
    """

    path: Path
    encoding: str = read_csv.AUTOMATIC
    name: str = ""

    @property
    def called(self) -> str:
        return self.name or self.path.name

    @property
    def is_workbook(self) -> bool:
        """Whether it is read as xlsx. Raises BadFile for what is neither that nor text, or can't be read."""
        try:
            with self.path.open("rb") as file:
                head = file.read(kinds.HEAD_BYTES)
                place = kinds.directory_place(head)
                directory = file.read(_DIRECTORY_BYTES) if place is not None and file.seek(place) else b""
        except OSError as error:
            raise BadFile(f"读不到文件 {self.called}：{error.strerror}") from None
        if other := kinds.other_kind(head, directory):
            raise BadFile(f"{self.called} {other}后再导入")
        return head.startswith(kinds.ZIP)

    def rows(self, left_out: LeftOut | None = None) -> Iterator[TableRow]:
        """Its rows that are not empty, unchecked; what is not read goes into `left_out`."""
        if self.is_workbook:
            return read_xlsx.rows(self.path, self.called, left_out=left_out)
        return read_csv.rows(self.path, self.called, self.encoding)

    def estimate(self) -> int | None:
        """About how many experts there are; None if only reading tells. For csv with many-line cells too many."""
        if self.is_workbook:
            return read_xlsx.estimate(self.path, self.called)
        with self.path.open("rb") as file:
            lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        return max(lines - 1, 1)


class Seen:
    """Phones and 证件号 of the rows so far, to find those that come twice."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}  # one dict: 11 and 18 digits can't be confused; ints are smaller than strings

    def check(self, number: int, expert: ExpertRow, report: Report) -> bool:
        """Whether phone and 证件号 are new in this file."""
        phone = self._rows.setdefault(int(expert.phone), number)
        id_card = self._rows.setdefault(int(expert.id_card.replace("X", "10")), number)
        if phone != number:
            report.add(number, "手机号码", f"与第 {phone} 行相同")
        if id_card != number:
            report.add(number, "证件号", f"与第 {id_card} 行相同")
        return phone == id_card == number


def read_experts(
    source: Source, report: Report, progress: Callable[[int], None] = lambda rows: None
) -> Iterator[tuple[int, ExpertRow]]:
    """The good rows with their numbers; what is wrong with the others goes into `report`. Raises BadFile."""
    seen, today = Seen(), datetime.now(CHINA).date()
    for row in source.rows(report.left_out):
        report.rows += 1
        if report.rows % _PROGRESS_ROWS == 0:
            progress(report.rows)
        if report.rows > MAX_ROWS:
            raise BadFile(f"{source.called} 超过 {MAX_ROWS} 行：请分成几个文件导入")
        checked = _checked(row, today)
        if isinstance(checked, ExpertRow):
            if seen.check(row.number, checked, report):
                yield row.number, checked
        else:
            for column, reason in checked:
                report.add(row.number, column, reason)
    progress(report.rows)
    if not report.rows:
        raise BadFile(f"{source.called} 中没有专家：表头之下至少要有一行。{''.join(report.left_out.lines())}")


def _checked(row: TableRow, today: date) -> ExpertRow | list[tuple[str, str]]:
    """The expert, or every fault; a row or cell that is of the wrong kind has no other fault."""
    if any(not column for column, _ in row.faults):
        return list(row.faults)
    if row.cells.get(_FIRST) == _FIRST:  # one file was put behind another; nobody is called so
        return [("", "是重复的表头：请删去这一行")]
    checked = check_row(row.cells, today)
    if not row.faults:
        return checked
    others = [] if isinstance(checked, ExpertRow) else checked
    told = {column for column, _ in row.faults}
    return [*row.faults, *(fault for fault in others if fault[0] not in told)]
