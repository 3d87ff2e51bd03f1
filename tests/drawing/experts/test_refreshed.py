"""A file of people who are in the pool already: counted as identical, changed and new, instead of called wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from db.blocking import transaction
from db.vault import Vault
from drawing.experts.read import Source
from drawing.experts.report import Compared, Report
from drawing.experts.row import ExpertRow
from drawing.experts.store import ImportRefused, import_file
from tests.drawing.experts.test_read_csv import Rows, table, text
from tests.postgres import TestDatabase

PLACE = {title: place for place, title in enumerate(ExpertRow.header())}
Refused = Callable[[Rows], Report]


@pytest.fixture
def first() -> Rows:
    rows = table(20)
    rows[1][PLACE["意愿评标区"]] = "440100;440600"
    rows[1][PLACE["曾任职单位"]] = "某某公司@2025-06-30;甲公司@2024-01-31"
    rows[2][PLACE["姓名"]] = "John Smith"
    return rows


@pytest.fixture
def refused(tmp_path: Path, database: TestDatabase, vault: Vault, first: Rows) -> Refused:
    """Imports a file after `first`, which must be refused; the report."""
    (tmp_path / "a.csv").write_text(text(first), encoding="utf-8")
    import_file(Source(tmp_path / "a.csv"), database.dsn, vault, "x")

    def again(rows: Rows) -> Report:
        (tmp_path / "b.csv").write_text(text(rows), encoding="utf-8")
        with pytest.raises(ImportRefused) as caught:
            import_file(Source(tmp_path / "b.csv"), database.dsn, vault, "x")
        with transaction(database.dsn) as tx:
            assert tx.value("SELECT count(*) FROM expert") == 20
        return caught.value.report

    return again


def counts(report: Report) -> tuple[int, int, int, int]:
    compared = report.compared
    return len(compared.same), len(compared.changed), len(compared.new), len(report.bad)


@pytest.mark.postgres
def test_the_same_file_again_however_it_is_written(first: Rows, refused: Refused) -> None:
    """What reading makes equal is no change: the order of several values, blanks, capitals."""
    rows = [list(row) for row in first]
    rows[1][PLACE["意愿评标区"]] = "440600；440100"
    rows[1][PLACE["曾任职单位"]] = "甲公司@2024年1月31日;某某公司@2025-06-30"
    rows[2][PLACE["姓名"]] = "john  SMITH"
    rows[3][PLACE["手机号码"]] = "+86 " + rows[3][PLACE["手机号码"]]
    rows[4][PLACE["姓名"]] = " ".join(rows[4][PLACE["姓名"]])
    report = refused(rows)
    assert counts(report) == (20, 0, 0, 0)
    assert list(report.lines()) == [
        "文件未导入：20 行中，与库中相同 20 行，有变化 0 行，库中没有（新）0 行。"
        "导入只能增加库中没有的专家，不能更改库中已有的专家：文件中没有可以导入的新专家。"
    ]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("姓名", "改名"), ("手机号码", "16199999999"), ("常驻地", "440307"), ("意愿评标区", "440100"), ("专业", "A08"),
        ("职称等级", "正高级"), ("执业资格", "注册监理工程师;一级注册建筑师"), ("所属行业主管部门", "水利;能源"),
        ("工作单位", "改名后有限公司"),
        ("曾任职单位", "某某公司@2025-06-29;甲公司@2024-01-31"), ("暂停", "是"),
    ],
)  # fmt: skip
def test_each_column_that_changed_is_named_without_what_it_holds(first: Rows, refused: Refused, column: str, value: str) -> None:
    first[1][PLACE[column]] = value
    report = refused(first)
    assert counts(report) == (19, 1, 0, 0)
    assert [str(each) for each in report.listed()] == [f"第 2 行：库中已有此人（证件号相同），与库中不同的列：{column}"]
    assert value not in "".join(report.lines()) or value == "是"


@pytest.mark.postgres
def test_new_changed_and_wrong_rows_beside_each_other(first: Rows, refused: Refused) -> None:
    others = table(6, seed=9)[1:]
    first[5][PLACE["工作单位"]] = "改名后有限公司"
    first[6][PLACE["暂停"]] = "也许"
    others[0][PLACE["手机号码"]] = first[9][PLACE["手机号码"]]  # of somebody else in the file, and in the pool
    others[1][PLACE["姓名"]] = ""
    report = refused([*first, *others])
    assert counts(report) == (18, 1, 4, 3)
    assert sorted(report.bad) == [7, 22, 23]
    told = list(report.lines())
    assert told[0].startswith("文件未导入：26 行中，与库中相同 18 行，有变化 1 行，库中没有（新）4 行，有误 3 行。")
    assert told[0].endswith("：请更正有误的行，只保留新的行后重新导入。")
    assert [line.partition("：")[0] for line in told[1:]] == [
        "第 6 行", "第 7 行 暂停", "第 22 行 手机号码", "第 23 行 姓名", *(f"第 {row} 行" for row in range(24, 28)),
    ]  # fmt: skip
    assert told[-1].endswith("：库中没有此人：可以导入")


@pytest.mark.postgres
def test_somebody_elses_telephone_is_a_fault(first: Rows, refused: Refused) -> None:
    """Of a known person, and of a new one: who would be rung is not who was drawn."""
    known, new = [list(row) for row in first[:2]], table(1, seed=9)[1]
    known[1][PLACE["手机号码"]] = new[PLACE["手机号码"]] = first[2][PLACE["手机号码"]]
    for rows in (known, [first[0], new]):
        report = refused(rows)
        assert counts(report) == (0, 0, 0, 1)
        assert [(each.row, each.column) for each in report.problems] == [(2, "手机号码")]
        assert first[2][PLACE["手机号码"]] not in "".join(report.lines())


@pytest.mark.postgres
def test_a_file_of_new_people_is_taken_after_all(tmp_path: Path, database: TestDatabase, vault: Vault) -> None:
    for seed in (1, 2):
        (tmp_path / "a.csv").write_text(text(table(5, seed=seed)), encoding="utf-8")
        assert import_file(Source(tmp_path / "a.csv"), database.dsn, vault, "x") == 5


def test_the_shorter_list_is_told_so_that_a_file_can_be_divided() -> None:
    mostly_new = Compared(same=[2, 5], changed={7: ("工作单位",)}, new=list(range(10, 100)))
    assert [each.row for each in mostly_new.listed(1000)] == [7, 2, 5]
    mostly_known = Compared(same=list(range(10, 100)), new=[2, 5])
    assert [(each.row, each.reason) for each in mostly_known.listed(1000)] == [
        (2, "库中没有此人：可以导入"),
        (5, "库中没有此人：可以导入"),
    ]
    assert list(Compared(same=[2, 3]).listed(1000)) == []
    assert list(Compared(new=[2, 3]).listed(1000)) == []
    assert len(list(Compared(same=list(range(50)), new=list(range(60))).listed(7))) == 7
