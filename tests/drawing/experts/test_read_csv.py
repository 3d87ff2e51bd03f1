"""Files of every kind: each fault is named, with its row."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from drawing.experts.generate import generate
from drawing.experts.read import Source, read_experts
from drawing.experts.report import SHOWN_ROWS, BadFile, Report
from drawing.experts.row import ExpertRow
from drawing.reference import reference

Rows = list[list[str]]


def table(count: int = 3, seed: int = 1) -> Rows:
    """Header and invented experts."""
    rows = generate(count, random.Random(seed), reference())
    return [list(ExpertRow.header()), *map(list, rows)]


def text(rows: Rows, end: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(rows)
    return out.getvalue()


def read(path: Path, data: str | bytes, encoding: str = "auto") -> tuple[list[int], Report]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    report = Report()
    return [number for number, _ in read_experts(Source(path, encoding), report)], report


@pytest.mark.parametrize(
    "data",
    [
        text(table()).encode(),
        text(table()).encode("utf-8-sig"),
        text(table(), "\r\n").encode(),
        text(table()).rstrip("\n").encode(),
        text([row[::-1] for row in table()]).encode(),
    ],
    ids=["plain", "bom", "crlf", "no-last-newline", "other-order"],
)
def test_good_files(tmp_path: Path, data: bytes) -> None:
    numbers, report = read(tmp_path / "a.csv", data)
    assert (numbers, report.rows, report.bad) == ([2, 3, 4], 3, set())


def test_empty_rows_count_but_are_passed_over(tmp_path: Path) -> None:
    rows = table()
    rows.insert(2, [""] * 12)
    rows.insert(3, [" "] + [""] * 11)
    numbers, report = read(tmp_path / "a.csv", text(rows) + "\n\n")
    assert (numbers, report.bad) == ([2, 5, 6], set())


def test_an_encoding_that_is_asked_for_is_the_only_one_tried(tmp_path: Path) -> None:
    data = text(table()).encode("gb18030")
    assert read(tmp_path / "a.csv", data, "gb18030")[0] == [2, 3, 4]
    with pytest.raises(BadFile, match="不是 utf-8 编码：请用表格软件打开"):
        read(tmp_path / "a.csv", data, "utf-8")


def without(column: str) -> Callable[[Rows], Rows]:
    place = ExpertRow.header().index(column)
    return lambda rows: [row[:place] + row[place + 1 :] for row in rows]


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (without("手机号码"), ["缺少列“手机号码”"]),
        (lambda rows: [[*row, "x"] for row in rows], ["第 13 列（M）不是模板中的列，请删去"]),
        (lambda rows: [["证件号码" if cell == "证件号" else cell for cell in rows[0]], *rows[1:]],
         ["缺少列“证件号”", "第 2 列（B）不是模板中的列（是否指“证件号”？）"]),
        (lambda rows: [[*rows[0], "姓名"], *[[*row, "x"] for row in rows[1:]]],
         ["列“姓名”出现多次（第 1 列（A）、第 13 列（M））"]),
        (lambda rows: rows[1:], ["的表头不对：前 10 行中没有表头", "表头应为：姓名,证件号"]),
        (lambda rows: rows[:1], ["没有专家"]),
        (lambda rows: [], ["是空的"]),
    ],
)  # fmt: skip
def test_files_that_are_no_table_of_experts(
    tmp_path: Path, change: Callable[[Rows], Rows], messages: list[str]
) -> None:
    with pytest.raises(BadFile) as caught:
        read(tmp_path / "a.csv", text(change(table())))
    for message in messages:
        assert message in str(caught.value)


def test_a_file_without_header_is_told_without_quoting_a_person(tmp_path: Path) -> None:
    rows = table()
    with pytest.raises(BadFile) as caught:
        read(tmp_path / "a.csv", text(rows[1:]))
    assert not any(cell in str(caught.value) for cell in rows[1][:3])


def test_broken_csv_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="双引号"):
        read(tmp_path / "a.csv", text(table()) + '"never closed,')
    with pytest.raises(BadFile, match="双引号"):
        read(tmp_path / "a.csv", text(table()) + '"a"b,')
    with pytest.raises(BadFile, match="读不到"):
        list(read_experts(Source(tmp_path / "none.csv"), Report()))


def test_bad_rows_are_told_by_number_and_the_good_ones_go_on(tmp_path: Path) -> None:
    rows = table(6)
    rows[2][0] = ""
    rows[3] = rows[3][:-1]
    rows[4][2] = rows[1][2]
    rows[5][1] = rows[1][1]
    numbers, report = read(tmp_path / "a.csv", text(rows))
    assert (numbers, report.rows, report.bad) == ([2, 7], 6, {3, 4, 5, 6})
    told = list(report.lines())
    assert told[0] == "文件未导入：6 行中有 4 行有误，请更正后重新导入整个文件。"
    assert told[1] == "第 3 行 姓名：不能为空"
    assert told[2].startswith("第 4 行：有 11 列，表头有 12 列")
    assert told[3].startswith("第 5 行 手机号码：")
    assert told[3].endswith("与第 2 行相同")
    assert told[4].startswith("第 6 行 证件号：")
    assert told[4].endswith("与第 2 行相同")


def test_a_report_shows_neither_names_nor_whole_numbers(tmp_path: Path) -> None:
    rows = table(4)
    for row in rows[1:]:
        row[3] = row[2]  # the phone, where the residence belongs
        row[0] += "1"
        row[1] = row[1][:-1]
    rows.append(rows[1])
    _, report = read(tmp_path / "a.csv", text(rows))
    told = "\n".join(report.lines())
    for row in rows[1:]:
        assert not any(cell in told for cell in row[:3])
        assert row[2][3:9] not in told
        assert row[1][6:14] not in told


def test_a_long_report_is_cut_but_counts_all(tmp_path: Path) -> None:
    rows = table(SHOWN_ROWS + 7)
    for row in rows[1:]:
        row[0] = row[11] = "?"
    _, report = read(tmp_path / "a.csv", text(rows))
    told = list(report.lines())
    assert len(report.bad) == SHOWN_ROWS + 7
    assert len(told) == 1 + 2 * SHOWN_ROWS + 1
    assert told[-1].endswith("其余 7 行从略。")


def _with_header(*changes: tuple[str, str]) -> Rows:
    known = dict(changes)
    first, *others = table()
    return [[known.get(each, each) for each in first], *others]


@pytest.mark.parametrize(
    "rows",
    [
        _with_header(("证件号", "证件号（18位）"), ("手机号码", "手机号码(11 位)")),
        _with_header(("姓名", "# 姓名【必填】"), ("意愿评标区", "意愿评标区［多个用分号隔开］"), ("暂停", "暂停（是/否）：")),
        _with_header(("专业", "专业\n（填代码，例如 A08）"), ("工作单位", "* 工作单位 [必填] *")),
    ],
    ids=["digits", "brackets", "lines"],
)
def test_a_title_may_say_how_its_column_is_filled_in(tmp_path: Path, rows: Rows) -> None:
    numbers, report = read(tmp_path / "a.csv", text(rows))
    assert (numbers, report.bad) == ([2, 3, 4], set())


@pytest.mark.parametrize("title", ["工作单位（曾任）", "工作单位（二）", "工作单位【原】", "工作单位（原单位）"])
def test_other_words_in_brackets_make_another_title(tmp_path: Path, title: str) -> None:
    with pytest.raises(BadFile, match="缺少列“工作单位”"):
        read(tmp_path / "a.csv", text(_with_header(("工作单位", title))))


def test_a_header_in_the_middle_is_told_as_one(tmp_path: Path) -> None:
    """One file was put behind another, with its header, its byte order mark and all."""
    first = table()
    _, report = read(tmp_path / "a.csv", text(first[:3]).encode("utf-8-sig") + text([first[0], first[3]]).encode("utf-8-sig"))
    assert [(each.row, each.column, each.reason) for each in sorted(report.problems)] == [(4, "", "是重复的表头：请删去这一行")]


@pytest.mark.parametrize("mark", ["'", "’", "‘"])
def test_a_mark_before_digits_is_taken_off(tmp_path: Path, mark: str) -> None:
    rows = table()
    marked = [rows[0], *([row[0], mark + row[1], mark + row[2], *row[3:]] for row in rows[1:])]
    numbers, report = read(tmp_path / "a.csv", text(marked))
    assert (numbers, report.bad) == ([2, 3, 4], set())


@pytest.mark.parametrize("written", ["1.39E+10", "1.3912345678e10"])
def test_a_telephone_that_became_a_number_is_told_as_one(tmp_path: Path, written: str) -> None:
    rows = table()
    rows[2][2] = written
    _, report = read(tmp_path / "a.csv", text(rows))
    (problem,) = report.problems
    assert problem.column == "手机号码"
    assert problem.reason.startswith("被存成了数字")


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf", b"\xef\xbb\xbf \r\n\r\n", b"\n"])
def test_a_file_of_nothing_is_told_as_empty(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadFile, match="是空的"):
        read(tmp_path / "a.csv", data)


def test_of_many_unknown_titles_a_few_are_named(tmp_path: Path) -> None:
    rows = [[*table()[0], *(f"附加{place}" for place in range(200))], *table()[1:]]
    with pytest.raises(BadFile, match="另有 195 列也不是模板中的列") as told:
        read(tmp_path / "a.csv", text(rows))
    assert len(str(told.value)) < 500
