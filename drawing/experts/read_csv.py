"""A text file of experts, row by row, in whatever encoding and with whatever separator (drawing.experts.sniff)."""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from drawing.experts.cells import unwrapped_row
from drawing.experts.header import Header, header_fault, named_place
from drawing.experts.report import BadFile
from drawing.experts.row import ExpertRow
from drawing.experts.sniff import HEAD_BYTES, SEPARATORS, TextForm, text_form
from drawing.experts.table import TableRow

AUTOMATIC = "auto"
ENCODINGS = (AUTOMATIC, "utf-8", "gb18030")
"""What may be asked for; the first: as the file's header shows."""
_NAMES = {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
_SAVE = "请用表格软件打开，另存为“CSV UTF-8（逗号分隔）”或 Excel 工作簿（.xlsx）后再导入"


def rows(path: Path, called: str, encoding: str = AUTOMATIC) -> Iterator[TableRow]:
    """The rows that are not empty. Raises BadFile."""
    wanted = ExpertRow.header()
    try:
        form = _form(path, called, encoding, wanted)
        if fault := header_fault(form.header, called, wanted):
            raise BadFile(fault)
        assert form.header is not None
        with path.open(encoding=form.encoding, newline="") as lines:
            yield from _rows(lines, form, form.header)
    except OSError as error:
        raise BadFile(f"读不到文件 {called}：{error.strerror}") from None


def _form(path: Path, called: str, encoding: str, wanted: Sequence[str]) -> TextForm:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.removeprefix(BOM_UTF8).strip():
        raise BadFile(f"{called} 是空的：请选择填写好的文件")
    asked = () if encoding == AUTOMATIC else ("utf-8-sig" if encoding == "utf-8" else encoding,)
    form = text_form(head, wanted, asked)
    if form is None:
        what = "不是文本文件，或编码无法识别" if encoding == AUTOMATIC else f"不是 {encoding} 编码"
        raise BadFile(f"{called} {what}：{_SAVE}")
    return form


def _rows(lines: IO[str], form: TextForm, header: Header) -> Iterator[TableRow]:
    number = 0
    try:
        if form.told:
            lines.readline()  # it is no row of the table
        table = csv.reader(lines, delimiter=form.separator, strict=True)
        columns, unnamed = list(header.columns.items()), header.unnamed
        for number, row in enumerate(table, start=1):
            if number <= header.row or not any(cells := unwrapped_row(row)):
                continue
            if len(cells) == header.width and not unnamed:
                yield TableRow(number, {column: cells[place] for place, column in columns})
            else:
                yield _odd_row(number, cells, header, form.separator)
    except UnicodeDecodeError as error:
        near = number + 1 + error.object[: error.start].count(b"\n")
        raise BadFile(
            f"第 {near} 行附近有不属于 {_NAMES.get(form.encoding, form.encoding.upper())} 编码的字节"
            f"（文件可能损坏，或由两种编码拼成）：{_SAVE}"
        ) from None
    except csv.Error:
        raise BadFile(
            f"第 {number + 1} 行附近的双引号不成对：值中有双引号的，写成两个双引号，并把整个值用双引号括起；或{_SAVE}"
        ) from None


def _odd_row(number: int, cells: Sequence[str], header: Header, separator: str) -> TableRow:
    """One that is shorter or longer than the header, or has cells beside it."""
    if len(cells) < header.width or any(cells[header.width :]):
        sign = SEPARATORS.get(separator, separator)
        cure = "少填的列也要有分隔符" if len(cells) < header.width else f"值中的{sign}要用双引号括起"
        return TableRow(number, {}, [("", f"有 {len(cells)} 列，表头有 {header.width} 列：{cure}")])
    faults = [("", f"{named_place(place)}没有列名，却有内容：请补上列名或清空") for place in header.unnamed if cells[place]]
    return TableRow(number, {column: cells[place] for place, column in header.columns.items()}, faults)

