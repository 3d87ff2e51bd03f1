"""新建抽取, step 回避单位: 回避单位 and 回避人员 (B1, B2)."""

from __future__ import annotations

from aiohttp import web

from db.vault import Vault
from drawing import avoiding, drafts
from drawing.activities import AvoidedPerson
from drawing.lifecycle import NotAllowed
from drawing.planning import Refused
from web import options
from web.access import CLERKS, get, post
from web.activity_forms import PersonForm, UnitForm
from web.editing import editing, may_edit, visible
from web.forms import Filled, Invalid, blank, read
from web.keys import CUSTODY, DATABASE
from web.pages import flash, redirect, render
from web.paging import Paging
from web.rows import refused


async def show(request: web.Request) -> web.Response:
    """Both lists, one at a time, with search and paging."""
    return await _show(request)


async def add_unit(request: web.Request) -> web.Response:
    """新增回避单位."""
    form = await read(request, UnitForm)
    if isinstance(form, Invalid):
        return await _show(request, form, status=form.status)
    try:
        async with editing(request, "新增回避单位", form.unit) as (tx, found):
            await drafts.avoid_unit(tx, found.id, form.unit, form.code, form.reason)
    except Refused as error:
        return await _show(request, await refused(request, UnitForm, error.faults), status=422)
    await flash(request, "回避单位已新增。")
    return redirect(request, "avoidance", activity=found.id)


async def add_person(request: web.Request) -> web.Response:
    """新增回避人员; 操作记录 names nobody."""
    form = await read(request, PersonForm)
    if isinstance(form, Invalid):
        return await _show(request, persons=form, status=form.status)
    vault = request.app[CUSTODY].vault
    async with editing(request, "新增回避人员", form.reason) as (tx, found):
        person = AvoidedPerson(form.person, form.id_card.upper() or None, form.reason)
        await drafts.avoid_person(tx, vault, found.id, person)
    await flash(request, "回避人员已新增。")
    return _to_persons(request, found.id)


async def remove(request: web.Request) -> web.Response:
    """删除; not the fixed ones."""
    try:
        async with editing(request, "删除回避信息") as (tx, found):
            what = await drafts.stop_avoiding(tx, found.id, int(request.match_info["entry"]))
    except Refused as error:
        raise NotAllowed(str(error)) from None
    await flash(request, "回避信息已删除。")
    if what == avoiding.PERSON:
        return _to_persons(request, found.id)
    return redirect(request, "avoidance", activity=found.id)


async def _show(
    request: web.Request, units: Filled | None = None, persons: Filled | None = None, status: int = 200
) -> web.Response:
    found, db, vault = await visible(request), request.app[DATABASE], request.app[CUSTODY].vault
    people = persons is not None or (units is None and request.query.get("list") == "persons")
    search = request.query.get("search", "").strip()
    look = avoiding.persons(db, found.id, _hash(vault, search)) if people else avoiding.units(db, found.id, search)
    paging = Paging.of(request, await look.count())
    values = {
        "rows": await look.page(paging.limits),
        "name_of": lambda row: avoiding.name(vault, row),
        "unit_form": units or blank(UnitForm),
        "person_form": persons or blank(PersonForm),
        "unit_reasons": options.reasons(options.UNIT_REASONS),
        "person_reasons": options.reasons(options.PERSON_REASONS),
    }
    return render(
        request, "avoidance.html", status=status, activity=found, people=people, search=search, paging=paging,
        editable=may_edit(request, found), step=2, **values,
    )  # fmt: skip


def _hash(vault: Vault, name: str) -> bytes | None:
    return vault.keyed_hash("name", name) if name else None


def _to_persons(request: web.Request, activity: str) -> web.Response:
    target = request.app.router["avoidance"].url_for(activity=activity).with_query({"list": "persons"})
    return web.Response(status=303, headers={"Location": str(target)})


_HERE = "/activities/{activity}/avoidance"
ROUTES = (
    get(_HERE, show, CLERKS, name="avoidance"),
    post(f"{_HERE}/units", add_unit, CLERKS, act=None, name="avoid_unit"),
    post(f"{_HERE}/persons", add_person, CLERKS, act=None, name="avoid_person"),
    get(f"{_HERE}/units", show, CLERKS),
    get(f"{_HERE}/persons", show, CLERKS),
    post(_HERE + r"/{entry:\d{1,18}}/delete", remove, CLERKS, act=None, name="avoidance_delete"),
)
