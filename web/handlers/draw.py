"""`/activities/{activity}/draw`: the draw live (D1, D2)."""

from __future__ import annotations

import contextlib

from aiohttp import ClientConnectionError, web

from drawing.lifecycle import Act, Role
from drawing.start import CannotStart, begin
from web import drawn, keys, live, ownership
from web.access import CLERKS, get, post
from web.editing import changing
from web.keys import CUSTODY, DATABASE, SETTINGS, identity
from web.live import WATCHERS, TooMany, Viewer
from web.pages import flash, redirect, render

WATCH = CLERKS | {Role.REVIEWER, Role.SUPERVISOR}
REFRESH_SECONDS = 5
_HERE = "/activities/{activity}"


async def show(request: web.Request) -> web.Response:
    """The board; with `?refresh` it loads itself again without a script."""
    me, db = identity(request), request.app[DATABASE]
    found = await ownership.seen(db, me, request.match_info["activity"])
    picture = await drawn.picture(db, request.app[CUSTODY].vault, found.id)
    acts = {act.value for act in ownership.acts(me, found) if act is not Act.PAUSE or picture.pausable}
    refresh = REFRESH_SECONDS if "refresh" in request.query and not picture.over else None
    return render(
        request, "draw.html", activity=found, picture=picture, acts=acts, refresh=refresh,
        board=drawn.fragment(request.app, picture), heard=request.app[SETTINGS].development.recordings is not None,
    )  # fmt: skip


async def start(request: web.Request) -> web.Response:
    """启动抽取."""
    me, activity = identity(request), request.match_info["activity"]
    try:
        async with changing(request) as tx:
            await ownership.locked(tx, me, activity)
            await begin(tx, request.app[CUSTODY].vault, activity, me.actor, me.role)
    except CannotStart as error:
        await flash(request, str(error), "error")
    else:
        await flash(request, "抽取已启动：先固定专家池并由监督人见证，再依次呼叫专家。")
    return redirect(request, "draw", activity=activity)


async def events(request: web.Request) -> web.StreamResponse:
    """The board again and again, until the draw is sealed, the login ends or the browser goes."""
    me, activity, session = identity(request), request.match_info["activity"], keys.session(request)
    await ownership.seen(request.app[DATABASE], me, activity)
    assert session is not None
    try:
        with request.app[WATCHERS].watch(Viewer(session, me), activity) as stream:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
            await response.prepare(request)
            with contextlib.suppress(ClientConnectionError, ConnectionError):
                await response.write(b"retry: 2000\n\n")
                await live.send(response, stream, live.last_known(request))
            return response
    except TooMany:
        return web.Response(status=429, text="同时打开的实时页面过多，请关闭其他页面后刷新。")


ROUTES = (
    get(f"{_HERE}/draw", show, WATCH, name="draw"),
    post(f"{_HERE}/draw/start", start, CLERKS, act=None, name="draw_start"),
    get(f"{_HERE}/events", events, WATCH, name="draw_events"),
)
