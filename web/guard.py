"""Before any handler: who asks, whether they may, and whether the request is really theirs.

The order matters: `limit` (how much is read), error pages, `enter` (session), `guard` (role, origin, CSRF token).
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from aiohttp import BodyPartReader, web
from aiohttp.typedefs import Handler

from web import bodies, keys, ownership, presses, sessions
from web.access import Route
from web.keys import ACCESS, DATABASE, PROVIDERS, SETTINGS
from web.presses import CSRF_FIELD

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN_BYTES = 200
LOGIN_COOKIE = "expertline-login"
"""A visitor's CSRF token: the form repeats it. Another site can send the cookie along, but can't read it."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Expired(web.HTTPForbidden):
    """The form came without a valid session."""


class Forged(web.HTTPForbidden):
    """The form did not come from a page of ours, or from one of an earlier login."""


def cookie_name(secure: bool) -> str:
    """`__Host-`: no other host may have set it (RFC 6265bis)."""
    return "__Host-expertline" if secure else "expertline"


@web.middleware
async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each address the body that it may get."""
    route = _route(request)
    return await handler(request if route is None else request.clone(client_max_size=route.body))


@web.middleware
async def enter(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the session and, as it is now, the identity; afterwards forget the messages that the page has shown."""
    token = request.cookies.get(cookie_name(request.app[SETTINGS].secure))
    if token and not _is_static(request) and not _is_sessionless(request):
        await _find(request, token)
    response = await handler(request)
    session = keys.session(request)
    if session and session.flash and keys.flash_was_shown(request):
        await sessions.drop_flash(request.app[DATABASE], session)
    return response


async def _find(request: web.Request, token: str) -> None:
    session = await sessions.find(request.app[DATABASE], token)
    provider = request.app[PROVIDERS].get(session.provider) if session else None
    if session and provider and (identity := await provider.find(session.identity)):
        keys.enter(request, session, identity)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse who may not; note in 操作记录 what was done."""
    route = _route(request)
    if request.match_info.http_exception is not None:
        return await handler(request)
    if _is_unspeakable(request):
        raise web.HTTPNotFound
    if _is_static(request):
        return await _static(request, handler)
    if route is None:
        raise web.HTTPForbidden  # an address without roles is nobody's
    visitor = keys.visitor(request)
    if route.roles is not None:
        if visitor is None:
            return _to_login(request)
        if visitor.role not in route.roles:
            raise web.HTTPForbidden
    if route.signed:
        return await handler(request)
    if request.method not in SAFE:
        await _check_origin_and_token(request, route)
    try:
        response = await (handler(request) if request.method in SAFE else presses.answered(request, handler))
    finally:
        if request.method not in SAFE and keys.upload(request) is None:  # what streams was never held in a file
            await _close_uploads(request)
    acted = request.method not in SAFE and response.status < 400 and not presses.state(request).repeats
    if acted and route.act and visitor:
        activity = request.match_info.get("activity")
        await ownership.record(request.app[DATABASE], visitor, route.act, activity, keys.remarked(request))
    return response


async def _close_uploads(request: web.Request) -> None:
    for each in (await request.post()).values():
        if isinstance(each, web.FileField):
            each.file.close()


async def _static(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPForbidden:  # a folder: there is nothing to see, for no role
        raise web.HTTPNotFound from None


def _to_login(request: web.Request) -> web.Response:
    if request.method not in SAFE and request.path != "/logout":
        raise Expired
    if request.path == "/logout":
        return web.Response(status=303, headers={"Location": "/login"})
    target = request.app.router["login"].url_for().with_query({"next": request.path_qs} if request.path != "/" else {})
    return web.Response(status=303, headers={"Location": str(target)})


async def _check_origin_and_token(request: web.Request, route: Route) -> None:
    if not _same_origin(request):
        raise Forged
    session = keys.session(request)
    expected = session.csrf if session else request.cookies.get(LOGIN_COOKIE, "")
    streams = route.streams and request.content_type == "multipart/form-data"
    given = await _first_part(request) if streams else await _token(request)
    if expected and isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode()):
        return
    if session is None or streams or not await presses.vouched(request):
        raise Forged


async def _token(request: web.Request) -> object:
    try:
        await bodies.take_in(request)
        return (await request.post()).get(CSRF_FIELD)
    except bodies.UNREADABLE:
        raise web.HTTPBadRequest from None


async def kept(request: web.Request) -> list[tuple[str, str]]:
    """What was typed into a form of ours that came too late (files are to be chosen anew); nothing where the browser does not
    say that it is ours, nor of the login itself."""
    said = "Origin" in request.headers or "Sec-Fetch-Site" in request.headers
    route = _route(request)
    if not said or not _same_origin(request) or request.path == "/login" or route is None or route.streams:
        return []
    try:
        await bodies.take_in(request)
        fields = await typed_fields(request)
    except (*bodies.UNREADABLE, web.HTTPRequestEntityTooLarge):
        return []
    await _close_uploads(request)
    return fields


async def typed_fields(request: web.Request) -> list[tuple[str, str]]:
    """What was typed into a form of ours, without its token."""
    fields = await request.post()
    return [(name, text) for name, text in fields.items() if isinstance(text, str) and name != CSRF_FIELD]


async def _first_part(request: web.Request) -> str | None:
    """The token of a long upload; what follows it is not read here."""
    try:
        parts = bodies.parts(request)
        part = await parts.next()
    except bodies.UNREADABLE:  # what says that it is multipart, and is not
        raise web.HTTPBadRequest from None
    keys.stream(request, parts)
    if not isinstance(part, BodyPartReader) or part.name != CSRF_FIELD:
        return None
    return (await part.read_chunk(TOKEN_BYTES)).decode("ascii", "replace")


def _same_origin(request: web.Request) -> bool:
    """What the browser itself says of where the form stood; without public_url a page of this machine's own."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("Origin")
    if origin is None:  # a client that is no browser, or an old one: the token decides
        return True
    public = request.app[SETTINGS].public_url
    if public is not None:
        return origin.lower() == public
    return urlsplit(origin).hostname in LOOPBACK and origin.lower() == f"http://{request.host}".lower()


def _is_unspeakable(request: web.Request) -> bool:
    """NUL in an address: no page of ours has it, and PostgreSQL takes none."""
    return any("\0" in text for text in (request.path, *request.query.values()))


def _route(request: web.Request) -> Route | None:
    return request.app[ACCESS].get(request.match_info.route)


def _is_sessionless(request: web.Request) -> bool:
    route = _route(request)
    return route is not None and route.sessionless


def _is_static(request: web.Request) -> bool:
    return isinstance(request.match_info.route.resource, web.StaticResource)
