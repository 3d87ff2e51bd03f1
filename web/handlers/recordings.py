"""`/witness/{activity}/recordings`: 通话录音 of masked calls, for who witnesses the activity and nobody else.

What is said names people, so it is heard only once the result is open (T1); each time is noted in 操作记录.
"""

from __future__ import annotations

from aiohttp import web

from drawing import recordings
from drawing.lifecycle import NotAllowed, Role
from drawing.result import Sealed, unseal
from web import ownership, witnessing
from web.access import get
from web.keys import CUSTODY, DATABASE, identity
from web.pages import render

SUPERVISORS = frozenset({Role.SUPERVISOR})
SUPPLEMENT = "补抽专家的通话，待补抽结果解密之后才能收听。"
_HERE = "/witness/{activity}/recordings"


async def listing(request: web.Request) -> web.Response:
    """All of them, with a player for those that may be heard now."""
    duty, db = await _duty(request), request.app[DATABASE]
    sealed = await _sealed(request, duty.id)
    found = await recordings.recordings(db, duty.id)
    return render(request, "recordings.html", duty=duty, recordings=found, sealed=sealed or SUPPLEMENT)


async def hear(request: web.Request) -> web.Response:
    """The wav; noted."""
    duty, db, call = await _duty(request), request.app[DATABASE], request.match_info["call"]
    if sealed := await _sealed(request, duty.id):
        raise NotAllowed(sealed)
    if any(each.call == call and not each.opened for each in await recordings.recordings(db, duty.id)):
        raise NotAllowed(SUPPLEMENT)
    try:
        wav = await recordings.opened(db, request.app[CUSTODY].vault, duty.id, call)
    except recordings.NotHere:
        raise web.HTTPNotFound from None
    await ownership.record(db, identity(request), recordings.HEARD, duty.id, call)
    return web.Response(body=wav, content_type="audio/wav")


async def _duty(request: web.Request) -> witnessing.Duty:
    duty = await witnessing.duty(request.app[DATABASE], identity(request).id, request.match_info["activity"])
    if duty is None:
        raise web.HTTPNotFound
    return duty


async def _sealed(request: web.Request, activity: str) -> str:
    """Why nothing may be heard yet, or nothing."""
    try:
        await unseal(request.app[DATABASE], request.app[CUSTODY], activity)
    except Sealed as error:
        return f"通话中可能说到专家姓名，结果解密之后才能收听。{error}"
    return ""


ROUTES = (
    get(_HERE, listing, SUPERVISORS, name="recordings"),
    get(_HERE + r"/{call:[a-z0-9]{1,40}}.wav", hear, SUPERVISORS, name="recording"),
)
