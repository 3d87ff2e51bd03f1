"""`/pool`: 专家库, for the administrator: numbers, one expert by an exact number, and suspending one."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from drawing.experts import jobs, lookup
from drawing.experts.lookup import LONGEST_REASON, BadQuery, Found, Person
from drawing.experts.lookup import Kind as NumberKind
from drawing.experts.template import csv_template, xlsx_template
from drawing.lifecycle import Role
from drawing.reference import reference
from web import presses
from web.access import get, post
from web.editing import changing
from web.forms import Filled, Form, Invalid, again, blank, read
from web.identity import Identity
from web.imports import CENSUS, IMPORTS
from web.keys import CUSTODY, DATABASE, identity
from web.pages import flash, redirect, render
from web.understanding import Kind

ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
KINDS = [(kind.value, kind.label) for kind in NumberKind]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Search(Form):
    """One expert, by an exact number."""

    kind: Annotated[Literal["phone", "id_card"], Field(title="查询方式")]
    number: Annotated[
        str,
        Field(title="号码", description="完整的手机号码或证件号；每次查询都记入操作记录。", max_length=60),
        Kind.AS_TYPED,
    ]


class Suspension(Form):
    """暂停, or its end."""

    suspended: Annotated[Literal["yes", "no"], Field(title="状态")]
    reason: Annotated[str, Field(title="原因", description="记入操作记录。", max_length=LONGEST_REASON)]


async def show(request: web.Request) -> web.Response:
    """Numbers, the newest imports, the search."""
    db = request.app[DATABASE]
    newest = await jobs.newest(db, {"limit": 5, "offset": 0})
    if any(not job.state.over for job in newest):
        await jobs.settle(db, request.app[IMPORTS].folder)
        newest = await jobs.newest(db, {"limit": 5, "offset": 0})
    size = await request.app[CENSUS].size(db)
    return render(request, "pool.html", size=size, jobs=newest, form=blank(Search, kind="phone"), kinds=KINDS)


async def search(request: web.Request) -> web.Response:
    """By POST, so that no number stands in an address, a history or a log."""
    form = await read(request, Search)
    if isinstance(form, Invalid):
        return _found(request, form, status=form.status)
    vault, by, kind = request.app[CUSTODY].vault, person(identity(request)), NumberKind(form.kind)
    again_asked = presses.state(request).repeats  # the button was pressed twice: one look, one line of 操作记录
    # another number by the same form, after going back, is another look
    looking = request.app[DATABASE].transaction() if again_asked else changing(request, part=f"{kind.value} {form.number}")
    try:
        async with looking as tx:
            found = await lookup.look(tx, vault, kind, form.number, by, recorded=again_asked)
    except BadQuery as bad:
        wrong = again(form, number=f"{bad}。")
        return _found(request, wrong, status=wrong.status)
    return _found(request, blank(Search, kind=form.kind), found, searched=True)


async def suspend(request: web.Request) -> web.Response:
    """暂停 or 恢复, with a reason."""
    form = await read(request, Suspension)
    if isinstance(form, Invalid):
        return await _back(request, "error", " ".join(form.errors.values()))
    suspended = form.suspended == "yes"
    number, by = int(request.match_info["id"]), person(identity(request))
    try:
        async with changing(request) as tx:
            changed = await lookup.suspend(tx, number, suspended, form.reason, by)
    except BadQuery as bad:
        return await _back(request, "error", f"{bad}。")
    if not changed:
        return await _back(request, "warning", "没有改变：该专家的状态已是如此，或已不在库中。")
    request.app[CENSUS].forget()
    return await _back(request, "ok", "专家已暂停，此后的抽取不再包括该专家。" if suspended else "专家已恢复。")


async def xlsx(request: web.Request) -> web.Response:
    """The template as a workbook."""
    return _file("专家导入模板.xlsx", "template.xlsx", XLSX, xlsx_template())


async def csv(request: web.Request) -> web.Response:
    """The template as csv."""
    return _file("专家导入模板.csv", "template.csv", "text/csv", csv_template())


def person(me: Identity) -> Person:
    """As 操作记录 names them."""
    return Person(me.actor, me.role)


def attachment(name: str, plain: str) -> dict[str, str]:
    """The header that makes it a download (RFC 6266), with a plain name for old programs."""
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}


def _file(name: str, plain: str, kind: str, data: bytes) -> web.Response:
    return web.Response(body=data, content_type=kind, headers=attachment(name, plain))


def _found(
    request: web.Request, form: Filled, found: Found | None = None, *, searched: bool = False, status: int = 200
) -> web.Response:
    return render(
        request, "pool_search.html", status=status, form=form, kinds=KINDS, found=found, searched=searched,
        suspension=blank(Suspension), names=_names(found) if found else {},
    )  # fmt: skip


def _names(found: Found) -> dict[str, str]:
    """What the codes of this expert mean."""
    data = reference()
    regions = {code: data.region_path(code) for code in (found.residence, *found.willing) if code in data.regions}
    return regions | {code: data.specialties[code].name for code in found.specialties if code in data.specialties}


async def _back(request: web.Request, kind: str, text: str) -> web.Response:
    await flash(request, text, kind)
    return redirect(request, "pool")


ROUTES = (
    get("/pool", show, ADMINISTRATOR, name="pool"),
    post("/pool/search", search, ADMINISTRATOR, act=None, name="pool_search"),
    post(r"/pool/experts/{id:\d{1,18}}/suspension", suspend, ADMINISTRATOR, act=None, name="pool_suspension"),
    get("/pool/template.xlsx", xlsx, ADMINISTRATOR, name="pool_template_xlsx"),
    get("/pool/template.csv", csv, ADMINISTRATOR, name="pool_template_csv"),
)
