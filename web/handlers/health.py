"""`/health`, for monitoring: live, ready and degraded, each with its reasons. 200 while it is ready, 503 when not.

`/health/live` answers as long as the process does, whatever is away; `/health/ready` says whether anything can be saved. They need
no login, and look none up. HEAD works, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web

from db.errors import DatabaseError
from web import audits, status
from web.access import PUBLIC, get
from web.audits import Audit
from web.health_reasons import SENTENCES, Degraded, NotReady, why_degraded
from web.keys import DATABASE
from web.readiness import READINESS, Looked
from web.status import Health

AWAY = NotReady.DATABASE_AWAY


async def live(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"live": True})


async def ready(request: web.Request) -> web.Response:
    """For what shares requests out among several consoles."""
    looked = await request.app[READINESS].look()
    told = {"ready": not looked.reasons, "not_ready": _texts(looked.reasons)}
    return web.json_response(told, status=503 if looked.reasons else 200)


async def show(request: web.Request) -> web.Response:
    """All of it. Says only that the database is away, not why: the reason may hold an address and is in the log's hands."""
    looked = await request.app[READINESS].look()
    reasons, found = looked.reasons, None
    if AWAY not in reasons:
        try:
            found = await status.health(request.app[DATABASE]), await audits.last(request.app[DATABASE])
        except DatabaseError:
            reasons = {**reasons, NotReady.CONNECTIONS_BUSY: SENTENCES[NotReady.CONNECTIONS_BUSY]}
    told: dict[str, Any] = {"live": True, "ready": not reasons, "not_ready": _texts(reasons), "database": _word(reasons)}
    degraded: Mapping[Degraded, str] = {}
    if found is not None:
        degraded = why_degraded(*found, looked.disks)
        told |= {"degraded": _texts(degraded), **_whole(*found, looked)}
    told["status"] = "unavailable" if reasons else "degraded" if degraded else "ok"
    return web.json_response(told, status=503 if reasons else 200)


def _whole(found: Health, audit: Audit, looked: Looked) -> dict[str, Any]:
    audited = {
        "last_complete_at": None if audit.ended_at is None else audit.ended_at.isoformat(timespec="seconds"),
        "findings": audit.findings,
        "overdue": audit.overdue,
    }
    steps = [asdict(step) | {"at": step.at.isoformat(timespec="seconds")} for step in found.clock_steps]
    room = [asdict(disk) for disk in looked.disks]
    return {**asdict(found), "clock_steps": steps, "audit": audited, "disks": room}


def _texts(reasons: Mapping[Degraded, str] | Mapping[NotReady, str]) -> dict[str, str]:
    return {reason.value: sentence for reason, sentence in reasons.items()}


def _word(reasons: Mapping[NotReady, str]) -> str:
    """`reachable`; or `away`, `read_only`, `full`, `refuses`."""
    words = [reason.value.removeprefix("database_") for reason in reasons if reason is not NotReady.CONNECTIONS_BUSY]
    return words[0] if words else "reachable"


ROUTES = (
    get("/health", show, PUBLIC, name="health", sessionless=True),
    get("/health/live", live, PUBLIC, name="health_live", sessionless=True),
    get("/health/ready", ready, PUBLIC, name="health_ready", sessionless=True),
)
