"""`/projects`: 招标项目 (P1 to P4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from db.pool import Transaction
from drawing import projects
from drawing.lifecycle import NotAllowed
from drawing.planning import Refused
from drawing.projects import NewLot, Owner, Project
from web import options, ownership, places
from web.access import CLERKS, get, post
from web.activity_forms import DrawProject, LotForm, NewProject
from web.editing import changing
from web.forms import Filled, Invalid, blank, read
from web.identity import Identity
from web.keys import DATABASE, identity
from web.ownership import scope
from web.pages import flash, redirect, render
from web.paging import Paging
from web.rows import refused
from web.versions import Changed, Outdated, confirm_based, confirm_shown, stand, versioned


async def listing(request: web.Request) -> web.Response:
    """项目列表, by 名称 and 编号."""
    db, mine = request.app[DATABASE], scope(identity(request))
    name, code = (request.query.get(key, "").strip() for key in ("name", "code"))
    paging = Paging.of(request, await projects.count(db, mine, name, code))
    rows = await projects.listed(db, mine, name, code, paging.limits)
    return render(request, "projects.html", rows=rows, paging=paging, name=name, code=code, options=options)


async def new(request: web.Request) -> web.Response:
    """新建项目; with ?draw=1 as the first step of 新建抽取."""
    me = identity(request)
    initial = {"agency": me.company.name, "agency_code": me.company.code} if me.company else {}
    return _form(request, blank(_model(request), region="440100", **initial))


async def create(request: web.Request) -> web.Response:
    """Save it, and go on to the 标段, or to the next step."""
    me, model = identity(request), _model(request)
    form = await read(request, model)
    if isinstance(form, Invalid):
        return _form(request, form, form.status)
    async with changing(request) as tx:
        number = await projects.create(tx, _owner(me), Project(**form.model_dump()))
        await ownership.record(tx, me, "新建项目", remark=f"{form.name}（{number}）")
    await flash(request, f"项目“{form.name}”已保存。")
    return redirect(request, "draft_new" if "draw" in request.query else "project", project=str(number))


async def view(request: web.Request) -> web.Response:
    """查看, with 标段."""
    return await _view(request, blank(LotForm))


async def edit(request: web.Request) -> web.Response:
    """编辑; with ?draw=1 as the first step of 新建抽取 (A1). Refused once it is linked."""
    row = await _seen(request)
    if row.linked:
        raise NotAllowed(projects.LINKED)
    if row.handler != identity(request).id:
        raise NotAllowed(_others(row))
    return _form(request, versioned(_filled(request, row)))


async def update(request: web.Request) -> web.Response:
    """Save the whole form."""
    me, number = identity(request), _number(request)
    form = await read(request, _model(request))
    if isinstance(form, Invalid):
        return _form(request, form, form.status)
    try:
        async with changing(request) as tx:
            row = await _own(tx, me, number)
            if not row.linked:  # else it is refused, whatever was typed
                confirm_based(await refused(request, _model(request), {}), _filled(request, row))
            await projects.update(tx, scope(me), number, Project(**form.model_dump()))
            await ownership.record(tx, me, "编辑项目", remark=f"{form.name}（{number}）")
    except Changed as changed:
        return _form(request, changed.form, changed.form.status)
    except Refused as error:
        return _form(request, await refused(request, _model(request), error.faults), 422)
    await flash(request, "项目已保存。")
    return redirect(request, "draft_new" if "draw" in request.query else "project", project=str(number))


async def delete(request: web.Request) -> web.Response:
    """删除; refused once it is linked."""
    me, number = identity(request), _number(request)
    try:
        async with changing(request) as tx:
            row = await _own(tx, me, number)
            if not row.linked:  # else it is refused
                await confirm_shown(request, _stand(row, await projects.lots(tx, number)))
            gone = await projects.delete(tx, scope(me), number)
            await ownership.record(tx, me, "删除项目", remark=f"{gone.name}（{number}）")
    except Outdated as told:
        await flash(request, str(told), "error")
        return redirect(request, "project", project=str(number))
    except Refused as error:
        raise NotAllowed(str(error)) from None
    await flash(request, f"项目“{gone.name}”（编号 {gone.code or '无'}，招标人{gone.tenderer}）已删除。")
    return redirect(request, "projects")


async def add_lot(request: web.Request) -> web.Response:
    """新增标段."""
    me, number = identity(request), _number(request)
    form = await read(request, LotForm)
    if isinstance(form, Invalid):
        known, row = form.known, await _seen(request)
        faults = await projects.lot_faults(request.app[DATABASE], row, known.get("name"), known.get("code"))
        return await _view(request, form.also(**faults), form.status)
    try:
        async with changing(request) as tx:
            await _own(tx, me, number)
            lot = await projects.add_lot(tx, scope(me), number, NewLot(**form.model_dump()))
            await ownership.record(tx, me, "新增标段", remark=f"{form.name}（{lot}）")
    except Refused as error:
        return await _view(request, await refused(request, LotForm, error.faults), 422)
    await flash(request, f"标段“{form.name}”已创建。")
    return redirect(request, "project", project=str(number))


async def remove_lot(request: web.Request) -> web.Response:
    """Take a 标段 back that nothing is drawn for."""
    me, number, lot = identity(request), _number(request), request.match_info["lot"]
    try:
        async with changing(request) as tx:
            await _own(tx, me, number)
            name = await projects.remove_lot(tx, scope(me), number, lot)
            await ownership.record(tx, me, "删除标段", remark=f"{name}（{lot}）")
    except Refused as error:
        raise NotAllowed(str(error)) from None
    await flash(request, f"标段“{name}”已删除。")
    return redirect(request, "project", project=str(number))


async def _view(request: web.Request, form: Filled, status: int = 200) -> web.Response:
    row = await _seen(request)
    lots = await projects.lots(request.app[DATABASE], row.id)
    mine = row.handler == identity(request).id
    return render(
        request, "project.html", status=status, project=row, lots=lots, form=form, options=options, mine=mine,
        stand=_stand(row, lots),
    )  # fmt: skip


def _stand(row: Any, lots: Sequence[Any]) -> str:
    """The version of a project with its 标段."""
    return stand(tuple(row), [tuple(each) for each in lots])


def _form(request: web.Request, form: Filled, status: int = 200) -> web.Response:
    title = "编辑项目" if "project" in request.match_info else "新建项目"
    draw, number = "draw" in request.query, request.match_info.get("project", "")
    title = "项目信息" if draw else title
    return render(
        request, "project_form.html", status=status, form=form, options=options, title=title, draw=draw, number=number,
        places=places.of(form, "region", whole=True),
    )  # fmt: skip


async def _seen(request: web.Request) -> Any:
    try:
        return await projects.seen(request.app[DATABASE], scope(identity(request)), _number(request))
    except projects.NotThere:
        raise web.HTTPNotFound from None


async def _own(tx: Transaction, me: Identity, number: int) -> Any:
    """The locked project. A 法人 sees what its 经办人 entered, but acts only on its own."""
    row = await projects.locked(tx, scope(me), number)
    if row.handler != me.id:
        raise NotAllowed(_others(row))
    return row


def _others(row: Any) -> str:
    return f"本项目由{row.handler_name}录入，您可以查看，不能办理。"


def _filled(request: web.Request, row: Any) -> Filled:
    values = {name: getattr(row, name) for name in NewProject.model_fields}
    return blank(_model(request), **{**values, "investment": f"{row.investment.normalize():f}"})


def _owner(me: Identity) -> Owner:
    assert me.company is not None
    return Owner(me.company.code, me.id, me.name)


def _model(request: web.Request) -> type[DrawProject]:
    return DrawProject if "draw" in request.query else NewProject


def _number(request: web.Request) -> int:
    return int(request.match_info["project"])


_ONE = r"/projects/{project:\d{1,12}}"
ROUTES = (
    get("/projects", listing, CLERKS, name="projects"),
    get("/projects/new", new, CLERKS, name="project_new"),
    post("/projects/new", create, CLERKS, act=None),
    get(_ONE, view, CLERKS, name="project"),
    get(f"{_ONE}/edit", edit, CLERKS, name="project_edit"),
    post(f"{_ONE}/edit", update, CLERKS, act=None),
    post(f"{_ONE}/delete", delete, CLERKS, act=None, name="project_delete"),
    post(f"{_ONE}/lots", add_lot, CLERKS, act=None, name="lot_new"),
    get(f"{_ONE}/lots", view, CLERKS),
    post(f"{_ONE}/lots/{{lot}}/delete", remove_lot, CLERKS, act=None, name="lot_delete"),
)
