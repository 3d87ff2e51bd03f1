"""Workbooks as people and programs make them: where the table is, what of it is seen, and how other programs write it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart

from drawing.experts.read import Source, read_experts
from drawing.experts.report import BadFile, Report
from drawing.experts.row import ExpertRow
from drawing.experts.workbook import Book
from tests.drawing.experts.ooxml import STRICT, TRANSITIONAL, Page, cells, inline, workbook
from tests.drawing.experts.test_read_csv import Rows, table
from tests.drawing.experts.test_read_xlsx import with_part

HEADER = list(ExpertRow.header())
PLACE = {title: place for place, title in enumerate(HEADER)}


def read(path: Path, data: bytes = b"") -> tuple[list[tuple[int, str]], Report]:
    """Numbers and names of the rows that were read."""
    if data:
        path.write_bytes(data)
    report = Report()
    return [(number, expert.name) for number, expert in read_experts(Source(path), report)], report


def told(report: Report) -> str:
    return "\n".join(report.left_out.lines())


def names(rows: Rows, *places: int) -> list[str]:
    return [rows[place][0] for place in places or range(1, len(rows))]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
@pytest.mark.parametrize("title", ["专家", "Sheet1"])
def test_a_hidden_sheet_never_wins(tmp_path: Path, state: str, title: str) -> None:
    secret, seen = table(2, seed=1), table(3, seed=2)
    pages = [Page(title, cells(secret), state=state), Page("2026年专家", cells(seen))]
    for order in (pages, pages[::-1]):
        found, report = read(tmp_path / "a.xlsx", workbook(*order))
        assert [name for _, name in found] == names(seen)
        assert f"隐藏的工作表没有读取：“{title}”" in told(report)
        assert "读取的是工作表“2026年专家”" in told(report)


def test_a_book_with_hidden_sheets_only_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="没有可见的工作表：请先取消隐藏工作表“专家”"):
        read(tmp_path / "a.xlsx", workbook(Page("专家", cells(table()), state="hidden")))
    with pytest.raises(BadFile, match="隐藏的工作表不读取：“专家”，如应导入请取消隐藏"):
        read(
            tmp_path / "a.xlsx", workbook(Page("专家", cells(table()), state="hidden"), Page("说明", cells([["请阅读"]])))
        )


def test_the_first_visible_sheet_with_the_header_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    first, second = table(2, seed=1), table(2, seed=2)
    cover = Page("封面", cells([["2026 年度专家名册"], ["省交易中心"]]))
    pages = (cover, Page("第一批", cells(first)), Page("第二批", cells(second)), Page("填写说明", cells([["列名"]])))
    found, report = read(tmp_path / "a.xlsx", workbook(*pages))
    assert [name for _, name in found] == names(first)
    assert told(report).splitlines() == [
        "读取的是工作表“第一批”，表头在第 1 行。",
        "其他工作表没有读取：“封面”“第二批”。如需导入，请另存为单独的文件。",
    ]


def test_an_empty_template_before_the_list_does_not_win(tmp_path: Path) -> None:
    rows = table(2)
    found, _ = read(tmp_path / "a.xlsx", workbook(Page("专家", cells([HEADER])), Page("名单", cells(rows))))
    assert [name for _, name in found] == names(rows)
    with pytest.raises(BadFile, match="没有专家"):
        read(tmp_path / "a.xlsx", workbook(Page("专家", cells([HEADER])), Page("名单", cells([["无"]]))))


def test_of_sheets_without_the_whole_header_the_nearest_is_told(tmp_path: Path) -> None:
    rows = table(2)
    rows[0][2] = "联系电话"
    with pytest.raises(BadFile) as caught:
        read(tmp_path / "a.xlsx", workbook(Page("封面", cells([["姓名"]])), Page("名单", cells([["专家名册"], *rows]))))
    assert "第 2 行：a.xlsx 的工作表“名单” 的表头不对：缺少列“手机号码”；第 3 列（C）不是模板中的列" in str(caught.value)
    with pytest.raises(BadFile, match="的 2 张工作表 的表头不对：前 10 行中没有表头"):
        read(tmp_path / "a.xlsx", workbook(Page("一", cells([["无"]])), Page("二")))


def test_a_chart_sheet_may_come_first(tmp_path: Path) -> None:
    made, rows = Workbook(), table(3)
    made.remove(made.worksheets[0])
    made.create_chartsheet("统计图").add_chart(BarChart())
    page = made.create_sheet("专家")
    for row in rows:
        page.append(row)
    made.save(tmp_path / "a.xlsx")
    assert [name for _, name in read(tmp_path / "a.xlsx")[0]] == names(rows)
    only = workbook(Page("图", kind="chartsheet"), Page("对话框", kind="dialogsheet"))
    with pytest.raises(BadFile, match="没有可见的工作表"):
        read(tmp_path / "b.xlsx", only)


@pytest.mark.parametrize("above", [1, 3, 9])
def test_title_rows_may_stand_above_the_header(tmp_path: Path, above: int) -> None:
    made, rows = Workbook(), table(2)
    page: Any = made.active
    for number in range(1, above + 1):
        page.append([f"省综合评标评审专家名册（{number}）"])
        page.merge_cells(start_row=number, end_row=number, start_column=1, end_column=12)
    for row in rows:
        page.append(row)
    made.save(tmp_path / "a.xlsx")
    found, report = read(tmp_path / "a.xlsx")
    assert found == [(above + 2, rows[1][0]), (above + 3, rows[2][0])]
    assert f"表头在第 {above + 1} 行" in told(report)


def test_a_header_further_down_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="前 10 行中没有表头"):
        read(tmp_path / "a.xlsx", workbook(Page("专家", cells([*[["标题"]] * 10, *table()]))))


def test_a_table_may_begin_at_c4_with_numbering_and_marked_titles(tmp_path: Path) -> None:
    made, rows = Workbook(), table(3)
    page: Any = made.active
    titles = ["序号", *(f"*{title[:1]}\n{title[1:]} （必填）" for title in HEADER)]
    for row, values in enumerate([titles, *([str(number), *row] for number, row in enumerate(rows[1:], start=1))], start=4):
        for column, value in enumerate(values, start=3):
            page.cell(row, column, value)
    made.save(tmp_path / "a.xlsx")
    found, report = read(tmp_path / "a.xlsx")
    assert found == list(zip((5, 6, 7), names(rows), strict=True))
    assert "第 3 列（C）没有读取" in told(report)
    page["Z6"] = "备注"
    page["B7"] = "！"
    made.save(tmp_path / "a.xlsx")
    _, report = read(tmp_path / "a.xlsx")
    assert [(each.row, each.reason.partition("没")[0]) for each in report.problems] == [(6, "第 26 列（Z）"), (7, "第 2 列（B）")]


@pytest.mark.parametrize("hiding", [' hidden="1"', ' hidden="true"', ' ht="0" customHeight="1"'])
def test_hidden_rows_are_left_out_and_told(tmp_path: Path, hiding: str) -> None:
    rows = table(8)
    page = Page("专家", cells(rows), attributes=dict.fromkeys((3, 5, 6, 7), hiding))
    found, report = read(tmp_path / "a.xlsx", workbook(page))
    assert [number for number, _ in found] == [2, 4, 8, 9]
    assert told(report) == "隐藏（包括被筛选掉）的 4 行没有读取：第 3、5–7 行。如需导入，请取消隐藏或清除筛选后另存。"


def test_hidden_rows_without_text_and_a_hidden_title_row_are_nothing(tmp_path: Path) -> None:
    rows = {**cells([["旧标题"]]), **cells(table(2), first=2), 9: [inline(" ")]}
    found, report = read(tmp_path / "a.xlsx", workbook(Page("专家", rows, attributes=dict.fromkeys((1, 9), ' hidden="1"'))))
    assert (len(found), report.left_out.hidden_rows) == (2, 0)


def test_a_list_of_which_all_rows_are_hidden_has_no_experts(tmp_path: Path) -> None:
    page = Page("专家", cells(table(2)), attributes=dict.fromkeys((2, 3), ' hidden="1"'))
    with pytest.raises(BadFile, match=r"没有专家.*隐藏（包括被筛选掉）的 2 行没有读取：第 2–3 行"):
        read(tmp_path / "a.xlsx", workbook(page))


def test_many_hidden_rows_are_told_in_short(tmp_path: Path) -> None:
    page = Page("专家", cells(table(60)), attributes=dict.fromkeys(range(2, 61, 2), ' hidden="1"'))
    _, report = read(tmp_path / "a.xlsx", workbook(page))
    assert "30 行没有读取：第 2、4、6、8、10、12、14、16、18、20 行等" in told(report)


def test_hidden_columns(tmp_path: Path) -> None:
    """Of two columns with one title the visible one counts; a column that is there once is read, and told."""
    rows = [[*row[:3], f"old {place}", *row[3:]] for place, row in enumerate(table(2))]
    rows[0][3] = "手机号码"
    hidden = '<cols><col min="4" max="4" hidden="1"/><col min="12" max="13" hidden="true"/></cols>'
    found, report = read(tmp_path / "a.xlsx", workbook(Page("专家", cells(rows), before=hidden)))
    assert len(found) == 2
    assert told(report).splitlines() == [
        "第 4 列（D）没有读取：是序号，或是隐藏的列。",
        "隐藏的列照常读取：曾任职单位、暂停。",
    ]
    with pytest.raises(BadFile, match="列“手机号码”出现多次"):
        read(tmp_path / "a.xlsx", workbook(Page("专家", cells(rows))))


@pytest.mark.parametrize("space", [TRANSITIONAL, STRICT])
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("folder", ["xl/", "Sheets/deep/", ""])
def test_every_namespace_and_every_way_to_point_at_a_part(tmp_path: Path, space: str, absolute: bool, folder: str) -> None:
    rows = table(3)
    data = workbook(Page("专家", cells(rows)), space=space, absolute=absolute, folder=folder)
    assert [name for _, name in read(tmp_path / "a.xlsx", data)[0]] == names(rows)


def test_shared_texts_with_runs_and_phonetics_and_numbered_cells(tmp_path: Path) -> None:
    """As Excel and WPS write: each text once; a part of it in another colour; how it is pronounced beside it."""
    rows = table(1)
    texts = [*HEADER, *rows[1]]
    name = rows[1][0]
    texts[12] = ""
    items = [f'<si><t xml:space="preserve"> {text} </t></si>' for text in texts]
    items[12] = (
        f'<si><r><rPr><b/></rPr><t>{name[:1]}</t></r><r><t>{name[1:]}</t></r><rPh sb="0" eb="1"><t>zhang</t></rPh>'
        '<phoneticPr fontId="1"/></si>'
    )
    letters = "ABCDEFGHIJKL"
    grid = {
        row: [f'<c r="{letter}{row}" t="s"><v>{place + 12 * (row - 1)}</v></c>' for place, letter in enumerate(letters)]
        for row in (1, 2)
    }
    grid[2].append('<c r="XFD2" s="1"/>')
    found, report = read(tmp_path / "a.xlsx", workbook(Page("专家", grid), shared="".join(items)))
    assert (found, report.problems) == ([(2, name)], [])


def test_rows_and_cells_without_places_and_gaps_between(tmp_path: Path) -> None:
    rows = table(3)
    data = workbook(Page("专家", cells(rows)))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    for number in range(1, 5):
        sheet = sheet.replace(f' r="{number}"'.encode(), b"")
    parts["xl/worksheets/sheet1.xml"] = sheet
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w") as packed:
        for part, content in parts.items():
            packed.writestr(part.replace("/", "\\") if part.startswith("xl") else part.upper(), content)
    assert read(tmp_path / "a.xlsx", again.getvalue())[0] == list(zip((2, 3, 4), names(rows), strict=True))


STYLES = (
    '<numFmts count="1"><numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"/></numFmts>'
    '<cellXfs>'
    '<xf numFmtId="0"/><xf numFmtId="49"/><xf numFmtId="14"/><xf numFmtId="31"/><xf numFmtId="176"/><xf numFmtId="1"/></cellXfs>'
)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("曾任职单位", '<c s="2"><v>45838</v></c>', "被存成了日期"),
        ("曾任职单位", '<c s="3"><v>45838.5</v></c>', "被存成了日期"),
        ("曾任职单位", '<c s="4" t="n"><v>45838</v></c>', "被存成了日期"),
        ("曾任职单位", '<c t="d"><v>2025-06-30</v></c>', "被存成了日期"),
        ("曾任职单位", '<c s="5"><v>45838</v></c>', "被存成了数字"),
        ("证件号", '<c s="1"><v>4.40104198001011E+17</v></c>', "末几位可能已丢失"),
        ("姓名", '<c t="str"><f>A1</f><v>张三</v></c>', "是公式"),
        ("姓名", '<c><f t="shared" si="0"/><v>1</v></c>', "是公式"),
        ("姓名", '<c t="e"><v>#REF!</v></c>', "错误值 #REF!"),
        ("暂停", '<c t="b"><v>1</v></c>', "是逻辑值"),
        ("工作单位", "<c><v>45838张三</v></c>", "被存成了数字"),
        ("手机号码", "<c><v>NaN</v></c>", "被存成了数字"),
        ("手机号码", "<c><v>1e999</v></c>", "被存成了数字"),
    ],
)
def test_cells_of_other_kinds(tmp_path: Path, column: str, cell: str, message: str) -> None:
    grid = cells(table(2))
    grid[3][PLACE[column]] = cell
    _, report = read(tmp_path / "a.xlsx", workbook(Page("专家", grid), styles=STYLES))
    ((row, where, reason),) = report.problems
    assert (row, where, message in reason) == (3, column, True)
    assert "45838" not in reason


@pytest.mark.parametrize(
    "cell",
    [
        '<c s="1"><v>16100000000</v></c>', "<c><v>1.61E10</v></c>", '<c t="str"><v>16100000000</v></c>',
        inline("16100000000_x000D_\n"),
    ],
)  # fmt: skip
def test_ways_to_store_a_telephone(tmp_path: Path, cell: str) -> None:
    grid = cells(table(1))
    grid[2][2] = cell
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(Page("专家", grid), styles=STYLES))
    report = Report()
    assert [expert.phone for _, expert in read_experts(Source(path), report)] == ["16100000000"], report.problems


def test_rows_of_empty_styled_cells_are_nothing(tmp_path: Path) -> None:
    grid = cells(table(2))
    grid |= {row: ['<c s="1"/>'] * 12 for row in range(4, 40)} | {1_048_576: ['<c s="1"/>', '<c t="inlineStr"><is/></c>']}
    found, report = read(tmp_path / "a.xlsx", workbook(Page("专家", grid), styles=STYLES))
    assert (len(found), report.rows) == (2, 2)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("xl/worksheets/sheet1.xml", "不是完好的"),
        ("xl/workbook.xml", "不是完好的"),
        ("xl/_rels/workbook.xml.rels", "不是完好的"),
        ("xl/sharedStrings.xml", "不是完好的"),
        ("xl/styles.xml", "不是完好的"),
    ],
)
@pytest.mark.parametrize("spoilt", ["", "<a", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "\0"])
def test_a_damaged_part_is_one_sentence(tmp_path: Path, part: str, message: str, spoilt: str) -> None:
    data = workbook(Page("专家", cells(table())), shared="<si><t>x</t></si>", styles=STYLES, parts={part: spoilt})
    with pytest.raises(BadFile, match=message):
        read(tmp_path / "a.xlsx", data)


def test_an_encoding_that_nobody_knows_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(Page("专家", cells(table()))))
    with_part(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"UTF-8", b"U-8", 1))
    with pytest.raises(BadFile, match="不是完好的"):
        read(path)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"content.xml": ""}, "是 ods 等其他格式的表格：请用表格软件打开，“另存为 Excel 工作簿（.xlsx）”后再导入"),
        ({"Index/Document.iwa": ""}, "是 Numbers 表格：请在 Numbers 中选“文件 → 导出为 → Excel”，导出后再导入"),
        ({"[Content_Types].xml": "", "xl/workbook.bin": ""}, "xlsb"),
        ({"[Content_Types].xml": "", "word/document.xml": ""}, "是 Word 文档，不是表格"),
        ({"专家.xlsx": "", "说明.txt": ""}, "是压缩包：请先解压"),
        ({"a.bin": ""}, "不是完好的 xlsx"),
    ],
)
def test_other_zip_files_are_told_apart(tmp_path: Path, parts: dict[str, str], message: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    with pytest.raises(BadFile) as caught:
        read(tmp_path / "专家.xlsx", data.getvalue())
    assert str(caught.value).startswith("专家.xlsx ")
    assert message in str(caught.value)


def test_a_part_whose_compression_is_broken_is_one_sentence(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(io.BytesIO(workbook(Page("专家", cells(table(50)))))) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", method) as packed:
            for name, content in parts.items():
                packed.writestr(name, content)
        spoilt = bytearray(data.getvalue())
        start = spoilt.index(b"sheet1.xml") + 30
        spoilt[start : start + 200] = bytes(200)
        with pytest.raises(BadFile, match="不是完好的"):
            read(tmp_path / "a.xlsx", bytes(spoilt))


@pytest.mark.parametrize("place", ["IV", "IW", "KN", "XFD"])
def test_what_stands_far_to_the_right_is_told(tmp_path: Path, place: str) -> None:
    """It belongs to no column; left out without a word it might be missed."""
    rows = cells(table(1))
    rows[2].append(f'<c r="{place}2" t="inlineStr"><is><t>见附件</t></is></c>')
    rows[2].append('<c r="XFD2" t="inlineStr"><is><t> </t></is></c>')
    found, report = read(tmp_path / "a.xlsx", workbook(Page("专家", rows)))
    assert found == []
    (problem,) = report.problems
    assert "没有列名，却有内容" in problem.reason
    assert ("第 256 列（IV）" if place == "IV" else "第 256 列以后的列") in problem.reason


def test_a_mark_before_digits_is_taken_off(tmp_path: Path) -> None:
    """Some programs write it as text, as it is typed where a number must stay one."""
    rows = table(2)
    marked = [rows[0], *([row[0], f"'{row[1]}", f"’{row[2]}", *row[3:]] for row in rows[1:])]
    found, report = read(tmp_path / "a.xlsx", workbook(Page("专家", cells(marked))))
    assert [name for _, name in found] == names(rows)
    assert not report.bad


@pytest.mark.parametrize("inner", ['<c><v>1</v></c>', '<row r="3"><c r="A3"><v>1</v></c></row>'])
def test_a_cell_in_a_cell_is_no_workbook(tmp_path: Path, inner: str) -> None:
    rows = cells(table(1))
    rows[2][0] = f'<c r="A2" t="inlineStr"><is><t>张三{inner}</t></is></c>'
    with pytest.raises(BadFile, match="不是完好的 xlsx"):
        read(tmp_path / "a.xlsx", workbook(Page("专家", rows)))


def test_rows_that_hold_nothing_are_not_even_given(tmp_path: Path) -> None:
    """They are cut out before they are parsed: a sheet painted to its end has a million of them."""
    rows = cells(table(2))
    painted = {number: [f'<c r="{letter}{number}" s="1"/>' for letter in "ABC"] for number in range(4, 3_000)}
    with zipfile.ZipFile(io.BytesIO(workbook(Page("专家", rows | painted)))) as packed:
        book = Book(packed)
        assert [row.number for row in book.rows(book.sheets[0])] == [1, 2, 3]
