"""`/`: today's numbers (H1), 待办事项, the modules (H2)."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from web import home
from web.access import ANYBODY, get
from web.keys import DATABASE, identity
from web.pages import render


async def show(request: web.Request) -> web.Response:
    """The first page after the login."""
    me, db = identity(request), request.app[DATABASE]
    today = await home.today(db, me, datetime.now(UTC))
    pending, attention = await home.pending(db, me), await home.attention(db, me)
    return render(
        request, "home.html", today=today, pending=pending, attention=attention, rejected=await home.rejected(db, me, pending)
    )


ROUTES = (get("/", show, ANYBODY, name="home"),)
