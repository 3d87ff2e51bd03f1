"""`/activities/{activity}/demo-calls`: what the demo's fictitious telephones heard, once the result is open.

These addresses exist only where the settings name the far end's folder (`development.recordings`), which script/demo alone
writes, and which is refused without development identities.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from db.contexts import EXPERT_PHONE, WITNESS_PHONE
from db.queries import load
from drawing.lifecycle import NotAllowed
from drawing.result import Sealed, unseal
from drawing.words import CALL_OUTCOMES
from web import ownership
from web.access import OPERATORS, get
from web.demo_calls import Call, heard
from web.keys import CUSTODY, DATABASE, SETTINGS, identity
from web.pages import render

Q = load("web")
_HERE = "/activities/{activity}/demo-calls"


async def listing(request: web.Request) -> web.Response:
    """Each call with a player, where something was heard."""
    found = await ownership.seen(request.app[DATABASE], identity(request), request.match_info["activity"])
    sealed = await _sealed(request, found.id)
    calls = [] if sealed else await _calls(request, found.id)
    files = await asyncio.to_thread(_files, request)
    rows = [(call, heard(call, files) is not None) for call in calls]
    return render(request, "demo_calls.html", activity=found, calls=rows, sealed=sealed, outcomes=CALL_OUTCOMES)


async def hear(request: web.Request) -> web.StreamResponse:
    """The wav."""
    found = await ownership.seen(request.app[DATABASE], identity(request), request.match_info["activity"])
    if sealed := await _sealed(request, found.id):
        raise NotAllowed(sealed)
    files = await asyncio.to_thread(_files, request)
    for call in await _calls(request, found.id):
        if call.id == request.match_info["call"] and (path := heard(call, files)) is not None:
            return web.FileResponse(path, headers={"Content-Type": "audio/wav"})
    raise web.HTTPNotFound


def _files(request: web.Request) -> Sequence[Path]:
    folder = request.app[SETTINGS].development.recordings
    return sorted(folder.glob("*.wav")) if folder is not None else ()


async def _sealed(request: web.Request, activity: str) -> str:
    """Why nothing may be heard yet, or nothing."""
    try:
        await unseal(request.app[DATABASE], request.app[CUSTODY], activity)
    except Sealed as error:
        return f"结果解密之后才能收听。{error}"
    return ""


async def _calls(request: web.Request, activity: str) -> list[Call]:
    """Of the draws that are open and name somebody."""
    vault = request.app[CUSTODY].vault
    calls = []
    for row in await request.app[DATABASE].all(Q.demo_calls, {"activity": activity}):
        context = EXPERT_PHONE.at(row.expert) if row.witness is None else WITNESS_PHONE.at(row.witness)
        number = vault.decrypt(bytes(row.phone_enc), context).decode()
        calls.append(Call(row.id, number, row.n, row.dialled_at, row.ended_at, row.outcome))
    return calls


ROUTES = (
    get(_HERE, listing, OPERATORS, name="demo_calls"),
    get(_HERE + r"/{call:[a-z0-9]{1,40}}.wav", hear, OPERATORS, name="demo_call"),
)
"""Not among web.routes: web.app adds them where the settings say so."""
