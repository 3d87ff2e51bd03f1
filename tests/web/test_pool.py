"""专家库 as an administrator uses it: real uploads, real imports, every kind of bad file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, FormData

from db.pool import Database
from tests.drawing.experts.ooxml import Page, cells, workbook
from tests.drawing.experts.test_read_csv import table, text
from tests.drawing.experts.test_read_xlsx import book
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.conftest import Client, Visitor, console_settings, opened
from web.settings import Settings

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def administrator(visit: Visit) -> Visitor:
    return await visit("administrator-1")


async def send(
    visitor: Visitor, data: bytes, name: str, csrf: str = ""
) -> ClientResponse:
    """The form of /pool/imports as a browser sends it: its fields in order, the file last."""
    page = await visitor.text("/pool/imports")
    token = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert token is not None
    form = FormData(quote_fields=False)  # a browser sends a file's name as it is
    form.add_field("_csrf", csrf or token[1])
    form.add_field("file", io.BytesIO(data), filename=name, content_type="application/octet-stream")
    return await visitor.client.post("/pool/imports", data=form, allow_redirects=False)


async def imported(visitor: Visitor, data: bytes, name: str) -> tuple[str, str]:
    """The address and the page of an import that is over."""
    response = await send(visitor, data, name)
    assert response.status == 303, await response.text()
    address = response.headers["Location"]
    while 'http-equiv="refresh"' in (page := await visitor.text(address)):
        pass
    return address, page


async def operations(db: Database) -> list[tuple[str, str]]:
    return [tuple(row) for row in await db.all("SELECT act, remark FROM operation WHERE act <> '登录' ORDER BY id")]


async def test_a_file_is_uploaded_and_taken_in(
    administrator: Visitor, db: Database, settings: Settings, tmp_path: Path
) -> None:
    rows = table(30)
    _, page = await imported(administrator, book(tmp_path / "a.xlsx", rows).read_bytes(), "<b>专家.xlsx")
    assert "已导入" in page
    assert "&lt;b&gt;专家.xlsx" in page
    assert "吴管理（administrator-1）" in page
    assert await db.value("SELECT count(*) FROM expert") == 30
    assert list(settings.upload_folder.iterdir()) == []
    pool = await administrator.text("/pool")
    assert re.search(r"在库专家</dt><dd>30<", pool)
    ((act, remark),) = await operations(db)
    assert (act, remark.startswith("导入 1，文件指纹 ")) == ("导入专家库", True)


def spoilt(place: int, value: Any) -> Callable[[list[list[Any]]], None]:
    def change(rows: list[list[Any]]) -> None:
        rows[2][place] = value

    return change


BAD_CSV: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "是空的"),
    "header only": (text(table()[:1]).encode(), "没有专家"),
    "damaged": (text(table()).encode("gb18030") + b"\xff\xff", "编码的字节"),
    "quotes": (text(table()).encode() + b'"never closed,', "双引号"),
    "other table": ("甲,乙\n1,2\n".encode(), "表头不对"),
    "xls": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(100), "旧版 xls 或加了密码"),
    "broken zip": (b"PK\x03\x04" + bytes(100), "不是完好的 xlsx"),
}


@pytest.mark.parametrize("kind", BAD_CSV)
async def test_a_file_that_is_no_table_of_experts(administrator: Visitor, db: Database, kind: str) -> None:
    data, message = BAD_CSV[kind]
    _, page = await imported(administrator, data, "名单.csv")
    assert "未导入（文件有误）" in page
    assert message in page
    assert await db.value("SELECT count(*) FROM expert") == 0


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (1, 4.40104198001011e17, "末几位可能已丢失"),
        (2, 1380013800, "开头的 0 等可能已丢失"),
        (0, "=A1", "公式"),
        (9, None, "不能为空"),
        (5, "Z99", "专业分类标准"),
    ],
)
async def test_a_bad_row_is_shown_with_number_and_reason(
    administrator: Visitor, db: Database, tmp_path: Path, place: int, value: Any, message: str
) -> None:
    rows: list[list[Any]] = [*table(4)]
    spoilt(place, value)(rows)
    _, page = await imported(administrator, book(tmp_path / "a.xlsx", rows).read_bytes(), "a.xlsx")
    assert "4 行中有 1 行有误" in page
    assert re.search(r'data-label="行号">3</th>', page)
    assert message in page
    assert await db.value("SELECT count(*) FROM expert") == 0


async def test_every_bad_row_is_listed_by_pages_and_as_csv(administrator: Visitor, db: Database) -> None:
    rows = table(250)
    for row in rows[1:]:
        row[2] = row[2][:-1]
    address, page = await imported(administrator, text(rows).encode(), "a.csv")
    assert "总计 250" in page
    assert page.count('data-label="行号"') == 100
    assert 'data-label="行号">251</th>' in await administrator.text(f"{address}?page=3")
    response = await administrator.get(f"{address}/problems.csv")
    assert "attachment" in response.headers["Content-Disposition"]
    listed = list(csv.reader(io.StringIO((await response.read()).decode("utf-8-sig"))))
    assert listed[0] == ["行号", "列名", "原因"]
    assert [int(row[0]) for row in listed[1:]] == list(range(2, 252))
    assert not any(row[2] in str(listed) or row[1] in str(listed) or row[0] in str(listed) for row in rows[1:])


async def test_whatever_encoding_a_spreadsheet_writes_is_taken(administrator: Visitor, db: Database) -> None:
    _, page = await imported(administrator, text(table(3)).encode("gb18030"), "a.csv")
    assert "已导入" in page
    _, page = await imported(administrator, text(table(3, seed=2)).replace(",", "\t").encode("utf-16"), "b.txt")
    assert "已导入" in page
    assert await db.value("SELECT count(*) FROM expert") == 6


LEAK = """姓名,证件号,手机号码,常驻地,意愿评标区,专业,职称等级,执业资格,所属行业主管部门,工作单位,曾任职单位,暂停
李波宏,441999196312217999,16069327731,李波宏,441200,欧阳小娜 13800138000,138—0013—8000,,卫生健康,某某公司,,138.0013.8000
441999196312217999,李波宏,李波宏16069327731,,欧阳小娜,138.0013.8000,李波宏,欧阳小娜,李波宏@13800138000,李,欧阳小娜,16069327731
"""


async def test_no_name_and_no_number_of_a_shifted_row_is_kept_shown_or_downloaded(
    administrator: Visitor, db: Database
) -> None:
    for data in (LEAK, LEAK.partition("\n")[2], LEAK.replace("手机号码,", "李波宏 13800138000,", 1)):
        address, page = await imported(administrator, data.encode(), "a.csv")
        assert "未导入（文件有误）" in page
        problems = await (await administrator.get(f"{address}/problems.csv")).text()
        kept = await db.all("SELECT reason FROM pool_problem UNION ALL SELECT reason FROM pool_job")
        logged = await operations(db)
        for told in (page, problems, await administrator.text("/pool/imports"), str(kept), str(logged)):
            assert not re.search("李波|波宏|欧阳|小娜|0013|6069|9327|7731|4419|9631|7999|138[^0-9]", told)


async def test_what_was_left_out_is_said(administrator: Visitor, db: Database) -> None:
    pages = (Page("专家", cells(table(2)), state="hidden"), Page("名单", cells(table(5, seed=2)), attributes={3: ' hidden="1"'}))
    _, page = await imported(administrator, workbook(*pages), "a.xlsx")
    assert "已导入" in page
    assert "隐藏的工作表没有读取：“专家”" in page
    assert "隐藏（包括被筛选掉）的 1 行没有读取：第 3 行" in page
    assert await db.value("SELECT count(*) FROM expert") == 4


async def test_a_refreshed_file_is_counted(administrator: Visitor, db: Database) -> None:
    rows = table(30)
    await imported(administrator, text(rows[:29]).encode(), "a.csv")
    rows[3][9] = "改名后有限公司"
    _, page = await imported(administrator, text(rows).encode(), "a.csv")
    assert "与库中相同 27 行，有变化 1 行，库中没有（新）2 行" in page
    assert re.search("与专家库相比</dt><dd>相同 27 行，有变化 1 行，库中没有（新）2 行</dd>", page)
    assert re.search("有误行数</dt><dd>0<", page)
    assert "未导入（库中已有）" in page
    assert "文件有误" not in page
    assert re.findall('data-label="行号">([0-9]+)<', page) == ["4", "30", "31"]
    assert "与库中不同的列：工作单位" in page
    assert "改名后" not in page
    assert await db.value("SELECT count(*) FROM expert") == 28


async def test_a_form_without_a_file_says_so(administrator: Visitor) -> None:
    response = await send(administrator, b"", "")
    assert response.status == 422
    assert "请选择文件。" in await response.text()
    await administrator.get("/pool/imports")
    assert (await administrator.post("/pool/imports")).status == 422


async def test_a_forged_upload_leaves_nothing(administrator: Visitor, db: Database, settings: Settings) -> None:
    response = await send(administrator, b"x" * 100_000, "a.csv", csrf="forged")
    assert response.status == 403
    assert not settings.upload_folder.exists()
    assert await db.value("SELECT count(*) FROM pool_job") == 0


async def test_a_file_beyond_the_limit_is_refused_and_deleted(
    database: TestDatabase, keys: Keys, aiohttp_client: Callable[..., Awaitable[Client]]
) -> None:
    settings = console_settings(database, keys, upload_mib=1)
    visitor = Visitor(await opened(settings, aiohttp_client))
    await visitor.log_in("administrator-1")
    response = await send(visitor, bytes((1 << 20) + 1), "a.csv")
    assert response.status == 422
    assert "文件超过 1 MB" in await response.text()
    assert list(settings.upload_folder.iterdir()) == []


async def test_a_failed_import_is_tried_again(administrator: Visitor, db: Database, keys: Keys) -> None:
    keys.master.rename(keys.master.with_suffix(".away"))
    address, page = await imported(administrator, text(table(5)).encode(), "a.csv")
    assert "失败（可重试）" in page
    assert "主密钥不可用" in page
    keys.master.with_suffix(".away").rename(keys.master)
    assert (await administrator.post(f"{address}/retry")).status == 303
    while 'http-equiv="refresh"' in (page := await administrator.text(address)):
        pass
    assert "已导入" in page
    await administrator.post(f"{address}/retry")
    assert "不能重试" in await administrator.text(address)
    assert [act for act, _ in await operations(db)] == ["导入专家库", "重试导入"]


async def test_an_expert_is_found_suspended_and_found_again(administrator: Visitor, db: Database) -> None:
    rows = table(5)
    rows[1][11] = "否"
    await imported(administrator, text(rows).encode(), "a.csv")
    name, card, phone = rows[1][:3]
    await administrator.get("/pool")
    page = await (await administrator.post("/pool/search", kind="phone", number=f" {phone} ")).text()
    assert name in page
    assert f"{phone[:3]}******{phone[-2:]}" in page
    assert phone not in page
    assert card not in page
    action = re.search(r'action="(/pool/experts/\d+/suspension)"', page)
    assert action is not None
    await administrator.get("/pool")
    await administrator.post(action[1], suspended="yes", reason="")
    assert "请填写原因" in await administrator.text("/pool")
    await administrator.post(action[1], suspended="yes", reason="本人申请")
    pool = await administrator.text("/pool")
    assert "专家已暂停" in pool
    page = await (await administrator.post("/pool/search", kind="id_card", number=card.lower())).text()
    assert "已暂停" in page
    acts = await operations(db)
    assert [act for act, _ in acts] == ["导入专家库", "查询专家", "暂停专家", "查询专家"]
    assert not any(phone in remark or card in remark or name in remark for _, remark in acts)


async def test_a_search_says_what_is_wrong_and_what_is_not_there(administrator: Visitor, db: Database) -> None:
    await administrator.get("/pool")
    response = await administrator.post("/pool/search", kind="phone", number="1380013800")
    assert response.status == 422
    assert "应为 11 位内地手机号" in await response.text()
    response = await administrator.post("/pool/search", kind="phone", number="13800138000")
    assert "库中没有这个号码的专家" in await response.text()
    assert [act for act, _ in await operations(db)] == ["查询专家"]


async def test_the_templates_are_downloads(administrator: Visitor) -> None:
    for name, kind in (("xlsx", XLSX), ("csv", "text/csv")):
        response = await administrator.get(f"/pool/template.{name}")
        assert (response.status, response.content_type) == (200, kind)
        assert f'filename="template.{name}"' in response.headers["Content-Disposition"]
        _, page = await imported(administrator, await response.read(), f"t.{name}")
        assert "没有专家" in page


async def test_what_is_not_there(administrator: Visitor) -> None:
    for path in ("/pool/imports/7", "/pool/imports/7/problems.csv"):
        assert (await administrator.get(path)).status == 404
