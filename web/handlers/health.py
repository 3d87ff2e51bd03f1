"""`/health`: for monitoring. 200 while the database answers, 503 when it does not."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from db.errors import DatabaseError
from web import status
from web.access import PUBLIC, get
from web.keys import DATABASE


async def show(request: web.Request) -> web.Response:
    """Says only that the database is away, not why: the reason may hold an address and is in the log's hands."""
    try:
        found = await status.health(request.app[DATABASE])
    except DatabaseError:
        return web.json_response({"status": "unavailable", "database": "away"}, status=503)
    return web.json_response({"status": "ok", "database": "reachable", **asdict(found)})


ROUTES = (get("/health", show, PUBLIC, name="health"),)
