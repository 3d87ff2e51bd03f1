"""新建抽取: copy 语音通知 and 抽取条件 from an earlier activity."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from drawing import copying, drafts, planning
from drawing.condition_names import condition_names
from drawing.copying import Wanted
from drawing.planning import Refused
from drawing.reference import reference
from web import options, ownership
from web.access import CLERKS, get, post
from web.editing import editing, may_edit, visible
from web.forms import Filled, Form, Invalid, Moment, blank, read
from web.keys import DATABASE, identity
from web.ownership import Seen, scope
from web.pages import flash, redirect, render
from web.paging import Paging
from web.rows import refused


class CopyForm(Form):
    """What to copy."""

    notices: Annotated[list[int], Field(title="复制语音通知")] = []  # noqa: RUF012
    gather_at: Annotated[
        Moment | None, Field(title="集合时间", description="复制语音通知时必填，用于所选的全部语音通知；之后可逐条修改。")
    ] = None
    conditions: Annotated[list[str], Field(title="复制抽取条件", description="人数之和不能超过剩余可设置人数。")] = []  # noqa: RUF012
    into: Annotated[
        int | None, Field(title="放入语音通知", description="原来的语音通知没有勾选的抽取条件，放入本活动的这条语音通知。")
    ] = None


async def choose(request: web.Request) -> web.Response:
    """One's own earlier activities that have something to copy."""
    found, db, mine = await visible(request), request.app[DATABASE], scope(identity(request))
    search = request.query.get("search", "").strip()
    paging = Paging.of(request, await copying.count(db, mine, found.id, search))
    rows = await copying.choices(db, mine, found.id, search, paging.limits)
    return render(
        request, "copy_choose.html", activity=found, rows=rows, paging=paging, search=search, step=3,
        editable=may_edit(request, found),
    )  # fmt: skip


async def ask(request: web.Request) -> web.Response:
    """All of it ticked; the time is to be entered anew."""
    db, source = request.app[DATABASE], await _source(request)
    notices, conditions = await drafts.notices(db, source.id), await drafts.conditions(db, source.id)
    ticked = {"notices": [each.id for each in notices], "conditions": [each.id for each in conditions]}
    return await _form(request, source, blank(CopyForm, **ticked))


async def copy(request: web.Request) -> web.Response:
    """Copy what is ticked, or nothing."""
    source, form = await _source(request), await read(request, CopyForm)
    if isinstance(form, Invalid):
        return await _form(request, source, form, form.status)
    wanted = Wanted(tuple(form.notices), tuple(form.conditions), form.gather_at, form.into)
    try:
        async with editing(request, "复制以往活动", f"来自 {source.id}") as (tx, found):
            notices, conditions = await copying.copy(tx, source.id, found.id, wanted)
    except Refused as error:
        return await _form(request, source, await refused(request, CopyForm, error.faults), 422)
    await flash(request, f"已从活动 {source.id} 复制 {notices} 条语音通知、{conditions} 个抽取条件，请逐条核对。")
    return redirect(request, "conditions", activity=found.id)


async def _source(request: web.Request) -> Seen:
    return await ownership.seen(request.app[DATABASE], identity(request), request.match_info["source"])


async def _form(request: web.Request, source: Seen, form: Filled, status: int = 200) -> web.Response:
    found, db = await visible(request), request.app[DATABASE]
    row = await drafts.details(db, found.id, scope(identity(request)))
    taken = sum(each.seats for each in await drafts.conditions(db, found.id))
    notices = await drafts.notices(db, source.id)
    conditions = await drafts.conditions(db, source.id)
    names = condition_names(conditions, reference())
    number = {each.id: n for n, each in enumerate(notices, start=1)}
    values: dict[str, Any] = {
        "notices": [(each.id, _notice_said(n, each)) for n, each in enumerate(notices, start=1)],
        "conditions": [(each.id, _condition_said(each, names[each.id], number[each.notice])) for each in conditions],
        "places": [(each.id, _notice_said(n, each)) for n, each in enumerate(await drafts.notices(db, found.id), start=1)],
        "left": planning.seats_left(row.seats, taken),
        "editable": may_edit(request, found),
    }
    return render(request, "copy.html", status=status, activity=found, source=source, form=form, step=3, **values)


def _notice_said(n: int, row: Any) -> str:
    parts = (row.venue, options.place(row.district), row.address, row.room, row.contact)
    return f"语音通知 {n}：" + "，".join(each for each in parts if each)


def _condition_said(row: Any, name: str, notice: int) -> str:
    return f"{name}（语音通知 {notice}），{row.seats} 人"


_HERE = "/activities/{activity}/copy"
ROUTES = (
    get(_HERE, choose, CLERKS, name="copy_choose"),
    get(f"{_HERE}/{{source}}", ask, CLERKS, name="copy"),
    post(f"{_HERE}/{{source}}", copy, CLERKS, act=None),
)
