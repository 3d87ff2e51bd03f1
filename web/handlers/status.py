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
    """The status page; it loads itself again without a script."""
    draws = await status.under_way(request.app[DATABASE])
    return render(request, "status.html", draws=draws, now=datetime.now(UTC), refresh=REFRESH_SECONDS)


ROUTES = (get("/status", show, PUBLIC, name="status"),)
