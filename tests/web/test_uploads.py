"""Forms with files: whatever is sent, the answer is a page of ours at the form, and what was typed is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO

import pytest

from db.pool import Database
from drawing import attachments, avoiding_files
from tests.web.clerk import PDF, attach, errors, make_draft, make_project
from tests.web.conftest import Visitor
from web import bodies
from web.access import BODY_BYTES
from web.routes import ROUTES

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"


def sent(csrf: str, name: bytes, data: bytes = PDF, **typed: str) -> bytes:
    """A form as a browser sends it, with this (raw) parameter for the file's name."""
    fields = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{text}\r\n'.encode()
        for field, text in {"_csrf": csrf, **typed}.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '.encode()
    return b"".join((*fields, head, name, b"\r\nContent-Type: application/pdf\r\n\r\n", data, f"\r\n--{BOUNDARY}--\r\n".encode()))


@pytest.fixture
async def clerk(visit: Visit) -> Visitor:
    return await visit("handler-a1")


@pytest.fixture
async def activity(clerk: Visitor) -> str:
    return await make_draft(clerk, await make_project(clerk))


@pytest.mark.parametrize("path", ["attachments", "submission"])
async def test_twelve_megabytes(clerk: Visitor, db: Database, activity: str, path: str) -> None:
    """Far beyond the limit, and typed at length: the limit is said at the field, the rest is there."""
    reason = "很长的原因。" * 80
    response = await attach(clerk, activity, "大.pdf", PDF + bytes(12 << 20), to=path, reason=reason, terminal="440100")
    page = await response.text()
    assert response.status == 422
    assert "文件超过 10 MB，请压缩或拆分后上传。" in errors(page)
    assert f"\n{reason}</textarea>" in page
    assert 'value="440100" selected' in page
    assert await db.value("SELECT count(*) FROM attachment") == 0
    assert (await attach(clerk, activity, "小.pdf", PDF, to="attachments", reason=reason, terminal="440100")).status == 303


@pytest.mark.parametrize(("kind", "size"), [("units", 12 << 20), ("units", 26 << 20), ("persons", 12 << 20)])
async def test_a_long_list_of_avoidance(clerk: Visitor, activity: str, kind: str, size: int) -> None:
    response = await attach(clerk, activity, "回避.xlsx", b"PK\x03\x04" + bytes(size), to=f"avoidance/{kind}/import")
    assert response.status == 422
    assert "超过 12 MB" in "".join(errors(await response.text()))


@pytest.mark.parametrize(
    "name",
    [b'filename="a\0b.pdf"', b'filename="\0"', b'filename="a\x01b.pdf"', b'filename="a\x7fb.pdf"', b"filename*=UTF-8''a%00b.pdf"],
)
@pytest.mark.parametrize("path", ["attachments", "submission", "avoidance/units/import", "avoidance/persons/import"])
async def test_control_characters_in_a_file_name(clerk: Visitor, db: Database, activity: str, name: bytes, path: str) -> None:
    data = sent(clerk.csrf, name, reason="原因一二三", terminal="440100")
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    response = await clerk.client.post(f"/activities/{activity}/{path}", data=data, headers=kind, allow_redirects=False)
    page = await response.text()
    assert response.status == 422
    assert "文件名中有不能使用的控制字符：请改名后重新选择文件。" in errors(page)
    if not path.startswith("avoidance"):
        assert "\n原因一二三</textarea>" in page
    assert await db.value("SELECT count(*) FROM attachment") == 0


async def test_the_same_in_the_import_of_experts(visit: Visit) -> None:
    administrator = await visit("administrator-1")
    await administrator.get("/pool/imports")
    data = sent(administrator.csrf, b'filename="a\0b.csv"')
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    response = await administrator.client.post("/pool/imports", data=data, headers=kind, allow_redirects=False)
    assert response.status == 422
    assert "控制字符" in await response.text()


@pytest.mark.parametrize("name", ["申请 表（一）.pdf", "A&B;c.pdf", "İ.pdf", "a\u202eb.pdf", "很" * 100 + ".pdf"])
async def test_other_file_names_are_taken(clerk: Visitor, db: Database, activity: str, name: str) -> None:
    assert (await attach(clerk, activity, name)).status == 303
    assert await db.value("SELECT count(*) FROM attachment") == 1


async def test_a_text_that_is_too_long(clerk: Visitor, activity: str) -> None:
    long = BytesIO(sent(clerk.csrf, b'filename="a.pdf"', reason="字" * (1 << 20)))
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    response = await clerk.client.post(f"/activities/{activity}/attachments", data=long, headers=kind)
    assert response.status == 413
    assert "提交的内容过大" in await response.text()


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"--" + BOUNDARY.encode(), sent("", b'filename="a.pdf"')[:-40],
     f'--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n'.encode()],
)
async def test_what_is_no_form(clerk: Visitor, activity: str, data: bytes) -> None:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    path = f"/activities/{activity}/attachments"
    assert (await clerk.client.post(path, data=data, headers=kind)).status in (400, 403)


async def test_the_answer_comes_after_all_was_sent(clerk: Visitor, activity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that still sends when the connection is closed shows no page. What is longer is refused by its length."""
    monkeypatch.setattr(bodies, "DRAINED_BYTES", 20 << 20)
    taken = 0

    async def slowly() -> object:
        nonlocal taken
        body = sent(clerk.csrf, b'filename="a.pdf"', bytes(15 << 20), reason="原因")
        for start in range(0, len(body), 1 << 20):
            await asyncio.sleep(0)
            taken += len(part := body[start : start + (1 << 20)])
            yield part

    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    path = f"/activities/{activity}/attachments"
    response = await clerk.client.post(path, data=slowly(), headers=kind)
    assert response.status == 422
    assert taken > 15 << 20
    long = BytesIO(sent(clerk.csrf, b'filename="a"', bytes(21 << 20)))
    response = await clerk.client.post(path, data=long, headers=kind)
    assert (response.status, "提交的内容过大" in await response.text()) == (413, True)


def test_a_file_is_cut_above_what_its_handler_takes() -> None:
    """Or a cut one could be taken for the whole. Addresses that take no file keep the limit of a form."""
    ends = {"attachments": attachments.MAX_BYTES, "submission": attachments.MAX_BYTES, "import": avoiding_files.MAX_BYTES}
    taking = [route for route in ROUTES if route.method == "POST" and route.body > BODY_BYTES]
    assert len(taking) >= 4
    for route in taking:
        assert route.body > ends[route.path.rpartition("/")[2]], route.path
