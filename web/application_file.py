"""《专家抽取申请模板》: what is filled in, printed, sealed and attached to an application (V1)."""

from __future__ import annotations

import io

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

TITLE = "专家抽取申请"
_ROWS = (
    "申请单位", "统一社会信用代码", "招标项目名称", "招标项目编号", "标段", "抽取活动编号", "拟抽取专家人数", "预计评标开始时间",
    "预计评标结束时间", "评标地点", "抽取条件（地区、专业、人数）", "申请原因", "经办人", "经办人联系电话", "监督人员及联系电话",
    "申请单位（盖章）", "日期",
)  # fmt: skip
_LINE = Side(style="thin")
_BOX = Border(_LINE, _LINE, _LINE, _LINE)


def template() -> bytes:
    """One A4 page with a line for each thing that the terminal wants to read."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = TITLE
    sheet.append([TITLE])
    sheet.merge_cells("A1:B1")
    sheet["A1"].font, sheet["A1"].alignment = Font(bold=True, size=16), Alignment(horizontal="center")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 60
    for n, label in enumerate(_ROWS, start=2):
        sheet.append([label])
        sheet.row_dimensions[n].height = 60 if label.startswith(("抽取条件", "申请")) else 28
        for cell in (sheet.cell(n, 1), sheet.cell(n, 2)):
            cell.border, cell.alignment = _BOX, Alignment(vertical="center", wrap_text=True)
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()
