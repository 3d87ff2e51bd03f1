"""`/operations`: 操作记录, for the administrator. The example of a list and of a page of details."""

from __future__ import annotations

from aiohttp import web

from drawing.lifecycle import Role
from drawing.normal_forms import understood_number
from web import audits, operations
from web.access import get
from web.keys import DATABASE
from web.pages import render
from web.paging import Paging

ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})


async def listing(request: web.Request) -> web.Response:
    """All of them, or what was looked for, by pages."""
    db, words = request.app[DATABASE], understood_number(request.query.get("q", ""))
    look = await operations.look(db, words)
    paging = Paging.of(request, await look.count())
    rows, cut = await look.page(paging.limits), look.is_cut(paging.total)
    return render(
        request, "operations.html", rows=rows, paging=paging, words=words, cut=cut, audit=await audits.last(db)
    )


async def details(request: web.Request) -> web.Response:
    """One of them."""
    found = await operations.one(request.app[DATABASE], int(request.match_info["id"]))
    if found is None:
        raise web.HTTPNotFound
    return render(request, "operation.html", operation=found[0], link=found[1])


ROUTES = (
    get("/operations", listing, ADMINISTRATOR, name="operations"),
    get(r"/operations/{id:\d{1,18}}", details, ADMINISTRATOR, name="operation"),
)
