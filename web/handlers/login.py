"""`/login`, `/logout`."""

from __future__ import annotations

import asyncio
import secrets
from math import ceil
from typing import Annotated

from aiohttp import web
from pydantic import Field

from web import keys, ownership, sessions
from web.access import ANYBODY, PUBLIC, get, post
from web.development import DevelopmentIdentities
from web.forms import Form, Invalid, read
from web.guard import LOGIN_COOKIE, cookie_name
from web.keys import CUSTODY, DATABASE, PROVIDERS, SETTINGS
from web.limits import LOGINS, WINDOW_SECONDS, address
from web.login_waits import words
from web.logins import Try
from web.pages import redirect, render

UNKNOWN = "没有这个身份，请从列表中选择。"


class Login(Form):
    """A development identity's button."""

    identity: Annotated[str, Field(title="身份", max_length=100)]
    next: str = "/"


async def show(request: web.Request) -> web.Response:
    """The ways to log in."""
    return _show(request)


def _show(request: web.Request, error: str = "", status: int = 200, following: str | None = None) -> web.Response:
    """`following`: where they wanted to go; None: as the address says."""
    provider = request.app[PROVIDERS].get(DevelopmentIdentities.name)
    offered = provider.identities if isinstance(provider, DevelopmentIdentities) else ()
    token = request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe(32)
    session = keys.session(request)
    csrf = session.csrf if session else token
    values = {"identities": offered, "csrf": csrf, "next": following or request.query.get("next", "/"), "error": error}
    response = render(request, "login.html", status=status, **values)
    _set_cookie(request, response, LOGIN_COOKIE, token)
    return response


async def log_in(request: web.Request) -> web.Response:
    """A new session with a new token, whatever there was before; then where they wanted to go."""
    if not request.app[LOGINS].admits(address(request), asyncio.get_running_loop().time()):
        raise web.HTTPTooManyRequests(headers={"Retry-After": f"{WINDOW_SECONDS:.0f}"})
    form = await read(request, Login)
    provider = request.app[PROVIDERS].get(DevelopmentIdentities.name)
    if isinstance(form, Invalid) or provider is None:
        return _show(request, UNKNOWN, 422)
    db = request.app[DATABASE]
    attempt = Try.of(request.app[CUSTODY].vault, form.identity, address(request))
    if left := await attempt.admit(db):
        return _held_back(request, form, left)
    if (found := await provider.find(form.identity)) is None:
        return _show(request, UNKNOWN, 422, form.next)
    await attempt.succeeded(db)
    if old := keys.session(request):
        await sessions.close(db, old)
    token = await sessions.create(db, provider.name, found.id)
    await ownership.record(db, found, "登录")
    response = web.Response(status=303, headers={"Location": _safe(form.next)})
    _set_cookie(request, response, cookie_name(request.app[SETTINGS].secure), token)
    response.del_cookie(LOGIN_COOKIE, path="/")
    return response


def _held_back(request: web.Request, form: Login, seconds: float) -> web.Response:
    response = _show(request, f"登录失败次数较多，请在 {words(seconds)}后再试。", 429, form.next)
    response.headers["Retry-After"] = str(ceil(seconds))
    return response


async def log_out(request: web.Request) -> web.Response:
    """End the session here and in the database."""
    if session := keys.session(request):
        await sessions.close(request.app[DATABASE], session)
    response = redirect(request, "login")
    secure = request.app[SETTINGS].secure
    response.del_cookie(cookie_name(secure), path="/", secure=secure, httponly=True, samesite="Lax")
    return response


def _set_cookie(request: web.Request, response: web.Response, name: str, value: str) -> None:
    secure = request.app[SETTINGS].secure
    response.set_cookie(name, value, path="/", httponly=True, secure=secure, samesite="Lax")


def _safe(target: str) -> str:
    """Only an address of ours: browsers read //host and /\\host as another server.

    >>> [_safe(each) for each in ("/a?b=1", "//evil", "/\\\\evil", "https://evil", "/a\\nb")]
    ['/a?b=1', '/', '/', '/', '/']
    """
    ours = target.startswith("/") and target[1:2] not in ("/", "\\") and target.isprintable()
    return target if ours else "/"


ROUTES = (
    get("/login", show, PUBLIC, name="login"),
    post("/login", log_in, PUBLIC, act=None),
    post("/logout", log_out, ANYBODY, act="退出", name="logout"),
)
