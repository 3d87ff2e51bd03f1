"""`/lines`: 线路, for the administrator: how each trunk stands, and experts' numbers that need attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from drawing.experts import number_list
from drawing.experts.lookup import LONGEST_REASON, BadQuery
from drawing.lifecycle import Role
from drawing.number_faults import Fault
from web import lines
from web.access import get, post
from web.editing import changing
from web.forms import Filled, Form, Invalid, again, blank, read
from web.handlers.pool import person
from web.keys import CUSTODY, DATABASE, identity
from web.pages import flash, redirect, render
from web.paging import Paging

ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
REFRESH_SECONDS = 10
TODO: Mapping[Fault, Sequence[str]] = {
    Fault.REDIRECTED: (
        "该号码设置了呼叫转移，系统不拨打转移后的号码，专家因此接不到邀请。",
        "请专家取消呼叫转移，或登记能直接接听的号码。",
    ),
    Fault.INVALID_NUMBER: (
        "运营商答复该号码不存在，或号码不在允许拨打的范围内。",
        "与专家核实新号码并更正专家库；更正前可在专家库中暂停该专家。",
    ),
    Fault.WRONG_PERSON: (
        "接听人按 9 并确认不是本人，该号码可能已归他人使用。",
        "与专家核实新号码并更正专家库；更正前请在专家库中暂停该专家，以免打扰他人。",
    ),
}
"""What to do about it, in words."""


class Mended(Form):
    """Which trunk."""

    node: Annotated[str, Field(title="节点", max_length=200)]
    trunk: Annotated[str, Field(title="中继", max_length=40)]


class Handled(Form):
    """How an entry was dealt with."""

    word: Annotated[
        str, Field(title="处理说明", description="如何处理的；写入操作记录，请勿填写号码。", max_length=LONGEST_REASON)
    ]


async def show(request: web.Request) -> web.Response:
    """The trunks; with `?refresh` the page loads itself again (WCAG 2.2.1: never by itself)."""
    db = request.app[DATABASE]
    refresh = REFRESH_SECONDS if "refresh" in request.query else None
    faults = await number_list.count(db)
    return render(
        request, "lines.html", lines=await lines.look(db), faults=faults, now=datetime.now(UTC), refresh=refresh
    )


async def mend(request: web.Request) -> web.Response:
    """A trunk was mended: its alarms are lifted."""
    form, done = await read(request, Mended), False
    if not isinstance(form, Invalid):
        async with changing(request) as tx:
            done = await lines.mended(tx, identity(request), form.node, form.trunk)
    if done:
        await flash(request, "告警已解除，该中继重新参与呼叫；再次出现同样情况时会再次告警。")
    else:
        await flash(request, "没有改变：已没有这个中继。", "warning")
    return redirect(request, "lines")


async def numbers(request: web.Request) -> web.Response:
    """The list of numbers, by pages."""
    db = request.app[DATABASE]
    paging = Paging.of(request, await number_list.count(db))
    entries = await number_list.listed(db, request.app[CUSTODY].vault, paging.limits, person(identity(request)))
    return render(request, "line_numbers.html", entries=entries, paging=paging)


async def entry(request: web.Request) -> web.Response:
    """One of them, with what to do."""
    return await _entry(request, blank(Handled))


async def handle(request: web.Request) -> web.Response:
    """It was dealt with."""
    expert, fault = _asked(request)
    form = await read(request, Handled)
    if isinstance(form, Invalid):
        return await _entry(request, form, form.status)
    try:
        async with changing(request) as tx:
            done = await number_list.handle(tx, expert, fault, form.word, person(identity(request)))
    except BadQuery as bad:
        wrong = again(form, word=f"{bad}。")
        return await _entry(request, wrong, wrong.status)
    if done:
        await flash(request, "已标记为处理完毕；此后的呼叫再发现同样问题时，会重新列出。")
    else:
        await flash(request, "没有改变：名单中已没有这一条，可能已由他人处理。", "warning")
    return redirect(request, "line_numbers")


def _asked(request: web.Request) -> tuple[int, Fault]:
    if (fault := request.match_info["fault"]) not in {each.value for each in Fault}:
        raise web.HTTPNotFound
    return int(request.match_info["expert"]), Fault(fault)


async def _entry(request: web.Request, form: Filled, status: int = 200) -> web.Response:
    expert, fault = _asked(request)
    found = await number_list.one(
        request.app[DATABASE], request.app[CUSTODY].vault, expert, fault, person(identity(request))
    )
    if found is None:
        raise web.HTTPNotFound
    return render(request, "line_number.html", status=status, entry=found, todo=TODO[fault], form=form)


_ENTRY = r"/lines/numbers/{expert:\d{1,18}}/{fault:[a-z0-9_]{1,20}}"
ROUTES = (
    get("/lines", show, ADMINISTRATOR, name="lines"),
    post("/lines/mended", mend, ADMINISTRATOR, act=None, name="line_mended"),
    get("/lines/numbers", numbers, ADMINISTRATOR, name="line_numbers"),
    get(_ENTRY, entry, ADMINISTRATOR, name="line_number"),
    post(_ENTRY, handle, ADMINISTRATOR, act=None),
)
