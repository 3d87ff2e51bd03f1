"""Workbooks of 回避单位 and 回避人员: the template as it is, filled in right, and filled in wrong in every way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.styles import PatternFill

from drawing.avoiding import MOST
from drawing.avoiding_files import MAX_BYTES, Kind, Unit, read_persons, read_units, template
from drawing.experts.identity import check_character
from drawing.experts.report import BadFile, Problem, Report

CARD = "11010519491231002X"
TODAY = date(2026, 11, 30)


def filled(kind: Kind, *rows: Sequence[str | int | None], header: Sequence[str] = ()) -> bytes:
    """The template with these rows in it."""
    book = load_workbook(BytesIO(template(kind)))
    sheet = book[kind.value]
    for place, title in enumerate(header, start=1):
        sheet.cell(1, place, title)
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            sheet.cell(number, place, value)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


def faults(report: object) -> list[Problem]:
    """What is wrong, in order of rows."""
    assert isinstance(report, Report)
    return sorted(report.problems)


def test_the_template_offers_the_reasons_and_keeps_what_is_typed() -> None:
    book = load_workbook(BytesIO(template(Kind.PERSONS)))
    sheet = book["回避人员"]
    assert [cell.value for cell in sheet[1]] == ["姓名", "证件号", "回避原因"]
    assert sheet.column_dimensions["B"].number_format == "@"
    assert [row[0].value for row in book["回避原因"].iter_rows(min_row=2)] == list(Kind.PERSONS.reasons)


def test_what_is_filled_in_right_is_read() -> None:
    data = filled(Kind.UNITS, ("某某投标公司", "91440101MA0000002U", "投标人"), (), ("另一公司", None, "其他"))
    assert read_units(data, "单位.xlsx") == [
        Unit("某某投标公司", "91440101MA0000002U", "投标人"), Unit("另一公司", "", "其他"),
    ]  # fmt: skip
    data = filled(Kind.PERSONS, ("王回避", CARD.lower(), "其他"), ("王回避", "", "其他"))
    found = read_persons(data, "人员.xlsx", TODAY)
    assert not isinstance(found, Report)
    assert [(each.name, each.id_card, each.reason) for each in found] == [("王回避", CARD, "其他"), ("王回避", None, "其他")]


@pytest.mark.parametrize("styled", [range(1, MOST + 200), (1_048_576,), range(4, 3000, 3)], ids=["all", "last", "between"])
def test_rows_without_text_do_not_count(styled: Sequence[int]) -> None:
    """MOST rows of text, and more that are only styled, before, between and far below them."""
    book = load_workbook(BytesIO(filled(Kind.UNITS)))
    sheet = book[Kind.UNITS.value]
    numbers = [number for number in range(2, 3000) if number % 3 != 1][:MOST]
    for number in styled:
        sheet.cell(number, 2).fill = PatternFill("solid", fgColor="FFFF00")
    for number in numbers:
        sheet.cell(number, 1, f"公司{number}")
        sheet.cell(number, 3, "其他")
    sheet.cell(2500, 1, "   ")
    data = BytesIO()
    book.save(data)
    rows = read_units(data.getvalue(), "单位.xlsx")
    assert not isinstance(rows, Report)
    assert [row.name for row in rows] == [f"公司{number}" for number in numbers]


def test_a_sheet_painted_far_down_is_read() -> None:
    """Ten rows of text, and below them rows that only have borders, as a spreadsheet saves them."""
    rows = [(f"公司{number}", "", "其他") for number in range(10)]
    data = filled(Kind.UNITS, *rows)
    cells = '<c r="A{0}" s="2"/><c r="B{0}" s="2"/><c r="C{0}" s="2"/>'
    row = '<row r="{0}" spans="1:3" s="1" customFormat="1" ht="15" customHeight="1">' + cells + "</row>"
    styled = "".join(map(row.format, range(12, 200_001))).encode()
    found = read_units(with_rows(data, styled), "单位.xlsx")
    assert not isinstance(found, Report)
    assert [each.name for each in found] == [name for name, _, _ in rows]


_TEXT = '<c t="inlineStr"><is><t>{}</t></is></c>'
_NAME_AND_REASON = '<c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c><c r="C{0}" t="inlineStr"><is><t>其他</t></is></c>'


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ('<row r="4"><c r="A4" s="2"/></row><row r="5"/><row>' + f"{_TEXT.format('乙')}<c/>{_TEXT.format('其他')}</row>", "乙"),
        ('<row r="4">' + _NAME_AND_REASON.format(4, '<![CDATA[丙公司<c r="A1"/>]]>') + "</row>", '丙公司<c r="A1"/>'),
        ('<row r="4">' + _NAME_AND_REASON.format(4, '<!-- <c r="A1"/> -->丁公司') + "</row>", "丁公司"),
        ("<row r='4'>" + _NAME_AND_REASON.format(4, "戊公司") + "</row>", "戊公司"),
    ],
    ids=["placeless", "cdata", "comment", "quotes"],
)
def test_what_looks_like_an_empty_cell_is_read_as_it_is(more: str, name: str) -> None:
    """Cells without a place follow those before them, and a text may hold what looks like a cell."""
    found = read_units(with_rows(filled(Kind.UNITS, ("甲公司", "", "其他")), more.encode()), "单位.xlsx")
    if name == "乙":
        assert [(each.row, each.column) for each in faults(found)] == [(6, "单位名称")], "too short, in the row after the fifth"
    else:
        assert not isinstance(found, Report)
        assert [each.name for each in found] == ["甲公司", name]


def with_rows(data: bytes, more: bytes) -> bytes:
    """The workbook with more rows in its first sheet."""
    written = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(written, "w", ZIP_DEFLATED, compresslevel=6) as new:
        for part in old.namelist():
            content = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", more + b"</sheetData>")
            new.writestr(part, content)
    return written.getvalue()


def test_every_bad_row_is_told_with_its_number() -> None:
    data = filled(
        Kind.UNITS, ("某某公司", "", "投标人"), ("某", "", "投标人"), ("甲公司", 914401010000000000, "竞争对手"),
        ("乙公司", "", ""), (" 某某 公司", "", "其他"), ("丙公司", "", "投标人", "多出"),
    )  # fmt: skip
    told = [(each.row, each.column) for each in faults(read_units(data, "单位.xlsx"))]
    assert told == [(3, "单位名称"), (4, "回避原因"), (4, "统一社会信用代码"), (5, "回避原因"), (6, ""), (7, "")]
    reasons = [each.reason for each in faults(read_units(data, "单位.xlsx"))]
    assert reasons[1] == "不是模板中的回避原因，请从列表中选择"
    assert reasons[4] == "与第 2 行重复：请删去一行"


def test_a_hidden_row_is_refused_and_a_hidden_sheet_is_not_read() -> None:
    """Left out, it would avoid nobody without a word; taken, nobody would have seen it."""
    book = load_workbook(BytesIO(filled(Kind.UNITS, ("甲公司", "", "其他"), ("乙公司", "", "其他"))))
    book["回避单位"].row_dimensions[3].hidden = True
    data = BytesIO()
    book.save(data)
    (problem,) = faults(read_units(data.getvalue(), "单位.xlsx"))
    assert (problem.row, problem.reason) == (3, "是隐藏（或被筛选掉）的行：请取消隐藏后核对，不需要的请删去")
    book["回避单位"].row_dimensions[3].hidden = False
    book["回避单位"].sheet_state = "hidden"
    data = BytesIO()
    book.save(data)
    with pytest.raises(BadFile, match="隐藏的工作表不读取：“回避单位”"):
        read_units(data.getvalue(), "单位.xlsx")


def test_what_is_told_of_a_person_names_nobody() -> None:
    data = filled(
        Kind.PERSONS, ("王回避", CARD[:-1] + "1", "其他"), ("李回避", 440104198001010011, "其他"), ("赵", "", "投标人"),
        ("钱回避", CARD, "其他"), ("钱回避", CARD, "其他"),
    )  # fmt: skip
    found = faults(read_persons(data, "人员.xlsx", TODAY))
    assert [(each.row, each.column) for each in found] == [
        (2, "证件号"), (3, "证件号"), (4, "回避原因"), (4, "姓名"), (6, ""),
    ]  # fmt: skip
    text = "".join(map(str, found))
    assert "110*" in text
    assert not [secret for secret in ("回避，", "王", "李", "钱", CARD[3:16], "440104198001010") if secret in text]


@pytest.mark.parametrize("written", ["１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002x", "110105-19491231-002×"])
def test_a_card_as_people_write_it(written: str) -> None:
    found = read_persons(filled(Kind.PERSONS, ("王回避", written, "其他")), "人员.xlsx", TODAY)
    assert not isinstance(found, Report)
    assert [each.id_card for each in found] == [CARD]
    again = faults(read_persons(filled(Kind.PERSONS, ("王回避", written, "其他"), ("王回避", CARD, "其他")), "人员.xlsx", TODAY))
    assert [each.reason for each in again] == ["与第 2 行重复：请删去一行"]


def test_nobody_was_born_tomorrow() -> None:
    card = "440104202612010" + "12"
    found = faults(read_persons(filled(Kind.PERSONS, ("王回避", card + check_character(card), "其他")), "人员.xlsx", TODAY))
    assert "出生日期（第 7 至 14 位）在将来" in found[0].reason


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (filled(Kind.UNITS, header=("单位", "统一社会信用代码", "回避原因")), "第 1 行.*缺少列“单位名称”"),
        (filled(Kind.UNITS, header=("统一社会信用代码", "单位名称", "回避原因")), "第 1 行.*列次序被改动"),
        (filled(Kind.PERSONS, ("王回避", "", "其他")), "缺少列“单位名称”"),
        (filled(Kind.UNITS), "没有填写任何一行"),
        (filled(Kind.UNITS, *[(f"公司{n}", "", "其他") for n in range(MOST + 1)]), f"超过 {MOST} 行"),
        (b"PK\x03\x04 and nothing more", "不是完好的 xlsx"),
        (b"not a workbook", "不是完好的 xlsx"),
        (b"P" * (MAX_BYTES + 1), "超过 12 MB"),
    ],
    ids=["column", "order", "other-template", "empty", "rows", "torn", "text", "size"],
)  # fmt: skip
def test_what_is_no_filled_template_is_refused_whole(data: bytes, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        read_units(data, "单位.xlsx")
