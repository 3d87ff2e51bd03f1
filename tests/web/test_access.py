"""Every address times every role; a new route without roles, or without a record of its act, fails here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from db.pool import Database
from drawing.lifecycle import Act, ActivityState, NotAllowed
from tests.scenes import Keys, condition, make_activity, plan
from tests.web.conftest import Visitor
from web import ownership
from web.access import CONSOLE, Route
from web.development import IDENTITIES
from web.identity import Identity
from web.routes import ROUTES

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
WHO = {each.id: each for each in IDENTITIES}
PUBLIC = {
    ("GET", "/login"), ("POST", "/login"), ("GET", "/status"), ("POST", "/messages/receipts"), ("GET", "/health"),
    ("GET", "/health/live"), ("GET", "/health/ready"),
}  # fmt: skip
_PROJECT, _ACTIVITY = r"/projects/{project:\d{1,12}}", "/activities/{activity}"
_NOTICE = _ACTIVITY + r"/notices/{notice:\d{1,9}}"
_CONDITIONS = f"{_NOTICE}/conditions"
RECORDS_ITSELF: set[str] = {
    "/login", "/projects/new", f"{_PROJECT}/edit", f"{_PROJECT}/delete", f"{_PROJECT}/lots",
    f"{_PROJECT}/lots/{{lot}}/delete", f"{_PROJECT}/activities/new",
    *(f"{_ACTIVITY}/{each}" for each in (
        "edit", "delete", "submission", "withdraw", "review/pass", "review/reject", "copy/{source}", "attachments",
        r"attachments/{attachment:\d{1,18}}/delete",
    )),
    *(f"{_ACTIVITY}/avoidance/{each}" for each in (
        "units", "persons", "units/import", "persons/import", r"{entry:\d{1,18}}/delete",
    )),
    f"{_ACTIVITY}/notices/new", _NOTICE, f"{_NOTICE}/delete",
    *(f"{_CONDITIONS}/{each}" for each in (
        "new", "{condition:[a-z0-9]{1,12}}", "{condition:[a-z0-9]{1,12}}/delete",
    )),
    "/pool/search", r"/pool/experts/{id:\d{1,18}}/suspension", "/pool/imports", r"/pool/imports/{id:\d{1,18}}/retry",
    *(f"{_ACTIVITY}/draw/{each}" for each in ("start", "pause", "resume", "force-end")), f"{_ACTIVITY}/result/print",
    "/messages/receipts", "/supervisors/new", r"/supervisors/{id:\d{1,18}}", r"/supervisors/{id:\d{1,18}}/active",
    f"{_ACTIVITY}/witnesses", "/lines/mended",
    r"/lines/numbers/{expert:\d{1,18}}/{fault:[a-z0-9_]{1,20}}",
}  # fmt: skip
"""POST routes with act=None: what they call writes 操作记录; each has a test that sees it."""


def concrete(route: Route) -> str:
    """An address of this route, with something that is not there in each of its places."""
    parts = web.UrlDispatcher().add_resource(route.path)
    names = parts.get_info().get("pattern")
    if names is None:
        return route.path
    values = {name: "CQSQ202611239999" if name == "activity" else "999999999" for name in names.groupindex}
    return str(parts.url_for(**values))


def test_only_these_are_public() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.roles is None} == PUBLIC


def test_every_other_route_names_roles_of_the_console() -> None:
    named = [route for route in ROUTES if route.roles is not None]
    assert [route.path for route in named if not route.roles or not route.roles <= CONSOLE] == []


def test_every_post_is_recorded() -> None:
    assert {route.path for route in ROUTES if route.method == "POST" and route.act is None} == RECORDS_ITSELF
    assert {route.method for route in ROUTES} <= {"GET", "POST"}


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda each: each.id)
async def test_a_role_gets_its_own_routes_and_no_others(visit: Visit, identity: Identity) -> None:
    visitor = await visit(identity.id)
    for route in ROUTES:
        if route.path in ("/login", "/logout"):
            continue
        path = concrete(route)
        await visitor.get("/")
        response = await (visitor.get(path) if route.method == "GET" else visitor.post(path))
        refused = response.status == 403 and "您的角色不能打开此页面" in await response.text()
        assert refused == (route.roles is not None and identity.role not in route.roles), path
        assert response.status < 500, path


async def test_a_visitor_gets_the_public_routes_only(visit: Visit) -> None:
    visitor = await visit()
    for route in ROUTES:
        if route.roles is not None:
            path = concrete(route)
            response = await (visitor.get(path, allow_redirects=False) if route.method == "GET" else visitor.post(path))
            nothing_lost = route.method == "GET" or path == "/logout"
            assert response.status == (303 if nothing_lost else 403), path


async def test_who_sees_whose_activities(db: Database, keys: Keys) -> None:
    number = await _activity(db, keys, "handler-a1")
    for name in ("handler-a1", "legal-a", "reviewer-1", "registrar-1"):
        assert (await ownership.seen(db, WHO[name], number)).handler == "handler-a1"
    for name in ("handler-a2", "handler-b1", "legal-b", "supervisor-1"):
        with pytest.raises(web.HTTPNotFound):
            await ownership.seen(db, WHO[name], number)


async def test_an_activity_without_an_owner_is_no_clerks(db: Database, keys: Keys) -> None:
    number = await make_activity(db, keys.custody.vault, plan([condition()]))
    for name in ("handler-a1", "legal-a"):
        with pytest.raises(web.HTTPNotFound):
            await ownership.seen(db, WHO[name], number)


async def test_an_act_is_the_owners_and_the_tables(db: Database, keys: Keys) -> None:
    number = await _activity(db, keys, "handler-a1", state=ActivityState.DRAFT)
    for name, refusal in (("legal-a", "由张经办经办"), ("reviewer-1", "抽取终端审核人员不能提交审核")):
        with pytest.raises(NotAllowed, match=refusal):
            await _step(db, name, number, Act.SUBMIT)
    with pytest.raises(web.HTTPNotFound):
        await _step(db, "handler-b1", number, Act.SUBMIT)
    assert await _step(db, "handler-a1", number, Act.SUBMIT) is ActivityState.SUBMITTED
    with pytest.raises(NotAllowed, match="当前状态为“已提交”"):
        await _step(db, "handler-a1", number, Act.SUBMIT)
    rows = await db.all("SELECT actor, role, act, activity FROM operation")
    assert [tuple(row) for row in rows] == [("张经办（handler-a1）", "handler", "提交审核", number)]


async def test_the_buttons_are_what_may_be_done(db: Database, keys: Keys) -> None:
    number = await _activity(db, keys, "handler-a1", state=ActivityState.SUBMITTED)

    async def buttons(name: str) -> list[Act]:
        return ownership.acts(WHO[name], await ownership.seen(db, WHO[name], number))

    assert await buttons("handler-a1") == [Act.WITHDRAW]
    assert await buttons("legal-a") == []
    assert await buttons("reviewer-1") == [Act.PASS_VERIFICATION, Act.REJECT]


async def test_who_acts_for_nobody_makes_no_activity(db: Database, keys: Keys) -> None:
    with pytest.raises(NotAllowed, match="不代表任何单位"):
        await _activity(db, keys, "reviewer-1")


async def _activity(db: Database, keys: Keys, owner: str, **changes: Any) -> str:
    number = await make_activity(db, keys.custody.vault, plan([condition()], **changes))
    async with db.transaction() as tx:
        await ownership.own(tx, WHO[owner], number)
    return number


async def _step(db: Database, name: str, number: str, act: Act) -> ActivityState:
    async with db.transaction() as tx:
        return await ownership.step(tx, WHO[name], number, act)
