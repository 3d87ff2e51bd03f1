"""`/pool/imports`: 导入, for the administrator: upload a file, see how far it is, and all that is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from aiohttp import BodyPartReader, web
from pydantic import Field

from drawing.experts import jobs, lookup
from drawing.experts.jobs import Job, JobState, TooLarge, Upload
from drawing.experts.read_csv import AUTOMATIC
from web import bodies, presses
from web.access import get, post
from web.editing import changing
from web.forms import Filled, Form, Invalid, blank
from web.handlers.pool import ADMINISTRATOR, attachment, person
from web.imports import CENSUS, IMPORTS, display_name
from web.keys import DATABASE, identity, upload
from web.pages import flash, redirect, render
from web.paging import Paging

REFRESH_SECONDS = 2
PROBLEMS_PER_PAGE = 100
_CHUNK = 1 << 16
_BATCH = 5000
_LONGEST_FIELD = 100
AGAIN = "这个页面已经上传过另一个文件，其结果见下方列表。如需再导入这个文件，请重新选择并上传。"


class Import(Form):
    """A file of experts; read by `_receive` as it comes, because it may be long."""

    file: Annotated[
        str,
        Field(
            title="文件",
            description="xlsx 或 csv（编码和分隔符自动识别），一行一位专家；有一行不合格则全部不导入。只读取看得见的工作表和行。",
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the form brought."""

    name: str
    upload: Upload
    key: str


async def listing(request: web.Request) -> web.Response:
    """All imports, by pages, and the form for the next."""
    return await _listing(request, blank(Import))


async def take(request: web.Request) -> web.Response:
    """Receive a file, note it, and let a process take it in."""
    db, me = request.app[DATABASE], identity(request)
    sent = await _receive(request)
    if isinstance(sent, Invalid):
        return await _listing(request, sent)
    try:
        async with db.transaction() as tx:
            content = f"{sent.name} {sent.upload.sha256}"
            await presses.once(tx, request, key=sent.key, content=content)
            number = await jobs.add(tx, sent.upload, sent.name, AUTOMATIC, me.actor)
            await lookup.note(tx, person(me), "导入专家库", f"导入 {number}，文件指纹 {sent.upload.sha256[:16]}…")
    except presses.Repeated as before:
        jobs.discard(request.app[IMPORTS].folder, [sent.upload.file])
        if not before.same:
            return await _listing(request, _refused(AGAIN))
        raise
    await request.app[IMPORTS].start(db, number)
    return redirect(request, "pool_import", id=str(number))


async def show(request: web.Request) -> web.Response:
    """One import; loads itself again until it is over."""
    db, number = request.app[DATABASE], int(request.match_info["id"])
    job = await _job(request, number)
    if not job.state.over and number in await jobs.settle(db, request.app[IMPORTS].folder):
        job = await _job(request, number)
    if job.state is JobState.DONE:
        request.app[CENSUS].forget(job.ended_at)
    paging = Paging.of(request, await jobs.count_problems(db, number), PROBLEMS_PER_PAGE)
    found = await jobs.problems(db, number, paging.limits["offset"] + 1, PROBLEMS_PER_PAGE)
    return render(request, "pool_import.html", job=job, problems=found, paging=paging, refresh=REFRESH_SECONDS)


async def problems(request: web.Request) -> web.StreamResponse:
    """Every fault as csv, for whoever repairs the file."""
    number = int(request.match_info["id"])
    await _job(request, number)
    response = web.StreamResponse(headers=attachment(f"导入{number}问题清单.csv", f"import-{number}.csv"))
    response.content_type, response.charset = "text/csv", "utf-8"
    await response.prepare(request)
    await response.write(_lines([("行号", "列名", "原因")]).encode("utf-8-sig"))
    first = 1
    while found := await jobs.problems(request.app[DATABASE], number, first, _BATCH):
        await response.write(_lines([(each.row, each.column_name, each.reason) for each in found]).encode())
        first = found[-1].n + 1
    await response.write_eof()
    return response


async def retry(request: web.Request) -> web.Response:
    """Once more with the same file, if it failed through no fault of the file."""
    db, number = request.app[DATABASE], int(request.match_info["id"])
    await _job(request, number)
    async with changing(request) as tx:
        if again := await jobs.retry(tx, number):
            await lookup.note(tx, person(identity(request)), "重试导入", f"导入 {number}")
    if again:
        await request.app[IMPORTS].start(db, number)
    else:
        await flash(request, "不能重试：文件已删除，或该次导入并未失败。请重新上传文件。", "warning")
    return redirect(request, "pool_import", id=str(number))


async def _listing(request: web.Request, form: Filled) -> web.Response:
    db, imports = request.app[DATABASE], request.app[IMPORTS]
    paging = Paging.of(request, await jobs.count(db))
    await jobs.settle(db, imports.folder)
    rows = await jobs.newest(db, paging.limits)
    status = form.status if isinstance(form, Invalid) else 200
    return render(
        request, "pool_imports.html", status=status, form=form, jobs=rows, paging=paging,
        limit_mib=imports.limit >> 20,
    )  # fmt: skip


async def _job(request: web.Request, number: int) -> Job:
    found = await jobs.find(request.app[DATABASE], number)
    if found is None:
        raise web.HTTPNotFound
    return found


async def _receive(request: web.Request) -> _Sent | Invalid:
    """The form's parts in their order; the file goes straight into the upload folder."""
    parts, imports, key = upload(request), request.app[IMPORTS], ""
    if parts is None:
        return _refused("请选择文件。")
    while (part := await parts.next()) is not None:
        if not isinstance(part, BodyPartReader):
            break
        if part.name == presses.KEY_FIELD:
            key = (await part.read_chunk(_LONGEST_FIELD)).decode("ascii", "replace")
        elif part.name == "file" and part.filename:
            if bodies.is_bad(part.filename):
                await bodies.drop(request)
                return _refused("文件名中有不能使用的控制字符：请改名后重新选择文件。")
            try:
                received = await jobs.receive(imports.folder, _chunks(part), imports.limit)
            except TooLarge:
                await bodies.drop(request)
                return _refused(f"文件超过 {imports.limit >> 20} MB：请分成几个文件导入。")
            return _Sent(display_name(part.filename), received, key)
    return _refused("请选择文件。")


def _refused(text: str) -> Invalid:
    return Invalid(Import, {}, {"file": text})


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(_CHUNK):
        yield chunk


def _lines(rows: list[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


ROUTES = (
    get("/pool/imports", listing, ADMINISTRATOR, name="pool_imports"),
    post("/pool/imports", take, ADMINISTRATOR, act=None, streams=True),
    get(r"/pool/imports/{id:\d{1,18}}", show, ADMINISTRATOR, name="pool_import"),
    get(r"/pool/imports/{id:\d{1,18}}/problems.csv", problems, ADMINISTRATOR, name="pool_problems"),
    post(r"/pool/imports/{id:\d{1,18}}/retry", retry, ADMINISTRATOR, act=None, name="pool_retry"),
)
