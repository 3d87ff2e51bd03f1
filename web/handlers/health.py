"""`/health`: for monitoring. 200 while the database answers, 503 when it does not; `degraded` when the last audit found something
or is too long ago, a trunk has an alarm, a node has stopped dialling, or a clock was set within a day.
"""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from db.errors import DatabaseError
from web import audits, status
from web.access import PUBLIC, get
from web.keys import DATABASE


async def show(request: web.Request) -> web.Response:
    """Says only that the database is away, not why: the reason may hold an address and is in the log's hands."""
    try:
        found = await status.health(request.app[DATABASE])
        audit = await audits.last(request.app[DATABASE])
    except DatabaseError:
        return web.json_response({"status": "unavailable", "database": "away"}, status=503)
    told = {
        "last_complete_at": None if audit.ended_at is None else audit.ended_at.isoformat(timespec="seconds"),
        "findings": audit.findings,
        "overdue": audit.overdue,
    }
    steps = [asdict(step) | {"at": step.at.isoformat(timespec="seconds")} for step in found.clock_steps]
    stopped = any(node.dialling_stopped_why for node in found.nodes)
    state = "degraded" if audit.alarm or found.alarm or stopped or steps else "ok"
    whole = {"status": state, "database": "reachable", **asdict(found), "clock_steps": steps, "audit": told}
    return web.json_response(whole)


ROUTES = (get("/health", show, PUBLIC, name="health"),)
