"""附件 of an application (V1): upload, remove, download. What is downloaded is never shown or run by the console."""

from __future__ import annotations

import asyncio
from typing import Annotated

from aiohttp import web
from pydantic import Field

from drawing import attachments
from drawing.lifecycle import Role
from drawing.planning import Refused
from drawing.projects import NotThere
from web import application_file, ownership
from web.access import CLERKS, get, post
from web.editing import editing, visible
from web.forms import Form, Upload
from web.handlers.pool import XLSX, attachment
from web.imports import display_name
from web.keys import CUSTODY, DATABASE, identity
from web.pages import flash, redirect
from web.typed import posted

READERS = CLERKS | {Role.REVIEWER}
BODY_BYTES = attachments.MAX_BYTES + (1 << 20)
"""Of a request: what is a little too long gets its answer in words."""
_LONGEST = 600  # characters in an address: more than a reason may have


class AttachmentForm(Form):
    """上传附件."""

    file: Annotated[
        Upload,
        Field(
            title="附件",
            description=f"{'、'.join(attachments.BEGINS)}，每个不超过 {attachments.MAX_BYTES >> 20} MB，"
            f"最多 {attachments.MOST} 个；仅本单位经办人、法人和抽取终端可以下载。",
        ),
    ]


async def keep(request: web.Request, form: AttachmentForm, part: str = "") -> str:
    """Keep the file; or what is wrong with it. `part` where the form does something besides (presses.once)."""
    name, vault, me = display_name(form.file.filename), request.app[CUSTODY].vault, identity(request)
    data = await asyncio.to_thread(form.file.file.read, attachments.MAX_BYTES + 1)
    try:
        async with editing(request, "上传附件", name, part=part) as (tx, found):
            await attachments.attach(tx, vault, found.id, name, data, me.actor)
    except Refused as error:
        return str(error)
    await flash(request, f"附件“{name}”已上传。")
    return ""


async def detach(request: web.Request) -> web.Response:
    """删除附件."""
    number = int(request.match_info["attachment"])
    there = await attachments.attached(request.app[DATABASE], (await visible(request)).id)
    called = next((each.name for each in there if each.id == number), "")
    async with editing(request, "删除附件", called) as (tx, found):
        name = await attachments.detach(tx, found.id, number)
    await flash(request, f"附件“{name}”已删除。")
    return redirect(request, "submission", activity=found.id)


async def download(request: web.Request) -> web.Response:
    """As it came, for the owner's company and the reviewer; noted."""
    found, db = await visible(request), request.app[DATABASE]
    number = int(request.match_info["attachment"])
    try:
        file = await attachments.opened(db, request.app[CUSTODY].vault, found.id, number)
    except NotThere:
        raise web.HTTPNotFound from None
    await ownership.record(db, identity(request), "下载附件", found.id, file.name)
    headers = attachment(file.name, f"attachment-{number}")
    return web.Response(body=file.data, content_type="application/octet-stream", headers=headers)


async def template(_request: web.Request) -> web.Response:
    """《专家抽取申请模板》."""
    data = await asyncio.to_thread(application_file.template)
    headers = attachment(f"{application_file.TITLE}模板.xlsx", "application.xlsx")
    return web.Response(body=data, content_type=XLSX, headers=headers)


async def back(request: web.Request) -> web.Response:
    """To the application, with what was typed there besides."""
    typed = await posted(request)
    query = {name: str(typed.get(name, ""))[:_LONGEST] for name in ("reason", "terminal") if typed.get(name)}
    target = request.app.router["submission"].url_for(activity=request.match_info["activity"])
    return web.Response(status=303, headers={"Location": str(target.with_query(query) if query else target)})


_HERE = "/activities/{activity}/attachments"
_ONE = _HERE + r"/{attachment:\d{1,18}}"
ROUTES = (
    get("/templates/application.xlsx", template, CLERKS, name="application_template"),
    get(_ONE, download, READERS, name="attachment"),
    post(f"{_ONE}/delete", detach, CLERKS, act=None, name="detach"),
)
