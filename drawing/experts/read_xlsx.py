"""A workbook (xlsx, ISO/IEC 29500) of experts, read row by row.

A spreadsheet changes what is typed into it: a 证件号 becomes 4.4E+17 and loses its last digits, a date becomes a
number, a formula shows what it does not hold. Nothing of that is guessed back; the cell is named, with what to do.
Whole numbers are taken where all their digits are certain: a mobile number and a region's code.

A workbook is a zip file of xml: how much may come out of it is looked at before anything is opened, and entities are
refused (defusedxml, which openpyxl uses where it is installed).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from openpyxl import load_workbook
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils.exceptions import InvalidFileException

from drawing.experts.header import columns_of_header
from drawing.experts.report import BadFile
from drawing.experts.table import TableRow

SHEET = "专家"
"""The sheet that is read; a workbook without one of this name: its first."""
MAX_UNPACKED = 2 << 30
MAX_TEXTS = 512 << 20
MAX_PARTS = 2000
LAST_ROW = 1_048_576
_MAX_RATIO = 200
_SMALL = 64 << 20
_WIDEST = 64
_TEXTS = "xl/sharedStrings.xml"
_BROKEN = (
    BadZipFile, InvalidFileException, ParseError, ZlibError, EOFError, NotImplementedError, RuntimeError,
    KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
_AS_TEXT = "请把整列的单元格格式设为“文本”"


@dataclass(frozen=True, slots=True)
class Layout:
    """What a workbook of one kind looks like. `columns` reads its header (see drawing.experts.header); `exact`: columns of whole
    numbers with so many digits; `last_row` and `unpacked` (bytes) keep a file of nonsense from filling the memory.
    """

    sheet: str
    columns: Callable[[Sequence[str], str], list[str]]
    exact: Mapping[str, int]
    last_row: int = LAST_ROW
    unpacked: int | None = None


EXPERTS = Layout(SHEET, columns_of_header, {"手机号码": 11, "常驻地": 6, "意愿评标区": 6})


def rows(source: Path | bytes, called: str, layout: Layout = EXPERTS) -> Iterator[TableRow]:
    """The rows of the sheet that are not empty. Raises BadFile."""
    with _sheet(source, called, layout) as sheet:
        sheet.reset_dimensions()  # what the file says of its size need not be true
        header: list[str] | None = None
        filled = 0
        for number, values in enumerate(sheet.iter_rows(max_col=_WIDEST, values_only=True), start=1):
            if number > LAST_ROW:
                raise BadFile(_too_long(called, layout))
            if header is None:
                header = layout.columns(_titles(values), f"{called} 的工作表“{sheet.title}”")
            elif values.count(None) < len(values) and any(value not in (None, "") for value in values):
                row = _row(number, header, values, layout)
                if row.faults or any(row.cells.values()):
                    if (filled := filled + 1) >= layout.last_row:  # empty rows don't count: a sheet may have a styled last one
                        raise BadFile(_too_long(called, layout))
                    yield row
        if header is None:
            layout.columns([], f"{called} 的工作表“{sheet.title}”")


def estimate(path: Path, called: str) -> int | None:
    """How many experts the workbook says it has, if it says so."""
    with _sheet(path, called, EXPERTS) as sheet:
        return max(sheet.max_row - 1, 1) if sheet.max_row else None


def _too_long(called: str, layout: Layout) -> str:
    if layout.last_row < LAST_ROW:
        return f"{called} 超过 {layout.last_row - 1} 行：请删去多余的行"
    return f"{called} 的行号超过 {LAST_ROW}：不是表格软件保存的工作簿，请另存后再导入"


def _open(source: Path | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


@contextmanager
def _sheet(source: Path | bytes, called: str, layout: Layout) -> Iterator[Any]:
    try:
        with _open(source) as file:  # openpyxl would judge a path by its ending
            _look(file, called, layout)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles and extensions that are nothing to us
                book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
            if not book.worksheets:
                raise BadFile(f"{called} 中没有工作表")
            yield next((sheet for sheet in book.worksheets if sheet.title == layout.sheet), book.worksheets[0])
    except _BROKEN:
        raise BadFile(
            f"{called} 不是完好的 xlsx 工作簿（也可能是 xlsb、ods 等其他格式）："
            "请用表格软件“另存为 Excel 工作簿（.xlsx）”后再导入"
        ) from None


def _look(file: BinaryIO, called: str, layout: Layout) -> None:
    """Refuse what unpacks to more than an honest file of this kind could."""
    with ZipFile(file) as packed:
        parts = packed.infolist()
    unpacked = sum(part.file_size for part in parts)  # zipfile gives no more than that, whatever comes
    texts = sum(part.file_size for part in parts if part.filename == _TEXTS)
    ratio = unpacked / max(file.seek(0, SEEK_END), 1)
    file.seek(0)
    bomb = unpacked > _SMALL and ratio > _MAX_RATIO
    if bomb or len(parts) > MAX_PARTS or unpacked > (layout.unpacked or MAX_UNPACKED) or texts > MAX_TEXTS:
        raise BadFile(
            f"{called} 解压后过大（{unpacked >> 20} MB，{len(parts)} 个部分），未读取："
            f"请只保留“{layout.sheet}”一张工作表并另存，或分成几个文件导入" + ("，或改用 CSV UTF-8" if layout is EXPERTS else "")
        )


def _titles(values: Sequence[Any]) -> list[str]:
    """The header's cells, without the empty ones on its right."""
    titles = ["" if value is None else str(value) for value in values]
    while titles and not titles[-1].strip():
        titles.pop()
    return titles


def _row(number: int, header: Sequence[str], values: Sequence[Any], layout: Layout) -> TableRow:
    cells: dict[str, str] = {}
    faults: list[tuple[str, str]] = []
    for column, value in zip(header, values, strict=False):
        try:
            cells[column] = _text(column, value, layout.exact)
        except ValueError as fault:
            cells[column] = ""
            faults.append((column, str(fault)))
    if any(value is not None and value != "" for value in values[len(header) :]):
        faults.append(("", f"表头只有 {len(header)} 列，其右还有内容：请删去多出的单元格"))
    return TableRow(number, cells, faults)


def _text(column: str, value: object, exact: Mapping[str, int]) -> str:
    """A cell as text; ValueError says why it can't be."""
    match value:
        case None:
            return ""
        case str():
            return _plain(value)
        case bool():
            raise ValueError(f"是逻辑值：{_AS_TEXT}，写 是 或 否")
        case int() | float():
            return _digits(column, value, exact)
        case datetime() | date() | time() | timedelta():
            raise ValueError(f"被存成了日期或时间：{_AS_TEXT}后重新录入，日期写作 2025-06-30")
        case _:
            raise ValueError("是公式：请“复制”后“选择性粘贴为数值”，再导入")


def _plain(value: str) -> str:
    if value.startswith("="):
        raise ValueError("是公式：请“复制”后“选择性粘贴为数值”，再导入")
    if value in ERROR_CODES:
        raise ValueError(f"是公式的错误值 {value}：请改为应填的内容")
    return value.strip()


def _digits(column: str, value: int | float, exact: Mapping[str, int]) -> str:
    """A number that has lost nothing: whole, and of the length that the column's values have."""
    if value == int(value) and len(text := str(int(value))) == exact.get(column):
        return text
    if column == "证件号":
        raise ValueError(f"被存成了数字，末几位可能已丢失（表格软件只保留 15 位）：{_AS_TEXT}，再按原件重新录入号码")
    raise ValueError(f"被存成了数字，开头的 0 等可能已丢失：{_AS_TEXT}后重新录入")
