"""`/supervisors`: the register of supervisors (监督人登记册) of the reviewer's own terminal, each change in 操作记录."""

from __future__ import annotations

from aiohttp import web

from drawing import supervisors
from drawing.lifecycle import Role
from drawing.planning import Refused
from drawing.supervisors import Details, NotThere, Supervisor
from web import ownership
from web.access import get, post
from web.accounts import supervisors_account
from web.editing import changing
from web.forms import Filled, Form, Invalid, blank, read
from web.keys import CUSTODY, DATABASE, SETTINGS, identity
from web.pages import flash, redirect, render
from web.people_forms import LANGUAGES, NewSupervisorForm, SupervisorForm
from web.rows import refused
from web.versions import Changed, confirm_based, versioned

REVIEWERS = frozenset({Role.REVIEWER})
NO_ACCOUNT = "没有这个账号，或者它不是监督人员的账号。请核对监督人登录管理台时使用的账号。"


class ActiveForm(Form):
    """停用 or 启用."""

    active: bool


async def listing(request: web.Request) -> web.Response:
    """The whole register."""
    found = await supervisors.supervisors(request.app[DATABASE], request.app[CUSTODY].vault, terminal=_terminal(request))
    return render(request, "supervisors.html", register=found)


async def new(request: web.Request) -> web.Response:
    """An empty form."""
    return _form(request, blank(NewSupervisorForm, language="cmn"))


async def register(request: web.Request) -> web.Response:
    """登记: the number is called at once."""
    me, form = identity(request), await read(request, NewSupervisorForm)
    vault, rules = request.app[CUSTODY].vault, request.app[SETTINGS].rules
    if isinstance(form, Invalid):
        account, phone = form.known.get("account"), form.known.get("phone")
        wrong = {} if account is None else await _account_wrong(request, account)
        if phone is not None:
            wrong |= await supervisors.phone_faults(request.app[DATABASE], vault, phone, rules)
        return _form(request, form.also(**wrong), form.status)
    if wrong := await _account_wrong(request, form.account):
        wrong |= await supervisors.phone_faults(request.app[DATABASE], vault, form.phone, rules)
        return _form(request, await refused(request, NewSupervisorForm, wrong), 422)
    try:
        async with changing(request) as tx:
            number = await supervisors.register(tx, vault, _terminal(request), form.account, _details(form), rules)
            await ownership.record(tx, me, "登记监督人", None, f"登记 {number}，账号 {form.account}")
    except Refused as error:
        return _form(request, await refused(request, NewSupervisorForm, error.faults), 422)
    await flash(request, "已登记。系统正在呼叫该电话，监督人登录管理台、打开“我的登记”并在电话上输入核验码后，才能见证。")
    return redirect(request, "supervisors")


async def edit(request: web.Request) -> web.Response:
    """The form of one registration."""
    found = await _found(request)
    return _form(request, versioned(_filled(found)), there=found)


async def change(request: web.Request) -> web.Response:
    """Name, unit, language; another number is called and counts once it is verified."""
    me, found, form = identity(request), await _found(request), await read(request, SupervisorForm)
    if isinstance(form, Invalid):
        return _form(request, form, form.status, found)
    vault, rules = request.app[CUSTODY].vault, request.app[SETTINGS].rules
    try:
        async with changing(request) as tx:
            stored = await supervisors.locked(tx, vault, found.terminal, found.id)
            confirm_based(await refused(request, SupervisorForm, {}), _filled(stored))
            renewed = await supervisors.change(tx, vault, found.terminal, found.id, _details(form), rules)
            changed = "，电话已变更，须重新核验" if renewed else ""
            await ownership.record(tx, me, "修改监督人登记", None, f"登记 {found.id}，账号 {found.account}{changed}")
    except Changed as changed:
        return _form(request, changed.form, changed.form.status, found)
    except Refused as error:
        return _form(request, await refused(request, SupervisorForm, error.faults), 422, found)
    told = "电话已变更，系统正在呼叫新号码。核验通过之前，该监督人不能被选择；已选定其见证的活动须重新选择。"
    await flash(request, told if renewed else "已保存。")
    return redirect(request, "supervisors")


async def set_active(request: web.Request) -> web.Response:
    """停用, 启用."""
    me, found, form = identity(request), await _found(request), await read(request, ActiveForm)
    if isinstance(form, Invalid):
        raise web.HTTPBadRequest
    word = "启用" if form.active else "停用"
    try:
        async with changing(request) as tx:
            await supervisors.set_active(tx, found.terminal, found.id, form.active)
            await ownership.record(tx, me, f"{word}监督人", None, f"登记 {found.id}，账号 {found.account}")
    except Refused as error:
        await flash(request, str(error), "error")
    else:
        await flash(request, f"已{word}。")
    return redirect(request, "supervisors")


async def _account_wrong(request: web.Request, account: str) -> dict[str, str]:
    return {} if await supervisors_account(request, account) else {"account": NO_ACCOUNT}


def _filled(found: Supervisor) -> Filled:
    return blank(SupervisorForm, name=found.name, unit=found.unit, phone=found.phone, language=found.language)


def _form(request: web.Request, form: Filled, status: int = 200, there: Supervisor | None = None) -> web.Response:
    return render(request, "supervisor_form.html", status=status, form=form, there=there, languages=LANGUAGES)


def _details(form: SupervisorForm) -> Details:
    return Details(form.name, form.unit, form.phone, form.language)


def _terminal(request: web.Request) -> str:
    """A reviewer without a terminal keeps no register."""
    terminal = identity(request).terminal
    if terminal is None:
        raise web.HTTPNotFound
    return terminal


async def _found(request: web.Request) -> Supervisor:
    try:
        return await supervisors.supervisor(
            request.app[DATABASE], request.app[CUSTODY].vault, _terminal(request), int(request.match_info["id"])
        )
    except NotThere:
        raise web.HTTPNotFound from None


_ONE = r"/supervisors/{id:\d{1,18}}"
ROUTES = (
    get("/supervisors", listing, REVIEWERS, name="supervisors"),
    get("/supervisors/new", new, REVIEWERS, name="supervisor_new"),
    post("/supervisors/new", register, REVIEWERS, act=None),
    get(_ONE, edit, REVIEWERS, name="supervisor"),
    post(_ONE, change, REVIEWERS, act=None),
    post(f"{_ONE}/active", set_active, REVIEWERS, act=None, name="supervisor_active"),
)
