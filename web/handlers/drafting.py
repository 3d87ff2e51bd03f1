"""新建抽取, steps 项目信息 and 活动信息 (A1 to A5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from db.pool import Database, Transaction
from drawing import drafts, earlier_draws, projects
from drawing.drafts import Draft, People, Supervision
from drawing.lifecycle import NotAllowed
from drawing.phone_numbers import NoNumber, understood
from drawing.planning import Refused
from web import options, ownership, places
from web.access import CLERKS, get, post
from web.activity_forms import DraftForm
from web.editing import changing, editing, may_edit, visible
from web.forms import Filled, Invalid, blank, read
from web.keys import CUSTODY, DATABASE, SETTINGS, identity
from web.ownership import scope
from web.pages import flash, redirect, render
from web.paging import Paging
from web.people_forms import SupervisionRow
from web.rows import checked, refused, rows, shown
from web.versions import Changed, Outdated, confirm_based, confirm_shown, stand, versioned

SUPERVISION = ("supervisor_name", "supervisor_phone", "supervisor_department")


async def choose_project(request: web.Request) -> web.Response:
    """选择已有招标项目, by 名称 or 编号; or go on to a new one."""
    db, mine = request.app[DATABASE], {**scope(identity(request)), "handler": identity(request).id}
    name, code = (request.query.get(key, "").strip() for key in ("name", "code"))
    paging = Paging.of(request, await projects.count(db, mine, name, code))
    found = await projects.listed(db, mine, name, code, paging.limits)
    return render(request, "choose_project.html", rows=found, paging=paging, name=name, code=code, options=options)


async def new(request: web.Request) -> web.Response:
    """活动信息 of a new activity, for a project that is there."""
    me, project = identity(request), await _project(request)
    _mine(request, project)
    return await _form(
        request, project, blank(DraftForm, drawn_before="no", clerk_name=me.name, clerk_phone=_own(project.contact_phone))
    )


async def create(request: web.Request) -> web.Response:
    """Save the draft: from here on it has its 活动编号."""
    me, project = identity(request), await _project(request)
    _mine(request, project)
    draft = await _read(request, project)
    if isinstance(draft, Invalid):
        return await _form(request, project, draft, draft.status)
    try:
        async with changing(request) as tx:
            await projects.locked(tx, scope(me), project.id)
            draft = await _named(tx, project, draft)
            vault, version = request.app[CUSTODY].vault, request.app[SETTINGS].rules
            number = await drafts.create(tx, vault, project.id, version, draft)
            await ownership.own(tx, me, number)
            await drafts.link_earlier(tx, number, draft)
            await ownership.record(tx, me, "新建抽取", number)
    except Refused as error:
        return await _form(request, project, await refused(request, DraftForm, error.faults), 422)
    await flash(request, f"活动信息已保存，活动编号 {number}。")
    return redirect(request, "avoidance", activity=number)


async def edit(request: web.Request) -> web.Response:
    """活动信息 of a draft that was left."""
    found = await visible(request)
    if not may_edit(request, found):
        raise web.HTTPSeeOther(str(request.app.router["activity"].url_for(activity=found.id)))
    row = await _details(request)
    shown = versioned(await _filled(request.app[DATABASE], request, row))
    return await _form(request, await _project_of(request, row), shown, activity=row)


async def update(request: web.Request) -> web.Response:
    """Save it and go on."""
    row = await _details(request)
    project = await _project_of(request, row)
    draft = await _read(request, project)
    if isinstance(draft, Invalid):
        return await _form(request, project, draft, draft.status, row)
    try:
        async with editing(request, "修改活动信息") as (tx, found):
            now = await drafts.details(tx, found.id, scope(identity(request)))
            confirm_based(await refused(request, DraftForm, {}), await _filled(tx, request, now))
            await projects.locked(tx, scope(identity(request)), project.id)
            draft = await _named(tx, project, draft)
            await drafts.update(tx, request.app[CUSTODY].vault, found.id, project.id, draft)
            await drafts.link_earlier(tx, found.id, draft)
    except Changed as changed:
        return await _form(request, project, changed.form, changed.form.status, row)
    except Refused as error:
        return await _form(request, project, await refused(request, DraftForm, error.faults), 422, row)
    await flash(request, "活动信息已保存。")
    return redirect(request, "avoidance", activity=row.id)


async def delete(request: web.Request) -> web.Response:
    """A draft is given up."""
    try:
        async with editing(request, "删除草稿") as (tx, found):
            await confirm_shown(request, stand(await drafts.last_change(tx, found.id)))
            await drafts.delete(tx, found.id)
    except Refused as error:
        raise NotAllowed(str(error)) from None
    except Outdated as told:
        await flash(request, str(told), "error")
        return redirect(request, "activities")
    await flash(request, f"草稿 {found.id} 已删除。")
    return redirect(request, "activities")


async def _read(request: web.Request, project: Any) -> Draft | Invalid:
    form, given = await read(request, DraftForm), await rows(request, SUPERVISION)
    supervision = checked(given, SupervisionRow, "监督人员") if given else "请至少填写一名监督人员。"
    rows_wrong = {"supervisor_name": supervision} if isinstance(supervision, str) else {}
    if isinstance(form, Invalid):
        return form.also(**await _faults(request, project, form.known), **rows_wrong) if form.errors else form
    if isinstance(supervision, str):
        known = {name: getattr(form, name) for name in DraftForm.model_fields}
        return await refused(request, DraftForm, await _faults(request, project, known) | rows_wrong)
    present = (Supervision(*each.model_dump().values()) for each in supervision)
    people = People(form.clerk_name, form.clerk_phone, form.clerk_id_card, tuple(present))
    drawn_before = form.drawn_before == "yes"
    return Draft(
        name=form.name,
        lots=tuple(dict.fromkeys(form.lots)),
        media=form.media,
        bid_opening=form.bid_opening,
        seats=form.seats,
        district=form.district,
        evaluation_start=form.evaluation_start,
        evaluation_end=form.evaluation_end,
        on_site=form.on_site == "yes",
        drawn_before=drawn_before,
        earlier=tuple(form.earlier) if drawn_before else (),
        remark=form.remark,
        people=people,
    )


async def _faults(request: web.Request, project: Any, known: Mapping[str, Any]) -> dict[str, str]:
    """What only the database can tell, of the fields that are right for themselves: all is said at once."""
    fields = {**known, "drawn_before": known.get("drawn_before") == "yes"}
    return await drafts.faults(request.app[DATABASE], project.id, fields, request.match_info.get("activity", ""))


async def _named(tx: Transaction, project: Any, draft: Draft) -> Draft:
    """Without a name: 项目(标段/标段)."""
    if draft.name:
        return draft
    names = [each.name for each in await projects.lots(tx, project.id) if each.id in draft.lots]
    return drafts.named(draft, f"{project.name}({'/'.join(names)})" if names else project.name)


async def _filled(db: Database | Transaction, request: web.Request, row: Any) -> Filled:
    people = drafts.people(request.app[CUSTODY].vault, row.id, row.people_enc)
    given = people.supervision if people else ()
    same = {name: getattr(row, name) for name in DraftForm.model_fields if hasattr(row, name)}
    initial = {
        **same,
        "lots": [each.id for each in await drafts.lots(db, row.id) if not each.whole],
        "earlier": [each.id for each in await drafts.earlier(db, row.id)],
        "on_site": "yes" if row.on_site else "no",
        "drawn_before": "yes" if row.drawn_before else "no",
        "clerk_name": people.name if people else "",
        "clerk_phone": people.phone if people else "",
        "clerk_id_card": people.id_card if people else "",
        "supervisor_name": [each.name for each in given],
        "supervisor_phone": [each.phone for each in given],
        "supervisor_department": [each.department for each in given],
    }
    return blank(DraftForm, **initial)


async def _form(
    request: web.Request, project: Any, form: Filled, status: int = 200, activity: Any = None
) -> web.Response:
    db, me = request.app[DATABASE], identity(request)
    lots = [each for each in await projects.lots(db, project.id) if not each.whole]
    values: dict[str, Any] = {
        "lots": lots,
        "draws": await earlier_draws.of_lots(db, [each.id for each in lots if not each.activities]),
        "earlier": [(each.id, f"{each.name}（{each.id}）") for each in await drafts.earlier_choices(db, scope(me))],
        "supervision": shown(form, SUPERVISION),
        "number": activity.id if activity else "",
        "places": places.of(form, "district", whole=True).near(project.region),
    }
    values |= {"form": form, "project": project, "options": options, "step": 1}
    return render(request, "draft_form.html", status=status, **values)


async def _project(request: web.Request) -> Any:
    try:
        number = int(request.match_info["project"])
        return await projects.seen(request.app[DATABASE], scope(identity(request)), number)
    except projects.NotThere:
        raise web.HTTPNotFound from None


async def _details(request: web.Request) -> Any:
    row = await drafts.details(request.app[DATABASE], request.match_info["activity"], scope(identity(request)))
    if row is None or row.project is None:
        raise web.HTTPNotFound
    return row


async def _project_of(request: web.Request, row: Any) -> Any:
    return await projects.seen(request.app[DATABASE], scope(identity(request)), row.project)


def _own(phone: str) -> str:
    """A project's telephone, where it may be the 经办人's own; not a hotline, which would be refused."""
    try:
        return understood(phone).written
    except NoNumber:
        return ""


def _mine(request: web.Request, project: Any) -> None:
    if project.handler != identity(request).id:
        raise NotAllowed(f"本项目由{project.handler_name}录入，您可以查看，不能办理。")


_PROJECT = r"/projects/{project:\d{1,12}}/activities/new"
ROUTES = (
    get("/activities/new", choose_project, CLERKS, name="choose_project"),
    get(_PROJECT, new, CLERKS, name="draft_new"),
    post(_PROJECT, create, CLERKS, act=None),
    get("/activities/{activity}/edit", edit, CLERKS, name="draft"),
    post("/activities/{activity}/edit", update, CLERKS, act=None),
    post("/activities/{activity}/delete", delete, CLERKS, act=None, name="draft_delete"),
)
