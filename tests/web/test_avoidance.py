"""回避单位 and 回避人员 by a file (B3), over HTTP: all of it or nothing, and nothing of a person in the clear."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientResponse, FormData

from db.pool import Database
from drawing.avoiding import MOST
from drawing.avoiding_files import Kind
from tests.drawing.test_avoiding_files import CARD, filled
from tests.scenes import Keys
from tests.web.clerk import make_draft, make_project, submitted
from tests.web.conftest import Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
ROWS = "SELECT count(*) FROM avoidance"


async def send(clerk: Visitor, activity: str, kind: str, data: bytes, name: str = "回避.xlsx") -> ClientResponse:
    """Upload it."""
    form = FormData(quote_fields=False)
    form.add_field("_csrf", clerk.csrf)
    form.add_field("file", data, filename=name)
    path = f"/activities/{activity}/avoidance/{kind}/import"
    return await clerk.client.post(path, data=form, allow_redirects=False)


async def test_units_by_a_file_and_none_twice(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}/avoidance"
    assert "/templates/avoidance/units.xlsx" in await clerk.text(here)
    template = await clerk.get("/templates/avoidance/units.xlsx")
    assert template.headers["Content-Disposition"].startswith("attachment")
    assert (await template.read()).startswith(b"PK")
    names = [f"投标公司{n:02d}" for n in range(30)]
    data = filled(Kind.UNITS, *[(name, "", "投标人") for name in names], ("招标人 法人名称", "", "其他"))
    assert (await send(clerk, activity, "units", data)).status == 303
    page = await clerk.text(here)
    assert "已导入 30 条回避信息。另有 1 条已在列表中" in page
    assert "总计 32" in page
    assert "投标公司29" in await clerk.text(f"{here}?page=2")
    found = await clerk.text(f"{here}?search=投标公司29")
    assert "总计 1<" in found
    assert "投标公司28" not in found
    assert (await send(clerk, activity, "units", data)).status == 303
    assert await db.value(ROWS) == 32
    remarks = await db.all("SELECT remark FROM operation WHERE act = '导入回避单位'")
    assert remarks[0].remark.startswith("文件 31 行，文件指纹 ")


async def test_persons_by_a_file_are_kept_sealed(visit: Visit, db: Database, keys: Keys) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    data = filled(Kind.PERSONS, ("王回避", CARD, "其他"), ("赵回避", "", "其他"))
    assert (await send(clerk, activity, "persons", data)).status == 303
    page = await clerk.text(f"/activities/{activity}/avoidance?list=persons&search=王回避")
    assert "总计 1<" in page
    assert CARD not in page
    response = await clerk.post(f"/activities/{activity}/avoidance/persons", person="赵回避", id_card="", reason="其他")
    assert "该人员已在回避人员中。" in await response.text()
    response = await clerk.post(f"/activities/{activity}/avoidance/persons", person="钱", id_card="123", reason="其他")
    assert "证件号应为 18 位" in await response.text()
    hashed = keys.custody.vault.keyed_hash("id_card", CARD)
    assert await db.value("SELECT count(*) FROM avoidance WHERE id_card_hash = %(hash)s", {"hash": hashed}) == 1
    for table in ("avoidance", "operation", "session"):
        seen = f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%王回避%%' OR t::text LIKE '%%{CARD}%%'"
        assert await db.value(seen, {}) == 0, table


async def test_a_bad_row_keeps_all_rows_out_and_every_one_is_told(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    data = filled(Kind.UNITS, ("好公司", "", "其他"), ("坏公司", "", "不喜欢"), ("某", "", "其他"))
    response = await send(clerk, activity, "units", data)
    page = await response.text()
    assert response.status == 422
    assert "3 行中有 2 行有误" in page
    assert "不是模板中的回避原因" in page
    assert '<th scope="row" class="number" data-label="行号">4</th>' in page
    response = await send(clerk, activity, "persons", filled(Kind.UNITS, ("好公司", "", "其他")))
    assert "第 1 行" in await response.text()
    for missing in (b"", b"not a workbook"):
        response = await send(clerk, activity, "units", missing, name="单位.xlsx" if missing else "")
        assert response.status == 422, await response.text()
    assert await db.value(ROWS) == 2


async def test_no_more_than_a_reviewer_can_look_through(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    full = filled(Kind.UNITS, *[(f"公司{n:03d}", "", "其他") for n in range(MOST)])
    response = await send(clerk, activity, "units", full)
    assert f"每个列表最多 {MOST} 条" in await response.text()
    assert await db.value(ROWS) == 2


async def test_what_is_submitted_gets_no_more_entries(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await submitted(clerk)
    response = await send(clerk, activity, "units", filled(Kind.UNITS, ("好公司", "", "其他")))
    assert response.status == 409
    assert "请先撤回申请再修改" in await response.text()
