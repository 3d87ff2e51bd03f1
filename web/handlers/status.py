"""`/status`: the running draws, by number."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from web import status
from web.access import PUBLIC, get
from web.keys import DATABASE
from web.pages import render

REFRESH_SECONDS = 5


async def show(request: web.Request) -> web.Response:
    """The status page; with `?refresh` it loads itself again without a script, by itself never (WCAG 2.2.1)."""
    draws = await status.under_way(request.app[DATABASE])
    refresh = REFRESH_SECONDS if "refresh" in request.query else None
    return render(request, "status.html", draws=draws, now=datetime.now(UTC), refresh=refresh)


ROUTES = (get("/status", show, PUBLIC, name="status"),)
