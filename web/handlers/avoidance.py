"""新建抽取, step 回避单位: 回避单位 and 回避人员 (B1, B2), one by one or by a file (B3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import astuple
from hashlib import sha256

from aiohttp import web

from db.vault import Vault
from drawing import avoiding, avoiding_files, drafts
from drawing.activities import AvoidedPerson
from drawing.avoiding_files import Kind
from drawing.experts.report import BadFile, Report
from drawing.lifecycle import NotAllowed
from drawing.normal_forms import normal_name
from drawing.planning import Refused
from web import options
from web.access import CLERKS, get, post
from web.activity_forms import AvoidanceFile, PersonForm, UnitForm
from web.editing import editing, may_edit, visible
from web.forms import Filled, Invalid, again, blank, read
from web.handlers.pool import XLSX, attachment
from web.imports import display_name
from web.keys import CUSTODY, DATABASE
from web.pages import flash, redirect, render
from web.paging import Paging
from web.rows import refused
from web.times import today

FILE_BYTES = 2 * avoiding_files.MAX_BYTES
"""Of a request: what is a little too long gets its answer at the field."""


async def show(request: web.Request) -> web.Response:
    """Both lists, one at a time, with search and paging."""
    return await _show(request)


async def add_unit(request: web.Request) -> web.Response:
    """新增回避单位."""
    form = await read(request, UnitForm)
    if isinstance(form, Invalid):
        if unit := form.known.get("unit"):
            form = form.also(**await avoiding.unit_faults(request.app[DATABASE], (await visible(request)).id, unit))
        return await _show(request, form, status=form.status)
    try:
        async with editing(request, "新增回避单位", form.unit) as (tx, found):
            await avoiding.avoid_unit(tx, found.id, form.unit, form.code, form.reason)
    except Refused as error:
        return await _show(request, await refused(request, UnitForm, error.faults), status=422)
    await flash(request, "回避单位已新增。")
    return redirect(request, "avoidance", activity=found.id)


async def add_person(request: web.Request) -> web.Response:
    """新增回避人员; 操作记录 names nobody."""
    form, vault = await read(request, PersonForm), request.app[CUSTODY].vault
    if isinstance(form, Invalid):
        if "person" in form.known and "id_card" in form.known:
            known = AvoidedPerson(form.known["person"], form.known["id_card"] or None, "")
            here = (await visible(request)).id
            form = form.also(**await avoiding.person_faults(request.app[DATABASE], vault, here, known))
        return await _show(request, persons=form, status=form.status)
    try:
        async with editing(request, "新增回避人员", form.reason) as (tx, found):
            person = AvoidedPerson(form.person, form.id_card or None, form.reason)
            await avoiding.avoid_person(tx, vault, found.id, person)
    except Refused as error:
        return await _show(request, persons=await refused(request, PersonForm, error.faults), status=422)
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


async def template(request: web.Request) -> web.Response:
    """《回避单位模板》, 《回避人员模板》."""
    if (kind := _KINDS.get(request.match_info["kind"])) is None:
        raise web.HTTPNotFound
    data = await asyncio.to_thread(avoiding_files.template, kind)
    headers = attachment(f"{kind.value}模板.xlsx", f"{request.match_info['kind']}.xlsx")
    return web.Response(body=data, content_type=XLSX, headers=headers)


async def import_units(request: web.Request) -> web.Response:
    """批量导入回避单位: every row, or none and what is wrong with each."""
    form = await read(request, AvoidanceFile)
    if isinstance(form, Invalid):
        return await _show(request, file=form, status=form.status)
    name, data = _uploaded(form)
    try:
        rows = await asyncio.to_thread(avoiding_files.read_units, data, name)
        if isinstance(rows, Report):
            return await _show(request, file=again(form, file=_refusal(rows)), report=rows, status=422)
        async with editing(request, "导入回避单位", _remark(rows, data)) as (tx, found):
            added = await avoiding.avoid_units(tx, found.id, [astuple(row) for row in rows])
    except (BadFile, Refused) as error:
        return await _show(request, file=again(form, file=str(error)), status=422)
    await flash(request, _imported(rows, added))
    return redirect(request, "avoidance", activity=found.id)


async def import_persons(request: web.Request) -> web.Response:
    """批量导入回避人员; 操作记录 names nobody."""
    form = await read(request, AvoidanceFile)
    if isinstance(form, Invalid):
        return await _show(request, file=form, people=True, status=form.status)
    name, data = _uploaded(form)
    try:
        rows = await asyncio.to_thread(avoiding_files.read_persons, data, name, today())
        if isinstance(rows, Report):
            return await _show(request, file=again(form, file=_refusal(rows)), report=rows, people=True, status=422)
        async with editing(request, "导入回避人员", _remark(rows, data)) as (tx, found):
            added = await avoiding.avoid_persons(tx, request.app[CUSTODY].vault, found.id, rows)
    except (BadFile, Refused) as error:
        return await _show(request, file=again(form, file=str(error)), people=True, status=422)
    await flash(request, _imported(rows, added))
    return _to_persons(request, found.id)


def _uploaded(form: AvoidanceFile) -> tuple[str, bytes]:
    """Its name, and no more of it than tells that it is too long."""
    return display_name(form.file.filename), form.file.file.read(avoiding_files.MAX_BYTES + 1)


def _refusal(report: Report) -> str:
    return f"文件没有导入：{report.rows} 行中有 {len(report.bad)} 行有误，见下方列表；请更正后重新导入整个文件。"


def _remark(rows: Sequence[object], data: bytes) -> str:
    return f"文件 {len(rows)} 行，文件指纹 {sha256(data).hexdigest()[:16]}…"


def _imported(rows: Sequence[object], added: int) -> str:
    there = len(rows) - added
    return f"已导入 {added} 条回避信息。" + (f"另有 {there} 条已在列表中，没有重复添加。" if there else "")


async def _show(
    request: web.Request,
    units: Filled | None = None,
    persons: Filled | None = None,
    status: int = 200,
    *,
    people: bool = False,
    file: Filled | None = None,
    report: Report | None = None,
) -> web.Response:
    found, db, vault = await visible(request), request.app[DATABASE], request.app[CUSTODY].vault
    people = people or persons is not None or (units is None and request.query.get("list") == "persons")
    search = request.query.get("search", "").strip()
    look = avoiding.persons(db, found.id, _hash(vault, search)) if people else avoiding.units(db, found.id, search)
    paging = Paging.of(request, await look.count())
    values = {
        "rows": await look.page(paging.limits),
        "matched": lambda row: avoiding.matched_person(vault, row) if people else avoiding.matched_unit(row),
        "unit_form": units or blank(UnitForm),
        "person_form": persons or blank(PersonForm),
        "file_form": file or blank(AvoidanceFile),
        "report": report,
        "most": avoiding.MOST,
        "kind": "persons" if people else "units",
        "unit_reasons": options.reasons(avoiding.UNIT_REASONS),
        "person_reasons": options.reasons(avoiding.PERSON_REASONS),
    }
    return render(
        request, "avoidance.html", status=status, activity=found, people=people, search=search, paging=paging,
        editable=may_edit(request, found), step=2, **values,
    )  # fmt: skip


def _hash(vault: Vault, name: str) -> bytes | None:
    return vault.keyed_hash("name", normal_name(name)) if name else None


def _to_persons(request: web.Request, activity: str) -> web.Response:
    target = request.app.router["avoidance"].url_for(activity=activity).with_query({"list": "persons"})
    return web.Response(status=303, headers={"Location": str(target)})


_KINDS = {"units": Kind.UNITS, "persons": Kind.PERSONS}
_HERE = "/activities/{activity}/avoidance"
ROUTES = (
    get("/templates/avoidance/{kind}.xlsx", template, CLERKS, name="avoidance_template"),
    get(_HERE, show, CLERKS, name="avoidance"),
    post(f"{_HERE}/units", add_unit, CLERKS, act=None, name="avoid_unit"),
    post(f"{_HERE}/persons", add_person, CLERKS, act=None, name="avoid_person"),
    post(f"{_HERE}/units/import", import_units, CLERKS, act=None, name="import_units", body=FILE_BYTES),
    post(f"{_HERE}/persons/import", import_persons, CLERKS, act=None, name="import_persons", body=FILE_BYTES),
    *(get(f"{_HERE}/{each}", show, CLERKS) for each in ("units", "persons", "units/import", "persons/import")),
    post(_HERE + r"/{entry:\d{1,18}}/delete", remove, CLERKS, act=None, name="avoidance_delete"),
)
