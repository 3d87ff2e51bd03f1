"""Empty files to fill in (模板): the header, and beside it what may stand in each column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from drawing.experts.read_xlsx import SHEET
from drawing.experts.row import ExpertRow
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference

EXPLAINED = "填写说明"
ALLOWED = "可填内容"
TEXT = "@"
_ROWS = 5000
_HEAD = Font(bold=True)
_SHADE = PatternFill("solid", fgColor="E8EEF4")


def csv_template() -> bytes:
    """The header alone, with the BOM by which spreadsheets know UTF-8."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(ExpertRow.header())
    return text.getvalue().encode("utf-8-sig")


def xlsx_template() -> bytes:
    """Three sheets: the experts (all columns text, nothing filled in), what each column means, what may be chosen."""
    book = Workbook()
    experts = book.active
    assert isinstance(experts, Worksheet)
    _experts(experts)
    _explained(book.create_sheet(EXPLAINED))
    lists = _allowed(book.create_sheet(ALLOWED))
    _offer(experts, "职称等级", f"={ALLOWED}!$A$2:$A${lists + 1}")
    _offer(experts, "暂停", '"是,否"')
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _experts(sheet: Worksheet) -> None:
    sheet.title = SHEET
    head(sheet, ExpertRow.header())
    widths(sheet, [24] * len(ExpertRow.header()), text=True)  # or a 证件号 becomes a number and loses its last digits


def _explained(sheet: Worksheet) -> None:
    head(sheet, ("列名", "填什么", "例"))
    for field in ExpertRow.model_fields.values():
        sheet.append([field.alias, field.description, " 或 ".join(field.examples or ())])
    sheet.append([])
    sheet.append(["请在工作表“" + SHEET + "”中填写，每行一位专家，不改表头；全部合格才会导入。"])
    widths(sheet, (20, 60, 40))


def _allowed(sheet: Worksheet) -> int:
    """Fills the sheet; how many titles there are."""
    data = reference()
    columns: tuple[tuple[str, Sequence[str]], ...] = (
        ("职称等级", data.names(TITLES)),
        ("执业资格", data.names(QUALIFICATIONS)),
        ("所属行业主管部门", data.names(AUTHORITIES)),
        ("地区代码和名称", [f"{code} {data.region_path(code)}" for code in sorted(data.residences())]),
        ("专业代码和名称", [f"{code} {data.specialties[code].name}" for code in sorted(data.leaf_specialties())]),
    )
    head(sheet, [title for title, _ in columns])
    for place, (_, values) in enumerate(columns, start=1):
        for row, value in enumerate(values, start=2):
            sheet.cell(row, place, value)
    widths(sheet, (14, 30, 24, 34, 40))
    return len(columns[0][1])


def _offer(sheet: Worksheet, column: str, choices: str) -> None:
    letter = get_column_letter(ExpertRow.header().index(column) + 1)
    offered = DataValidation(type="list", formula1=choices, allow_blank=True, showErrorMessage=True)
    sheet.add_data_validation(offered)
    offered.add(f"{letter}2:{letter}{_ROWS}")


def head(sheet: Worksheet, titles: Iterable[str]) -> None:
    """The first row, in bold, that stays in sight."""
    for place, title in enumerate(titles, start=1):
        cell = sheet.cell(1, place, title)
        cell.font, cell.fill, cell.alignment = _HEAD, _SHADE, Alignment(vertical="center")
    sheet.freeze_panes = "A2"


def widths(sheet: Worksheet, widths: Iterable[int], *, text: bool = False) -> None:
    """Column widths in characters; `text`: whatever is typed stays as it was typed."""
    for place, width in enumerate(widths, start=1):
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = width
        if text:
            column.number_format = TEXT
            sheet.cell(1, place).number_format = TEXT
