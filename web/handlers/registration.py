"""`/registration`: what the register says of the supervisor who is logged in, and the code that the call about it asks for."""

from __future__ import annotations

from aiohttp import web

from drawing import supervisors
from drawing.lifecycle import Role
from drawing.planning import Refused
from web import options
from web.access import get, post
from web.editing import changing
from web.keys import CUSTODY, DATABASE, SETTINGS, identity
from web.pages import flash, redirect, render

SUPERVISORS = frozenset({Role.SUPERVISOR})


async def show(request: web.Request) -> web.Response:
    """每个抽取终端一项; the code of a call that is to come or under way."""
    vault = request.app[CUSTODY].vault
    found = await supervisors.supervisors(request.app[DATABASE], vault, account=identity(request).id)
    codes = {each.id: supervisors.code(vault, each.call) for each in found if each.call and each.checking}
    return render(request, "registration.html", registrations=found, codes=codes, options=options)


async def call(request: web.Request) -> web.Response:
    """请系统呼叫."""
    number, rules = int(request.match_info["id"]), request.app[SETTINGS].rules
    try:
        async with changing(request) as tx:
            await supervisors.ask_for_own(tx, identity(request).id, number, rules)
    except Refused as error:
        await flash(request, str(error), "error")
    else:
        await flash(request, "系统即将呼叫您的电话，请接听后按提示输入本页显示的核验码。")
    return redirect(request, "registration")


ROUTES = (
    get("/registration", show, SUPERVISORS, name="registration"),
    post(r"/registration/{id:\d{1,18}}/call", call, SUPERVISORS, act="请系统呼叫核验电话", name="registration_call"),
)
