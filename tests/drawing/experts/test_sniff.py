"""Text files as spreadsheets and systems write them: read whatever encoding and separator, or refused with the next step."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing.experts.cells import cleaned, unwrapped
from drawing.experts.kinds import other_kind
from drawing.experts.read import Source, read_experts
from drawing.experts.report import BadFile, Report
from drawing.experts.row import ExpertRow
from drawing.experts.sniff import SEPARATORS, text_form
from tests.drawing.experts.test_read_csv import Rows, table, text

HEADER = ExpertRow.header()
ENCODINGS = {
    "utf-8": "utf-8", "utf-8 bom": "utf-8-sig", "two boms": "utf-8-sig", "utf-16 le": "utf-16-le", "utf-16 be": "utf-16-be",
    "utf-16 le bom": "utf-16-le", "utf-16 be bom": "utf-16-be", "utf-32 le bom": "utf-32-le", "gbk": "gbk", "gb18030": "gb18030",
    "gb18030 bom": "gb18030",
}  # fmt: skip


def encoded(content: str, name: str) -> bytes:
    mark = "\ufeff" if name.endswith(("bom", "boms")) and name != "utf-8 bom" else ""
    return (mark + content).encode(ENCODINGS[name])


def separated(rows: Sequence[Sequence[str]], separator: str, end: str = "\r\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    return out.getvalue()


def read(path: Path, data: bytes) -> tuple[list[tuple[int, ExpertRow]], Report]:
    path.write_bytes(data)
    report = Report()
    return list(read_experts(Source(path), report)), report


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_every_encoding_with_every_separator(tmp_path: Path, encoding: str, separator: str) -> None:
    rows = table(5)
    rows[3][9] = '某某"设计院（广州）；有限公司,一'
    found, report = read(tmp_path / "a.csv", encoded(separated(rows, separator), encoding))
    assert ([number for number, _ in found], report.bad) == ([2, 3, 5, 6], {4})
    assert [expert.name for _, expert in found] == [rows[place][0] for place in (1, 2, 4, 5)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16 le bom", "gbk"])
def test_every_line_end(tmp_path: Path, end: str, encoding: str) -> None:
    found, report = read(tmp_path / "a.csv", encoded(separated(table(3), ",", end), encoding))
    assert ([number for number, _ in found], report.bad) == ([2, 3, 4], set())


@pytest.mark.parametrize("line", ["sep=;\n", "sep=;\r\n", '"sep=;"\r\n', "SEP=;;;;;;;;;;;;\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8 bom", "utf-16 le bom", "gbk"])
def test_a_first_line_that_tells_the_separator_is_no_row(tmp_path: Path, line: str, encoding: str) -> None:
    """A spreadsheet does not show it, so it does not count."""
    found, report = read(tmp_path / "a.csv", encoded(line + separated(table(3), ";"), encoding))
    assert ([number for number, _ in found], report.bad) == ([2, 3, 4], set())


def test_title_rows_quoted_lines_and_spare_columns(tmp_path: Path) -> None:
    rows: Rows = [["省评标专家名册\n（2026）", *[""] * 13], [""] * 14, ["", "序号", *HEADER], *table(3)[1:]]
    rows = [*rows[:3], *(["", str(number), *row] for number, row in enumerate(rows[3:], start=1))]
    rows[2][2] = "姓\n名"
    found, report = read(tmp_path / "a.csv", text(rows).encode())
    assert ([number for number, _ in found], report.bad) == ([4, 5, 6], set())
    wide = [[*row, "", ""] for row in table(3)]
    found, report = read(tmp_path / "a.csv", text(wide).encode())
    assert len(found) == 3
    wide[2][13] = "备注"
    _, report = read(tmp_path / "a.csv", text(wide).encode())
    assert [str(each) for each in report.problems] == ["第 3 行：有 14 列，表头有 12 列：值中的逗号要用双引号括起"]


def test_the_old_private_signs_of_gb18030_and_of_windows_are_read(tmp_path: Path) -> None:
    """FE59 (龴) and others have had a place of their own in Unicode since 2005; systems older than that write them as private."""
    rows = table(4)
    rows[1][0] = "李\ue81e"
    rows[2][0] = "李\u9fb4"
    rows[3][0] = "\ue81c某"  # FE57 is private on Windows only: GB 18030 has a radical there
    rows[4][0] = "李\ue818\ue83b"
    found, report = read(tmp_path / "a.csv", text(rows).encode())
    assert (report.problems, [expert.name for _, expert in found]) == ([], ["李龴", "李龴", "刀某", "李\U000200cc\U0002298f"])
    as_gb, _ = read(tmp_path / "b.csv", text(rows[:2]).encode("gb18030"))
    assert b"\xfe\x59" in text(rows[:2]).encode("gb18030")
    assert as_gb[0][1].name == "李龴"


def test_a_private_sign_that_nobody_knows_is_refused_by_its_code(tmp_path: Path) -> None:
    rows = table(1)
    rows[1][0] = "李\ue000"
    _, report = read(tmp_path / "a.csv", text(rows).encode("utf-16"))
    assert "第 2 个字符（U+E000）" in report.problems[0].reason


@pytest.mark.parametrize("keep", ['="{}"', "'{}", "{}\t", "\t{}", " {} ", "{}_x000D_", "\ufeff{}"])
def test_ways_to_keep_digits_are_taken_off(tmp_path: Path, keep: str) -> None:
    rows = table(2)
    plain = [list(row) for row in rows]
    for row in rows[1:]:
        row[1], row[2] = keep.format(row[1]), keep.format(row[2])
    for data in (text(rows), "\n".join(",".join(row) for row in rows)):
        found, report = read(tmp_path / "a.csv", data.encode())
        assert report.problems == []
        assert [(expert.id_card, expert.phone) for _, expert in found] == [(row[1], row[2]) for row in plain[1:]]


@pytest.mark.parametrize("written", ["4.40104E+17", "4.40104198001011E+17", "4E17"])
def test_digits_that_a_spreadsheet_lost_are_told(tmp_path: Path, written: str) -> None:
    rows = table(2)
    rows[2][1] = written
    _, report = read(tmp_path / "a.csv", text(rows).encode())
    assert [(each.row, each.column, each.reason[:7]) for each in report.problems] == [(3, "证件号", "是科学计数法，")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "是空的"),
        (b"\r\n \r\n", "是空的"),
        (b"\xef\xbb\xbf", "是空的"),
        (b"%PDF-1.7\n", "是 PDF，不是表格"),
        (b"Rar!\x1a\x07", "是压缩包：请先解压"),
        (b"\x89PNG\r\n", "是图片"),
        (b"<html><table><tr><td>a</td></tr></table></html>", "是网页格式的表格（有的系统导出时把它叫作 xls）：请用表格软件打开"),
        ("\ufeff<!DOCTYPE html>".encode(), "是网页格式的表格"),
        ("\ufeff<table>".encode("utf-16-le"), "是网页格式的表格"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "是XML 表格"),
        (b"MIME-Version: 1.0\r\n", "是网页格式的表格"),
        (bytes(range(256)) * 10, "不是文本文件，或编码无法识别"),
        (text([["甲", "乙"]]).encode("gbk"), "前 10 行中没有表头"),
        ("\n".join(" ".join(row) for row in table()).encode(), "前 10 行中没有表头"),
    ],
)
def test_what_is_no_table_is_refused_with_the_next_step(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(BadFile) as caught:
        read(tmp_path / "专家.xls", data)
    assert message in str(caught.value)
    assert "专家.xls" in str(caught.value)


@pytest.mark.parametrize(
    ("stream", "message"),
    [("EncryptedPackage", "加了密码"), ("Workbook", "是旧版 xls"), ("WordDocument", "是 Word 文档"), ("?", "旧版 xls 或加了密码")],
)
def test_compound_files_are_told_apart_by_their_streams(tmp_path: Path, stream: str, message: str) -> None:
    head = bytearray(512)
    head[:8], head[30], head[48] = bytes.fromhex("d0cf11e0a1b11ae1"), 9, 3
    directory = "Root Entry".encode("utf-16-le") + bytes(108) + stream.encode("utf-16-le")
    data = bytes(head) + bytes(512 * 3) + directory + bytes(512)
    with pytest.raises(BadFile, match=message):
        read(tmp_path / "a.xlsx", data)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16 le bom"])
def test_bytes_of_another_encoding_further_down_are_told_by_their_line(tmp_path: Path, encoding: str) -> None:
    start = encoded(separated(table(2000), ","), encoding)
    spoilt = {"utf-8": "张三,\n".encode("gbk"), "gbk": b"\xff\xff\n", "utf-16 le bom": b"\x00\xd8\x00\xd8\n\x00"}[encoding]
    with pytest.raises(BadFile, match=r"第 (2002|2003) 行附近有不属于 (UTF-8|GBK|GB18030|UTF-16) 编码的字节.*另存为“CSV UTF-8"):
        read(tmp_path / "a.csv", start + spoilt)


def test_no_text_is_changed_by_a_guess() -> None:
    """A header is read in one encoding only, whatever stands below it."""
    rows = table(1)
    for name in ENCODINGS:
        form = text_form(encoded(text(rows), name), HEADER)
        assert form is not None
        assert codecs.lookup(form.encoding).name[:6] == {"gbk": "gb1803"}.get(name, codecs.lookup(ENCODINGS[name]).name[:6])


@given(st.binary(max_size=400))
def test_no_bytes_break_it(data: bytes) -> None:
    form = text_form(data, HEADER)
    assert form is None or form.header is None
    assert other_kind(data, data) is None or data


@given(st.text(max_size=40))
def test_what_is_taken_off_a_cell_never_breaks_and_is_taken_off_once(cell: str) -> None:
    assert cleaned(cleaned(cell)) == cleaned(cell)
    assert unwrapped(cell) == unwrapped(cell).strip()
