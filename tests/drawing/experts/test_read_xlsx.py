"""Workbooks: the same experts as from csv, and what a spreadsheet has spoilt is named, with what to do."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from drawing.experts import read_xlsx
from drawing.experts.read import Source, read_experts
from drawing.experts.report import BadFile, Report
from drawing.experts.row import ExpertRow
from drawing.experts.template import ALLOWED, EXPLAINED, csv_template, xlsx_template
from tests.drawing.experts.test_read_csv import Rows, table, text

PLACE = {title: place for place, title in enumerate(ExpertRow.header())}


def book(path: Path, rows: list[list[Any]], sheet: str = "专家", before: tuple[str, ...] = ()) -> Path:
    made = Workbook()
    made.remove(made.worksheets[0])
    for title in before:
        made.create_sheet(title).append(["无关"])
    page = made.create_sheet(sheet)
    for row in rows:
        page.append(row)
    made.save(path)
    return path


def read(path: Path) -> tuple[list[tuple[int, ExpertRow]], Report]:
    report = Report()
    return list(read_experts(Source(path), report)), report


def told(path: Path) -> list[str]:
    _, report = read(path)
    return [str(problem) for problem in sorted(report.problems)]


def test_a_workbook_and_a_csv_file_give_the_same_experts(tmp_path: Path) -> None:
    rows = table(30)
    (tmp_path / "a.csv").write_text(text(rows), encoding="utf-8")
    from_csv, _ = read(tmp_path / "a.csv")
    workbook = book(tmp_path / "misnamed.csv", rows)
    from_book, report = read(workbook)
    assert from_book == from_csv
    assert (report.rows, report.bad) == (30, set())
    assert Source(workbook).estimate() == Source(tmp_path / "a.csv").estimate() == 30


def test_the_sheet_of_experts_is_found_among_others_and_empty_rows_are_passed_over(tmp_path: Path) -> None:
    rows: list[list[Any]] = [*table(3)]
    rows.insert(2, [None] * 12)
    found, report = read(book(tmp_path / "a.xlsx", rows, before=("填写说明",)))
    assert ([number for number, _ in found], report.bad) == ([2, 4, 5], set())
    found, _ = read(book(tmp_path / "b.xlsx", table(3), sheet="Sheet1"))
    assert len(found) == 3


def test_whole_numbers_are_taken_where_no_digit_can_be_lost(tmp_path: Path) -> None:
    rows: list[list[Any]] = [*table(3)]
    rows[1][PLACE["手机号码"]] = int(rows[1][PLACE["手机号码"]])
    rows[2][PLACE["手机号码"]] = float(rows[2][PLACE["手机号码"]])
    rows[3][PLACE["常驻地"]] = 440104
    found, report = read(book(tmp_path / "a.xlsx", rows))
    assert (len(found), report.problems) == (3, [])
    assert found[2][1].residence == "440104"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("证件号", 440104198001011234, "末几位可能已丢失"),
        ("证件号", 4.40104198001011e17, "请把整列的单元格格式设为“文本”"),
        ("手机号码", 1380013800, "开头的 0 等可能已丢失"),
        ("手机号码", 13800138000.5, "被存成了数字"),
        ("手机号码", 1e300, "被存成了数字"),
        ("工作单位", 12, "被存成了数字"),
        ("曾任职单位", date(2025, 6, 30), "日期写作 2025-06-30"),
        ("暂停", True, "写 是 或 否"),
        ("姓名", "=A1", "选择性粘贴为数值"),
        ("姓名", "=CONCATENATE(A1,A2)", "公式"),
        ("工作单位", "#N/A", "错误值 #N/A"),
    ],
)
def test_a_cell_of_the_wrong_kind_is_named_with_what_to_do(
    tmp_path: Path, column: str, value: Any, message: str
) -> None:
    rows: list[list[Any]] = [*table(3)]
    rows[2][PLACE[column]] = value
    (line,) = told(book(tmp_path / "a.xlsx", rows))
    assert line.startswith(f"第 3 行 {column}：")
    assert message in line
    assert "44010419800101" not in line


def test_a_row_tells_all_its_faults_and_others_go_on(tmp_path: Path) -> None:
    rows: list[list[Any]] = [*table(4)]
    rows[2][PLACE["证件号"]] = 4.4e17
    rows[2][PLACE["姓名"]] = None
    rows[3].append("多出来")
    rows[4][PLACE["手机号码"]] = rows[1][PLACE["手机号码"]]
    lines = told(book(tmp_path / "a.xlsx", rows))
    assert [line.partition("：")[0] for line in lines] == [
        "第 3 行 姓名",
        "第 3 行 证件号",
        "第 4 行",
        "第 5 行 手机号码",
    ]
    assert "第 13 列（M）没有列名，却有内容" in lines[2]


def without_header(rows: Rows) -> Rows:
    return rows[1:]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_header, "工作表“专家” 的表头不对：前 10 行中没有表头"),
        (lambda rows: [], "的表头不对"),
        (lambda rows: rows[:1], "没有专家"),
        (lambda rows: [["手机" if cell == "手机号码" else cell for cell in rows[0]], *rows[1:]], "是否指“手机号码”"),
    ],
)
def test_a_workbook_without_the_table(tmp_path: Path, change: Callable[[Rows], Rows], message: str) -> None:
    with pytest.raises(BadFile) as caught:
        read(book(tmp_path / "a.xlsx", change(table())))
    assert message in str(caught.value)


def test_what_is_no_workbook_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "专家.xlsx"
    good = book(tmp_path / "good.xlsx", table()).read_bytes()
    cases = {
        b"PK\x03\x04 not a zip": "不是完好的 xlsx",
        good[: len(good) // 2]: "不是完好的 xlsx",
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512): "去掉密码",
        zipped({"content.xml": b"<a/>"}): "ods",
    }
    for data, message in cases.items():
        path.write_bytes(data)
        with pytest.raises(BadFile, match=message) as caught:
            read(path)
        assert "专家.xlsx" in str(caught.value)


def zipped(parts: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return data.getvalue()


def with_part(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as packed:
        parts = {each: packed.read(each) for each in packed.namelist()}
    parts[name] = change(parts.get(name, b""))
    path.write_bytes(zipped(parts))


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "a.xlsx", table())
    with_part(path, "xl/media/a.bin", lambda _: bytes(80 << 20))
    with pytest.raises(BadFile, match="解压后过大"):
        read(path)
    path = book(tmp_path / "b.xlsx", table())
    monkeypatch.setattr(read_xlsx, "MAX_UNPACKED", 1000)
    with pytest.raises(BadFile, match="解压后过大"):
        read(path)
    path.write_bytes(zipped({f"xl/{n}": b"" for n in range(read_xlsx.MAX_PARTS + 1)}))
    with pytest.raises(BadFile, match="2001 个部分"):
        read(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", table())
    entities = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>'
    with_part(
        path, "xl/worksheets/sheet1.xml", lambda xml: entities + xml.replace(b"</row>", b"<c><v>&y;</v></c></row>", 1)
    )
    with pytest.raises(BadFile, match="不是完好的"):
        read(path)


def test_a_row_number_that_no_spreadsheet_has_ends_the_reading(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", table())
    with_part(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'r="4"', b'r="900000000"').replace(b'4"', b'900000000"'),
    )
    with pytest.raises(BadFile, match="行号超过"):
        read(path)


def test_the_template_is_taken_back_once_it_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(xlsx_template())
    with pytest.raises(BadFile, match="没有专家"):
        read(path)
    filled = load_workbook(path)
    assert filled.sheetnames == ["专家", EXPLAINED, ALLOWED]
    page = filled["专家"]
    assert all(page.column_dimensions[letter].number_format == "@" for letter in "ABCDEFGHIJKL")
    explained = {row[0].value: row[2].value for row in filled[EXPLAINED].iter_rows(min_row=2, max_row=13)}
    page.append([str(explained[title]).partition(" 或 ")[0] for title in ExpertRow.header()])
    filled.save(path)
    found, report = read(path)
    assert (len(found), report.problems) == (1, [])
    lists = [[cell.value for cell in column if cell.value] for column in filled[ALLOWED].iter_cols()]
    assert [column[0] for column in lists][:3] == ["职称等级", "执业资格", "所属行业主管部门"]
    assert found[0][1].title in lists[0]
    assert found[0][1].residence in [str(value)[:6] for value in lists[3]]


def test_the_csv_template_is_the_header(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(csv_template() + text(table(2)).partition("\n")[2].encode())
    found, report = read(tmp_path / "t.csv")
    assert (len(found), report.problems) == (2, [])
