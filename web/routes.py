"""Every address of the console."""

from __future__ import annotations

from aiohttp import web

from web.handlers import health, status
from web.pages import FOLDER

ROUTES: tuple[web.AbstractRouteDef, ...] = (
    web.get("/", status.show, name="status"),
    web.get("/health", health.show, name="health"),
    web.static("/static", FOLDER / "static", name="static"),
)
