"""A workbook (xlsx, ISO/IEC 29500) with a table, read row by row.

The table is on the first visible sheet that has its header in its first rows: what a person does not see is not read, and is told.

A spreadsheet changes what is typed into it: a 证件号 becomes 4.4E+17 and loses its last digits, a date becomes a
number, a formula shows what it does not hold. Nothing of that is guessed back; the cell is named, with what to do.
Whole numbers are taken where all their digits are certain: a mobile number and a region's code.

A workbook is a zip file of xml: how much may come out of it is looked at before anything is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from itertools import islice
from lzma import LZMAError
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from drawing.experts.cells import unwrapped
from drawing.experts.header import Header, find_header, header_fault, named_place
from drawing.experts.identity import shown
from drawing.experts.kinds import packed_kind
from drawing.experts.report import BadFile
from drawing.experts.row import ExpertRow
from drawing.experts.sheet_rows import WIDEST, Cell, Columns, Kind, Odd, RawRow
from drawing.experts.table import LeftOut, TableRow
from drawing.experts.workbook import Book, Sheet

SHEET, EXPLAINED, ALLOWED = "专家", "填写说明", "可填内容"
"""The sheets of the template; the latter two, and the reasons of the templates of 回避, are never meant to be read."""
MAX_UNPACKED = 2 << 30
MAX_TEXTS = 512 << 20
MAX_PARTS = 2000
LAST_ROW = 1_048_576
_MAX_RATIO = 200
_SMALL = 64 << 20
_TEXTS = "xl/sharedstrings.xml"
_HELP = (EXPLAINED, ALLOWED, "回避原因")
_BROKEN = (
    BadZipFile, ParseError, ZlibError, LZMAError, OSError, EOFError, NotImplementedError, RuntimeError,
    LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
_AS_TEXT = "请把整列的单元格格式设为“文本”"
_FORMULA = "是公式：请“复制”后“选择性粘贴为数值”，再导入"


@dataclass(frozen=True, slots=True)
class Layout:
    """What a workbook of one kind looks like. `sheet`: how its template calls it; `wanted`: its columns, `ordered`: in their order
    and with no hidden row among them; `exact`: columns of whole numbers with so many digits; `most` rows and `unpacked` bytes
    keep a file of nonsense from filling the memory.
    """

    sheet: str
    wanted: tuple[str, ...]
    exact: Mapping[str, int]
    ordered: bool = False
    most: int = LAST_ROW
    unpacked: int | None = None


EXPERTS = Layout(SHEET, ExpertRow.header(), {"手机号码": 11, "常驻地": 6, "意愿评标区": 6})


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the table is."""

    book: Book
    sheet: Sheet
    header: Header


def rows(
    source: Path | bytes, called: str, layout: Layout = EXPERTS, left_out: LeftOut | None = None
) -> Iterator[TableRow]:
    """The rows of the table that are not empty; what of the workbook is not read goes into `left_out`. Raises BadFile."""
    left_out = left_out or LeftOut()
    with _opened(source, called, layout) as book:
        table = _table(book, called, layout, left_out)
        filled = 0
        for raw in book.rows(table.sheet):
            if raw.number > LAST_ROW:
                raise BadFile(f"{called} 的行号超过 {LAST_ROW}：不是表格软件保存的工作簿，请另存后再导入")
            if raw.number <= table.header.row or not any(raw.cells):  # a sheet may have a styled last row
                continue
            row = _row(raw, table.header, layout)
            if not row.faults and not any(row.cells.values()):
                continue
            if raw.hidden and not layout.ordered:
                left_out.hide(raw.number)
                continue
            if (filled := filled + 1) > layout.most:
                raise BadFile(f"{called} 超过 {layout.most} 行：请删去多余的行")
            yield row


def estimate(path: Path, called: str) -> int | None:
    """How many experts the workbook says it has, if it says so."""
    with _opened(path, called, EXPERTS) as book:
        table, columns = _table(book, called, EXPERTS, LeftOut()), Columns()
        next(book.rows(table.sheet, columns), None)
        return max(columns.last_row - table.header.row, 1) if columns.last_row else None


