"""What a clerk types, from a new project to a submitted activity."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any

from aiohttp import ClientResponse, FormData

from tests.web.conftest import Visitor
from web.times import CHINA

PROJECT: dict[str, Any] = {
    "name": "招标代理演示项目0617", "code": "202006171201", "kind": "A01", "region": "440100", "funding": "01",
    "method": "1", "organisation": "2", "tenderer_kind": "1", "investment": "150", "tenderer": "招标人法人名称",
    "tenderer_code": "91440101MA0000003Y", "agency": "招标代理机构名称", "contact_phone": "18080808080", "contact": "张三",
}  # fmt: skip
CONDITION: dict[str, Any] = {"mode": "residence", "regions": ["440100"], "main": ["A08"], "seats": "2"}


def at(days: float) -> str:
    """A moment as a browser sends it."""
    return (datetime.now(UTC) + timedelta(days=days)).astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")


def draft(**changes: Any) -> dict[str, Any]:
    """活动信息."""
    values: dict[str, Any] = {
        "media": "01", "bid_opening": at(1), "seats": "2", "district": "440103", "evaluation_start": at(2),
        "evaluation_end": at(2.5), "on_site": "no", "clerk_name": "张经办", "clerk_phone": "13568846647",
        "clerk_id_card": "511602199210061571", "supervisor_name": ["张三", ""], "supervisor_phone": ["13900000001", ""],
        "supervisor_department": ["监督", ""],
    }  # fmt: skip
    return {**values, **changes}


def notice(**changes: Any) -> dict[str, Any]:
    """语音通知."""
    values = {
        "venue": "广东省公共资源交易中心", "district": "440104", "address": "广州市越秀区越华路118号",
        "gather_at": at(1.95), "contact": "张工", "contact_phone": "18088888888", "note": "戴口罩",
    }  # fmt: skip
    return {**values, **changes}


async def make_project(clerk: Visitor, lots: tuple[str, ...] = (), **changes: Any) -> str:
    """Its number. A clerk's second project has another name and code, unless `changes` says so: the same is not drawn for twice."""
    clerk.projects += 1
    if clerk.projects > 1:
        more = {"name": f"{PROJECT['name']}之{clerk.projects}", "code": f"{PROJECT['code']}{clerk.projects:02d}"}
        changes = {**more, **changes}
    await clerk.get("/projects/new")
    response = await clerk.post("/projects/new", **{**PROJECT, **changes})
    assert response.status == 303, await response.text()
    number = response.headers["Location"].split("/")[2]
    for lot in lots:
        await clerk.get(f"/projects/{number}")
        response = await clerk.post(f"/projects/{number}/lots", name=lot, code="", investment="100")
        assert response.status == 303, await response.text()
    return number


async def make_draft(clerk: Visitor, project: str, **changes: Any) -> str:
    """Its 活动编号."""
    await clerk.get(f"/projects/{project}/activities/new")
    response = await clerk.post(f"/projects/{project}/activities/new", **draft(**changes))
    assert response.status == 303, await response.text()
    return response.headers["Location"].split("/")[2]


PDF = b"%PDF-1.7\n%%EOF\n"
_FILES = count()


async def attach(
    clerk: Visitor, activity: str, name: str = "申请表.pdf", data: bytes = PDF, to: str = "attachments", **typed: str
) -> ClientResponse:
    """上传附件, with what is typed beside it."""
    form = FormData(quote_fields=False)
    path = f"/activities/{activity}/{to}"
    for field, text in {"_csrf": clerk.csrf, **await clerk.version(path), **typed}.items():
        form.add_field(field, text)
    form.add_field("file", BytesIO(data), filename=name)
    return await clerk.client.post(path, data=form, allow_redirects=False)


async def complete(clerk: Visitor, activity: str, **changes: Any) -> None:
    """A notice, a condition for all seats, and an attachment."""
    await clerk.get(f"/activities/{activity}/notices/new")
    response = await clerk.post(f"/activities/{activity}/notices/new", **notice())
    assert response.status == 303, await response.text()
    response = await clerk.post(f"/activities/{activity}/notices/0/conditions/new", **{**CONDITION, **changes})
    assert response.status == 303, await response.text()
    response = await attach(clerk, activity, data=PDF + f"% {next(_FILES)}".encode())  # the same one twice is refused
    assert response.status == 303, await response.text()


async def submitted(clerk: Visitor) -> str:
    """An activity that waits for the terminal."""
    activity = await make_draft(clerk, await make_project(clerk))
    await complete(clerk, activity)
    response = await clerk.post(f"/activities/{activity}/submission", reason="资料齐全", terminal="440000")
    assert response.status == 303, await response.text()
    return activity


async def decide(reviewer: Visitor, activity: str, decision: str, **fields: Any) -> ClientResponse:
    """核验, "pass" or "reject", of the application that the reviewer's page shows."""
    return await decide_on(reviewer, activity, await application(reviewer, activity), decision, **fields)


async def decide_on(reviewer: Visitor, activity: str, number: str, decision: str, **fields: Any) -> ClientResponse:
    """The same of an application looked at before."""
    return await reviewer.post(f"/activities/{activity}/review/{decision}", application=number, **fields)


async def application(reviewer: Visitor, activity: str) -> str:
    """The application that the reviewer's page shows."""
    page = await reviewer.text(f"/activities/{activity}/review")
    found = re.search(r'name="application" value="(\d+)"', page)
    assert found is not None
    return found[1]


def errors(page: str) -> list[str]:
    """What a form says at its fields."""
    return re.findall(r'class="error[^>]*>(?:<span[^>]*>错误：</span>)?([^<]+)<', page)
