"""The console's one composition root below `__main__`: what a request can reach is put together here."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from db.pool import Database
from web.errors import error_pages
from web.keys import DATABASE
from web.pages import PAGES, environment
from web.routes import ROUTES
from web.security import add_headers

TIMEOUT_SECONDS = 5.0  # for a statement: a page that waits longer is no help to anybody


def create_app(dsn: str) -> web.Application:
    """The application; its database pool opens when it starts (Unavailable if it can't) and closes with it."""
    app = web.Application(middlewares=[error_pages])
    app[PAGES] = environment()
    app.on_response_prepare.append(add_headers)
    app.add_routes(ROUTES)

    async def database(app: web.Application) -> AsyncIterator[None]:
        async with Database(dsn, size=4, timeout=TIMEOUT_SECONDS) as db:
            app[DATABASE] = db
            yield

    app.cleanup_ctx.append(database)
    return app