def _open(source: Path | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


@contextmanager
def _opened(source: Path | bytes, called: str, layout: Layout) -> Iterator[Book]:
    try:
        with _open(source) as file:
            _look(file, called, layout)
            with ZipFile(file) as packed:
                yield Book(packed)
    except _BROKEN:
        raise BadFile(
            f"{called} 不是完好的 xlsx 工作簿：请用表格软件打开，“另存为 Excel 工作簿（.xlsx）”后再导入"
        ) from None


def _look(file: BinaryIO, called: str, layout: Layout) -> None:
    """Refuse what is another kind of file, and what unpacks to more than an honest file of this kind could."""
    with ZipFile(file) as packed:
        parts = packed.infolist()
    unpacked = sum(part.file_size for part in parts)  # zipfile gives no more than that, whatever comes
    texts = sum(part.file_size for part in parts if part.filename.casefold() == _TEXTS)
    ratio = unpacked / max(file.seek(0, SEEK_END), 1)
    file.seek(0)
    bomb = unpacked > _SMALL and ratio > _MAX_RATIO
    if bomb or len(parts) > MAX_PARTS or unpacked > (layout.unpacked or MAX_UNPACKED) or texts > MAX_TEXTS:
        raise BadFile(
            f"{called} 解压后过大（{unpacked >> 20} MB，{len(parts)} 个部分），未读取："
            f"请只保留“{layout.sheet}”一张工作表并另存，或分成几个文件导入" + ("，或改用 CSV UTF-8" if layout is EXPERTS else "")
        )
    if other := packed_kind([part.filename for part in parts]):
        raise BadFile(f"{called} {other}后再导入")


def _table(book: Book, called: str, layout: Layout, left_out: LeftOut) -> _Table:
    """The first visible sheet with the whole header and a row below it, else with the whole header. Raises BadFile."""
    tables = [sheet for sheet in book.sheets if sheet.is_table]
    visible = [sheet for sheet in tables if not sheet.hidden]
    hidden = "".join(f"“{_name(sheet)}”" for sheet in tables if sheet.hidden)
    if not visible:
        raise BadFile(f"{called} 中没有可见的工作表" + (f"：请先取消隐藏工作表{hidden}" if hidden else ""))
    found = [(sheet, header) for sheet in visible if (header := _header(book, sheet, layout))]
    whole = [each for each in found if not each[1].missing]
    best = min(found, key=lambda each: len(each[1].missing)) if found else None
    sheet, header = next((each for each in whole if _has_rows(book, *each)), whole[0] if whole else best or (visible[0], None))
    where = f"{called} 的工作表“{_name(sheet)}”" if found or len(visible) == 1 else f"{called} 的 {len(visible)} 张工作表"
    if fault := header_fault(header, where, layout.wanted, ordered=layout.ordered):
        raise BadFile(fault + (f"。隐藏的工作表不读取：{hidden}，如应导入请取消隐藏" if hidden else ""))
    assert header is not None
    _tell(left_out, sheet, header, [each for each in visible if each is not sheet and each.title not in _HELP], hidden)
    return _Table(book, sheet, header)


def _tell(left_out: LeftOut, sheet: Sheet, header: Header, others: Sequence[Sheet], hidden: str) -> None:
    if others or hidden or header.row > 1:
        left_out.tell(f"读取的是工作表“{_name(sheet)}”，表头在第 {header.row} 行。")
    if others:
        left_out.tell(f"其他工作表没有读取：{''.join(f'“{_name(each)}”' for each in others)}。如需导入，请另存为单独的文件。")
    if hidden:
        left_out.tell(f"隐藏的工作表没有读取：{hidden}。如需导入，请取消隐藏，并另存为单独的文件。")
    if header.left_out:
        left_out.tell(f"{'、'.join(map(named_place, sorted(header.left_out)))}没有读取：是序号，或是隐藏的列。")
    if header.hidden:
        left_out.tell(f"隐藏的列照常读取：{'、'.join(header.hidden)}。")


def _name(sheet: Sheet) -> str:
    """A sheet's title, fit for a message."""
    return shown(sheet.title)[1:-1]


def _header(book: Book, sheet: Sheet, layout: Layout) -> Header | None:
    columns = Columns()
    seen = ((raw.number, _titles(raw)) for raw in book.rows(sheet, columns) if not raw.hidden)
    return find_header(seen, layout.wanted, columns.hidden)


def _titles(raw: RawRow) -> list[str]:
    return [cell if isinstance(cell, str) else cell.text for cell in raw.cells]


def _has_rows(book: Book, sheet: Sheet, header: Header) -> bool:
    below = (raw for raw in book.rows(sheet) if raw.number > header.row and not raw.hidden and any(raw.cells))
    return next(islice(below, 1), None) is not None


def _row(raw: RawRow, header: Header, layout: Layout) -> TableRow:
    cells: dict[str, str] = dict.fromkeys(header.columns.values(), "")
    faults: list[tuple[str, str]] = []
    for place, value in enumerate(raw.cells):
        if value == "" or place in header.left_out:
            continue
        column = header.columns.get(place)
        if column is None:
            if not isinstance(value, str) or value.strip():
                where = named_place(place) if place < WIDEST else f"第 {WIDEST} 列以后的列"
                faults.append(("", f"{where}没有列名，却有内容：请补上列名或清空"))
            continue
        try:
            cells[column] = _text(column, value, layout.exact)
        except ValueError as fault:
            faults.append((column, str(fault)))
    if raw.hidden and layout.ordered:
        faults.append(("", "是隐藏（或被筛选掉）的行：请取消隐藏后核对，不需要的请删去"))
    return TableRow(raw.number, cells, faults)


def _text(column: str, value: Cell, exact: Mapping[str, int]) -> str:
    """A cell as text; ValueError says why it can't be."""
    match value:
        case str():
            return unwrapped(value)
        case Odd(Kind.LOGICAL):
            raise ValueError(f"是逻辑值：{_AS_TEXT}，写 是 或 否")
        case Odd(Kind.DATE):
            raise ValueError(f"被存成了日期或时间：{_AS_TEXT}后重新录入，日期写作 2025-06-30")
        case Odd(Kind.FORMULA):
            raise ValueError(_FORMULA)
        case Odd(Kind.ERROR, text):
            raise ValueError(f"是公式的错误值 {text}：请改为应填的内容")
        case Odd(_, text):
            return _digits(column, text, exact)


def _digits(column: str, stored: str, exact: Mapping[str, int]) -> str:
    """A number that has lost nothing: whole, and of the length that the column's values have."""
    with suppress(ValueError, OverflowError):  # which would repeat what is stored
        if (value := float(stored)) == int(value) and len(text := str(int(value))) == exact.get(column):
            return text
    if column == "证件号":
        raise ValueError(f"被存成了数字，末几位可能已丢失（表格软件只保留 15 位）：{_AS_TEXT}，再按原件重新录入号码")
    raise ValueError(f"被存成了数字，开头的 0 等可能已丢失：{_AS_TEXT}后重新录入")
