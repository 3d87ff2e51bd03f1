"""`/activities/{activity}/result`: numbers until the clock opens it, then the table (T1, T2); the evidence."""

from __future__ import annotations

from io import SEEK_END
from typing import BinaryIO

from aiohttp import web

from drawing.evidence import FactsSealed, Form
from drawing.lifecycle import Act, NotAllowed, Role
from drawing.result import Sealed, printed
from web import ownership, results, witnessing
from web.access import CLERKS, get, post
from web.editing import changing
from web.exports import EXPORTS, Gone
from web.keys import CUSTODY, DATABASE, SETTINGS, identity
from web.pages import redirect, render

READERS = CLERKS | {Role.REVIEWER, Role.SUPERVISOR}
SUPERVISORS = frozenset({Role.SUPERVISOR})
CHUNK = 1 << 18
_HERE = "/activities/{activity}"


async def show(request: web.Request) -> web.Response:
    """The result as far as it is open; whoever sees names is noted."""
    me, db = identity(request), request.app[DATABASE]
    found = await ownership.seen(db, me, request.match_info["activity"])
    result = await results.result(db, request.app[CUSTODY], found.id)
    if result.members is not None:
        await ownership.record(db, me, "查看抽取结果", found.id)
    witnesses = me.role is Role.SUPERVISOR and await witnessing.duty(db, me.id, found.id) is not None
    return render(
        request, "result.html", activity=found, result=result, witnesses=witnesses, specialties=results.specialty_names,
        can_print=Act.PRINT in ownership.acts(me, found), printing="print" in request.query,
    )  # fmt: skip


async def note_print(request: web.Request) -> web.Response:
    """打印结果: noted in 操作记录; the browser prints the page that follows."""
    me, activity = identity(request), request.match_info["activity"]
    await ownership.seen(request.app[DATABASE], me, activity)
    if (await results.result(request.app[DATABASE], request.app[CUSTODY], activity)).refused:
        raise NotAllowed(f"{results.REFUSED}结果不能打印。")
    try:
        async with changing(request) as tx:
            await ownership.locked(tx, me, activity)
            await printed(tx, activity, me.id, me.actor, me.role)
    except Sealed as error:
        raise NotAllowed(str(error)) from None
    response = redirect(request, "result", activity=activity)
    response.headers["Location"] += "?print"
    return response


async def evidence(request: web.Request) -> web.StreamResponse:
    """The public form."""
    found = await ownership.seen(request.app[DATABASE], identity(request), request.match_info["activity"])
    return await _send(request, found.id, Form.PUBLIC, f"evidence-{found.id}.zip")


async def evidence_with_facts(request: web.Request) -> web.StreamResponse:
    """The supervisor's form, for who witnesses the activity."""
    me, activity = identity(request), request.match_info["activity"]
    if await witnessing.duty(request.app[DATABASE], me.id, activity) is None:
        raise web.HTTPNotFound
    return await _send(request, activity, Form.SUPERVISOR, f"evidence-{activity}-supervisor.zip")


async def _send(request: web.Request, activity: str, form: Form, name: str) -> web.StreamResponse:
    db, me = request.app[DATABASE], identity(request)
    try:
        async with request.app[EXPORTS].turn(me.id, lambda: _gone(request)):
            made = await results.evidence_zip(request.app[SETTINGS].dsn, request.app[CUSTODY], activity, form, me.id)
    except Gone:
        return web.Response(status=503)  # which nobody reads
    except FactsSealed as error:
        raise NotAllowed(str(error)) from None
    except LookupError:
        raise NotAllowed("抽取尚未启动，还没有证据可以下载。") from None
    with made:
        await ownership.record(db, me, "下载证据", activity, form.value)
        return await _stream(request, made, name)


def _gone(request: web.Request) -> bool:
    """Whether the browser has given up."""
    return request.transport is None or request.transport.is_closing()


async def _stream(request: web.Request, file: BinaryIO, name: str) -> web.StreamResponse:
    headers = {"Content-Type": "application/zip", "Content-Disposition": f'attachment; filename="{name}"'}
    response = web.StreamResponse(headers=headers)
    response.content_length = file.seek(0, SEEK_END)
    file.seek(0)
    await response.prepare(request)
    while part := file.read(CHUNK):
        await response.write(part)
    await response.write_eof()
    return response


ROUTES = (
    get(f"{_HERE}/result", show, READERS, name="result"),
    post(f"{_HERE}/result/print", note_print, CLERKS, act=None, name="result_print"),
    get(f"{_HERE}/evidence.zip", evidence, READERS, name="evidence"),
    get(f"{_HERE}/evidence-supervisor.zip", evidence_with_facts, SUPERVISORS, name="evidence_supervisor"),
)
