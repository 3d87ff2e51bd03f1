"""附件 of an application (V1): needed by rule, checked, sealed, and handed out only as a download to who may."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from io import BytesIO

import pytest
from openpyxl import load_workbook

from db.pool import Database
from drawing.attachments import MAX_BYTES, MOST
from tests.web.clerk import PDF, attach, complete, make_draft, make_project, submitted
from tests.web.conftest import Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def test_an_application_needs_one_and_it_can_be_removed(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}"
    await complete(clerk, activity)
    page = await clerk.text(f"{here}/submission")
    assert "申请表.pdf" in page
    assert 'href="/templates/application.xlsx"' in page
    response = await clerk.get("/templates/application.xlsx")
    book = load_workbook(BytesIO(await response.read()))
    assert [each[0] for each in book["专家抽取申请"].iter_rows(max_row=2, values_only=True)] == ["专家抽取申请", "申请单位"]
    number = await db.value("SELECT id FROM attachment")
    assert (await clerk.post(f"{here}/attachments/{number}/delete")).status == 303
    page = await clerk.text(f"{here}/submission")
    assert "按规则提交审核至少需要 1 个附件" in page
    response = await clerk.post(f"{here}/submission", reason="试", terminal="440000")
    assert response.status == 422
    assert (await attach(clerk, activity)).status == 303
    assert (await clerk.post(f"{here}/submission", reason="资料齐全", terminal="440000")).status == 303
    assert (await attach(clerk, activity, "再来.pdf", PDF + b"2")).status == 409
    assert (await clerk.post(f"{here}/attachments/{number + 1}/delete")).status == 409


async def test_what_was_typed_stays_and_a_chosen_file_goes_along(visit: Visit, db: Database) -> None:
    """上传 keeps the reason typed beside it; 提交审核 takes a file with it that was chosen and not uploaded."""
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await complete(clerk, activity)
    response = await attach(clerk, activity, "二.pdf", PDF + b"2", reason="资料&齐全", terminal="440100")
    page = await clerk.text(response.headers["Location"])
    assert "\n资料&amp;齐全</textarea>" in page
    assert 'value="440100" selected' in page
    here = {"to": "submission", "terminal": "440100"}
    response = await attach(clerk, activity, "三.html", b"<script>", reason="资料齐全", **here)
    assert response.status == 422
    page = await response.text()
    assert page.count("只能上传 pdf") == 2
    assert "\n资料齐全</textarea>" in page
    assert (await attach(clerk, activity, "三.pdf", PDF + b"3", reason="资料齐全", **here)).status == 303
    assert await db.value("SELECT count(*) FROM attachment") == 3
    assert "已提交" in await clerk.text(f"/activities/{activity}")


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("申请表.html", b"<script>", "只能上传 pdf"),
        ("申请表.pdf", b"<script>alert(1)</script>", "文件内容不是 pdf"),
        ("图.png", PDF, "文件内容不是 png"),
        ("大.pdf", PDF + bytes(MAX_BYTES), "文件超过 10 MB"),
        ("", b"", "请选择附件"),
    ],
)
async def test_what_can_not_be_attached_is_told(visit: Visit, db: Database, name: str, data: bytes, told: str) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    response = await attach(clerk, activity, name, data)
    assert response.status == 422
    assert told in await response.text()
    assert await db.value("SELECT count(*) FROM attachment") == 0


async def test_not_twice_and_not_too_many(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    assert (await attach(clerk, activity)).status == 303
    assert "同一文件已经上传" in await (await attach(clerk, activity)).text()
    for n in range(MOST):
        response = await attach(clerk, activity, f"{n}.pdf", PDF + bytes([n]))
    assert await db.value("SELECT count(*) FROM attachment") == MOST
    assert f"最多 {MOST} 个附件" in await response.text()


async def test_who_may_download_gets_it_as_it_came_and_nothing_runs(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await submitted(clerk)
    path = f"/activities/{activity}/attachments/{await db.value('SELECT id FROM attachment')}"
    for name in ("handler-a1", "legal-a", "reviewer-1"):
        visitor = await visit(name)
        response = await visitor.get(path)
        assert response.status == 200
        assert re.fullmatch(re.escape(PDF) + rb"% \d+", await response.read())
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    for name, status in (("handler-a2", 404), ("legal-b", 404), ("supervisor-1", 403), ("administrator-1", 403)):
        assert (await (await visit(name)).get(path)).status == status
    assert (await clerk.get(f"{path}0")).status == 404
    assert await db.value("SELECT count(*) FROM operation WHERE act = '下载附件'") == 3
    assert await db.value("SELECT count(*) FROM attachment WHERE position(%(pdf)s::bytea IN data_enc) > 0", {"pdf": PDF}) == 0
    assert "申请表.pdf" in await (await visit("reviewer-1")).text(f"/activities/{activity}/review")
