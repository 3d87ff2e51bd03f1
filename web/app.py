"""The console's one composition root below `__main__`: what a request can reach is put together here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web

from db.pool import Database
from db.vault import Signer, Vault, confirm, watch
from drawing.chain import Custody
from drawing.earlier_draws import fill_keys
from ivr.messages.secret import gateway_secret
from web import drawn, live
from web.audition import AUDITION, Audition
from web.development import DevelopmentIdentities
from web.errors import error_pages
from web.exports import EXPORTS, Exports
from web.guard import enter, guard, limit
from web.handlers import demo_calls
from web.identity import Provider
from web.imports import imports
from web.keys import ACCESS, CUSTODY, DATABASE, GATEWAY_SECRET, PROVIDERS, SETTINGS
from web.limits import LOGINS, RECEIPTS, RECEIPTS_A_MINUTE, Limiter
from web.live import WATCHERS, Watchers
from web.pages import FOLDER, PAGES, environment
from web.readiness import READINESS, Readiness
from web.routes import ROUTES
from web.security import add_headers
from web.settings import Settings
from web.slow_clients import steady

TIMEOUT_SECONDS = 5.0  # for a statement: a page that waits longer is no help to anybody


def create_app(settings: Settings) -> web.Application:
    """The application; its database pool opens when it starts (Unavailable if it can't) and closes with it.

    Raises KeyFileRefused.
    """
    app = web.Application(middlewares=[steady, limit, error_pages, enter, guard])
    app[SETTINGS], app[PAGES], app[LOGINS] = settings, environment(), Limiter()
    app[RECEIPTS] = Limiter(tries=RECEIPTS_A_MINUTE)
    app[READINESS] = Readiness(settings)
    app[CUSTODY], app[EXPORTS] = _custody(settings), Exports()
    if settings.gateway_secret_file is not None:
        app[GATEWAY_SECRET] = gateway_secret(settings.gateway_secret_file)
    app[PROVIDERS] = {each.name: each for each in _providers(settings)}
    routes = (*ROUTES, *demo_calls.ROUTES) if settings.development.recordings else ROUTES
    app[ACCESS] = {each: route for route in routes for each in route.add_to(app)}
    app.router.add_static("/static", FOLDER / "static", name="static")
    app.on_response_prepare.append(add_headers)

    app[WATCHERS] = Watchers(partial(drawn.look, app))
    app.on_shutdown.extend([lambda app: app[WATCHERS].close(), lambda app: app[EXPORTS].close()])

    async def database(app: web.Application) -> AsyncIterator[None]:
        async with Database(settings.dsn, size=8, timeout=TIMEOUT_SECONDS) as db:
            await confirm(app[CUSTODY].vault, db)
            await asyncio.to_thread(fill_keys, settings.dsn)
            app[DATABASE] = db
            watching = asyncio.create_task(watch(app[CUSTODY].vault, db), name="layout 1")
            try:
                async with live.listening(db, app[WATCHERS]):
                    yield
            finally:
                watching.cancel()

    app.cleanup_ctx.extend([database, imports])
    if settings.speech is not None:
        app[AUDITION] = Audition(settings.speech)
        app.on_cleanup.append(_silence)
    return app


async def _silence(app: web.Application) -> None:
    await app[AUDITION].close()


def _custody(settings: Settings) -> Custody:
    vault = Vault.open(settings.master_key)
    return Custody(vault, Signer.open(settings.signing_key, vault))


def _providers(settings: Settings) -> list[Provider]:
    return [DevelopmentIdentities()] if settings.development.identities else []
