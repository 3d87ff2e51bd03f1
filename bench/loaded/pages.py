"""Every page that the console has, as each role that may open it, with every filter of every list.

tests/bench/test_pages.py holds this against the console's routes: a new page, or a new filter, must get its line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiohttp import web

from bench.loaded.arrivals import Page
from bench.loaded.fill import Filled
from drawing.lifecycle import Role
from web.access import Route
from web.routes import ROUTES

WHO: Mapping[Role, str] = {
    Role.LEGAL_PERSON: "legal-a", Role.HANDLER: "handler-a1", Role.REVIEWER: "reviewer-1", Role.SUPERVISOR: "supervisor-1",
    Role.REGISTRAR: "registrar-1", Role.ADMINISTRATOR: "administrator-1",
}  # fmt: skip
"""A development identity of each role."""
PREVIEW = "预览"
PREVIEW_RATE = 5.0
"""A clerk looks at a preview a few times for each condition: 18,000 an hour are more than a province makes."""
LAST = "page=99999"
CONDITION = {
    "mode": "residence", "regions": ["440100", "440600"], "main": ["A08"], "titles": ["副高级"], "seats": "3",
    "_preview": "1",
}  # fmt: skip
RARE = {**CONDITION, "regions": ["445200"], "main": ["C0101"], "titles": ["正高级"]}
FILTERS: Mapping[str, Mapping[str, str]] = {
    "name": {"name": "项目123"}, "number": {"number": "0017"}, "project_name": {"project_name": "项目123"},
    "project_code": {"project_code": "GD2026-17"}, "source": {"source": "省专家库"}, "state": {"state": "short"},
    "kind": {"kind": "CQSQ"}, "city": {"city": "440100"}, "district": {"city": "440100", "district": "440104"},
}  # fmt: skip
"""An example of each filter of 抽取活动列表 (web.activities.FILTERS)."""

# A route's address as aiohttp names it -> title and addresses, with what bench.loaded.fill has filled in.
ADDRESSES: Mapping[str, Mapping[str, str]] = {
    "/": {"首页": "/"},
    "/login": {"登录": "/login"},
    "/status": {"状态": "/status"},
    "/samples": {"样例": "/samples"},
    "/projects": {
        "招标项目": "/projects", "招标项目，末页": f"/projects?{LAST}",
        "招标项目，按名称": "/projects?name=项目123", "招标项目，按编号": "/projects?code=GD2026-17",
    },
    "/projects/new": {"新建项目": "/projects/new"},
    "/projects/{project}": {"项目": "/projects/{project}"},
    "/projects/{project}/edit": {"编辑项目": "/projects/{free}/edit"},
    "/projects/{project}/lots": {"项目标段": "/projects/{project}/lots"},
    "/activities": {
        "抽取活动列表": "/activities", "抽取活动列表，末页": f"/activities?{LAST}",
        **{
            f"抽取活动列表，{asked}": "/activities?" + "&".join(f"{name}={text}" for name, text in query.items())
            for asked, query in FILTERS.items()
        },
        "抽取活动列表，所有条件": "/activities?"
        + "&".join(f"{name}={text}" for query in FILTERS.values() for name, text in query.items() if name != "state"),
    },
    "/activities/{activity}": {"抽取活动": "/activities/{completed}"},
    "/activities/new": {
        "选择项目": "/activities/new", "选择项目，末页": f"/activities/new?{LAST}",
        "选择项目，按名称": "/activities/new?name=项目123", "选择项目，按编号": "/activities/new?code=GD2026-17",
    },
    "/projects/{project}/activities/new": {"新建抽取": "/projects/{project}/activities/new"},
    "/activities/{activity}/edit": {"编辑活动信息": "/activities/{draft}/edit"},
    "/activities/{activity}/avoidance": {
        "回避单位": "/activities/{draft}/avoidance", "回避单位，查询": "/activities/{draft}/avoidance?search=设计院",
        "回避人员": "/activities/{draft}/avoidance?list=persons",
        "回避人员，查询": "/activities/{draft}/avoidance?list=persons&search=张三",
    },
    "/activities/{activity}/conditions": {"抽取条件": "/activities/{draft}/conditions"},
    "/activities/{activity}/notices/new": {"新增语音通知": "/activities/{draft}/notices/new"},
    "/activities/{activity}/notices/{notice}": {"语音通知": "/activities/{draft}/notices/0"},
    "/activities/{activity}/notices/{notice}/conditions/new": {
        "新增抽取条件": "/activities/{draft}/notices/0/conditions/new"
    },
    "/activities/{activity}/notices/{notice}/conditions/{condition}": {
        "编辑抽取条件": "/activities/{draft}/notices/0/conditions/c1"
    },
    "/activities/{activity}/copy": {
        "复制以往活动": "/activities/{draft}/copy", "复制以往活动，末页": f"/activities/{{draft}}/copy?{LAST}",
        "复制以往活动，查询": "/activities/{draft}/copy?search=项目123",
    },
    "/activities/{activity}/copy/{source}": {"复制": "/activities/{draft}/copy/{completed}"},
    "/activities/{activity}/notices/{notice}/audition": {"试听": "/activities/{ready}/notices/0/audition"},
    "/activities/{activity}/submission": {"抽取申请": "/activities/{draft}/submission"},
    "/reviews": {"审核列表": "/reviews", "审核列表，末页": f"/reviews?{LAST}"},
    "/activities/{activity}/review": {"核验": "/activities/{submitted}/review"},
    "/supervisors": {"监督人登记册": "/supervisors"},
    "/supervisors/new": {"登记监督人": "/supervisors/new"},
    "/supervisors/{id}": {"监督人": "/supervisors/{supervisor}"},
    "/registration": {"我的登记": "/registration"},
    "/activities/{activity}/witnesses": {"更换监督人": "/activities/{ready}/witnesses"},
    "/operations": {
        "操作记录": "/operations", "操作记录，末页": f"/operations?{LAST}",
        "操作记录，按人": "/operations?q=handler-a1", "操作记录，按人，末页": f"/operations?q=handler-a1&{LAST}",
        "操作记录，按活动": "/operations?q={completed}",
    },
    "/operations/{id}": {"一条操作记录": "/operations/{operation}"},
    "/pool": {"专家库": "/pool"},
    "/pool/imports": {"导入列表": "/pool/imports", "导入列表，末页": f"/pool/imports?{LAST}"},
    "/pool/imports/{id}": {"导入": "/pool/imports/{job}", "导入，问题末页": f"/pool/imports/{{job}}?{LAST}"},
    "/lines": {"线路": "/lines"},
    "/lines/numbers": {"号码问题": "/lines/numbers", "号码问题，末页": f"/lines/numbers?{LAST}"},
    "/lines/numbers/{expert}/{fault}": {"一个号码问题": "/lines/numbers/{faulty}/invalid_number"},
    "/activities/{activity}/draw": {"抽取现场": "/activities/{drawing}/draw", "抽取现场，已结束": "/activities/{completed}/draw"},
    "/activities/{activity}/draw/pause": {"暂停": "/activities/{drawing}/draw/pause"},
    "/activities/{activity}/draw/force-end": {"强制结束": "/activities/{drawing}/draw/force-end"},
    "/activities/{activity}/result": {"抽取结果": "/activities/{completed}/result"},
    "/witness": {"见证": "/witness"},
    "/witness/{activity}": {"见证一个活动": "/witness/{ready}"},
    "/witness/{activity}/recordings": {"通话录音": "/witness/{completed}/recordings"},
}  # fmt: skip

OWN = frozenset({
    "/projects/{project}/edit", "/projects/{project}/activities/new", "/activities/{activity}/edit",
    "/activities/{activity}/draw/pause",
    "/activities/{activity}/draw/force-end", "/activities/{activity}/notices/new", "/activities/{activity}/notices/{notice}",
    "/activities/{activity}/notices/{notice}/conditions/new",
    "/activities/{activity}/notices/{notice}/conditions/{condition}",
})  # fmt: skip
"""What 法人 may open of their own only, and the one who is asked here has none."""

LEFT_OUT: Mapping[str, str] = {
    "/health": "for monitoring: its status says how the installation is, and here no worker is",
    "/health/live": "the same",
    "/health/ready": "the same",
    "/activities/{activity}/attachments": "the same page as /activities/{activity}/submission",
    "/activities/{activity}/events": "a stream: tests/web/test_streams.py",
    "/activities/{activity}/evidence.zip": "a file made on demand, in a queue: tests/web/test_exports.py; script/bench evidence",
    "/activities/{activity}/evidence-supervisor.zip": "the same",
    "/activities/{activity}/notices/{notice}/audition/{prompt}.wav": "sound",
    "/witness/{activity}/recordings/{call}.wav": "sound",
    "/activities/{activity}/attachments/{attachment}": "a file",
    "/templates/application.xlsx": "a file that asks nothing of the database",
    "/templates/avoidance/{kind}.xlsx": "the same",
    "/pool/template.xlsx": "the same",
    "/pool/template.csv": "the same",
    "/pool/imports/{id}/problems.csv": "a file of all faults of an import",
    "/activities/{activity}/avoidance/units": "the same page as /activities/{activity}/avoidance",
    "/activities/{activity}/avoidance/persons": "the same",
    "/activities/{activity}/avoidance/units/import": "the same",
    "/activities/{activity}/avoidance/persons/import": "the same",
}
"""Routes that are no pages, and why."""


def pages(found: Filled) -> list[Page]:
    """Every page, as each role that may open it."""
    return [*_opened(found), *_sent(found)]


def _opened(found: Filled) -> Iterator[Page]:
    for route in ROUTES:
        if route.method == "GET":
            for title, address in ADDRESSES.get(address_of(route), {}).items():
                for who in whom(route):
                    yield Page(title, who, address.format_map(found.places))


def address_of(route: Route) -> str:
    """Its address without the forms of its parts: /activities/{activity}/draw."""
    return web.DynamicResource(route.path).canonical


def whom(route: Route) -> list[str]:
    """Who may open it: an identity of each role; nobody in particular (empty) where no login is needed."""
    if route.roles is None:
        return [""]
    shut = {Role.LEGAL_PERSON} if address_of(route) in OWN else set()
    return [who for role, who in WHO.items() if role in route.roles - shut]


def _sent(found: Filled) -> Iterator[Page]:
    """What a page asks the database when a form of it is sent that changes nothing."""
    condition, clerk = "/activities/{draft}/notices/0/conditions/c1".format_map(found.places), WHO[Role.HANDLER]
    yield Page(f"{PREVIEW}，常见", clerk, condition, CONDITION, rate=PREVIEW_RATE)
    yield Page(f"{PREVIEW}，少见", clerk, condition, RARE, rate=PREVIEW_RATE)
    number = {"kind": "phone", "number": found.phone}
    yield Page("查询专家", WHO[Role.ADMINISTRATOR], "/pool/search", number, "/pool")
