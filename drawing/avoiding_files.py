"""回避单位 and 回避人员 as workbooks (B3): the template to fill in, and what is wrong with a filled one, row by row.

All or nothing: a file with one bad row gives no rows at all, but every fault. What is said of a person never holds a name,
and of a 证件号 only its ends.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import partial
from typing import TypeVar

from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from drawing.activities import AvoidedPerson
from drawing.avoiding import MOST, PERSON_REASONS, UNIT_REASONS, id_card_wrong, reasons
from drawing.credit_code import code_fault, understood_code
from drawing.experts import read_xlsx
from drawing.experts.identity import understood_id_card
from drawing.experts.read_xlsx import Layout
from drawing.experts.report import BadFile, Report
from drawing.experts.table import TableRow
from drawing.experts.template import head, widths
from drawing.normal_forms import Unmatchable, normal_name, normal_unit, understood_name, understood_unit

T = TypeVar("T")
MAX_BYTES = 12 << 20
"""Of a file: 500 rows have some 30 KB, and a sheet that was painted to its last row 8 MB."""
EXPLAINED, OFFERED = "填写说明", "回避原因"
_UNPACKED = 192 << 20


@dataclass(frozen=True, slots=True)
class Unit:
    """回避单位 as a row has it."""

    name: str
    code: str
    reason: str


class Kind(Enum):
    """Which of the two lists; the value is the sheet's name."""

    UNITS = "回避单位"
    PERSONS = "回避人员"

    @property
    def columns(self) -> Mapping[str, str]:
        """The header, and what each column is for."""
        return _COLUMNS[self]

    @property
    def reasons(self) -> Sequence[str]:
        """What may stand in 回避原因."""
        return reasons(UNIT_REASONS if self is Kind.UNITS else PERSON_REASONS)


_COLUMNS = {
    Kind.UNITS: {
        "单位名称": "必填，一个单位的全称，2 至 100 个字；专家的回避按此名称匹配",
        "统一社会信用代码": "可不填，18 位；供审核时核对",
        "回避原因": "必填，只能从工作表“回避原因”中选择",
    },
    Kind.PERSONS: {
        "姓名": "必填，一个人的姓名，2 至 30 个字；少数民族姓名中间用“·”",
        "证件号": "18 位公民身份号码；不填写时，同名专家全部回避",
        "回避原因": "必填，只能从工作表“回避原因”中选择",
    },
}


def template(kind: Kind) -> bytes:
    """An empty file to fill in: the list, what each column means, and the reasons to choose from."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = kind.value
    head(sheet, kind.columns)
    widths(sheet, (30, 30, 50), text=True)
    offered = DataValidation(type="list", formula1=f"={OFFERED}!$A$2:$A${len(kind.reasons) + 1}", showErrorMessage=True)
    sheet.add_data_validation(offered)
    offered.add(f"C2:C{MOST + 1}")
    explained = book.create_sheet(EXPLAINED)
    head(explained, ("列名", "填什么"))
    for row in kind.columns.items():
        explained.append(row)
    explained.append([])
    explained.append([f"请在工作表“{kind.value}”中填写，不改表头和列的次序；最多 {MOST} 行，全部合格才会导入。"])
    widths(explained, (20, 60))
    listed = book.create_sheet(OFFERED)
    head(listed, (OFFERED,))
    for reason in kind.reasons:
        listed.append([reason])
    widths(listed, (80,))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def read_units(data: bytes, called: str) -> list[Unit] | Report:
    """The rows, or what is wrong with them. Raises BadFile."""
    return _read(data, called, Kind.UNITS, _unit, lambda row: normal_unit(row.name))


def read_persons(data: bytes, called: str, today: date) -> list[AvoidedPerson] | Report:
    """The rows, or what is wrong with them; nobody was born after `today`. Raises BadFile."""
    person = partial(_person, today=today)
    return _read(data, called, Kind.PERSONS, person, lambda row: row.id_card or normal_name(row.name))


def _read(
    data: bytes, called: str, kind: Kind, make: Callable[[TableRow, Report], T], same: Callable[[T], str]
) -> list[T] | Report:
    report = Report()
    found: list[T] = []
    first: dict[str, int] = {}
    for row in _rows(data, called, kind):
        report.rows += 1
        for column, reason in row.faults:
            report.add(row.number, column, reason)
        _check_reason(row, kind, report)
        entry = make(row, report)
        if row.number in report.bad:
            continue
        if (earlier := first.setdefault(same(entry), row.number)) != row.number:
            report.add(row.number, "", f"与第 {earlier} 行重复：请删去一行")
        found.append(entry)
    if not report.rows:
        raise BadFile(f"{called} 的工作表“{kind.value}”中没有填写任何一行")
    return report if report.bad else found


def _rows(data: bytes, called: str, kind: Kind) -> Iterator[TableRow]:
    if len(data) > MAX_BYTES:
        raise BadFile(f"{called} 超过 {MAX_BYTES >> 20} MB：请把各行复制到新的模板文件中（只粘贴文字，不带图片），再导入")
    layout = Layout(kind.value, tuple(kind.columns), {}, ordered=True, most=MOST, unpacked=_UNPACKED)
    return read_xlsx.rows(data, called, layout)


def _check_reason(row: TableRow, kind: Kind, report: Report) -> None:
    reason = row.cells.get(OFFERED, "")
    if not _spoilt(row, OFFERED) and reason not in kind.reasons:
        told = "不是模板中的回避原因，请从列表中选择" if reason else "不能为空"  # not repeated: it may be a shifted name
        report.add(row.number, OFFERED, told)


def _unit(row: TableRow, report: Report) -> Unit:
    name = _understood(row, report, "单位名称", understood_unit)
    code = understood_code(row.cells.get("统一社会信用代码", ""))
    if code and not _spoilt(row, "统一社会信用代码") and (wrong := code_fault(code)):
        report.add(row.number, "统一社会信用代码", wrong)
    return Unit(name, code, row.cells.get(OFFERED, ""))


def _person(row: TableRow, report: Report, today: date) -> AvoidedPerson:
    name = _understood(row, report, "姓名", understood_name)
    card = understood_id_card(row.cells.get("证件号", ""))
    if card and (wrong := id_card_wrong(card, today)):
        report.add(row.number, "证件号", wrong)
    return AvoidedPerson(name, card or None, row.cells.get(OFFERED, ""))


def _understood(row: TableRow, report: Report, column: str, understood: Callable[[str], str]) -> str:
    if _spoilt(row, column):
        return ""
    try:
        return understood(row.cells.get(column, ""))
    except Unmatchable as error:
        report.add(row.number, column, str(error))
        return ""


def _spoilt(row: TableRow, column: str) -> bool:
    """Whether the cell itself was of a kind that can't be text: that is said already."""
    return any(faulty == column for faulty, _ in row.faults)
