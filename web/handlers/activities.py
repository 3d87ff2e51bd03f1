"""`/activities`: 抽取活动列表 (D5) and an activity's page with its tabs (D8)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from drawing import avoiding, drafts, projects, reviews
from drawing.lifecycle import ActivityState, Role
from web import activities, options, ownership, places
from web.access import OPERATORS, get
from web.activities import KINDS, SOURCES, Filters
from web.editing import may_edit, visible
from web.keys import CUSTODY, DATABASE, identity
from web.ownership import scope
from web.pages import render
from web.paging import Paging

PER_PAGE = 10
EVERYBODY = {"company": None, "handler": None}
TABS = {
    "project": "项目信息",
    "activity": "抽取活动",
    "avoidance": "回避单位",
    "conditions": "抽取条件",
    "result": "抽取结果",
}
"""The manual's tabs, as far as there is something behind them: the others come with their pages."""
RESULT = "result"
BEFORE_THE_DRAW = frozenset({
    ActivityState.DRAFT, ActivityState.SUBMITTED, ActivityState.REJECTED, ActivityState.READY,
    ActivityState.REEVALUATION_SUBMITTED, ActivityState.TO_NOTIFY,
})  # fmt: skip
SEES_PEOPLE = frozenset({Role.LEGAL_PERSON, Role.HANDLER, Role.REVIEWER})
"""经办人 and 监督人员 with their numbers."""


async def listing(request: web.Request) -> web.Response:
    """Cards, by the manual's filters."""
    db, me, filters = request.app[DATABASE], identity(request), Filters.of(request.query)
    paging = Paging.of(request, await activities.count(db, me, filters), PER_PAGE)
    cards = await activities.listed(db, me, filters, paging.limits)
    rejected = [each.id for each in cards if each.state is ActivityState.REJECTED]
    return render(
        request, "activities.html", cards=cards, rejections=await reviews.rejections(db, rejected), paging=paging,
        filters=filters, options=options, kinds=KINDS.items(), sources=SOURCES, states=list(ActivityState),
        places=places.places(filters.inside, filters.city, whole=False),
    )  # fmt: skip


async def show(request: web.Request) -> web.Response:
    """The tabs, as far as there is something to show; below, 操作记录 and 审核记录."""
    found, db, me = await visible(request), request.app[DATABASE], identity(request)
    row = await drafts.details(db, found.id, scope(me))
    if row is None:
        raise web.HTTPNotFound
    tabs = _tabs(me.role, found.state)
    tab = request.query.get("tab", "activity")
    people = drafts.people(request.app[CUSTODY].vault, found.id, row.people_enc) if me.role in SEES_PEOPLE else None
    values: dict[str, Any] = {
        "tab": tab if tab in tabs and tab != RESULT else "activity",
        "project": None if row.project is None else await projects.seen(db, EVERYBODY, row.project),
        "lots": await drafts.lots(db, found.id),
        "earlier": await drafts.earlier(db, found.id),
        "notices": await drafts.notices(db, found.id),
        "conditions": await drafts.conditions(db, found.id),
        "matched_unit": avoiding.matched_unit,
        "units": await avoiding.units(db, found.id).page({"limit": avoiding.MOST, "offset": 0}),
        "persons": await avoiding.persons(db, found.id).count(),
        "operations": await activities.operations(db, found.id),
        "reviews": await reviews.of_activity(db, found.id),
        "acts": ownership.acts(me, found),
        "editable": may_edit(request, found),
        "mine": not me.is_clerk or found.handler == me.id,
    }
    values |= {"activity": found, "row": row, "people": people, "tabs": tabs, "kinds": KINDS, "options": options}
    return render(request, "activity.html", **values)


def _tabs(role: Role, state: ActivityState) -> dict[str, str]:
    """Without 抽取结果 before there can be one, and for who never sees it."""
    hidden = role is Role.REGISTRAR or state in BEFORE_THE_DRAW
    return {key: label for key, label in TABS.items() if key != RESULT or not hidden}


ROUTES = (
    get("/activities", listing, OPERATORS, name="activities"),
    get(r"/activities/{activity:CQ[A-Z]{2}\d{12}}", show, OPERATORS, name="activity"),
)
