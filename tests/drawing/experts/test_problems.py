"""A problem names row, column and what is wrong, and nothing of what stands in any cell: columns may be shifted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.blocking import transaction
from db.migrate import migrate, migrations
from drawing.experts.read import Source, read_experts
from drawing.experts.report import BadFile, Report
from drawing.experts.row import ExpertRow
from tests.drawing.experts.ooxml import Page, cells, workbook
from tests.drawing.experts.test_read_csv import Rows, table, text
from tests.postgres import Cluster, fresh_database

HEADER = ExpertRow.header()
NAME, CARD, PHONE = "欧阳小娜", "440104198001011230", "13912345678"
PERSONAL = [
    NAME, f"{NAME} {PHONE}", f"{NAME}（{PHONE}）", "阿卜杜拉·买买提", "Oyang Xiaona", PHONE, "139-1234-5678", "139.1234.5678",
    "139—1234—5678", "１３９１２３４５６７８", "+86 139 1234 5678", "139 1234 5678转801", "一三九一二三四五六七八",
    "1391234567O", CARD, CARD[:17] + "X", CARD[:-1], "440104 19800101 1230", "4401041980O1011230", "440104-19800101-1230",
    "440104800101123", f"{NAME}@{PHONE}", f"{NAME}@1980-01-01x", f"440100;{NAME}", f"{PHONE}、{CARD}", f"A08;{NAME}",
    f"“{NAME}”", f"欧阳\n小娜 {PHONE}",
]  # fmt: skip
PIECES = re.compile("欧|阳小|小娜|卜杜|买买|yang|iaona|一三九|三九一二")


def told(path: Path, data: bytes) -> Iterator[str]:
    """All that is said of a file."""
    path.write_bytes(data)
    report = Report()
    try:
        list(read_experts(Source(path), report))
    except BadFile as bad:
        yield str(bad)
    yield from report.lines()


def leaked(line: str) -> str:
    """What of somebody a line holds: a piece of a name, or four digits in a row of a number, however they are written."""
    digits = re.sub(r"[-—. ]", "", line)
    numbers = {number[start : start + 4] for number in (PHONE, CARD, "440104800101123") for start in range(len(number) - 3)}
    said = re.sub("44010[04]|填 6 位代码|A0801|A080101|20250630|U\\+[0-9A-F]+", "", digits)  # codes of regions, examples
    return next((each for each in (*PIECES.findall(said), *(n for n in numbers if n in said)) if each), "")


@pytest.mark.parametrize("column", HEADER)
def test_nothing_of_a_cell_is_repeated_whatever_column_it_is_in(tmp_path: Path, column: str) -> None:
    rows = table(len(PERSONAL))
    for row, value in zip(rows[1:], PERSONAL, strict=True):
        row[HEADER.index(column)] = value
    for data in (text(rows).encode(), workbook(Page("专家", cells(rows)))):
        for line in told(tmp_path / "a", data):
            assert not leaked(line), line


@pytest.mark.parametrize("shift", range(1, 12))
def test_shifted_rows(tmp_path: Path, shift: int) -> None:
    """By one column or more, to either side; a row that is too short or too long."""
    rows: Rows = [list(HEADER)]
    for value in PERSONAL:
        row = [value, CARD, PHONE, "440104", "", "A08", "副高级", "", "", "某某设计院", "", "否"]
        rows += [row[shift:] + row[:shift], row[shift:], [""] * shift + row]
    for line in told(tmp_path / "a.csv", text(rows).encode()):
        assert not leaked(line), line


@pytest.mark.parametrize("value", PERSONAL)
def test_a_header_that_is_a_person_is_not_repeated(tmp_path: Path, value: str) -> None:
    for rows in ([[value] * 12], [[*HEADER[1:], value], [value] * 12], [[*HEADER, value], [value] * 13], [[*HEADER[:3], value]]):
        for data in (text(rows).encode(), workbook(Page("专家", cells(rows)))):
            for line in told(tmp_path / "a", data):
                assert not leaked(line), line


@pytest.mark.parametrize(
    ("column", "value", "sign"),
    [
        ("姓名", "张三\u3001李四", "第 3 个字符“、”（U+3001）"),
        ("姓名", "张A三", "第 2 个字符（U+0041）"),
        ("姓名", "张三\ue123", "第 3 个字符（U+E123）"),
        ("姓名", "张三?", "第 3 个字符“?”（U+003F）"),
        ("手机号码", "1391234567O", "第 11 个字符“O”（U+004F）"),
        ("手机号码", "139123四5678", "第 7 个字符是汉字等文字"),
        ("手机号码", "139123一5678", "第 7 个字符“一”（U+4E00）"),
        ("手机号码", NAME, "应为 11 位内地手机号：所填不是电话号码，请核对各列是否错位"),
        ("证件号", "4401041980O1011230", "第 11 个字符（U+004F）不是数字，请核对是否应为数字 0"),
        ("证件号", "44010419800101123Y", "第 18 个字符（U+0059）"),
        ("证件号", "X40104198001011230", "第 1 个字符（U+0058）"),
        ("证件号", NAME, "第 1 个字符是汉字等文字"),
        ("证件号", "440104800101123", "现为 15 个字符：15 位的是旧号码"),
        ("工作单位", "某某公司\ue123", "第 5 个字符（U+E123）"),
    ],
)
def test_which_sign_is_refused_is_told_by_code_and_place(tmp_path: Path, column: str, value: str, sign: str) -> None:
    rows = table(1)
    rows[1][HEADER.index(column)] = value
    (line,) = list(told(tmp_path / "a.csv", text(rows).encode()))[1:]
    assert line.startswith(f"第 2 行 {column}：")
    assert sign in line


@pytest.mark.postgres
def test_problems_from_before_lose_what_they_repeat(cluster: Cluster) -> None:
    """As imports noted them until this migration."""
    former = {
        "“李波宏”不是广东省的市或县区（填 6 位代码或全称）；是否指“越秀区”？": "“…”？",
        "“李”波“宏”不在职称等级中，可填：正高级": "“…”不在职称等级中，可填：正高级",
        "校验码（末位）不符，请核对是否录错（441*************99）": "内容有误（原来的说明含有部分内容，已删去）",
        "应为 11 位内地手机号：电话号码不正确（李波宏**********00）": "内容有误（原来的说明含有部分内容，已删去）",
        "138******00 与第 5 行相同": "与第 5 行相同",
        "441*************99 已在专家库中": "已在专家库中",
        "不能为空": "不能为空",
        "第 2 个字符（U+0041）不能出现在姓名中": "第 2 个字符（U+0041）不能出现在姓名中",
    }
    known = migrations()
    place = next(place for place, each in enumerate(known) if each.name == "0037_pool_refreshed.sql")
    with fresh_database(cluster, template="template1") as database:
        migrate(database.owner_dsn, known[:place])
        with transaction(database.owner_dsn) as tx:
            tx.run(
                "INSERT INTO pool_job (file_name, size, sha256, encoding, by, state, ended_at, reason) VALUES ('a.csv', 1, "
                "repeat('0', 64), 'utf-8', 'x', 'refused', clock_timestamp(), 'a.csv 的表头不对：多出列“李波宏”。表头应为：姓名')"
            )
            rows = [(1, n, n, "", each) for n, each in enumerate(former)]
            tx.copy("pool_problem", ("job", "n", "row", "column_name", "reason"), rows)
        migrate(database.owner_dsn, known)
        with transaction(database.owner_dsn) as tx:
            assert [row.reason for row in tx.all("SELECT reason FROM pool_problem ORDER BY n")] == list(former.values())
            assert tx.value("SELECT reason FROM pool_job") == "a.csv 的表头不对：多出列“…”。表头应为：姓名"
